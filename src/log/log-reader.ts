/**
 * Finds the bytes for a fetch: which segment, from which position, how many. No record is read, and of headers only
 * those that are needed to end the slice where a batch ends.
 *
 * Invariants: a slice starts with the batch that holds the offset asked for, or the first one after it; holds whole
 * batches only; lies in one segment; and never reaches the bound. Consumers are not given the batches without records
 * that compaction leaves, if any with records follow: some clients never get past a fetch of nothing else. (The active
 * segment has none, so what is just being written costs no look at a header.)
 */
import { DiskError } from '../base/disk.ts'
import type { Logger } from '../base/logger.ts'
import type { FileSlice } from '../base/payload.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { lastOffsetOf } from './batch-scan.ts'
import type { AbortedTransaction, FetchDataInfo, FetchIsolation } from './fetch-data-info.ts'
import type { LogSegment } from './log-segment.ts'
import type { LogSegments } from './log-segments.ts'
import type { PositionHints } from './position-hints.ts'
import type { AbortedTxn } from './transaction-index.ts'

/** The log's bounds, as they are when it is read. */
export interface LogBounds {
  readonly name: string
  readonly isOpen: boolean
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly highWatermark: number
  readonly lastStableOffset: number
}

export interface ReadOptions {
  readonly maxBytes: number
  readonly minOneMessage: boolean
  readonly isolation: FetchIsolation
}

/** The first batch is larger than the limit. */
interface IncompleteRange {
  readonly slice: null
  readonly availableBytes: number
}

interface LogRange {
  readonly slice: FileSlice
  readonly segmentIndex: number
  readonly availableBytes: number
}

const NOTHING: readonly AbortedTransaction[] = []

export class LogReader {
  readonly #segments: LogSegments
  readonly #hints: PositionHints
  readonly #logger: Logger

  constructor(segments: LogSegments, hints: PositionHints, logger: Logger) {
    this.#segments = segments
    this.#hints = hints
    this.#logger = logger
  }

  /** OFFSET_OUT_OF_RANGE outside the log, KAFKA_STORAGE_ERROR if it can't be read; the end of the log is within it. */
  fetch(fetchOffset: number, options: ReadOptions, log: LogBounds): FetchDataInfo {
    const { isolation } = options
    const { logEndOffset } = log
    if (!log.isOpen) return outcome(ErrorCode.KAFKA_STORAGE_ERROR, isolation, log)
    if (fetchOffset < log.logStartOffset || fetchOffset > logEndOffset) {
      return outcome(ErrorCode.OFFSET_OUT_OF_RANGE, isolation, log)
    }
    const boundOffset = boundOf(isolation, log)
    if (fetchOffset >= boundOffset) return outcome(ErrorCode.NONE, isolation, log)
    let range: LogRange | IncompleteRange | undefined
    try {
      const skipsEmpty = isolation !== 'log-end'
      range = this.#range(fetchOffset, { boundOffset, logEndOffset }, { ...options, skipsEmpty })
      if (range === undefined) return outcome(ErrorCode.NONE, isolation, log)
      const { slice, availableBytes } = range
      if (slice === null) {
        return { ...outcome(ErrorCode.NONE, isolation, log), availableBytes, firstEntryIncomplete: true }
      }
      const abortedTransactions =
        isolation === 'last-stable' ? this.#abortedTransactions(fetchOffset, range, logEndOffset) : null
      return { ...outcome(ErrorCode.NONE, isolation, log), slice, availableBytes, abortedTransactions }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      range?.slice?.release()
      this.#logger.error(`Can't read ${log.name} at offset ${fetchOffset}`, error)
      return outcome(ErrorCode.KAFKA_STORAGE_ERROR, isolation, log)
    }
  }

