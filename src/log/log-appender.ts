/**
 * Takes appends into a log: checks, stages, and writes them, starting a new segment where one is due.
 *
 * Invariants
 * - What is staged goes into the active segment with one write. Before a batch that needs a new segment, the staged ones
 *   are written in the middle of the tick; if that fails, appends are refused until the commit at its end has said so.
 * - The end offset, the indexes, the producers' state and the leader epochs change after the write succeeded, all at
 *   once, and not at all if it failed.
 * - At a roll the producers' state is exactly that of the end offset, so the snapshot taken then is.
 */
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { DiskError } from '../base/disk.ts'
import type { Logger } from '../base/logger.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { checkForLeader, faultOfReplicated } from './append-checks.ts'
import {
  type AppendOrigin,
  type AppendOutcome,
  appendFailure,
  appendSuccess,
  COMMITTED,
  type CommitOutcome,
} from './append-outcome.ts'
import { lastOffsetOf, maxTimestampOf } from './batch-scan.ts'
import type { LeaderEpochCache } from './leader-epoch-cache.ts'
import type { LogConfig } from './log-config.ts'
import type { LogSegment } from './log-segment.ts'
import type { LogSegments } from './log-segments.ts'
import { RELATIVE_OFFSET_MAX } from './offset-index.ts'
import type { PositionHints } from './position-hints.ts'
import type { ProducerClaims } from './producer-append-checks.ts'
import type { BatchPlace } from './producer-state-entry.ts'
import type { ProducerStateManager } from './producer-state-manager.ts'
import { jitterSalt, mustRoll, type NextBatch } from './roll-policy.ts'
import { StagedAppends } from './staged-appends.ts'

export interface LogAppenderOptions {
  readonly topicPartition: string
  readonly logPrefix: string
  readonly segments: LogSegments
  readonly producers: ProducerStateManager
  readonly leaderEpochs: LeaderEpochCache
  readonly hints: PositionHints
  readonly clock: Clock
  readonly logger: Logger
  readonly logEndOffset: number
  readonly config: () => LogConfig
  readonly logStartOffset: () => number
  readonly newSegment: (baseOffset: number) => LogSegment
  /** A segment was sealed: it should be synced before long. */
  readonly onRolled: () => void
  /** A failed write could not be taken back. */
  readonly onDamaged: (error: Error) => void
}

export interface LeaderAppendOptions extends ProducerClaims {
  readonly leaderEpoch: number
  readonly origin: AppendOrigin
}

export class LogAppender {
  readonly #options: LogAppenderOptions
  readonly #segments: LogSegments
  readonly #producers: ProducerStateManager
  readonly #staged = new StagedAppends()
  readonly #jitterSalt: number
  #logEndOffset: number
  /** A write in the middle of a tick failed; the commit at its end has to say so. */
  #failedCommit: CommitOutcome | undefined

  constructor(options: LogAppenderOptions) {
    this.#options = options
    this.#segments = options.segments
    this.#producers = options.producers
    this.#logEndOffset = options.logEndOffset
    this.#jitterSalt = jitterSalt(options.topicPartition)
  }

  get logEndOffset(): number {
    return this.#logEndOffset
  }
  get hasStaged(): boolean {
    return !this.#staged.isEmpty
  }
  get stagedEndOffset(): number {
    return this.#staged.isEmpty ? this.#logEndOffset : this.#staged.endOffset
  }

