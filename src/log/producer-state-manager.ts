/**
 * The producers of one partition: what makes a retry of an idempotent producer harmless (KIP-98), and which
 * transactions are open, so that the last stable offset is known.
 *
 * Appends come in two steps, because what one tick brings is checked at once and written later: `stage` checks a
 * batch against the state that all staged batches leave behind; `commit` makes that state the real one after the
 * write, `rollback` forgets it when the write failed. Replay in recovery is `stage` with origin 'replication' and
 * `commit`.
 *
 * Invariants
 * - Nothing staged is visible in `producers`, snapshots, or the unstable offset.
 * - Staged entries are copies; commit swaps them in, and the ones they replace are used for the next copies.
 * - `mapEndOffset` is the offset up to which the committed state is known; a snapshot at N holds exactly the state
 *   at N, and none is kept above the end of the log.
 * - A producer with an open transaction never expires; any other expires `producer.id.expiration.ms` after its last
 *   batch, not earlier.
 */
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import { type Logger, silentLogger } from '../base/logger.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { readEndTxnMarker } from './end-txn-marker.ts'
import { type CompletedTxn, OpenTransactions, type TxnEvent } from './open-transactions.ts'
import {
  isOngoing,
  ProducerAppendChecks,
  type ProducerClaims,
  type ProducerStateError,
} from './producer-append-checks.ts'
import { ProducerSnapshotFiles } from './producer-snapshot-files.ts'
import { type BatchPlace, ProducerStateEntry } from './producer-state-entry.ts'
import type { FirstBatch, TransactionVerification, Verification } from './transaction-verifications.ts'

export type { CompletedTxn } from './open-transactions.ts'
export type { ProducerStateError } from './producer-append-checks.ts'

/** Entries kept for reuse; only as many as one tick stages for one partition are ever needed at once. */
const SPARE_ENTRIES_MAX = 64

/**
 * Who appends: a client (all is checked), a coordinator of this cluster (no sequence numbers, epochs are checked) or
 * replication and replay (checked before, taken as it is).
 */
export type ProducerAppendOrigin = 'client' | 'coordinator' | 'replication'

export interface ProducerStateManagerOptions {
  /** For messages: `m44-1`. */
  readonly topicPartition: string
  /** The partition's folder, where the snapshots lie. */
  readonly directory: string
  readonly disk: Disk
  readonly clock: Clock
  readonly producerIdExpirationMs: () => number
  readonly logger?: Logger
  /** The offsets of the snapshot files, where the caller has listed the folder already. */
  readonly snapshotOffsets?: readonly number[]
}

const NO_TXNS: readonly CompletedTxn[] = []
const NO_CLAIMS: ProducerClaims = {}

export class ProducerStateManager {
  readonly #topicPartition: string
  readonly #clock: Clock
  readonly #producerIdExpirationMs: () => number
  readonly #logger: Logger
  readonly #checks: ProducerAppendChecks
  #producers = new Map<number, ProducerStateEntry>()
  #staged: Map<number, ProducerStateEntry> | undefined
  #stagedTxns: TxnEvent[] | undefined
  #spare: ProducerStateEntry[] | undefined
  readonly #txns = new OpenTransactions()
  readonly #snapshots: ProducerSnapshotFiles
  #mapEndOffset = 0
  #lastSnapshotOffset = 0

  constructor(options: ProducerStateManagerOptions) {
    this.#topicPartition = options.topicPartition
    this.#clock = options.clock
    this.#producerIdExpirationMs = options.producerIdExpirationMs
    this.#logger = options.logger ?? silentLogger
    this.#checks = new ProducerAppendChecks(options.topicPartition)
    this.#snapshots = new ProducerSnapshotFiles(options.disk, options.directory, options.snapshotOffsets)
  }

  /** The committed producers by id. */
  get producers(): ReadonlyMap<number, ProducerStateEntry> {
    return this.#producers
  }
  /** The offset (exclusive) up to which batches have been folded in. */
  get mapEndOffset(): number {
    return this.#mapEndOffset
  }
  get isEmpty(): boolean {
    return this.#producers.size === 0 && !this.#txns.hasUnreplicated
  }
  /** First offset of the oldest transaction that is undecided, or decided above the high watermark; or undefined. */
  get firstUnstableOffset(): number | undefined {
    return this.#txns.firstUnstableOffset
  }
  /** First offset of the oldest transaction without a marker; or undefined. */
  get firstUndecidedOffset(): number | undefined {
    return this.#txns.firstUndecidedOffset
  }

