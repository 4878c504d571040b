/**
 * A shard: the state that one partition of an internal topic stands for, as a state machine without I/O.
 *
 * An operation looks at the state and returns records and a response; the runtime appends the records and hands them to
 * `replay`, live as in recovery, so what a shard knows after a restart is what it knew before. What is not in the log
 * (who waits for an answer, whose session ends when) a shard may change at any time and loses with the partition.
 *
 * Everything is called on one thread, and nothing interleaves with an operation and the replay of its records.
 */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import type { ProducerIdentity } from './coordinator-log.ts'
import type { CoordinatorRecord } from './coordinator-record.ts'
import type { ShardTimers } from './shard-timers.ts'

/** What a shard gets of the world. */
export interface ShardContext {
  /** Of the internal topic. */
  readonly partition: number
  /** Of this broker's leadership: the coordinator's epoch in the markers of transactions. */
  readonly leaderEpoch: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** None fires before `onLoaded` or after `onUnloaded`. */
  readonly timers: ShardTimers
}

/** Where a replayed record stands in the log. */
export interface RecordOrigin {
  readonly offset: number
  /** Set: the record counts only if this producer's transaction is committed. */
  readonly producer: ProducerIdentity | undefined
}

export interface CoordinatorShard {
  /**
   * Changes the state as the record says; applied twice it changes nothing more. Bytes that are kept are copied: they
   * may lie in a buffer as large as many batches. Throws DecodeError for what is no such record, and has then changed
   * nothing: it is logged and passed over.
   */
  replay(record: CoordinatorRecord, origin: RecordOrigin): void

  /** A transaction that wrote to this partition has ended. */
  replayEndTransaction(producer: ProducerIdentity, isCommit: boolean): void

  /** The whole log is replayed and operations come from now on: the time to set timers. */
  onLoaded(): void

  /** The end of this object: whoever waits for an answer gets this error. The partition may be loaded anew elsewhere. */
  onUnloaded(errorCode: number): void
}

/** What an operation on a shard came to. */
export interface ShardResult<Response> {
  /** Appended in one batch, all or nothing, unless `isAtomic` is false. */
  readonly records: readonly CoordinatorRecord[]
  /** Given out once the records, and all that the response can be based on, are safe. A promise: someone has to wait. */
  readonly response: Response | Promise<Response>
  /** False: many records that mean something each by itself, such as tombstones; they may go in several batches. */
  readonly isAtomic?: boolean
  /** The records belong to this producer's transaction. */
  readonly producer?: ProducerIdentity
  /**
   * The records are safe (NONE), or the log refused them and nothing was replayed (a code). If the shard is unloaded in
   * between it is not called. For those who waited for the records of someone else.
   */
  readonly onSettled?: (errorCode: number) => void
}

/** For operations and timers that had nothing to say. */
export const NO_RECORDS: readonly CoordinatorRecord[] = []
