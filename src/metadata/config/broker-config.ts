/**
 * server.properties as the broker uses it: every key parsed and checked, the ones in use under a typed name.
 *
 * Parsing refuses to go on at the first bad value (ConfigError, one line that names key and value). What is
 * merely odd - an unknown key, an old one - is a warning for the caller to log. Nothing here touches the disk or
 * the network; paths stay as they were written, relative ones mean the working directory.
 */
import type { CleanerConfig } from '../../log/cleaner/cleaner-config.ts'
import { baseOfListenerKey, brokerConfigKeys } from './broker-config-definitions.ts'
import { ConfigError, invalidValue } from './config-def.ts'
import { ConfigValues } from './config-values.ts'
import { readConsumerGroupSettings } from './consumer-group-settings.ts'
import { translateLegacyConfigs } from './legacy-configs.ts'
import { type ListenerSettings, readListeners } from './listeners.ts'
import { topicConfigKeys } from './topic-config-definitions.ts'

const hourMs = 3_600_000
const minuteMs = 60_000

export type BrokerConfig = ReturnType<typeof readSettings>

export interface ParsedBrokerConfig {
  readonly config: BrokerConfig
  /** One line each, for the log. */
  readonly warnings: readonly string[]
}

export const BrokerConfig = {
  /** Reads properties as server.properties holds them. Throws ConfigError. */
  parse(given: ReadonlyMap<string, string>): ParsedBrokerConfig {
    const { properties, warnings: oldKeys } = translateLegacyConfigs(given)
    const originals = withNodeId(properties)
    const values = new ConfigValues(brokerConfigKeys, originals)
    checkRoles(values)
    const listeners = readListeners(values, originals)
    const config = readSettings(values, originals, listeners)
    checkTogether(config, values)
    const warnings = [...oldKeys, ...zooKeeper(values), ...listeners.warnings, ...unknownKeys(originals)]
    return { config, warnings }
  },
}

