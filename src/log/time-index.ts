/**
 * From a timestamp to an offset, sparsely: entries of 12 bytes (timestamp int64, offset relative to the segment's
 * base int32). An entry (T, O) says that every record up to offset O has a timestamp of at most T, so a search for
 * something later than T starts behind O.
 *
 * Timestamps ascend strictly from entry to entry, offsets ascend. The last entry of a closed or rolled segment holds
 * the segment's largest timestamp: retention and lookups ask for no more than that of an old segment.
 */
import type { Disk } from '../base/disk.ts'
import { readInt64, writeInt64 } from '../records/int64.ts'
import { CorruptIndexError, IndexFile } from './index-file.ts'

const ENTRY_BYTES = 12

const timestampAt = (buffer: Buffer, at: number): number => readInt64(buffer, at)
const relativeOffsetAt = (buffer: Buffer, at: number): number => buffer.readInt32BE(at + 8)

export class TimeIndex {
  readonly #file: IndexFile
  readonly #baseOffset: number
  #lastTimestampMs = -1
  #lastOffset = 0

  constructor(options: {
    disk: Disk
    path: string
    baseOffset: number
    maxBytes: number
    sizeBytes: number
  }) {
    this.#file = new IndexFile({ ...options, entryBytes: ENTRY_BYTES })
    this.#baseOffset = options.baseOffset
    this.#readLast()
    const count = this.#file.entryCount
    if (
      count > 0 &&
      (this.#lastTimestampMs < this.#file.entry(0, timestampAt) || this.#lastOffset < this.#baseOffset)
    ) {
      throw new CorruptIndexError(options.path, `the last entry of ${options.path} is smaller than its first`)
    }
    if (count > 1 && this.#lastTimestampMs === 0 && this.#lastOffset === this.#baseOffset) {
      throw new CorruptIndexError(options.path, `${options.path} ends in zeros`)
    }
  }

  get file(): IndexFile {
    return this.#file
  }
  get entryCount(): number {
    return this.#file.entryCount
  }
  /** Of the last entry; -1 if there is none. */
  get lastTimestampMs(): number {
    return this.#lastTimestampMs
  }
  /** Of the last entry; the segment's base offset if there is none. */
  get lastOffset(): number {
    return this.#lastOffset
  }
  /** One entry is kept free for the roll. */
  get isFull(): boolean {
    return this.#file.entryCount >= this.#file.entriesMax - 1
  }

  /** Adds an entry unless its timestamp is no larger than the last one's. `atRoll` may take the last free entry. */
  maybeAppend(timestampMs: number, offset: number, options?: { atRoll: boolean }): void {
    if (timestampMs <= this.#lastTimestampMs || (this.isFull && options?.atRoll !== true)) return
    if (this.#file.entryCount > 0 && offset < this.#lastOffset) return
    const relativeOffset = offset - this.#baseOffset
    const added = this.#file.append((buffer, at) => {
      writeInt64(buffer, at, timestampMs)
      buffer.writeInt32BE(relativeOffset, at + 8)
    })
    if (!added) return
    this.#lastTimestampMs = timestampMs
    this.#lastOffset = offset
  }

  /** Up to which offset all records are at or below `timestampMs`; the base offset if that is not known of any. */
  lookup(timestampMs: number): number {
    const n = this.#file.lastAtMost(timestampMs, timestampAt)
    return n < 0 ? this.#baseOffset : this.#baseOffset + this.#file.entry(n, relativeOffsetAt)
  }

  /** Drops entries at or above `offset`. */
  truncateTo(offset: number): void {
    this.#file.truncate(this.#file.lastAtMost(offset - this.#baseOffset - 1, relativeOffsetAt) + 1)
    this.#readLast()
  }

  #readLast(): void {
    const count = this.#file.entryCount
    this.#lastTimestampMs = count === 0 ? -1 : this.#file.entry(count - 1, timestampAt)
    this.#lastOffset = this.#baseOffset + (count === 0 ? 0 : this.#file.entry(count - 1, relativeOffsetAt))
  }
}
