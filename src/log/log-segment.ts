/**
 * One segment of a log: the file of batches, and the indexes that find the way in it.
 *
 * Files in the partition's folder, named by the offset of the first record in 20 digits: `.log`, `.index`,
 * `.timeindex`, and `.txnindex` where transactions were aborted.
 *
 * Invariants
 * - `sizeBytes` counts whole batches only. A write that fails is cut off again, so that the next one starts where
 *   this one should have; if even that fails, `isDamaged` says that the file can't be trusted any more.
 * - Indexes are loaded on first use, checked, and rebuilt from the batches if they are missing or can't be true.
 * - A sealed segment takes no appends; its time index ends with its largest timestamp.
 */
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import { DiskError } from '../base/disk.ts'
import type { Logger } from '../base/logger.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { type BatchVisitor, lastOffsetOf, maxTimestampOf, scanFile } from './batch-scan.ts'
import { CorruptIndexError } from './index-file.ts'
import {
  freeDeletedPath,
  SEGMENT_SUFFIXES,
  type SegmentPlace,
  segmentFile,
  segmentPath,
} from './log-file-names.ts'
import { type OffsetIndex, RELATIVE_OFFSET_MAX } from './offset-index.ts'
import { SegmentFile } from './segment-file.ts'
import { makeEmptyIndexes, openIndexes, removeQuietly, resetIndexes } from './segment-index-files.ts'
import type { TimeIndex } from './time-index.ts'
import { TransactionIndex } from './transaction-index.ts'

export interface SegmentOptions extends SegmentPlace {
  readonly disk: Disk
  readonly clock: Clock
  readonly logger: Logger
  readonly indexIntervalBytes: number
  readonly segmentIndexBytes: number
}

export class LogSegment {
  readonly baseOffset: number
  readonly transactionIndex: TransactionIndex
  readonly file: SegmentFile
  readonly #options: SegmentOptions
  #directory: string
  #sizeBytes: number
  #createdMs: number
  #lastModifiedMs: number
  #offsetIndex: OffsetIndex | undefined
  #timeIndex: TimeIndex | undefined
  /** Largest timestamp of the first batch: what `segment.ms` counts from. undefined: not read yet. */
  #firstTimestampMs: number | undefined
  /** undefined: not read yet; -1: no record has a timestamp. */
  #largestTimestampMs: number | undefined
  /** Last offset of the first batch with that timestamp. */
  #largestTimestampOffset: number
  #bytesSinceIndexEntry = 0
  #isSealed = false
  #isClosed = false
  /** The folder's entries for the files survive a crash. */
  isDirectorySynced: boolean
  /** The indexes hold what no sync has covered. */
  areIndexesUnsynced: boolean
  isDamaged = false

  private constructor(
    options: SegmentOptions,
    found: { sizeBytes: number; modifiedMs: number; hasTransactionIndex: boolean; isNew: boolean },
    file: SegmentFile,
  ) {
    this.#options = options
    this.#directory = options.directory
    this.baseOffset = options.baseOffset
    this.file = file
    this.#sizeBytes = found.sizeBytes
    this.#createdMs = options.clock.nowMs()
    this.#lastModifiedMs = found.modifiedMs
    this.#largestTimestampMs = found.sizeBytes === 0 ? -1 : undefined
    this.#largestTimestampOffset = options.baseOffset
    this.isDirectorySynced = !found.isNew
    this.areIndexesUnsynced = found.isNew
    this.transactionIndex = new TransactionIndex({
      disk: options.disk,
      path: segmentFile(options, '.txnindex'),
      baseOffset: options.baseOffset,
      exists: found.hasTransactionIndex,
      onCreated: () => {
        this.isDirectorySynced = false
      },
    })
  }

  /** Makes the files, empty even if something lies there; throws DiskError and leaves none behind. */
  static create(options: SegmentOptions): LogSegment {
    const { disk } = options
    const path = segmentFile(options, '.log')
    try {
      makeEmptyIndexes(options)
      disk.remove(segmentFile(options, '.txnindex'))
      const file = disk.open(path, 'create')
      if (file.sizeBytes() > 0) file.truncate(0)
      const found = {
        sizeBytes: 0,
        modifiedMs: options.clock.nowMs(),
        hasTransactionIndex: false,
        isNew: true,
      }
      return new LogSegment(options, found, new SegmentFile(disk, path, file))
    } catch (error) {
      removeQuietly(options)
      throw error
    }
  }

