/**
 * The effective settings of one log: the topic's own values over the broker's. Plain data, replaced as a whole when
 * a topic's configuration changes (`UnifiedLog.updateConfig`); the rooms above fill it from configuration strings.
 */
export interface LogConfig {
  /** segment.bytes: a segment grows to at most this size. */
  readonly segmentBytes: number
  /** segment.ms: a segment takes records for at most this long, by the records' own timestamps. */
  readonly segmentMs: number
  /** segment.jitter.ms: up to this much is taken off segment.ms, so that logs do not roll all at once. */
  readonly segmentJitterMs: number
  /** segment.index.bytes: a segment rolls when an index would grow past this. */
  readonly segmentIndexBytes: number
  /** index.interval.bytes: distance between entries of the offset index. */
  readonly indexIntervalBytes: number
  /** max.message.bytes: largest batch taken from a client, compressed as it is. */
  readonly maxMessageBytes: number
  /** flush.messages and flush.ms; Number.POSITIVE_INFINITY or Long.MAX_VALUE for never. */
  readonly flushMessages: number
  readonly flushMs: number
  /** retention.ms and retention.bytes; -1 for without end. */
  readonly retentionMs: number
  readonly retentionBytes: number
  /** cleanup.policy */
  readonly cleanupPolicy: readonly ('delete' | 'compact')[]
  readonly deleteRetentionMs: number
  /** file.delete.delay.ms: how long removed segments stay on disk as `.deleted`. */
  readonly fileDeleteDelayMs: number
  readonly minInsyncReplicas: number
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime'
  readonly messageTimestampBeforeMaxMs: number
  readonly messageTimestampAfterMaxMs: number
  /** compression.type */
  readonly compressionType: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  /** compression.gzip.level and compression.zstd.level, where the broker compresses. */
  readonly compressionGzipLevel: number
  readonly compressionZstdLevel: number
  /** message.downconversion.enable: clients of before 0.11 are served. */
  readonly messageDownconversionEnable: boolean
  readonly uncleanLeaderElectionEnable: boolean
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly minCleanableDirtyRatio: number
}

/** Long.MAX_VALUE, Kafka's "never" and "no bound", as the nearest number. */
const LONG_MAX = 2 ** 63

/** Apache Kafka 3.9's defaults. */
export const DEFAULT_LOG_CONFIG: LogConfig = {
  segmentBytes: 1024 * 1024 * 1024,
  segmentMs: 7 * 24 * 60 * 60 * 1000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10 * 1024 * 1024,
  indexIntervalBytes: 4096,
  maxMessageBytes: 1024 * 1024 + 12,
  flushMessages: LONG_MAX,
  flushMs: LONG_MAX,
  retentionMs: 7 * 24 * 60 * 60 * 1000,
  retentionBytes: -1,
  cleanupPolicy: ['delete'],
  deleteRetentionMs: 24 * 60 * 60 * 1000,
  fileDeleteDelayMs: 60_000,
  minInsyncReplicas: 1,
  messageTimestampType: 'CreateTime',
  messageTimestampBeforeMaxMs: LONG_MAX,
  messageTimestampAfterMaxMs: LONG_MAX,
  compressionType: 'producer',
  compressionGzipLevel: -1,
  compressionZstdLevel: 3,
  messageDownconversionEnable: true,
  uncleanLeaderElectionEnable: false,
  minCompactionLagMs: 0,
  maxCompactionLagMs: LONG_MAX,
  minCleanableDirtyRatio: 0.5,
}