  /**
   * Where the batch at `position` was appended before, if its producer, epoch and exact range of sequence numbers
   * are among the last five batches, staged ones included. Only for batches from clients. The batch's base offset
   * is not looked at.
   */
  findDuplicate(buffer: Buffer, position: number): BatchPlace | undefined {
    const producerId = RecordBatch.producerId(buffer, position)
    if (producerId === RecordBatch.NO_PRODUCER_ID || RecordBatch.isControl(buffer, position)) return undefined
    const entry = this.#staged?.get(producerId) ?? this.#producers.get(producerId)
    if (entry === undefined) return undefined
    return entry.findBatch(
      RecordBatch.producerEpoch(buffer, position),
      RecordBatch.baseSequence(buffer, position),
      RecordBatch.lastSequence(buffer, position),
    )
  }

  /**
   * Checks one batch of magic 2, its base offset already in place, and remembers what it changes until `commit` or
   * `rollback`. Batches without a producer id pass. Nothing of the buffer is kept. On an error nothing was staged.
   *
   * OUT_OF_ORDER_SEQUENCE_NUMBER: not the next sequence number, or not 0 in a new epoch; a producer of which nothing
   * is known may start anywhere. INVALID_PRODUCER_EPOCH: a newer epoch has been seen. INVALID_TXN_STATE: a batch
   * outside the transaction that its producer has open, or one of a transaction that its coordinator was not asked
   * about, or that has ended since. TRANSACTION_COORDINATOR_FENCED: marker of a former coordinator. CORRUPT_MESSAGE: a
   * control batch without a readable marker.
   */
  stage(
    buffer: Buffer,
    position: number,
    origin: ProducerAppendOrigin,
    claims: ProducerClaims = NO_CLAIMS,
  ): ProducerStateError | undefined {
    const producerId = RecordBatch.producerId(buffer, position)
    if (producerId === RecordBatch.NO_PRODUCER_ID) return undefined
    return RecordBatch.isControl(buffer, position)
      ? this.#stageMarker(producerId, buffer, position, origin, claims)
      : this.#stageData(producerId, buffer, position, origin, claims)
  }

  /**
   * Before a batch of a transaction is appended: what the append has to show, once the transaction's coordinator has
   * agreed if it is a verification. Or INVALID_PRODUCER_EPOCH.
   */
  startVerification(first: FirstBatch): Verification | ProducerStateError {
    const { producerId, producerEpoch } = first
    const seen = this.#staged?.get(producerId) ?? this.#producers.get(producerId)
    if (seen !== undefined && producerEpoch < seen.producerEpoch) {
      const message = `Epoch of producer ${producerId} is ${producerEpoch}, which is smaller than the last seen epoch ${seen.producerEpoch}`
      return { errorCode: ErrorCode.INVALID_PRODUCER_EPOCH, message }
    }
    if (isOngoing(seen, producerEpoch)) return 'ongoing'
    return this.#checks.startVerification(first, this.#clock.nowMs())
  }

  /** The coordinator's answer was no, for good: nothing will be appended. */
  abandonVerification(producerId: number, verification: TransactionVerification): void {
    this.#checks.abandonVerification(producerId, verification)
  }

