/** What a log is opened with. */
import type { Clock } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import type { Logger } from '../base/logger.ts'
import type { LogConfig } from './log-config.ts'

export interface UnifiedLogOptions {
  /** The partition's folder; it exists, and its own entry is the caller's to sync. */
  readonly directory: string
  readonly topic: string
  readonly partition: number
  /** undefined: as `partition.metadata` says, if there is one. */
  readonly topicId: string | undefined
  readonly config: LogConfig
  readonly disk: Disk
  readonly clock: Clock
  readonly logger: Logger
  /** From recovery-point-offset-checkpoint; 0 if unknown. */
  readonly recoveryPoint: number
  /** From log-start-offset-checkpoint; 0 if unknown. */
  readonly logStartOffset: number
  /** The log was closed in order: nothing needs to be scanned. */
  readonly cleanShutdown: boolean
  /** As far as the checkpoint of the cleaner tells; its settings may say otherwise by now. */
  readonly wasCompacted?: boolean
  readonly producerIdExpirationMs: () => number
  /** Told once, when a disk error took the log offline. */
  readonly onOffline?: (error: Error) => void
}

/** How lines about a log begin, as in Apache Kafka. */
export function logPrefix(topicPartition: string, directory: string): string {
  const logDirectory = directory.slice(0, Math.max(0, directory.lastIndexOf('/')))
  return `[UnifiedLog partition=${topicPartition}, dir=${logDirectory}] `
}
