/**
 * Topic configs: what a client may set on a topic, and the settings that a log ends up with.
 *
 * A topic's own value wins, then the broker config it falls back to (`retention.ms` <- log.retention.ms, minutes,
 * hours), then the default. A log works with the result, a flat record of numbers; Long.MAX_VALUE (`flush.ms`) is
 * the nearest number and only compared with.
 */
import type { BrokerConfig } from './broker-config.ts'
import { ConfigError } from './config-def.ts'
import { ConfigValues } from './config-values.ts'
import { topicConfigKeys } from './topic-config-definitions.ts'

export type CleanupPolicy = 'delete' | 'compact'
export type TimestampType = 'CreateTime' | 'LogAppendTime'
/** `producer` keeps what the producer chose. */
export type TopicCompression = 'uncompressed' | 'zstd' | 'lz4' | 'snappy' | 'gzip' | 'producer'

/** Effective settings of one topic. The log declares the part that it uses under the same names. */
export interface TopicConfig {
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly segmentJitterMs: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  readonly preallocate: boolean
  readonly maxMessageBytes: number
  /** Records between two fsyncs. */
  readonly flushMessages: number
  readonly flushMs: number
  /** -1: no limit. */
  readonly retentionBytes: number
  /** -1: no limit. */
  readonly retentionMs: number
  readonly cleanupPolicy: readonly CleanupPolicy[]
  readonly deleteRetentionMs: number
  readonly fileDeleteDelayMs: number
  readonly minCleanableDirtyRatio: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly minInsyncReplicas: number
  readonly uncleanLeaderElectionEnable: boolean
  readonly compressionType: TopicCompression
  readonly compressionGzipLevel: number
  readonly compressionLz4Level: number
  readonly compressionZstdLevel: number
  readonly messageTimestampType: TimestampType
  readonly messageTimestampBeforeMaxMs: number
  readonly messageTimestampAfterMaxMs: number
  readonly messageDownconversionEnable: boolean
}

export type TopicConfigCheck =
  | { readonly ok: true; readonly effective: TopicConfig }
  | { readonly ok: false; readonly errorCode: typeof INVALID_CONFIG; readonly message: string }

export const INVALID_CONFIG = 40

/** Texts by topic config name; null asks for the default, as in CreateTopics. */
export type TopicConfigEntries = ReadonlyMap<string, string | null>

/** Checks what a client wants to set on a topic, names first. */
export function validateTopicConfig(entries: TopicConfigEntries, broker: BrokerConfig): TopicConfigCheck {
  try {
    for (const name of entries.keys()) {
      if (!topicConfigKeys.has(name)) return invalid(`Unknown topic config name: ${name}`)
    }
    for (const [name, text] of entries) {
      if (text === null) return invalid(`Null value not supported for topic configs: ${name}`)
    }
    const effective = effectiveTopicConfig(entries, broker)
    if (effective.minCompactionLagMs > effective.maxCompactionLagMs) {
      return invalid(
        `conflict topic config setting min.compaction.lag.ms (${effective.minCompactionLagMs}) > max.compaction.lag.ms (${effective.maxCompactionLagMs})`,
      )
    }
    const tieredStorage = refuseTieredStorage(entries)
    return tieredStorage === undefined ? { ok: true, effective } : invalid(tieredStorage)
  } catch (error) {
    if (error instanceof ConfigError) return invalid(error.message)
    throw error
  }
}

/** There is no tiered storage; Kafka without it answers the same. */
function refuseTieredStorage(entries: TopicConfigEntries): string | undefined {
  const isOn = (name: string): boolean => entries.get(name)?.trim().toLowerCase() === 'true'
  if (isOn('remote.log.delete.on.disable') || isOn('remote.log.copy.disable')) {
    return "It is invalid to set `remote.log.delete.on.disable` or `remote.log.copy.disable` under Zookeeper's mode."
  }
  return isOn('remote.storage.enable')
    ? 'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.'
    : undefined
}

function invalid(message: string): TopicConfigCheck {
  return { ok: false, errorCode: INVALID_CONFIG, message }
}

/**
 * The settings of a topic with these values of its own. Unknown names and nulls are passed over, since a topic may
 * have been written by a newer release. Throws ConfigError for a value that does not parse.
 */
export function effectiveTopicConfig(entries: TopicConfigEntries, broker: BrokerConfig): TopicConfig {
  return readSettings(topicValues(entries, broker))
}

/** The same values untyped, each with its canonical text: for DescribeConfigs. */
export function topicValues(entries: TopicConfigEntries, broker: BrokerConfig): ConfigValues {
  const given = new Map(broker.topicDefaults)
  for (const [name, text] of entries) if (text !== null) given.set(name, text)
  return new ConfigValues(topicConfigKeys, given)
}

function readSettings(values: ConfigValues): TopicConfig {
  return {
    segmentBytes: values.number('segment.bytes'),
    segmentMs: values.number('segment.ms'),
    segmentJitterMs: values.number('segment.jitter.ms'),
    segmentIndexBytes: values.number('segment.index.bytes'),
    indexIntervalBytes: values.number('index.interval.bytes'),
    preallocate: values.boolean('preallocate'),
    maxMessageBytes: values.number('max.message.bytes'),
    flushMessages: values.number('flush.messages'),
    flushMs: values.number('flush.ms'),
    retentionBytes: values.number('retention.bytes'),
    retentionMs: values.number('retention.ms'),
    cleanupPolicy: values.list('cleanup.policy') as readonly CleanupPolicy[],
    deleteRetentionMs: values.number('delete.retention.ms'),
    fileDeleteDelayMs: values.number('file.delete.delay.ms'),
    minCleanableDirtyRatio: values.number('min.cleanable.dirty.ratio'),
    minCompactionLagMs: values.number('min.compaction.lag.ms'),
    maxCompactionLagMs: values.number('max.compaction.lag.ms'),
    minInsyncReplicas: values.number('min.insync.replicas'),
    uncleanLeaderElectionEnable: values.boolean('unclean.leader.election.enable'),
    compressionType: values.string('compression.type') as TopicCompression,
    compressionGzipLevel: values.number('compression.gzip.level'),
    compressionLz4Level: values.number('compression.lz4.level'),
    compressionZstdLevel: values.number('compression.zstd.level'),
    messageTimestampType: values.string('message.timestamp.type') as TimestampType,
    ...timestampBounds(values),
    messageDownconversionEnable: values.boolean('message.downconversion.enable'),
  }
}

/**
 * message.timestamp.difference.max.ms is the older, symmetric bound (KIP-937): it counts on a side where the newer
 * key has its default.
 */
function timestampBounds(
  values: ConfigValues,
): Pick<TopicConfig, 'messageTimestampBeforeMaxMs' | 'messageTimestampAfterMaxMs'> {
  const unbounded = topicConfigKeys.get('message.timestamp.before.max.ms')?.defaultText
  const difference = values.number('message.timestamp.difference.max.ms')
  const bound = (name: string): number =>
    values.get(name).text === unbounded ? difference : values.number(name)
  return {
    messageTimestampBeforeMaxMs: bound('message.timestamp.before.max.ms'),
    messageTimestampAfterMaxMs: bound('message.timestamp.after.max.ms'),
  }
}
