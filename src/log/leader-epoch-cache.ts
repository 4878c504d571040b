/**
 * Where each leader epoch begins in a log (KIP-101, KIP-279): what a replica compares with its leader to find where
 * they part.
 *
 * Invariants: epochs and start offsets ascend strictly, and no epoch starts before the log does (the first may be
 * that of the log's first record). The file `leader-epoch-checkpoint` is written by `persist`, not with every change: the log persists
 * before its recovery point passes a change, and recovery learns the epochs behind that point from the batches.
 */
export interface EpochEntry {
  readonly epoch: number
  readonly startOffset: number
}

export const UNDEFINED_EPOCH = -1
export const UNDEFINED_EPOCH_OFFSET = -1

export class LeaderEpochCache {
  #epochs: number[] = []
  #startOffsets: number[] = []
  readonly #write: (entries: readonly EpochEntry[]) => void
  #isDirty = false

  /** `write` replaces the checkpoint file; it throws DiskError. */
  constructor(entries: readonly EpochEntry[], write: (entries: readonly EpochEntry[]) => void) {
    this.#write = write
    for (const entry of entries) this.assign(entry.epoch, entry.startOffset)
    this.#isDirty = false
  }

  get latestEpoch(): number | undefined {
    return this.#epochs.at(-1)
  }
  get isDirty(): boolean {
    return this.#isDirty
  }
  get entries(): readonly EpochEntry[] {
    return this.#epochs.map((epoch, index) => ({ epoch, startOffset: this.#startOffsets[index]! }))
  }

  /** Epoch `epoch` (>= 0) begins at `startOffset`. What contradicts it goes: later epochs, and starts behind it. */
  assign(epoch: number, startOffset: number): void {
    const last = this.#epochs.length - 1
    if (last >= 0 && this.#epochs[last] === epoch && this.#startOffsets[last]! <= startOffset) return
    let count = this.#epochs.length
    while (count > 0 && (this.#epochs[count - 1]! >= epoch || this.#startOffsets[count - 1]! >= startOffset))
      count--
    this.#keep(count)
    this.#epochs.push(epoch)
    this.#startOffsets.push(startOffset)
    this.#isDirty = true
  }

  /** The last epoch at or below `offset`; undefined for what was written before epochs were known. */
  epochForOffset(offset: number): number | undefined {
    for (let index = this.#epochs.length - 1; index >= 0; index--) {
      if (this.#startOffsets[index]! <= offset) return this.#epochs[index]
    }
    return undefined
  }

  /**
   * The largest epoch at or below the requested one, and where it ends: at the start of the next one, or at
   * `logEndOffset`. (-1, -1) for an epoch that this log can't say anything about.
   */
  endOffsetFor(requestedEpoch: number, logEndOffset: number): { leaderEpoch: number; endOffset: number } {
    if (requestedEpoch !== UNDEFINED_EPOCH && requestedEpoch === this.latestEpoch) {
      return { leaderEpoch: requestedEpoch, endOffset: logEndOffset }
    }
    const higher = this.#epochs.findIndex((epoch) => epoch > requestedEpoch)
    if (requestedEpoch === UNDEFINED_EPOCH || higher < 0) {
      return { leaderEpoch: UNDEFINED_EPOCH, endOffset: UNDEFINED_EPOCH_OFFSET }
    }
    const leaderEpoch = higher === 0 ? requestedEpoch : this.#epochs[higher - 1]!
    return { leaderEpoch, endOffset: this.#startOffsets[higher]! }
  }

  /** The log now ends at `endOffset`: forgets the epochs that start there or later. */
  truncateFromEnd(endOffset: number): void {
    let count = this.#epochs.length
    while (count > 0 && this.#startOffsets[count - 1]! >= endOffset) count--
    this.#keep(count)
  }

  /** The log now starts at `startOffset`: the epoch of that offset begins there, the ones before are gone. */
  truncateFromStart(startOffset: number): void {
    let gone = 0
    while (gone < this.#epochs.length && this.#startOffsets[gone]! <= startOffset) gone++
    if (gone === 0 || (gone === 1 && this.#startOffsets[0] === startOffset)) return
    this.#epochs.splice(0, gone - 1)
    this.#startOffsets.splice(0, gone - 1)
    this.#startOffsets[0] = startOffset
    this.#isDirty = true
  }

  /** Of a copy, when it is complete. */
  become(entries: readonly EpochEntry[]): void {
    this.clear()
    for (const { epoch, startOffset } of entries) this.assign(epoch, startOffset)
    this.#isDirty = true
  }

  clear(): void {
    this.#keep(0)
  }

  /** Writes the checkpoint file if anything has changed since; throws DiskError. */
  persist(): void {
    if (!this.#isDirty) return
    this.#write(this.entries)
    this.#isDirty = false
  }

  #keep(count: number): void {
    if (count === this.#epochs.length) return
    this.#epochs.length = count
    this.#startOffsets.length = count
    this.#isDirty = true
  }
}