  /** An existing segment; nothing but the size is read. */
  static open(options: SegmentOptions, hasTransactionIndex: boolean): LogSegment {
    const path = segmentFile(options, '.log')
    const stat = options.disk.stat(path)
    assert(stat !== undefined, `${path} was there a moment ago`)
    const found = {
      sizeBytes: stat.sizeBytes,
      modifiedMs: stat.modifiedMs,
      hasTransactionIndex,
      isNew: false,
    }
    return new LogSegment(options, found, new SegmentFile(options.disk, path))
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }
  /** Deleted or closed: nothing more can be read from it. */
  get isClosed(): boolean {
    return this.#isClosed
  }
  get isSealed(): boolean {
    return this.#isSealed
  }
  get offsetIndex(): OffsetIndex {
    if (this.#offsetIndex === undefined) this.#loadIndexes()
    return this.#offsetIndex!
  }
  get timeIndex(): TimeIndex {
    if (this.#timeIndex === undefined) this.#loadIndexes()
    return this.#timeIndex!
  }
  get lastModifiedMs(): number {
    return this.#lastModifiedMs
  }
  /** The largest one of the first batch, -1 if it has none or there is no batch. */
  get firstTimestampMs(): number {
    if (this.#firstTimestampMs === undefined && this.#sizeBytes > 0) {
      scanFile(this.file.file, 0, this.#sizeBytes, (buffer, at) => {
        this.#firstTimestampMs = maxTimestampOf(buffer, at)
        return false
      })
    }
    return this.#firstTimestampMs ?? -1
  }
  /** Of all records, -1 if none has one. */
  get largestTimestampMs(): number {
    if (this.#largestTimestampMs === undefined) this.#readLargestTimestamp()
    return this.#largestTimestampMs!
  }
  /** An offset at or above the first record with the largest timestamp, in the same batch. */
  get largestTimestampOffset(): number {
    if (this.#largestTimestampMs === undefined) this.#readLargestTimestamp()
    return this.#largestTimestampOffset
  }
  /** What retention by time goes by: the largest timestamp, or where there is none the time of the last write. */
  get retentionTimestampMs(): number {
    return this.largestTimestampMs >= 0 ? this.largestTimestampMs : this.#lastModifiedMs
  }
  get isIndexFull(): boolean {
    return this.offsetIndex.isFull || this.timeIndex.isFull
  }

  /** Indexes count from the base offset in 31 bits. */
  canHold(offset: number): boolean {
    return offset - this.baseOffset <= RELATIVE_OFFSET_MAX
  }

  /** How long the segment has taken records, by their timestamps if they have any, at a record of `timestampMs`. */
  ageMs(nowMs: number, timestampMs: number): number {
    const first = this.firstTimestampMs
    return first >= 0 ? timestampMs - first : nowMs - this.#createdMs
  }

  // --- Writing -----------------------------------------------------------------------------------------------------

  /** Reads what `index` will need of the file; throws DiskError, and may be called again. */
  prepareToAppend(): void {
    if (this.#largestTimestampMs === undefined) this.#readLargestTimestamp()
  }

  /** Writes whole batches at the end in one call; throws DiskError, the file being as before unless `isDamaged`. */
  write(buffers: readonly Buffer[], byteLength: number): void {
    assert(!this.#isSealed, 'a sealed segment takes no appends')
    const file = this.file.file
    try {
      file.writev(buffers, this.#sizeBytes)
    } catch (error) {
      try {
        file.truncate(this.#sizeBytes)
      } catch {
        this.isDamaged = true
      }
      throw error
    }
    this.#sizeBytes += byteLength
    this.#lastModifiedMs = this.#options.clock.nowMs()
  }

  /** Indexes the batches of `buffer`, which were written at `position`. */
  index(buffer: Buffer, position: number): void {
    for (let at = 0; at < buffer.length; ) {
      const sizeBytes = RecordBatch.sizeInBytes(buffer, at)
      this.#indexBatch(buffer, at, position + at, sizeBytes)
      at += sizeBytes
    }
  }

  /** Becomes an old segment. What can't be written now stays in memory, and is tried again at the sync. */
  seal(): void {
    if (this.#isSealed) return
    this.timeIndex.maybeAppend(this.largestTimestampMs, this.largestTimestampOffset, { atRoll: true })
    this.#isSealed = true
    this.areIndexesUnsynced = true
    try {
      this.writePendingIndexes()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
  }

  /** Found on disk, with a later one behind it: sealed by whoever wrote it. */
  markSealed(): void {
    this.#isSealed = true
  }

  /** Becomes the segment that takes appends, after later ones were truncated away. */
  unseal(): void {
    this.#isSealed = false
    this.#offsetIndex?.file.unseal()
    this.#timeIndex?.file.unseal()
  }

  /** Puts index entries that are still in memory into the files; throws DiskError, and may be called again. */
  writePendingIndexes(): void {
    if (this.#isSealed) {
      this.#offsetIndex?.file.seal()
      this.#timeIndex?.file.seal()
      this.transactionIndex.seal()
    } else {
      this.#offsetIndex?.file.writePending()
      this.#timeIndex?.file.writePending()
      this.transactionIndex.writePending()
    }
  }

  /**
   * The batches, the aborted transactions, and the indexes of a sealed segment are on the device when it resolves; rejects
   * with DiskError.
   */
  async sync(): Promise<void> {
    const file = this.file
    const diskFile = file.file
    file.retain()
    try {
      this.writePendingIndexes()
      await diskFile.syncAsync()
      // The segment may have been deleted meanwhile; its files must not be made anew.
      if (!this.#isClosed) await this.transactionIndex.sync()
      // The others of an unsealed segment are rebuilt in recovery, or where they can't be true.
      if (!this.#isSealed || !this.areIndexesUnsynced) return
      for (const index of [this.#offsetIndex?.file, this.#timeIndex?.file]) {
        if (!this.#isClosed) await index?.sync()
      }
      this.areIndexesUnsynced = false
    } finally {
      file.release()
    }
  }

  /** The same at once, with the indexes in any case. */
  syncNow(): void {
    this.file.file.sync()
    this.#syncIndexesNow()
  }

  // --- Reading -----------------------------------------------------------------------------------------------------

  /** Where the first batch starts that ends at or after `offset`; -1 if there is none. */
  positionOf(offset: number): number {
    const from = this.offsetIndex.lookup(offset)
    let position = -1
    scanFile(this.file.file, from, this.#sizeBytes, (buffer, at, found) => {
      if (lastOffsetOf(buffer, at) < offset) return true
      position = found
      return false
    })
    return position
  }

  /** The offset after the last batch; the base offset of an empty segment. */
  readNextOffset(): number {
    let next = this.baseOffset
    this.scan(this.offsetIndex.lookup(this.offsetIndex.lastOffset), (buffer, at) => {
      next = lastOffsetOf(buffer, at) + 1
      return true
    })
    return next
  }

  /** Walks the batches from `position` on. */
  scan(position: number, visit: BatchVisitor): number {
    return scanFile(this.file.file, position, this.#sizeBytes, visit)
  }

  /** Bytes of the segment in a buffer of their own: for the few that look into records. */
  readBytes(position: number, byteLength: number): Buffer {
    const bytes = Buffer.allocUnsafe(byteLength)
    const byteCount = this.file.file.read(bytes, 0, byteLength, position)
    return bytes.subarray(0, byteCount)
  }

  // --- Truncation, recovery, removal -------------------------------------------------------------------------------

  /** Removes the batches that end at or after `offset`; throws DiskError. */
  truncateTo(offset: number): void {
    const position = this.positionOf(offset)
    this.unseal()
    this.offsetIndex.truncateTo(offset)
    this.timeIndex.truncateTo(offset)
    this.transactionIndex.truncateTo(offset)
    if (position >= 0) this.cut(position)
    this.#bytesSinceIndexEntry = 0
    this.#readLargestTimestamp()
  }

  /** Cuts the file, not the indexes, at the start of a batch. */
  cut(position: number): void {
    this.file.file.truncate(position)
    this.#sizeBytes = position
    if (position > 0) return
    this.#firstTimestampMs = undefined
    this.#createdMs = this.#options.clock.nowMs()
  }

  /**
   * Makes the indexes anew from the batches, as far as these go and `accept` says true.
   * @returns the position behind the last accepted batch.
   */
  rebuildIndexes(accept: BatchVisitor = () => true): number {
    const wasSealed = this.#isSealed
    this.unseal()
    this.#offsetIndex?.file.discard()
    this.#timeIndex?.file.discard()
    const fresh = resetIndexes({ ...this.#options, directory: this.#directory }, this.#sizeBytes)
    this.#offsetIndex = fresh.offsetIndex
    this.#timeIndex = fresh.timeIndex
    this.#largestTimestampMs = -1
    this.#largestTimestampOffset = this.baseOffset
    this.#bytesSinceIndexEntry = 0
    const validBytes = this.scan(0, (buffer, at, position, sizeBytes) => {
      if (!accept(buffer, at, position, sizeBytes)) return false
      this.#indexBatch(buffer, at, position, sizeBytes)
      return true
    })
    this.areIndexesUnsynced = true
    this.#timeIndex.maybeAppend(this.largestTimestampMs, this.largestTimestampOffset, { atRoll: true })
    this.#isSealed = wasSealed
    this.writePendingIndexes()
    return validBytes
  }

  /** Renames the files to `.deleted` and lets go of them. @returns their paths, to be removed later. */
  markDeleted(): string[] {
    const { disk } = this.#options
    this.closeWithoutWriting()
    const paths: string[] = []
    for (const suffix of SEGMENT_SUFFIXES) {
      const path = segmentPath(this.#directory, this.baseOffset, suffix)
      if (disk.stat(path) === undefined) continue
      const deletedPath = freeDeletedPath(disk, path)
      disk.rename(path, deletedPath)
      this.#movedTo(deletedPath, suffix)
      paths.push(deletedPath)
    }
    return paths
  }

  /** Throws DiskError if index entries can't be written. Slices that are still out keep the file of batches open. */
  close(): void {
    this.seal()
    // The next start takes them at their word.
    this.#syncIndexesNow()
    this.closeWithoutWriting()
  }

  /** Its entries are on the device now; where it is taken at its word later on. Throws DiskError. */
  syncTransactionIndex(): void {
    if (!this.transactionIndex.syncNow() || this.isDirectorySynced) return
    this.#options.disk.syncDirectory(this.#directory)
    this.isDirectorySynced = true
  }

  closeWithoutWriting(): void {
    this.#isSealed = true
    this.#isClosed = true
    this.#offsetIndex?.file.discard()
    this.#timeIndex?.file.discard()
    this.transactionIndex.discard()
    this.file.close()
  }

  directoryRenamed(directory: string): void {
    this.#directory = directory
    for (const suffix of SEGMENT_SUFFIXES)
      this.#movedTo(segmentPath(directory, this.baseOffset, suffix), suffix)
  }

  /** As Apache Kafka prints it. */
  toString(): string {
    return `LogSegment(baseOffset=${this.baseOffset}, size=${this.#sizeBytes}, lastModifiedTime=${this.#lastModifiedMs}, largestRecordTimestamp=${this.#largestTimestampMs ?? -1})`
  }

  // --- Indexes -----------------------------------------------------------------------------------------------------

  #indexBatch(buffer: Buffer, at: number, position: number, sizeBytes: number): void {
    const timestampMs = maxTimestampOf(buffer, at)
    const lastOffset = lastOffsetOf(buffer, at)
    if (position === 0) this.#firstTimestampMs = timestampMs
    if (timestampMs > this.largestTimestampMs) {
      this.#largestTimestampMs = timestampMs
      this.#largestTimestampOffset = lastOffset
    }
    if (this.#bytesSinceIndexEntry > this.#options.indexIntervalBytes) {
      this.offsetIndex.append(lastOffset, position)
      this.timeIndex.maybeAppend(this.largestTimestampMs, this.#largestTimestampOffset)
      this.#bytesSinceIndexEntry = 0
    }
    this.#bytesSinceIndexEntry += sizeBytes
  }

  #syncIndexesNow(): void {
    this.writePendingIndexes()
    this.#offsetIndex?.file.syncNow()
    this.#timeIndex?.file.syncNow()
    this.syncTransactionIndex()
  }

  #loadIndexes(): void {
    const { logger } = this.#options
    try {
      const found = openIndexes({ ...this.#options, directory: this.#directory }, this.#sizeBytes)
      this.#offsetIndex = found.offsetIndex
      this.#timeIndex = found.timeIndex
      if (this.#isSealed) {
        this.#offsetIndex.file.seal()
        this.#timeIndex.file.seal()
      }
    } catch (error) {
      if (!(error instanceof CorruptIndexError)) throw error
      logger.warn(
        `Found a corrupted index file corresponding to log file ${this.file.path} due to ${error.message}, rebuilding index files...`,
      )
      this.rebuildIndexes()
    }
  }

  /** From the time index, and the batches behind its last entry. */
  #readLargestTimestamp(): void {
    let timestampMs = this.timeIndex.lastTimestampMs
    let offset = this.timeIndex.lastOffset
    this.scan(this.offsetIndex.lookup(offset), (buffer, at) => {
      const ofBatchMs = maxTimestampOf(buffer, at)
      if (ofBatchMs > timestampMs) {
        timestampMs = ofBatchMs
        offset = lastOffsetOf(buffer, at)
      }
      return true
    })
    this.#largestTimestampMs = timestampMs
    this.#largestTimestampOffset = offset
  }

  #movedTo(path: string, suffix: (typeof SEGMENT_SUFFIXES)[number]): void {
    if (suffix === '.log') this.file.moved(path)
    else if (suffix === '.index') this.#offsetIndex?.file.moved(path)
    else if (suffix === '.timeindex') this.#timeIndex?.file.moved(path)
    else this.transactionIndex.moved(path)
  }
}
