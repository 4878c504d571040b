/**
 * Every topic config of Kafka 3.9, and the newcomers of 4.1.
 *
 * A topic config falls back to a broker config (`server`), which has a default of its own; the default in a row is
 * what both amount to when nothing is set.
 */
import { atLeast, between, type ConfigKey, oneOf } from './config-def.ts'
import { keyOf, type TopicRow } from './definitions/rows.ts'
import { gzipLevel, metadataVersion, throttledReplicas } from './definitions/validators.ts'

export interface TopicConfigKey extends ConfigKey {
  /** The broker config that holds the default of topics without an own value. */
  readonly serverName: string | undefined
}

// biome-ignore format: a table, one row for each key
const rows: readonly TopicRow[] = [
  // name, type, default, importance, validator, more
  ['cleanup.policy', 'list', 'delete', 'medium', oneOf('compact', 'delete'), { server: 'log.cleanup.policy' }],
  ['compression.gzip.level', 'int', '-1', 'medium', gzipLevel, { server: 'compression.gzip.level' }],
  ['compression.lz4.level', 'int', '9', 'medium', between(1, 17), { server: 'compression.lz4.level' }],
  ['compression.type', 'string', 'producer', 'medium', oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'), { server: 'compression.type' }],
  ['compression.zstd.level', 'int', '3', 'medium', between(-131072, 22), { server: 'compression.zstd.level' }],
  ['delete.retention.ms', 'long', '86400000', 'medium', atLeast(0), { server: 'log.cleaner.delete.retention.ms' }],
  ['file.delete.delay.ms', 'long', '60000', 'medium', atLeast(0), { server: 'log.segment.delete.delay.ms' }],
  ['flush.messages', 'long', '9223372036854775807', 'medium', atLeast(1), { server: 'log.flush.interval.messages' }],
  ['flush.ms', 'long', '9223372036854775807', 'medium', atLeast(0), { server: 'log.flush.interval.ms' }],
  ['follower.replication.throttled.replicas', 'list', '', 'medium', throttledReplicas],
  ['index.interval.bytes', 'int', '4096', 'medium', atLeast(0), { server: 'log.index.interval.bytes' }],
  ['internal.segment.bytes', 'int', null, 'medium', undefined, { internal: true, only: '4.1' }],
  ['leader.replication.throttled.replicas', 'list', '', 'medium', throttledReplicas],
  ['local.retention.bytes', 'long', '-2', 'medium', atLeast(-2), { server: 'log.local.retention.bytes' }],
  ['local.retention.ms', 'long', '-2', 'medium', atLeast(-2), { server: 'log.local.retention.ms' }],
  ['max.compaction.lag.ms', 'long', '9223372036854775807', 'medium', atLeast(1), { server: 'log.cleaner.max.compaction.lag.ms' }],
  ['max.message.bytes', 'int', '1048588', 'medium', atLeast(0), { server: 'message.max.bytes' }],
  ['message.downconversion.enable', 'boolean', 'true', 'low', undefined, { only: '3.9', server: 'log.message.downconversion.enable' }],
  ['message.format.version', 'string', '3.0-IV1', 'medium', metadataVersion, { only: '3.9', server: 'log.message.format.version' }],
  ['message.timestamp.after.max.ms', 'long', '9223372036854775807', 'medium', atLeast(0), { default41: '3600000', server: 'log.message.timestamp.after.max.ms' }],
  ['message.timestamp.before.max.ms', 'long', '9223372036854775807', 'medium', atLeast(0), { server: 'log.message.timestamp.before.max.ms' }],
  ['message.timestamp.difference.max.ms', 'long', '9223372036854775807', 'medium', atLeast(0), { only: '3.9', server: 'log.message.timestamp.difference.max.ms' }],
  ['message.timestamp.type', 'string', 'CreateTime', 'medium', oneOf('CreateTime', 'LogAppendTime'), { server: 'log.message.timestamp.type' }],
  ['min.cleanable.dirty.ratio', 'double', '0.5', 'medium', between(0, 1), { server: 'log.cleaner.min.cleanable.ratio' }],
  ['min.compaction.lag.ms', 'long', '0', 'medium', atLeast(0), { server: 'log.cleaner.min.compaction.lag.ms' }],
  ['min.insync.replicas', 'int', '1', 'medium', atLeast(1), { server: 'min.insync.replicas' }],
  ['preallocate', 'boolean', 'false', 'medium', undefined, { server: 'log.preallocate' }],
  ['remote.log.copy.disable', 'boolean', 'false', 'medium'],
  ['remote.log.delete.on.disable', 'boolean', 'false', 'medium'],
  ['remote.storage.enable', 'boolean', 'false', 'medium'],
  ['retention.bytes', 'long', '-1', 'medium', undefined, { server: 'log.retention.bytes' }],
  ['retention.ms', 'long', '604800000', 'medium', atLeast(-1), { server: 'log.retention.ms' }],
  ['segment.bytes', 'int', '1073741824', 'medium', atLeast(14), { server: 'log.segment.bytes' }],
  ['segment.index.bytes', 'int', '10485760', 'medium', atLeast(4), { server: 'log.index.size.max.bytes' }],
  ['segment.jitter.ms', 'long', '0', 'medium', atLeast(0), { server: 'log.roll.jitter.ms' }],
  ['segment.ms', 'long', '604800000', 'medium', atLeast(1), { server: 'log.roll.ms' }],
  ['unclean.leader.election.enable', 'boolean', 'false', 'medium', undefined, { server: 'unclean.leader.election.enable' }],
]

export const topicConfigKeys: ReadonlyMap<string, TopicConfigKey> = new Map(
  rows.map(([name, type, defaultText, importance, validator, notes]) => [
    name,
    { ...keyOf(name, type, defaultText, importance, validator, notes), serverName: notes?.server },
  ]),
)