  stageAsLeader(records: Buffer, options: LeaderAppendOptions): AppendOutcome {
    const nowMs = this.#options.clock.nowMs()
    const logStartOffset = this.#options.logStartOffset()
    const batch = checkForLeader(records, {
      topicPartition: this.#options.topicPartition,
      config: this.#options.config(),
      origin: options.origin,
      nowMs,
      logStartOffset,
    })
    if (!Buffer.isBuffer(batch)) return batch
    if (options.origin === 'client') {
      const known = this.#producers.findDuplicate(batch, 0)
      if (known !== undefined) return this.#duplicate(known)
    }
    const firstOffset = this.stagedEndOffset
    const lastOffset = firstOffset + RecordBatch.lastOffsetDelta(batch, 0)
    const maxTimestampMs = RecordBatch.maxTimestamp(batch, 0)
    const next = { sizeBytes: batch.length, maxTimestampMs, firstOffset, lastOffset }
    if (!this.#makeRoom(next, nowMs)) return this.#refused()
    RecordBatch.setBaseOffset(batch, 0, firstOffset)
    RecordBatch.setPartitionLeaderEpoch(batch, 0, options.leaderEpoch)
    const fault = this.#producers.stage(batch, 0, options.origin, options)
    if (fault !== undefined) return appendFailure(fault.errorCode, fault.message, logStartOffset)
    this.#staged.add(batch, lastOffset + 1)
    const outcome = appendSuccess(firstOffset, lastOffset, logStartOffset)
    if (RecordBatch.isLogAppendTime(batch, 0)) outcome.logAppendTimeMs = maxTimestampMs
    this.#staged.expect(outcome)
    return outcome
  }

  stageAsFollower(records: Buffer): AppendOutcome {
    const { logger, logPrefix, topicPartition } = this.#options
    const logStartOffset = this.#options.logStartOffset()
    const fault = records.length === 0 ? 'no records' : faultOfReplicated(records, this.stagedEndOffset)
    if (fault !== undefined) {
      const message = `${topicPartition} can't take the leader's records: ${fault}`
      return appendFailure(ErrorCode.CORRUPT_MESSAGE, message, logStartOffset)
    }
    const nowMs = this.#options.clock.nowMs()
    for (let at = 0; at < records.length; ) {
      const sizeBytes = RecordBatch.sizeInBytes(records, at)
      const firstOffset = RecordBatch.baseOffset(records, at)
      const lastOffset = lastOffsetOf(records, at)
      const maxTimestampMs = maxTimestampOf(records, at)
      if (!this.#makeRoom({ sizeBytes, maxTimestampMs, firstOffset, lastOffset }, nowMs))
        return this.#refused()
      // The leader accepted it, so it is in the log whatever this replica makes of its producer.
      const stateFault =
        RecordBatch.magic(records, at) >= 2 ? this.#producers.stage(records, at, 'replication') : undefined
      if (stateFault !== undefined) logger.warn(`${logPrefix}${stateFault.message}`)
      this.#staged.add(records.subarray(at, at + sizeBytes), lastOffset + 1)
      at += sizeBytes
    }
    const outcome = appendSuccess(
      RecordBatch.baseOffset(records, 0),
      this.stagedEndOffset - 1,
      logStartOffset,
    )
    this.#staged.expect(outcome)
    return outcome
  }

  commitStaged(): CommitOutcome {
    const failed = this.#failedCommit
    this.#failedCommit = undefined
    if (failed !== undefined) return failed
    return this.#staged.isEmpty ? COMMITTED : this.#write()
  }

  /** Forgets what was staged: the log is offline. */
  abandonStaged(errorMessage: string): void {
    this.#staged.fail(ErrorCode.KAFKA_STORAGE_ERROR, errorMessage)
    this.#producers.rollback()
  }

  /** What follows starts at `offset`, beyond the end: compaction has left nothing before it. Throws DiskError. */
  skipTo(offset: number): void {
    assert(this.#staged.isEmpty && offset >= this.#logEndOffset, 'a log skips forward, between appends')
    if (offset === this.#logEndOffset) return
    this.roll(offset)
    this.#logEndOffset = offset
  }

  /** The log was truncated to end at `offset`. */
  endsAt(offset: number): void {
    this.#logEndOffset = offset
  }

  /** Starts a segment at `baseOffset`, unless the active one is empty and starts there. Throws DiskError. */
  roll(baseOffset: number): void {
    const former = this.#segments.active
    if (former.sizeBytes === 0 && former.baseOffset === baseOffset) return
    const { logger, logPrefix } = this.#options
    assert(
      this.#producers.mapEndOffset >= this.#logEndOffset,
      'the producers are known up to the end of the log',
    )
    this.#segments.append(this.#options.newSegment(baseOffset))
    former.seal()
    // Only a gap too wide for an index makes a segment start above the end of the log.
    this.#producers.updateMapEndOffset(baseOffset)
    try {
      this.#producers.takeSnapshot({ sync: false })
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      logger.warn(
        `${logPrefix}No producer snapshot at offset ${baseOffset}: recovery will read an older one`,
        error,
      )
    }
    logger.info(`${logPrefix}Rolled new log segment at offset ${baseOffset}`)
    this.#options.onRolled()
  }

  /** Starts a new segment if the batch needs one. @returns false after a disk error, which has been dealt with. */
  #makeRoom(batch: NextBatch, nowMs: number): boolean {
    if (this.#failedCommit !== undefined) return false
    const limits = { config: this.#options.config(), nowMs, jitterSalt: this.#jitterSalt }
    try {
      // After a start both may have to read the file, which must fail here and not between a write and its index.
      this.#segments.active.prepareToAppend()
      if (!mustRoll(this.#segments.active, this.#staged.byteLength, batch, limits)) return true
      if (!this.#staged.isEmpty) {
        const outcome = this.#write()
        if (outcome.errorCode !== ErrorCode.NONE) {
          this.#failedCommit = outcome
          return false
        }
      }
      // Where the log ends, so that segments follow on each other even if compaction has left a gap behind it.
      const isNear = batch.lastOffset - this.#logEndOffset <= RELATIVE_OFFSET_MAX
      this.roll(isNear ? this.#logEndOffset : batch.firstOffset)
      return true
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#options.logger.error(`${this.#options.logPrefix}Error while making room for an append`, error)
      return false
    }
  }

  #write(): CommitOutcome {
    const staged = this.#staged
    const segment = this.#segments.active
    try {
      segment.write(staged.buffers, staged.byteLength)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#options.logger.error(`${this.#options.logPrefix}Error while appending records`, error)
      this.abandonStaged(error.message)
      if (segment.isDamaged) this.#options.onDamaged(error)
      return { errorCode: ErrorCode.KAFKA_STORAGE_ERROR }
    }
    let position = segment.sizeBytes - staged.byteLength
    for (const buffer of staged.buffers) {
      segment.index(buffer, position)
      this.#learnEpochs(buffer)
      position += buffer.length
    }
    this.#logEndOffset = staged.endOffset
    for (const txn of this.#producers.commit(staged.endOffset)) {
      if (txn.isAborted) segment.transactionIndex.append(txn)
    }
    this.#options.hints.commitEnded(staged.endOffset, segment.baseOffset, position)
    staged.clear()
    return COMMITTED
  }

  #learnEpochs(buffer: Buffer): void {
    const { leaderEpochs } = this.#options
    for (let at = 0; at < buffer.length; at += RecordBatch.sizeInBytes(buffer, at)) {
      const isOld = RecordBatch.magic(buffer, at) < 2
      const epoch = isOld ? -1 : RecordBatch.partitionLeaderEpoch(buffer, at)
      if (epoch >= 0 && epoch > (leaderEpochs.latestEpoch ?? -1)) {
        leaderEpochs.assign(epoch, RecordBatch.baseOffset(buffer, at))
      }
    }
  }

  #duplicate(known: BatchPlace): AppendOutcome {
    const outcome = appendSuccess(known.firstOffset, known.lastOffset, this.#options.logStartOffset())
    outcome.duplicate = true
    // Also where the topic keeps the producer's timestamps: Kafka tells that of the first attempt.
    outcome.logAppendTimeMs = known.timestampMs
    // The first attempt may be staged in this very tick, and share its fate.
    if (known.firstOffset >= this.#logEndOffset) this.#staged.expect(outcome)
    return outcome
  }

  #refused(): AppendOutcome {
    const message = `${this.#options.topicPartition} could not be written`
    return appendFailure(ErrorCode.KAFKA_STORAGE_ERROR, message, this.#options.logStartOffset())
  }
}
