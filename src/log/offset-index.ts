/**
 * From an offset to a position in the segment's file, sparsely: one entry of 8 bytes (offset relative to the
 * segment's base int32, position int32) for every `index.interval.bytes` of records. An entry holds the last offset
 * of a batch and the position where that batch starts; all that lies before the position has smaller offsets.
 */

import type { Disk } from '../base/disk.ts'
import { CorruptIndexError, IndexFile } from './index-file.ts'

const ENTRY_BYTES = 8
/** Offsets in indexes are relative to their segment's base, in 31 bits. */
export const RELATIVE_OFFSET_MAX = 0x7fffffff

const relativeOffsetAt = (buffer: Buffer, at: number): number => buffer.readInt32BE(at)
const positionAt = (buffer: Buffer, at: number): number => buffer.readInt32BE(at + 4)

export class OffsetIndex {
  readonly #file: IndexFile
  readonly #baseOffset: number
  #lastOffset: number

  /** Throws CorruptIndexError where the file can't belong to a segment of `segmentBytes`. */
  constructor(options: {
    disk: Disk
    path: string
    baseOffset: number
    maxBytes: number
    sizeBytes: number
    segmentBytes: number
  }) {
    this.#file = new IndexFile({ ...options, entryBytes: ENTRY_BYTES })
    this.#baseOffset = options.baseOffset
    this.#lastOffset = this.#readLastOffset()
    const count = this.#file.entryCount
    if (count > 0 && this.#file.entry(count - 1, positionAt) >= options.segmentBytes) {
      throw new CorruptIndexError(
        options.path,
        `the last entry of ${options.path} points behind the end of the segment`,
      )
    }
    // A file that was preallocated and never trimmed ends in zeros.
    if (count > 1 && this.#lastOffset <= this.#baseOffset) {
      throw new CorruptIndexError(options.path, `the last offset in ${options.path} is not above the first`)
    }
  }

  get file(): IndexFile {
    return this.#file
  }
  get entryCount(): number {
    return this.#file.entryCount
  }
  /** The offset of the last entry, or the segment's base offset. */
  get lastOffset(): number {
    return this.#lastOffset
  }
  get isFull(): boolean {
    return this.#file.entryCount >= this.#file.entriesMax
  }

  append(offset: number, position: number): void {
    if (this.isFull || (this.#file.entryCount > 0 && offset <= this.#lastOffset)) return
    const relativeOffset = offset - this.#baseOffset
    const added = this.#file.append((buffer, at) => {
      buffer.writeInt32BE(relativeOffset, at)
      buffer.writeInt32BE(position, at + 4)
    })
    if (added) this.#lastOffset = offset
  }

  /** A position at or before the batch that holds `offset`. */
  lookup(offset: number): number {
    const n = this.#file.lastAtMost(offset - this.#baseOffset, relativeOffsetAt)
    return n < 0 ? 0 : this.#file.entry(n, positionAt)
  }

  /** The start of a batch at or before `position`. */
  batchStartBefore(position: number): number {
    const n = this.#file.lastAtMost(position, positionAt)
    return n < 0 ? 0 : this.#file.entry(n, positionAt)
  }

  /** An offset above all that lies in the `byteLength` bytes from `position`; undefined: none is indexed. */
  upperBoundOffset(position: number): number | undefined {
    const n = this.#file.lastAtMost(position - 1, positionAt) + 1
    return n < this.#file.entryCount ? this.#baseOffset + this.#file.entry(n, relativeOffsetAt) : undefined
  }

  /** Drops entries at or above `offset`. */
  truncateTo(offset: number): void {
    this.#file.truncate(this.#file.lastAtMost(offset - this.#baseOffset - 1, relativeOffsetAt) + 1)
    this.#lastOffset = this.#readLastOffset()
  }

  #readLastOffset(): number {
    const count = this.#file.entryCount
    return count === 0 ? this.#baseOffset : this.#baseOffset + this.#file.entry(count - 1, relativeOffsetAt)
  }
}
