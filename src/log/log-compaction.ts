/**
 * What the cleaner sees of a log, and how a cleaned segment takes the place of those that it was made of. All on the
 * event loop, in one turn: a reader sees the segments before or after. Who still sends from a replaced one keeps its
 * file open.
 *
 * The swap survives a crash at any point, in the way of Apache Kafka's: `.cleaned` files, which a start removes, become
 * `.swap`, which a start carries through; then the old files are renamed `.deleted`, then `.swap` goes from the names.
 * It needs no sync in between: changes of a folder reach the device in their order, and each state on the way is the
 * old log or the new one.
 */
import { type Disk, DiskError } from '../base/disk.ts'
import { encodeActiveProducers } from './cleaner/active-producers.ts'
import type { CleanedSegment } from './cleaner/cleaner-messages.ts'
import { CLEANED_SUFFIX, SEGMENT_SUFFIXES, SWAP_SUFFIX, segmentFile } from './log-file-names.ts'
import { LogSegment, type SegmentOptions } from './log-segment.ts'
import type { LogSegments } from './log-segments.ts'
import type { PositionHints } from './position-hints.ts'
import type { ProducerStateManager } from './producer-state-manager.ts'
import type { AbortedTxn } from './transaction-index.ts'

export interface LogCompactionOptions {
  readonly segments: LogSegments
  readonly producers: ProducerStateManager
  readonly hints: PositionHints
  readonly segmentOptions: (baseOffset: number) => SegmentOptions
  /** Segments that are out of the log; the snapshot of the producers at that offset stays. */
  readonly remove: (segments: readonly LogSegment[], keptSnapshotOffset: number) => void
  /** The log can't be trusted until the next start has sorted its files. */
  readonly onFailure: (error: DiskError) => void
}

export class LogCompaction {
  readonly #options: LogCompactionOptions
  #truncations = 0

  constructor(options: LogCompactionOptions) {
    this.#options = options
  }

  get segments(): readonly LogSegment[] {
    return this.#options.segments.all
  }
  /** What was cleaned before a truncation may hold what the log has parted with. */
  get truncations(): number {
    return this.#truncations
  }

  onTruncated(): void {
    this.#truncations++
  }

  /** The aborted transactions that begin below `endOffset` and end in the segments from there on. Throws DiskError. */
  abortedAbove(endOffset: number): AbortedTxn[] {
    const found: AbortedTxn[] = []
    for (const { baseOffset, transactionIndex } of this.segments) {
      if (baseOffset >= endOffset && transactionIndex.collect(0, endOffset, found)) break
    }
    return found
  }

  activeProducers(endOffset: number): Float64Array {
    return encodeActiveProducers(this.#options.producers.producers, endOffset)
  }

  /** False if the log no longer has the segments it was made of, or if the disk failed; that has been dealt with. */
  swapIn(cleaned: CleanedSegment, cleanedAtTruncations: number): boolean {
    const { segments, segmentOptions, hints, remove, onFailure } = this.#options
    const { baseOffset, sourceBaseOffsets } = cleaned
    const index = segments.floorIndex(baseOffset)
    const sources = segments.all.slice(index, index + sourceBaseOffsets.length)
    const isAsItWas =
      cleanedAtTruncations === this.#truncations &&
      sources.length === sourceBaseOffsets.length &&
      sources.every((source, at) => source.baseOffset === sourceBaseOffsets[at] && source !== segments.active)
    if (!isAsItWas) return false
    const options = segmentOptions(baseOffset)
    const { disk } = options
    try {
      renameAll(disk, options, CLEANED_SUFFIX, SWAP_SUFFIX)
      hints.clear()
      remove(sources, baseOffset)
      renameAll(disk, options, SWAP_SUFFIX, '')
      const segment = LogSegment.open(options, cleaned.hasTransactionIndex)
      segment.markSealed()
      segment.isDirectorySynced = false
      segments.replace(index, sources.length, segment)
      return true
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      onFailure(error)
      return false
    }
  }
}

/** The file of batches first: as long as a `.cleaned` file is there, a start takes the whole swap back. */
function renameAll(disk: Disk, place: SegmentOptions, from: string, to: string): void {
  for (const suffix of SEGMENT_SUFFIXES) {
    const path = segmentFile({ ...place, fileSuffix: from }, suffix)
    if (disk.stat(path) !== undefined) disk.rename(path, segmentFile({ ...place, fileSuffix: to }, suffix))
  }
}