function readSettings(
  values: ConfigValues,
  originals: ReadonlyMap<string, string>,
  { listeners, advertisedListeners, interBrokerListenerName }: ListenerSettings,
) {
  const logDirs = readLogDirs(values)
  return {
    /** What was given, old keys translated: for DescribeConfigs. */
    originals,
    /** Every key, parsed. */
    values,
    /** Texts by topic config name, where broker configs change a topic's default. */
    topicDefaults: readTopicDefaults(values, originals),

    // Identity
    /** -1: taken from meta.properties, or generated above reservedBrokerMaxId. */
    brokerId: values.number('broker.id'),
    brokerIdGenerationEnable: values.boolean('broker.id.generation.enable'),
    reservedBrokerMaxId: values.number('reserved.broker.max.id'),
    rack: values.stringOrUndefined('broker.rack'),

    // Network
    listeners,
    advertisedListeners,
    interBrokerListenerName,
    socketSendBufferBytes: values.number('socket.send.buffer.bytes'),
    socketReceiveBufferBytes: values.number('socket.receive.buffer.bytes'),
    socketRequestMaxBytes: values.number('socket.request.max.bytes'),
    socketListenBacklogSize: values.number('socket.listen.backlog.size'),
    /** -1: no bound but the built-in one. */
    queuedMaxRequestBytes: values.number('queued.max.request.bytes'),
    queuedMaxRequests: values.number('queued.max.requests'),
    maxConnections: values.number('max.connections'),
    maxConnectionsPerIp: values.number('max.connections.per.ip'),
    maxConnectionsPerIpOverrides: readOverrides(values),
    maxConnectionCreationRate: values.number('max.connection.creation.rate'),
    connectionsMaxIdleMs: values.number('connections.max.idle.ms'),
    fetchMaxBytes: values.number('fetch.max.bytes'),
    maxIncrementalFetchSessionCacheSlots: values.number('max.incremental.fetch.session.cache.slots'),
    maxRequestPartitionSizeLimit: values.number('max.request.partition.size.limit'),
    requestTimeoutMs: values.number('request.timeout.ms'),
    fetchPurgatoryPurgeIntervalRequests: values.number('fetch.purgatory.purge.interval.requests'),
    producerPurgatoryPurgeIntervalRequests: values.number('producer.purgatory.purge.interval.requests'),

    // Quotas
    clientQuotaWindow: readQuotaWindow(values, 'quota'),
    controllerQuotaWindow: readQuotaWindow(values, 'controller.quota'),

    // Topics
    autoCreateTopicsEnable: values.boolean('auto.create.topics.enable'),
    deleteTopicEnable: values.boolean('delete.topic.enable'),
    numPartitions: values.number('num.partitions'),
    defaultReplicationFactor: values.number('default.replication.factor'),
    minInsyncReplicas: values.number('min.insync.replicas'),
    messageMaxBytes: values.number('message.max.bytes'),
    uncleanLeaderElectionEnable: values.boolean('unclean.leader.election.enable'),
    compressionType: values.string('compression.type'),

    // Logs
    logDirs,
    /** Where the embedded metadata store lives: its own folder inside this one. */
    metadataLogDir: values.stringOrUndefined('metadata.log.dir') ?? logDirs[0]!,
    numRecoveryThreadsPerDataDir: values.number('num.recovery.threads.per.data.dir'),
    logSegmentBytes: values.number('log.segment.bytes'),
    logRollTimeMs: values.numberOrUndefined('log.roll.ms') ?? values.number('log.roll.hours') * hourMs,
    logRollJitterMs:
      values.numberOrUndefined('log.roll.jitter.ms') ?? values.number('log.roll.jitter.hours') * hourMs,
    logIndexSizeMaxBytes: values.number('log.index.size.max.bytes'),
    logIndexIntervalBytes: values.number('log.index.interval.bytes'),
    logFlushIntervalMessages: values.number('log.flush.interval.messages'),
    logFlushIntervalMs:
      values.numberOrUndefined('log.flush.interval.ms') ?? values.number('log.flush.scheduler.interval.ms'),
    logFlushSchedulerIntervalMs: values.number('log.flush.scheduler.interval.ms'),
    logFlushOffsetCheckpointIntervalMs: values.number('log.flush.offset.checkpoint.interval.ms'),
    logFlushStartOffsetCheckpointIntervalMs: values.number('log.flush.start.offset.checkpoint.interval.ms'),
    logRetentionMs: readRetentionMs(values),
    logRetentionBytes: values.number('log.retention.bytes'),
    logRetentionCheckIntervalMs: values.number('log.retention.check.interval.ms'),
    logInitialTaskDelayMs: values.number('log.initial.task.delay.ms'),
    logCleanupPolicy: values.list('log.cleanup.policy'),
    logCleanerEnable: values.boolean('log.cleaner.enable'),
    logCleaner: {
      threads: values.number('log.cleaner.threads'),
      dedupeBufferBytes: values.number('log.cleaner.dedupe.buffer.size'),
      dedupeBufferLoadFactor: values.number('log.cleaner.io.buffer.load.factor'),
      ioBufferBytes: values.number('log.cleaner.io.buffer.size'),
      ioBytesPerSecondMax: values.number('log.cleaner.io.max.bytes.per.second'),
      backoffMs: values.number('log.cleaner.backoff.ms'),
    } satisfies CleanerConfig,
    logSegmentDeleteDelayMs: values.number('log.segment.delete.delay.ms'),
    logDirFailureTimeoutMs: values.number('log.dir.failure.timeout.ms'),
    logMessageTimestampType: values.string('log.message.timestamp.type'),

    // Replicas and the controller
    replicaHighWatermarkCheckpointIntervalMs: values.number('replica.high.watermark.checkpoint.interval.ms'),
    replicaLagTimeMaxMs: values.number('replica.lag.time.max.ms'),
    replicaFetchMaxBytes: values.number('replica.fetch.max.bytes'),
    controlledShutdownEnable: values.boolean('controlled.shutdown.enable'),
    controllerSocketTimeoutMs: values.number('controller.socket.timeout.ms'),
    autoLeaderRebalanceEnable: values.boolean('auto.leader.rebalance.enable'),
    leaderImbalanceCheckIntervalSeconds: values.number('leader.imbalance.check.interval.seconds'),
    leaderImbalancePerBrokerPercentage: values.number('leader.imbalance.per.broker.percentage'),

    // Groups
    groupInitialRebalanceDelayMs: values.number('group.initial.rebalance.delay.ms'),
    groupMinSessionTimeoutMs: values.number('group.min.session.timeout.ms'),
    groupMaxSessionTimeoutMs: values.number('group.max.session.timeout.ms'),
    groupMaxSize: values.number('group.max.size'),
    ...readConsumerGroupSettings(values, originals),
    offsetMetadataMaxBytes: values.number('offset.metadata.max.bytes'),
    offsetsTopicNumPartitions: values.number('offsets.topic.num.partitions'),
    offsetsTopicReplicationFactor: values.number('offsets.topic.replication.factor'),
    offsetsTopicSegmentBytes: values.number('offsets.topic.segment.bytes'),
    offsetsTopicCompressionCodec: values.number('offsets.topic.compression.codec'),
    offsetsRetentionMs: values.number('offsets.retention.minutes') * minuteMs,
    offsetsRetentionCheckIntervalMs: values.number('offsets.retention.check.interval.ms'),
    offsetsCommitTimeoutMs: values.number('offsets.commit.timeout.ms'),
    offsetsLoadBufferBytes: values.number('offsets.load.buffer.size'),

    // Transactions and producers
    transactionStateLogNumPartitions: values.number('transaction.state.log.num.partitions'),
    transactionStateLogReplicationFactor: values.number('transaction.state.log.replication.factor'),
    transactionStateLogMinIsr: values.number('transaction.state.log.min.isr'),
    transactionStateLogSegmentBytes: values.number('transaction.state.log.segment.bytes'),
    transactionStateLogLoadBufferBytes: values.number('transaction.state.log.load.buffer.size'),
    transactionMaxTimeoutMs: values.number('transaction.max.timeout.ms'),
    transactionalIdExpirationMs: values.number('transactional.id.expiration.ms'),
    transactionAbortTimedOutIntervalMs: values.number(
      'transaction.abort.timed.out.transaction.cleanup.interval.ms',
    ),
    transactionRemoveExpiredIntervalMs: values.number(
      'transaction.remove.expired.transaction.cleanup.interval.ms',
    ),
    addPartitionsToTxnRetryBackoffMs: values.number('add.partitions.to.txn.retry.backoff.ms'),
    addPartitionsToTxnRetryBackoffMaxMs: values.number('add.partitions.to.txn.retry.backoff.max.ms'),
    transactionPartitionVerificationEnable: values.boolean('transaction.partition.verification.enable'),
    producerIdExpirationMs: values.number('producer.id.expiration.ms'),
    producerIdExpirationCheckIntervalMs: values.number('producer.id.expiration.check.interval.ms'),
  }
}

