/** Tiered storage (KIP-405). */
import { atLeast, between, nonEmptyString } from '../config-def.ts'
import type { BrokerRow } from './rows.ts'
import { threadPoolSize } from './validators.ts'

// biome-ignore format: a table, one row for each key
export const remoteStorageRows: readonly BrokerRow[] = [
  // name, type, default, importance, update mode, validator, more
  ['remote.fetch.max.wait.ms', 'int', '500', 'medium', 'cluster-wide', atLeast(1)],
  ['remote.list.offsets.request.timeout.ms', 'long', '30000', 'medium', 'read-only', atLeast(1), { only: '4.1' }],
  ['remote.log.index.file.cache.total.size.bytes', 'long', '1073741824', 'low', 'cluster-wide', atLeast(1)],
  ['remote.log.manager.copier.thread.pool.size', 'int', '-1', 'medium', 'read-only', threadPoolSize, { default41: '10' }],
  ['remote.log.manager.copy.max.bytes.per.second', 'long', '9223372036854775807', 'medium', 'cluster-wide', atLeast(1)],
  ['remote.log.manager.copy.quota.window.num', 'int', '11', 'medium', 'read-only', atLeast(1)],
  ['remote.log.manager.copy.quota.window.size.seconds', 'int', '1', 'medium', 'read-only', atLeast(1)],
  ['remote.log.manager.expiration.thread.pool.size', 'int', '-1', 'medium', 'read-only', threadPoolSize, { default41: '10' }],
  ['remote.log.manager.fetch.max.bytes.per.second', 'long', '9223372036854775807', 'medium', 'cluster-wide', atLeast(1)],
  ['remote.log.manager.fetch.quota.window.num', 'int', '11', 'medium', 'read-only', atLeast(1)],
  ['remote.log.manager.fetch.quota.window.size.seconds', 'int', '1', 'medium', 'read-only', atLeast(1)],
  ['remote.log.manager.task.interval.ms', 'long', '30000', 'low', 'read-only', atLeast(1)],
  ['remote.log.manager.task.retry.backoff.max.ms', 'long', '30000', 'low', 'read-only', atLeast(1), { internal: true }],
  ['remote.log.manager.task.retry.backoff.ms', 'long', '500', 'low', 'read-only', atLeast(1), { internal: true }],
  ['remote.log.manager.task.retry.jitter', 'double', '0.2', 'low', 'read-only', between(0, 0.5), { internal: true }],
  ['remote.log.manager.thread.pool.size', 'int', '10', 'medium', 'read-only', atLeast(1), { default41: '2' }],
  ['remote.log.metadata.custom.metadata.max.bytes', 'int', '128', 'low', 'read-only', atLeast(0)],
  ['remote.log.metadata.manager.class.name', 'string', 'org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager', 'medium', 'read-only', nonEmptyString],
  ['remote.log.metadata.manager.class.path', 'string', null, 'medium', 'read-only'],
  ['remote.log.metadata.manager.impl.prefix', 'string', 'rlmm.config.', 'medium', 'read-only', nonEmptyString],
  ['remote.log.metadata.manager.listener.name', 'string', null, 'medium', 'read-only', nonEmptyString],
  ['remote.log.reader.max.pending.tasks', 'int', '100', 'medium', 'read-only', atLeast(1)],
  ['remote.log.reader.threads', 'int', '10', 'medium', 'read-only', atLeast(1)],
  ['remote.log.storage.manager.class.name', 'string', null, 'medium', 'read-only', nonEmptyString],
  ['remote.log.storage.manager.class.path', 'string', null, 'medium', 'read-only'],
  ['remote.log.storage.manager.impl.prefix', 'string', 'rsm.config.', 'medium', 'read-only', nonEmptyString],
  ['remote.log.storage.system.enable', 'boolean', 'false', 'medium', 'read-only'],
]