  /**
   * Makes what was staged the state of the partition, after the write succeeded; `mapEndOffset` is the log's new end.
   * Returns the transactions that ended, in order: the aborted ones belong in the transaction index.
   */
  commit(mapEndOffset: number): readonly CompletedTxn[] {
    assert(mapEndOffset >= this.#mapEndOffset, 'the producer state only moves forward')
    this.#mapEndOffset = mapEndOffset
    if (this.#staged !== undefined && this.#staged.size > 0) {
      for (const [producerId, entry] of this.#staged) {
        const former = this.#producers.get(producerId)
        this.#producers.set(producerId, entry)
        if (former !== undefined) this.#recycle(former)
      }
      this.#staged.clear()
    }
    if (this.#stagedTxns === undefined) return NO_TXNS
    const events = this.#stagedTxns
    this.#stagedTxns = undefined
    const completed: CompletedTxn[] = []
    for (const event of events) {
      if (event.kind === 'begin') this.#txns.begin(event.firstOffset)
      else completed.push(this.#txns.end(event))
    }
    return completed
  }

  /** Forgets what was staged, after the write failed. */
  rollback(): void {
    this.#stagedTxns = undefined
    if (this.#staged === undefined) return
    for (const entry of this.#staged.values()) this.#recycle(entry)
    this.#staged.clear()
  }

  /** Moves the end of the known state to `offset` where batches carried no producers (replay, records without ids). */
  updateMapEndOffset(offset: number): void {
    this.#mapEndOffset = offset
  }

  /** Transactions that ended below it are stable from now on. */
  onHighWatermarkUpdated(highWatermark: number): void {
    this.#txns.dropEndedBelow(highWatermark)
  }

  onLogStartOffsetIncremented(logStartOffset: number): void {
    this.#txns.dropEndedBelow(logStartOffset)
    if (this.#mapEndOffset < logStartOffset) this.#mapEndOffset = logStartOffset
    this.#lastSnapshotOffset = this.latestSnapshotOffset ?? logStartOffset
  }

  removeExpiredProducers(nowMs: number): void {
    for (const [producerId, entry] of this.#producers) {
      if (this.#isExpired(entry, nowMs) && this.#staged?.has(producerId) !== true) {
        this.#producers.delete(producerId)
      }
    }
    this.#checks.removeExpiredVerifications(nowMs, this.#producerIdExpirationMs())
  }

  // --- Snapshots ---------------------------------------------------------------------------------------------------

  get latestSnapshotOffset(): number | undefined {
    return this.#snapshots.latest
  }
  get oldestSnapshotOffset(): number | undefined {
    return this.#snapshots.oldest
  }
  /** Ascending. */
  get snapshotOffsets(): readonly number[] {
    return this.#snapshots.offsets
  }
  /** The file of the snapshot at `offset`, for a replica that asks for it; undefined if there is none. */
  fetchSnapshot(offset: number): string | undefined {
    return this.#snapshots.offsets.includes(offset) ? this.#snapshots.path(offset) : undefined
  }

  /**
   * Writes the committed state, that at `mapEndOffset`, unless nothing came since the last snapshot; at a roll (when
   * the batches that need the new segment may be staged already), and (with `sync`) at a clean close. Without a sync
   * a crash may tear the file; its checksum shows that, and an older one is taken.
   */
  takeSnapshot(options: { sync: boolean }): void {
    const offset = this.#mapEndOffset
    if (offset <= this.#lastSnapshotOffset) return
    const startMs = this.#clock.monotonicMs()
    this.#snapshots.write(offset, this.#producers, options)
    const elapsedMs = Math.round(this.#clock.monotonicMs() - startMs)
    this.#logger.info(
      `[ProducerStateManager partition=${this.#topicPartition}] Wrote producer snapshot at offset ${offset} with ${this.#producers.size} producer ids in ${elapsedMs} ms.`,
    )
    this.#lastSnapshotOffset = offset
  }

  /**
   * Brings the state to that of a log that spans [logStartOffset, logEndOffset): snapshots outside go, and unless the
   * state already ends at `logEndOffset`, it becomes that of the newest sound snapshot. The caller then replays the
   * batches from `mapEndOffset` on.
   */
  truncateAndReload(logStartOffset: number, logEndOffset: number): void {
    this.rollback()
    this.#snapshots.remove((offset) => offset > logEndOffset || offset <= logStartOffset)
    if (logEndOffset === this.#mapEndOffset) {
      this.onLogStartOffsetIncremented(logStartOffset)
      return
    }
    this.#producers.clear()
    this.#txns.forgetOngoing()
    this.#loadNewestSnapshot(logStartOffset)
    // A snapshot says nothing of them, and the replay finds those above it.
    this.#txns.dropEndedFrom(this.#mapEndOffset)
  }

  truncateFullyAndStartAt(offset: number): void {
    this.rollback()
    this.#producers.clear()
    this.#txns.clear()
    this.#snapshots.remove(() => true)
    this.#lastSnapshotOffset = 0
    this.#mapEndOffset = offset
  }

  /** After snapshot files came from elsewhere: forgets all and looks at the folder anew. */
  truncateFullyAndReloadSnapshots(): void {
    this.truncateFullyAndStartAt(0)
    this.#snapshots.reload()
  }

  deleteSnapshotsBefore(offset: number): void {
    this.#snapshots.remove((snapshot) => snapshot < offset)
  }

  /**
   * Removes the snapshots that belong to no segment, except the newest one above all segments: that is what a clean
   * shutdown left.
   */
  removeStraySnapshots(segmentBaseOffsets: readonly number[]): void {
    this.#snapshots.removeStrays(segmentBaseOffsets)
  }

  /**
   * Renames the snapshot at `offset` to `.deleted` for a deletion that is to happen later, with its segment.
   * Returns the new path, or undefined if there is no such snapshot.
   */
  markSnapshotForDeletion(offset: number): string | undefined {
    return this.#snapshots.markForDeletion(offset)
  }

  /**
   * For a copy of a log: producers whose batches all lie below `offset`, where the copy starts, and which it could
   * never learn of.
   */
  learnFormer(original: ProducerStateManager, offset: number): void {
    for (const [producerId, entry] of original.#producers) {
      if (entry.lastDataOffset >= offset || this.#producers.has(producerId)) continue
      const known = new ProducerStateEntry()
      known.become(entry)
      this.#producers.set(producerId, known)
      if (known.currentTxnFirstOffset >= 0) this.#txns.begin(known.currentTxnFirstOffset)
    }
  }

  /** The same log lies in another folder now, with snapshots of its own. */
  moveTo(directory: string): void {
    this.#snapshots.updateDirectory(directory)
    this.#snapshots.reload()
    this.#lastSnapshotOffset = this.latestSnapshotOffset ?? 0
  }

  /** After the partition's folder was renamed. */
  updateDirectory(directory: string): void {
    this.#snapshots.updateDirectory(directory)
  }

  // --- Staging -----------------------------------------------------------------------------------------------------

  #stageData(
    producerId: number,
    buffer: Buffer,
    position: number,
    origin: ProducerAppendOrigin,
    claims: ProducerClaims,
  ): ProducerStateError | undefined {
    const producerEpoch = RecordBatch.producerEpoch(buffer, position)
    const baseOffset = RecordBatch.baseOffset(buffer, position)
    const isTransactional = RecordBatch.isTransactional(buffer, position)
    const seen = this.#staged?.get(producerId) ?? this.#producers.get(producerId)
    if (origin !== 'replication') {
      const fault = this.#checks.faultOfData(buffer, position, seen, origin, claims)
      if (fault !== undefined) return fault
    }
    if (seen !== undefined && seen.currentTxnFirstOffset >= 0 && !isTransactional) {
      const message = `Expected transactional write from producer ${producerId} at offset ${baseOffset} in partition ${this.#topicPartition}`
      return { errorCode: ErrorCode.INVALID_TXN_STATE, message }
    }
    const entry = this.#stagedEntry(producerId)
    const delta = RecordBatch.lastOffsetDelta(buffer, position)
    entry.setEpoch(producerEpoch)
    entry.addBatch(
      RecordBatch.lastSequence(buffer, position),
      baseOffset + delta,
      delta,
      RecordBatch.maxTimestamp(buffer, position),
    )
    this.#keepFromNow(entry, origin)
    if (isTransactional) this.#checks.onTransactionalBatch(producerId, producerEpoch, false)
    if (isTransactional && entry.currentTxnFirstOffset < 0) {
      entry.currentTxnFirstOffset = baseOffset
      this.#stagedTxns ??= []
      this.#stagedTxns.push({ kind: 'begin', producerId, firstOffset: baseOffset })
    }
    return undefined
  }

  #stageMarker(
    producerId: number,
    buffer: Buffer,
    position: number,
    origin: ProducerAppendOrigin,
    claims: ProducerClaims,
  ): ProducerStateError | undefined {
    // Compaction may leave an empty control batch behind: its whole transaction is gone from the log.
    if (RecordBatch.recordCount(buffer, position) === 0) return undefined
    const offset = RecordBatch.baseOffset(buffer, position)
    const marker = readEndTxnMarker(buffer, position)
    if (marker === undefined) {
      const message = `No transaction marker in the control batch of producer ${producerId} at offset ${offset} in partition ${this.#topicPartition}`
      return { errorCode: ErrorCode.CORRUPT_MESSAGE, message }
    }
    const producerEpoch = RecordBatch.producerEpoch(buffer, position)
    const seen = this.#staged?.get(producerId) ?? this.#producers.get(producerId)
    if (seen !== undefined && origin !== 'replication') {
      const fault = this.#checks.faultOfMarker(buffer, position, seen, marker, claims)
      if (fault !== undefined) return fault
    }
    this.#checks.onTransactionalBatch(producerId, producerEpoch, true)
    const entry = this.#stagedEntry(producerId)
    const firstOffset = entry.currentTxnFirstOffset
    if (firstOffset >= 0) {
      this.#stagedTxns ??= []
      const isAborted = !marker.isCommit
      this.#stagedTxns.push({ kind: 'end', producerId, firstOffset, lastOffset: offset, isAborted })
    }
    entry.setEpoch(producerEpoch)
    entry.coordinatorEpoch = marker.coordinatorEpoch
    entry.currentTxnFirstOffset = -1
    entry.seen(RecordBatch.maxTimestamp(buffer, position))
    this.#keepFromNow(entry, origin)
    return undefined
  }

  /**
   * Expiry counts from when a batch came, not from its records' timestamps, which may be years old: Apache Kafka
   * forgets such a producer at once. What is replayed has only its timestamps to go by.
   */
  #keepFromNow(entry: ProducerStateEntry, origin: ProducerAppendOrigin): void {
    if (origin === 'replication') return
    entry.lastSeenMs = Math.max(entry.lastSeenMs, this.#clock.nowMs())
  }

  #stagedEntry(producerId: number): ProducerStateEntry {
    this.#staged ??= new Map()
    let entry = this.#staged.get(producerId)
    if (entry === undefined) {
      entry = this.#spare?.pop() ?? new ProducerStateEntry()
      entry.become(this.#producers.get(producerId))
      this.#staged.set(producerId, entry)
    }
    return entry
  }

  #recycle(entry: ProducerStateEntry): void {
    this.#spare ??= []
    if (this.#spare.length < SPARE_ENTRIES_MAX) this.#spare.push(entry)
  }

  // --- State -------------------------------------------------------------------------------------------------------

  #isExpired(entry: ProducerStateEntry, nowMs: number): boolean {
    return entry.currentTxnFirstOffset < 0 && nowMs - entry.lastSeenMs >= this.#producerIdExpirationMs()
  }

  #loadNewestSnapshot(logStartOffset: number): void {
    const nowMs = this.#clock.nowMs()
    const prefix = `[ProducerStateManager partition=${this.#topicPartition}]`
    for (let offset = this.latestSnapshotOffset; offset !== undefined; offset = this.latestSnapshotOffset) {
      const path = this.#snapshots.path(offset)
      this.#logger.info(
        `${prefix} Loading producer state from snapshot file 'SnapshotFile(offset=${offset}, file=${path})'`,
      )
      const loaded = this.#snapshots.read(offset)
      if (typeof loaded !== 'string') {
        for (const [producerId, entry] of loaded) {
          if (this.#isExpired(entry, nowMs)) continue
          this.#producers.set(producerId, entry)
          if (entry.currentTxnFirstOffset >= 0) this.#txns.begin(entry.currentTxnFirstOffset)
        }
        this.#lastSnapshotOffset = offset
        this.#mapEndOffset = offset
        return
      }
      this.#logger.warn(`${prefix} Failed to load producer snapshot from '${path}': ${loaded}`)
      this.#snapshots.remove((other) => other === offset)
    }
    this.#lastSnapshotOffset = logStartOffset
    this.#mapEndOffset = logStartOffset
  }
}