function readQuotaWindow(values: ConfigValues, prefix: 'quota' | 'controller.quota') {
  return {
    samples: values.number(`${prefix}.window.num`),
    windowMs: values.number(`${prefix}.window.size.seconds`) * 1000,
  }
}

/** broker.id and node.id are one setting; whichever is given counts for both. */
function withNodeId(properties: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const brokerId = properties.get('broker.id')
  const nodeId = properties.get('node.id')
  if (brokerId !== undefined && nodeId !== undefined && brokerId.trim() !== nodeId.trim()) {
    throw new ConfigError(
      `You must set \`node.id\` to the same value as \`broker.id\`. (node.id=${nodeId.trim()}, broker.id=${brokerId.trim()})`,
    )
  }
  const both = new Map(properties)
  const id = brokerId ?? nodeId
  if (id !== undefined) both.set('broker.id', id).set('node.id', id)
  return both
}

/** A file written for a broker of one and the ZooKeeper beside it serves as it is. */
function zooKeeper(values: ConfigValues): string[] {
  const connect = values.stringOrUndefined('zookeeper.connect') ?? ''
  if (connect === '') return []
  return [
    `zookeeper.connect=${connect} has no effect: this broker keeps its metadata itself and is a cluster of its own`,
  ]
}

function checkRoles(values: ConfigValues): void {
  const roles = values.list('process.roles')
  if (roles.length > 0 && !roles.includes('broker')) {
    throw invalidValue('process.roles', roles.join(','), 'only the broker role can be run')
  }
}

function readLogDirs(values: ConfigValues): readonly string[] {
  const text = values.stringOrUndefined('log.dirs') ?? values.string('log.dir')
  const logDirs = text
    .split(',')
    .map((directory) => directory.trim())
    .filter((directory) => directory !== '')
  if (logDirs.length === 0) {
    throw new ConfigError('At least one log directory must be defined via log.dirs or log.dir.')
  }
  const twice = logDirs.find((directory, index) => logDirs.indexOf(directory) !== index)
  if (twice !== undefined) {
    throw invalidValue('log.dirs', text, `${twice} is listed twice`)
  }
  return logDirs
}

function readRetentionMs(values: ConfigValues): number {
  const minutes = values.numberOrUndefined('log.retention.minutes')
  const retentionMs =
    values.numberOrUndefined('log.retention.ms') ??
    (minutes === undefined ? values.number('log.retention.hours') * hourMs : minutes * minuteMs)
  return retentionMs < 0 ? -1 : retentionMs
}

