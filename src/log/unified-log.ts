/**
 * The log of one partition: a row of segments, and how far it is written, synced, replicated and stable.
 *
 * An append comes in two steps. `stageAs...` checks it and assigns its offsets; `commitStaged`, at the end of the
 * tick, writes all that was staged in one call, from where the bytes lie. All is synchronous, so steps never
 * interleave; only `flush` waits for the device.
 *
 * Invariants
 * - logStartOffset <= recoveryPoint, high watermark <= logEndOffset <= stagedEndOffset, but that the log's start may
 *   pass the recovery point when records are deleted.
 * - The end offset moves after the bytes are written, all state with it. A failed write leaves everything as it was.
 * - What was synced stays: the recovery point moves only behind a sync that succeeded, and after a sync that failed
 *   the log is offline, because nobody knows what the device holds then.
 * - Nothing at or above the high watermark is deleted by retention; nothing below it is given out incomplete.
 */
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { type Disk, DiskError } from '../base/disk.ts'
import type { Logger } from '../base/logger.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { type AppendOutcome, appendFailure, type CommitOutcome } from './append-outcome.ts'
import type { FetchDataInfo, FetchIsolation } from './fetch-data-info.ts'
import { LeaderEpochCache } from './leader-epoch-cache.ts'
import { readLeaderEpochs, writeLeaderEpochs } from './leader-epoch-checkpoint-file.ts'
import { type LeaderAppendOptions, LogAppender } from './log-appender.ts'
import { LogCompaction } from './log-compaction.ts'
import type { LogConfig } from './log-config.ts'
import { LogFlusher } from './log-flusher.ts'
import { LogReader } from './log-reader.ts'
import { deletableSegments, retentionLines } from './log-retention.ts'
import { LogSegment, type SegmentOptions } from './log-segment.ts'
import type { LogSegments } from './log-segments.ts'
import { topicIdOf } from './partition-metadata.ts'
import { isPassing } from './passing-disk-errors.ts'
import { PositionHints } from './position-hints.ts'
import { replayProducers } from './producer-replay.ts'
import type { ProducerStateManager } from './producer-state-manager.ts'
import { removeSegments } from './segment-removal.ts'
import { findByTimestamp, findComplete, findMaxTimestamp, type TimestampOffset } from './timestamp-lookup.ts'
import { type LoadedLog, loadUnifiedLog } from './unified-log-loader.ts'
import { logPrefix, type UnifiedLogOptions } from './unified-log-options.ts'

export type { TimestampOffset } from './timestamp-lookup.ts'
export type { UnifiedLogOptions } from './unified-log-options.ts'

export class UnifiedLog {
  readonly topic: string
  readonly partition: number
  readonly compaction: LogCompaction
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #onOffline: ((error: Error) => void) | undefined
  readonly #segments: LogSegments
  readonly #producers: ProducerStateManager
  readonly #leaderEpochs: LeaderEpochCache
  readonly #hints = new PositionHints()
  readonly #reader: LogReader
  readonly #flusher: LogFlusher
  readonly #appender: LogAppender
  #topicId: string | undefined
  #directory: string
  #config: LogConfig
  #logStartOffset: number
  #highWatermark: number
  #offlineCause: Error | undefined
  #isClosed = false

