/** What a log manager is made of, and the shapes in which it answers. */
import type { Clock } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import type { LoggerFactory } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import type { StartWorker } from '../base/worker.ts'
import type { CleanerConfig } from './cleaner/cleaner-config.ts'
import type { FromCleaner, ToCleaner } from './cleaner/cleaner-messages.ts'
import type { LogConfig } from './log-config.ts'
import type { LogDirs } from './log-dirs.ts'
import type { UnifiedLog } from './unified-log.ts'

export interface LogManagerOptions {
  /** Opened and locked, and claimed for this broker. The log manager gives the locks back at its shutdown. */
  readonly logDirs: LogDirs
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly loggers: LoggerFactory
  readonly defaultConfig: LogConfig
  /** A topic's whole effective configuration; undefined for the default. */
  readonly topicConfig: (topic: string) => LogConfig | undefined
  /** producer.id.expiration.ms, which may change, and producer.id.expiration.check.interval.ms */
  readonly producerIdExpirationMs: () => number
  readonly producerIdExpirationCheckIntervalMs: number
  /** log.flush.scheduler.interval.ms. Where a topic's flush.ms is shorter, that is the period. */
  readonly flushSchedulerIntervalMs: number
  /** log.flush.offset.checkpoint.interval.ms */
  readonly flushRecoveryOffsetCheckpointMs: number
  /** log.flush.start.offset.checkpoint.interval.ms */
  readonly flushStartOffsetCheckpointMs: number
  /** log.retention.check.interval.ms */
  readonly retentionCheckMs: number
  readonly initialTaskDelayMs?: number
  /** replica.alter.log.dirs.io.max.bytes.per.second, asked for whenever logs move; no limit unless given. */
  readonly moveBytesPerSecondMax?: () => number
  /** undefined: log.cleaner.enable is false, and nothing is compacted. */
  readonly cleaner?: {
    /** As it is now. */
    readonly config: () => CleanerConfig
    readonly startWorker: StartWorker<ToCleaner, FromCleaner>
  }
  /** Its logs are closed; what they led or followed answers KAFKA_STORAGE_ERROR from now on. */
  readonly onLogDirFailure: (directory: string, partitions: readonly TopicPartition[]) => void
  /** Nothing is left to write to: the broker has to stop. */
  readonly onAllLogDirsFailed: (message: string) => void
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export type LogOrError =
  | { readonly errorCode: 0; readonly log: UnifiedLog }
  | { readonly errorCode: number; readonly log: undefined; readonly message: string }