/** `host1:100,[::1]:20` -> connections by host. */
function readOverrides(values: ConfigValues): ReadonlyMap<string, number> {
  const key = 'max.connections.per.ip.overrides'
  const overrides = new Map<string, number>()
  for (const entry of values.string(key).split(',')) {
    if (entry.trim() === '') continue
    const colon = entry.lastIndexOf(':')
    const count = Number(entry.slice(colon + 1))
    if (colon < 0 || !Number.isInteger(count)) {
      throw invalidValue(key, values.string(key), 'expected host:count,host:count')
    }
    overrides.set(entry.slice(0, colon).trim(), count)
  }
  return overrides
}

/** Converted units carry over as their effective value; all else as it was given. */
function readTopicDefaults(
  values: ConfigValues,
  originals: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const defaults = new Map<string, string>()
  for (const key of topicConfigKeys.values()) {
    if (key.serverName === undefined || !originals.has(key.serverName)) continue
    const { text } = values.get(key.serverName)
    if (text !== null) defaults.set(key.name, text)
  }
  const derived = (name: string, ms: number, ...sources: readonly string[]): void => {
    if (!defaults.has(name) && sources.some((source) => originals.has(source))) defaults.set(name, String(ms))
  }
  // Of a negative time there is one meaning, and to topics one form.
  if (defaults.has('retention.ms')) defaults.set('retention.ms', String(readRetentionMs(values)))
  derived('retention.ms', readRetentionMs(values), 'log.retention.minutes', 'log.retention.hours')
  derived('segment.ms', values.number('log.roll.hours') * hourMs, 'log.roll.hours')
  derived('segment.jitter.ms', values.number('log.roll.jitter.hours') * hourMs, 'log.roll.jitter.hours')
  if (!defaults.has('flush.ms') && originals.has('log.flush.scheduler.interval.ms')) {
    defaults.set('flush.ms', values.get('log.flush.scheduler.interval.ms').text!)
  }
  return defaults
}

/** Checks between keys, in Kafka's words. */
function checkTogether(config: BrokerConfig, values: ConfigValues): void {
  const require = (condition: boolean, problem: string): void => {
    if (!condition) throw new ConfigError(problem)
  }
  if (config.brokerIdGenerationEnable) {
    require(config.brokerId >= -1 &&
      config.brokerId <=
        config.reservedBrokerMaxId, `broker.id must be greater than or equal to -1 and not greater than reserved.broker.max.id (broker.id=${config.brokerId}, reserved.broker.max.id=${config.reservedBrokerMaxId})`)
  } else {
    require(config.brokerId >=
      0, `broker.id must be greater than or equal to 0 (broker.id=${config.brokerId})`)
  }
  require(config.logRollTimeMs >= 1, 'log.roll.ms must be greater than or equal to 1')
  require(config.logRollJitterMs >= 0, 'log.roll.jitter.ms must be greater than or equal to 0')
  require(config.logRetentionMs >= 1 ||
    config.logRetentionMs === -1, 'log.retention.ms must be unlimited (-1) or, greater than or equal to 1')
  require(config.logCleaner.dedupeBufferBytes / config.logCleaner.threads >
    1024 * 1024, 'log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.')
  const fetchWaitMs = values.number('replica.fetch.wait.max.ms')
  require(fetchWaitMs <=
    values.number(
      'replica.socket.timeout.ms',
    ), 'replica.socket.timeout.ms should always be at least replica.fetch.wait.max.ms to prevent unnecessary socket timeouts')
  require(fetchWaitMs <=
    config.replicaLagTimeMaxMs, 'replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms to prevent frequent changes in ISR')
  require(config.queuedMaxRequestBytes <= 0 ||
    config.queuedMaxRequestBytes >=
      config.socketRequestMaxBytes, 'queued.max.request.bytes must be larger or equal to socket.request.max.bytes')
  require(config.maxConnectionsPerIp > 0 ||
    config.maxConnectionsPerIpOverrides.size >
      0, 'max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.')
  // Topics may be stricter about what they inherit: flush.ms than log.flush.interval.ms.
  new ConfigValues(topicConfigKeys, config.topicDefaults)
}

function unknownKeys(originals: ReadonlyMap<string, string>): readonly string[] {
  const isKnown = (name: string): boolean => {
    const base = baseOfListenerKey(name)
    return brokerConfigKeys.has(name) || (base !== undefined && brokerConfigKeys.has(base))
  }
  return [...originals.keys()]
    .filter((name) => !isKnown(name))
    .map((name) => `These configurations '[${name}]' were supplied but are not used yet.`)
}
