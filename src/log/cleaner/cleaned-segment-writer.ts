/**
 * Writes the segment that takes the place of a group, as `.cleaned` files with all their indexes.
 *
 * Invariants
 * - Data is synced as it grows, a piece at a time: what the device still has to take never piles up, so the syncs of
 *   those who produce meanwhile don't wait for it.
 * - After `finish` all files are on the device. After `discard`, or without either, they are for nobody: a start of
 *   the broker removes them.
 */
import type { Clock } from '../../base/clock.ts'
import type { Disk } from '../../base/disk.ts'
import { silentLogger } from '../../base/logger.ts'
import { CLEANED_SUFFIX, SEGMENT_SUFFIXES, segmentPath } from '../log-file-names.ts'
import { LogSegment } from '../log-segment.ts'
import type { AbortedTxn } from '../transaction-index.ts'

/** Unsynced bytes at most. */
const UNSYNCED_BYTES_MAX = 16 * 1024 * 1024

export interface CleanedSegmentOptions {
  readonly directory: string
  readonly baseOffset: number
  readonly disk: Disk
  readonly clock: Clock
  readonly indexIntervalBytes: number
  readonly segmentIndexBytes: number
}

export class CleanedSegmentWriter {
  readonly #options: CleanedSegmentOptions
  readonly #segment: LogSegment
  #unsyncedBytes = 0

  /** Throws DiskError. */
  constructor(options: CleanedSegmentOptions) {
    this.#options = options
    this.#segment = LogSegment.create({ ...options, logger: silentLogger, fileSuffix: CLEANED_SUFFIX })
  }

  get sizeBytes(): number {
    return this.#segment.sizeBytes
  }

  /** Whole batches, in order. Nothing of them is kept. Throws DiskError. */
  write(buffers: readonly Buffer[]): void {
    let byteLength = 0
    for (const buffer of buffers) byteLength += buffer.length
    if (byteLength === 0) return
    let position = this.#segment.sizeBytes
    this.#segment.write(buffers, byteLength)
    for (const buffer of buffers) {
      this.#segment.index(buffer, position)
      position += buffer.length
    }
    this.#unsyncedBytes += byteLength
    if (this.#unsyncedBytes < UNSYNCED_BYTES_MAX) return
    this.#segment.file.file.sync()
    this.#unsyncedBytes = 0
  }

  /** Syncs and closes the files; they get the age of what they replace. Throws DiskError. @returns the segment's size. */
  finish(end: { readonly aborted: readonly AbortedTxn[]; readonly lastModifiedMs: number }): number {
    const { disk } = this.#options
    for (const txn of end.aborted) this.#segment.transactionIndex.append(txn)
    const sizeBytes = this.#segment.sizeBytes
    this.#segment.close()
    for (const path of this.#paths()) {
      const file = disk.open(path, 'write')
      try {
        file.sync()
      } finally {
        file.close()
      }
      disk.setModifiedMs(path, end.lastModifiedMs)
    }
    return sizeBytes
  }

  /** Removes the files. Throws DiskError. */
  discard(): void {
    this.#segment.closeWithoutWriting()
    for (const path of this.#paths()) this.#options.disk.remove(path)
  }

  #paths(): string[] {
    const { disk, directory, baseOffset } = this.#options
    return SEGMENT_SUFFIXES.map(
      (suffix) => segmentPath(directory, baseOffset, suffix) + CLEANED_SUFFIX,
    ).filter((path) => disk.stat(path) !== undefined)
  }
}