  private constructor(options: UnifiedLogOptions, loaded: LoadedLog, leaderEpochs: LeaderEpochCache) {
    this.topic = options.topic
    this.partition = options.partition
    this.#topicId = options.topicId
    this.#directory = options.directory
    this.#config = options.config
    this.#disk = options.disk
    this.#clock = options.clock
    this.#logger = options.logger
    this.#onOffline = options.onOffline
    this.#segments = loaded.segments
    this.#producers = loaded.producers
    this.#leaderEpochs = leaderEpochs
    this.#logStartOffset = loaded.logStartOffset
    this.#highWatermark = loaded.logStartOffset
    this.compaction = new LogCompaction({
      segments: loaded.segments,
      producers: loaded.producers,
      hints: this.#hints,
      segmentOptions: (baseOffset) => this.#segmentOptions(baseOffset),
      remove: (segments, keptSnapshotOffset) => this.#drop(segments, keptSnapshotOffset),
      onFailure: (error) => this.#goOffline(error),
    })
    this.#reader = new LogReader(loaded.segments, this.#hints, options.logger)
    this.#appender = new LogAppender({
      topicPartition: this.name,
      logPrefix: this.#prefix,
      segments: loaded.segments,
      producers: loaded.producers,
      leaderEpochs,
      hints: this.#hints,
      clock: options.clock,
      logger: options.logger,
      logEndOffset: loaded.logEndOffset,
      config: () => this.#config,
      logStartOffset: () => this.#logStartOffset,
      newSegment: (baseOffset) => LogSegment.create(this.#segmentOptions(baseOffset)),
      onRolled: () => this.#flusher.flushSealed(loaded.segments.active.baseOffset),
      onDamaged: (error) => this.#goOffline(error),
    })
    this.#flusher = new LogFlusher({
      segments: loaded.segments,
      clock: options.clock,
      recoveryPoint: loaded.recoveryPoint,
      logEndOffset: () => this.logEndOffset,
      isClosed: () => !this.isOpen,
      syncDirectory: () => this.#disk.syncDirectory(this.#directory),
      beforeAdvance: () => this.#leaderEpochs.persist(),
      onFailure: (error) => this.#goOffline(error),
      onPutOff: (error) =>
        this.#logger.warn(`${this.#prefix}The log could not be flushed yet: ${error.message}`),
    })
  }

  /** Opens the log of a folder, recovering it if need be. Throws DiskError or CheckpointError. */
  static load(options: UnifiedLogOptions): UnifiedLog {
    const { directory, disk } = options
    const topicId = options.topicId ?? topicIdOf(disk, directory)
    let log: UnifiedLog | undefined
    const leaderEpochs = new LeaderEpochCache(readLeaderEpochs(disk, directory), (entries) =>
      writeLeaderEpochs(disk, log?.directory ?? directory, entries),
    )
    const loaded = loadUnifiedLog(options, leaderEpochs)
    log = new UnifiedLog({ ...options, topicId }, loaded, leaderEpochs)
    return log
  }

  get name(): string {
    return `${this.topic}-${this.partition}`
  }
  get topicId(): string | undefined {
    return this.#topicId
  }
  get directory(): string {
    return this.#directory
  }
  get config(): LogConfig {
    return this.#config
  }
  /** A disk error has made the log unusable; it stays so until the broker starts anew. */
  get isOffline(): boolean {
    return this.#offlineCause !== undefined
  }
  /** Neither offline nor closed. */
  get isOpen(): boolean {
    return this.#offlineCause === undefined && !this.#isClosed
  }
  get hasStaged(): boolean {
    return this.#appender.hasStaged
  }
  get logStartOffset(): number {
    return this.#logStartOffset
  }
  /** The offset after the last one in the file. */
  get logEndOffset(): number {
    return this.#appender.logEndOffset
  }
  /** The offset that the next append gets. */
  get stagedEndOffset(): number {
    return this.#appender.stagedEndOffset
  }
  get highWatermark(): number {
    return this.#highWatermark
  }
  /** Below it no transaction is undecided: how far a read_committed consumer sees. */
  get lastStableOffset(): number {
    const unstable = this.firstUnstableOffset
    return unstable === undefined || unstable > this.#highWatermark ? this.#highWatermark : unstable
  }
  /** Where the oldest transaction begins that is open, or ended above the high watermark. */
  get firstUnstableOffset(): number | undefined {
    const offset = this.#producers.firstUnstableOffset
    return offset === undefined ? undefined : Math.max(offset, this.#logStartOffset)
  }
  /** All below it is on the device. */
  get recoveryPoint(): number {
    return this.#flusher.recoveryPoint
  }
  get latestEpoch(): number | undefined {
    return this.#leaderEpochs.latestEpoch
  }
  /** The leader epoch of the record at an offset; undefined where none is known. */
  epochAt(offset: number): number | undefined {
    return this.#leaderEpochs.epochForOffset(offset)
  }
  get sizeBytes(): number {
    return this.#segments.sizeBytes
  }
  get segmentCount(): number {
    return this.#segments.count
  }
  /** Base offsets of the segments, ascending. */
  get segmentBaseOffsets(): readonly number[] {
    return this.#segments.all.map((segment) => segment.baseOffset)
  }
  get producerState(): ProducerStateManager {
    return this.#producers
  }

  /** The topic's id became known only after the log was made. */
  assignTopicId(topicId: string): void {
    this.#topicId = topicId
  }

  // --- Appending ---------------------------------------------------------------------------------------------------

  /**
   * Checks one batch of magic 2, gives it offsets in place, and keeps a reference until the commit: until then the
   * bytes may not change. A duplicate of an idempotent producer succeeds with its first offsets and stages nothing.
   */
  stageAsLeader(records: Buffer, options: LeaderAppendOptions): AppendOutcome {
    return this.#refusal() ?? this.#appender.stageAsLeader(records, options)
  }

  /** Stages whole batches as a leader has them, offsets and epochs included. CORRUPT_MESSAGE if they can't follow. */
  stageAsFollower(records: Buffer): AppendOutcome {
    return this.#refusal() ?? this.#appender.stageAsFollower(records)
  }

  /**
   * Writes what was staged, in one call. On a disk error nothing of it is in the log, the staged outcomes carry
   * KAFKA_STORAGE_ERROR, and appends may be tried again, unless the file can't be trusted any more (`isOffline`).
   */
  commitStaged(): CommitOutcome {
    if (this.isOffline) return { errorCode: ErrorCode.KAFKA_STORAGE_ERROR }
    return this.#appender.commitStaged()
  }

  /** A new segment for what comes next; none if the active one is empty. Throws DiskError. */
  roll(): void {
    assert(!this.hasStaged, 'no roll while appends are staged')
    this.#appender.roll(this.logEndOffset)
  }

  // --- Syncing -----------------------------------------------------------------------------------------------------

  /**
   * All below `upToOffset` is on the device when it resolves; whoever asks meanwhile shares the next sync. Rejects
   * with DiskError, and the log is offline then, unless it lacked space or a descriptor before it came to a sync.
   */
  flush(upToOffset: number = this.logEndOffset): Promise<void> {
    if (this.#offlineCause !== undefined) return Promise.reject(this.#offlineCause)
    return this.#flusher.flush(upToOffset)
  }

  /** `flush.messages` or `flush.ms` ask for a sync now. */
  flushDue(nowMs: number): boolean {
    return this.#flusher.isDue(nowMs, this.#config)
  }

  // --- Reading -----------------------------------------------------------------------------------------------------

  /** `maxBytes` bounds whole batches; with `minOneMessage` the first one comes even if it is larger. */
  read(
    fetchOffset: number,
    options: { maxBytes: number; minOneMessage: boolean; isolation: FetchIsolation },
  ): FetchDataInfo {
    return this.#reader.fetch(fetchOffset, options, this)
  }

  /** The first record that is not older; undefined if there is none. Throws DiskError. */
  lookupTimestamp(timestampMs: number): TimestampOffset | undefined {
    return findByTimestamp(this.#segments.all, timestampMs, this.#logStartOffset)
  }

  /** Base offsets of the segments that were complete at the time, ascending. Throws DiskError. */
  segmentsCompleteAt(timestampMs: number): readonly number[] {
    return findComplete(this.#segments.all, timestampMs).map((segment) => segment.baseOffset)
  }

  /** The youngest record, the first of several. Throws DiskError. */
  maxTimestampOffset(): TimestampOffset | undefined {
    return findMaxTimestamp(this.#segments.all, this.#logStartOffset)
  }

  // --- How far it goes ---------------------------------------------------------------------------------------------

  /** Moves the high watermark to `offset`, but not out of the log. */
  updateHighWatermark(offset: number): void {
    this.#highWatermark = Math.min(Math.max(offset, this.#logStartOffset), this.logEndOffset)
    this.#producers.onHighWatermarkUpdated(this.#highWatermark)
  }

  /** Records below `offset`, which is at most the high watermark, are deleted from now on. @returns whether it moved. */
  maybeIncrementLogStartOffset(offset: number, reason = 'client delete records request'): boolean {
    assert(offset <= this.#highWatermark, 'the log may not start above its high watermark')
    if (offset <= this.#logStartOffset) return false
    this.#logStartOffset = offset
    this.#leaderEpochs.truncateFromStart(offset)
    this.#producers.onLogStartOffsetIncremented(offset)
    this.#logger.info(`${this.#prefix}Incremented log start offset to ${offset} due to ${reason}`)
    return true
  }

  /** The largest epoch not above the one asked for, and where it ends; (-1, -1) where that is not known (KIP-101). */
  endOffsetForEpoch(epoch: number): { leaderEpoch: number; endOffset: number } {
    return this.#leaderEpochs.endOffsetFor(epoch, this.logEndOffset)
  }
  assignEpochStartOffset(epoch: number, offset: number): void {
    this.#leaderEpochs.assign(epoch, offset)
  }

  // --- Truncation and retention ------------------------------------------------------------------------------------

  /**
   * Removes all records at or above `offset`: a follower parts with what its leader does not have. A batch that holds
   * the offset goes as a whole, and the log then ends where it started. Throws DiskError.
   */
  truncateTo(offset: number): void {
    assert(!this.hasStaged, 'no truncation while appends are staged')
    if (offset >= this.logEndOffset) return
    this.#logger.info(`${this.#prefix}Truncating to offset ${offset}`)
    this.compaction.onTruncated()
    if (offset < this.#segments.first.baseOffset) {
      this.truncateFullyAndStartAt(offset)
      return
    }
    this.#hints.clear()
    const keep = this.#segments.floorIndex(offset) + 1
    // The last one first: whenever the broker is killed, what is left has no hole.
    this.#drop(this.#segments.remove(keep, this.#segments.count - keep).reverse())
    this.#segments.active.truncateTo(offset)
    const endOffset = Math.min(offset, this.#segments.active.readNextOffset())
    this.#logStartOffset = Math.min(this.#logStartOffset, endOffset)
    this.#endsAt(endOffset)
    this.#producers.truncateAndReload(this.#logStartOffset, endOffset)
    replayProducers(this.#producers, this.#segments, this.#logStartOffset, endOffset)
    // Of the transactions that were replayed most have ended below it, and are stable.
    this.#producers.onHighWatermarkUpdated(this.#highWatermark)
  }

  /** Empties the log; the next record gets `offset`. Throws DiskError. */
  truncateFullyAndStartAt(offset: number): void {
    assert(!this.hasStaged, 'no truncation while appends are staged')
    this.#logger.info(`${this.#prefix}Truncate and start at offset ${offset}`)
    this.compaction.onTruncated()
    this.#hints.clear()
    this.#drop(this.#segments.remove(0, this.#segments.count))
    this.#segments.append(LogSegment.create(this.#segmentOptions(offset)))
    this.#logStartOffset = offset
    this.#endsAt(offset)
    this.#producers.truncateFullyAndStartAt(offset)
  }

  /**
   * Deletes the segments that retention lets go; their files vanish after `file.delete.delay.ms`.
   * @returns how many went.
   */
  deleteOldSegments(nowMs: number): number {
    if (!this.isOpen || this.hasStaged) return 0
    const limits = {
      config: this.#config,
      nowMs,
      logStartOffset: this.#logStartOffset,
      logEndOffset: this.logEndOffset,
      highWatermark: this.#highWatermark,
    }
    try {
      const deletable = deletableSegments(this.#segments, limits)
      const count = deletable.byTime
      if (count === 0) return 0
      for (const line of retentionLines(this.#segments, deletable, limits))
        this.#logger.info(`${this.#prefix}${line}`)
      if (count === this.#segments.count) this.roll()
      const deleted = this.#segments.remove(0, count)
      // Its start moves first: a crash in between leaves segments that recovery finds below the start.
      this.maybeIncrementLogStartOffset(this.#segments.first.baseOffset, 'segment deletion')
      this.#drop(deleted)
      return count
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      if (isPassing(error)) this.#logger.error(`${this.#prefix}Segments could not be deleted yet`, error)
      else this.#goOffline(error)
      return 0
    }
  }

  updateConfig(config: LogConfig): void {
    this.#config = config
  }

  removeExpiredProducers(nowMs: number): void {
    this.#producers.removeExpiredProducers(nowMs)
  }

  // --- The end -----------------------------------------------------------------------------------------------------

  /**
   * Writes what is only in memory (index entries, epochs, a snapshot of the producers) and closes the files; slices
   * that are out stay readable. For a clean shutdown `flush()` comes first. Throws DiskError: it was not clean then.
   */
  close(): void {
    if (this.#isClosed) return
    assert(!this.hasStaged, 'no close while appends are staged')
    this.#isClosed = true
    try {
      if (this.isOffline) return
      this.#producers.takeSnapshot({ sync: true })
      this.#leaderEpochs.persist()
      for (const segment of this.#segments.all) segment.close()
    } finally {
      this.#closeFiles()
    }
  }

  /** The folder gets another name. Throws DiskError. */
  renameDirectory(directory: string): void {
    this.#disk.rename(this.#directory, directory)
    this.#directory = directory
    for (const segment of this.#segments.all) segment.directoryRenamed(directory)
    this.#producers.updateDirectory(directory)
  }

  /** This copy of a log holds the same batches: it takes over what these don't tell, and is on the device then. Throws DiskError. */
  completeCopyOf(original: UnifiedLog): void {
    this.#appender.skipTo(original.logEndOffset)
    this.#leaderEpochs.become(original.#leaderEpochs.entries)
    this.#flusher.syncNow()
  }

  /** Goes on in the folder of a completed copy, which is used up by it; the former files are let go of. */
  continueIn(copy: UnifiedLog): void {
    assert(!this.hasStaged && copy.logEndOffset === this.logEndOffset, 'a log moves to its equal')
    for (const segment of this.#segments.remove(0, this.#segments.count)) segment.closeWithoutWriting()
    for (const segment of copy.#segments.remove(0, copy.#segments.count)) this.#segments.append(segment)
    copy.#isClosed = true
    this.#directory = copy.#directory
    this.#hints.clear()
    this.compaction.onTruncated()
    this.#producers.moveTo(this.#directory)
  }

  /** Closes the files and removes the folder. Rejects with DiskError. */
  async delete(): Promise<void> {
    this.#isClosed = true
    this.#closeFiles()
    await this.#disk.removeDirectory(this.#directory)
  }

  // --- Helpers -----------------------------------------------------------------------------------------------------

  get #prefix(): string {
    return logPrefix(this.name, this.#directory)
  }

  #refusal(): AppendOutcome | undefined {
    if (this.isOpen) return undefined
    const message = `${this.name} is offline: ${this.#offlineCause?.message ?? 'the log is closed'}`
    return appendFailure(ErrorCode.KAFKA_STORAGE_ERROR, message, this.#logStartOffset)
  }

  #segmentOptions(baseOffset: number): SegmentOptions {
    return {
      directory: this.#directory,
      disk: this.#disk,
      clock: this.#clock,
      logger: this.#logger,
      indexIntervalBytes: this.#config.indexIntervalBytes,
      segmentIndexBytes: this.#config.segmentIndexBytes,
      baseOffset,
    }
  }

  /** After a truncation. */
  #endsAt(offset: number): void {
    this.#appender.endsAt(offset)
    this.#flusher.truncatedTo(offset)
    this.#leaderEpochs.truncateFromEnd(offset)
    this.#leaderEpochs.truncateFromStart(this.#logStartOffset)
    this.#leaderEpochs.persist()
    this.#highWatermark = Math.min(Math.max(this.#highWatermark, this.#logStartOffset), offset)
  }

  #drop(segments: readonly LogSegment[], keptSnapshotOffset?: number): void {
    const { fileDeleteDelayMs } = this.#config
    const context = { disk: this.#disk, clock: this.#clock, logger: this.#logger, fileDeleteDelayMs }
    removeSegments(segments, this.#producers, context, keptSnapshotOffset)
  }

  #goOffline(error: Error): void {
    if (this.#offlineCause !== undefined || this.#isClosed) return
    this.#offlineCause = error
    this.#logger.error(`${this.#prefix}The log is offline after a disk error`, error)
    this.#appender.abandonStaged(error.message)
    this.#onOffline?.(error)
  }

  #closeFiles(): void {
    for (const segment of this.#segments.all) segment.closeWithoutWriting()
  }
}