  /**
   * The batches from `fetchOffset` up to `boundOffset`, of which the log's end is `logEndOffset`; at most `maxBytes`,
   * but the first batch whole if `minOneMessage`. Without a slice: it would be larger. Throws DiskError.
   */
  #range(
    fetchOffset: number,
    bound: { boundOffset: number; logEndOffset: number },
    limit: { maxBytes: number; minOneMessage: boolean; skipsEmpty: boolean },
  ): LogRange | IncompleteRange | undefined {
    const { boundOffset, logEndOffset } = bound
    let isEmptyBefore = false
    for (
      let index = Math.max(0, this.#segments.floorIndex(fetchOffset));
      index < this.#segments.count;
      index++
    ) {
      const segment = this.#segments.at(index)
      const nextBaseOffset = this.#segments.nextBaseOffset(index)
      const isBoundHere = nextBaseOffset === undefined || boundOffset < nextBaseOffset
      const end =
        isBoundHere && boundOffset < logEndOffset ? this.#startOf(segment, boundOffset) : segment.sizeBytes
      const found = this.#startOf(segment, fetchOffset)
      const mayBeEmpty = limit.skipsEmpty && nextBaseOffset !== undefined
      const start = mayBeEmpty ? firstWithRecords(segment, found, end) : found
      if (start >= end) {
        isEmptyBefore ||= found < end
        if (!isBoundHere) continue
        // Without records to the end: these batches are all that takes a reader there.
        return isEmptyBefore ? this.#range(fetchOffset, bound, { ...limit, skipsEmpty: false }) : undefined
      }
      const available = end - start
      const availableBytes = isBoundHere ? available : Number.POSITIVE_INFINITY
      if (available <= limit.maxBytes) {
        if (isBoundHere) this.#hints.readEnded(boundOffset, segment.baseOffset, end)
        return { slice: segment.file.slice(start, available), segmentIndex: index, availableBytes }
      }
      const length = this.#cut(segment, start, limit)
      if (length === 0) return { slice: null, availableBytes }
      return { slice: segment.file.slice(start, length), segmentIndex: index, availableBytes }
    }
    return undefined
  }

  /** The transactions aborted within a slice (KIP-98). Throws DiskError. */
  #abortedTransactions(
    fetchOffset: number,
    range: LogRange,
    logEndOffset: number,
  ): readonly AbortedTransaction[] {
    let index = range.segmentIndex
    while (index < this.#segments.count && !this.#segments.at(index).transactionIndex.hasEntries) index++
    if (index === this.#segments.count) return NOTHING
    const segment = this.#segments.at(range.segmentIndex)
    const upperBound =
      segment.offsetIndex.upperBoundOffset(range.slice.position + range.slice.byteLength) ??
      this.#segments.nextBaseOffset(range.segmentIndex) ??
      logEndOffset
    const found: AbortedTxn[] = []
    for (; index < this.#segments.count; index++) {
      if (this.#segments.at(index).transactionIndex.collect(fetchOffset, upperBound, found)) break
    }
    return found.map(({ producerId, firstOffset }) => ({ producerId, firstOffset }))
  }

  /** Where the first batch lies that ends at or after `offset`; the segment's size if there is none. */
  #startOf(segment: LogSegment, offset: number): number {
    if (offset <= segment.baseOffset) return 0
    const hint = this.#hints.positionOf(offset, segment.baseOffset)
    if (hint >= 0) return hint
    const position = segment.positionOf(offset)
    return position < 0 ? segment.sizeBytes : position
  }

  /** The bytes of the whole batches from `start` that fit into the limit; 0 if the first may not be returned. */
  #cut(segment: LogSegment, start: number, limit: { maxBytes: number; minOneMessage: boolean }): number {
    const end = start + limit.maxBytes
    let cut = Math.max(start, segment.offsetIndex.batchStartBefore(end))
    let nextOffset = -1
    segment.scan(cut, (buffer, at, position, sizeBytes) => {
      const isTaken = position + sizeBytes <= end || (position === start && limit.minOneMessage)
      nextOffset = isTaken ? lastOffsetOf(buffer, at) + 1 : RecordBatch.baseOffset(buffer, at)
      if (isTaken) cut = position + sizeBytes
      return isTaken && cut < end
    })
    if (nextOffset >= 0) this.#hints.readEnded(nextOffset, segment.baseOffset, cut)
    return cut - start
  }
}

/** Where the first batch with records starts, at or behind `start`; `end` if there is none before. */
function firstWithRecords(segment: LogSegment, start: number, end: number): number {
  let position = start
  segment.scan(start, (buffer, at, found, sizeBytes) => {
    position = found
    const isEmpty = RecordBatch.magic(buffer, at) >= 2 && RecordBatch.recordCount(buffer, at) === 0
    if (found < end && isEmpty) position = found + sizeBytes
    return found < end && isEmpty
  })
  return Math.min(position, end)
}

function boundOf(isolation: FetchIsolation, log: LogBounds): number {
  if (isolation === 'log-end') return log.logEndOffset
  return isolation === 'high-watermark' ? log.highWatermark : log.lastStableOffset
}

/** Without bytes. */
function outcome(errorCode: number, isolation: FetchIsolation, log: LogBounds): FetchDataInfo {
  return {
    errorCode,
    slice: null,
    availableBytes: 0,
    highWatermark: log.highWatermark,
    lastStableOffset: log.lastStableOffset,
    logStartOffset: log.logStartOffset,
    abortedTransactions: isolation === 'last-stable' ? NOTHING : null,
    firstEntryIncomplete: false,
  }
}
