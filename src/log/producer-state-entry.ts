/**
 * What a partition remembers of one producer: its epoch, the last five batches, and the transaction it has open.
 *
 * Five batches are what an idempotent producer may have in flight (KIP-98, KAFKA-5494): a retry of any of them is
 * recognised and answered with the offsets of the first attempt.
 *
 * Invariants: all remembered batches are of the current epoch. The batches lie in one flat array of numbers, four
 * for each, used as a ring once it is full: many partitions times many producers must not cost an object a batch.
 */
import { incrementSequence, MAX_SEQUENCE, NO_PRODUCER_EPOCH, NO_SEQUENCE } from '../records/record-batch.ts'

/** Batches remembered of each producer and partition: an idempotent producer's most requests in flight. */
export const BATCHES_RETAINED = 5
const FIELDS = 4
const LAST_SEQUENCE = 0
const LAST_OFFSET = 1
const OFFSET_DELTA = 2
const TIMESTAMP = 3

/** Where a batch went when it was first appended. `timestampMs` is its max timestamp. */
export interface BatchPlace {
  readonly firstOffset: number
  readonly lastOffset: number
  readonly timestampMs: number
}

export class ProducerStateEntry {
  producerEpoch = NO_PRODUCER_EPOCH
  /** Of the last transaction marker; -1 before the first. */
  coordinatorEpoch = -1
  /** Max timestamp of the last batch or marker. */
  lastTimestampMs = -1
  /** The same, or when it came if that is later; expiry counts from it. */
  lastSeenMs = -1
  /** First offset of the open transaction; -1 when none is open. */
  currentTxnFirstOffset = -1
  #batches: number[] = []
  /** Ring index of the oldest batch; 0 until five are held. */
  #oldest = 0

  /** Turns this entry into a copy of `other`, or into that of an unknown producer. */
  become(other: ProducerStateEntry | undefined): void {
    this.producerEpoch = other === undefined ? NO_PRODUCER_EPOCH : other.producerEpoch
    this.coordinatorEpoch = other === undefined ? -1 : other.coordinatorEpoch
    this.lastTimestampMs = other === undefined ? -1 : other.lastTimestampMs
    this.lastSeenMs = other === undefined ? -1 : other.lastSeenMs
    this.currentTxnFirstOffset = other === undefined ? -1 : other.currentTxnFirstOffset
    this.#oldest = other === undefined ? 0 : other.#oldest
    const from = other === undefined ? [] : other.#batches
    this.#batches.length = 0
    for (let index = 0; index < from.length; index++) this.#batches.push(from[index]!)
  }

  get batchCount(): number {
    return this.#batches.length / FIELDS
  }
  get firstSequence(): number {
    return this.batchCount === 0 ? NO_SEQUENCE : this.#firstSequenceAt(this.#oldest * FIELDS)
  }
  get lastSequence(): number {
    return this.batchCount === 0 ? NO_SEQUENCE : this.#batches[this.#newestAt() + LAST_SEQUENCE]!
  }
  /** Of the newest remembered batch; -1 without one. */
  get lastDataOffset(): number {
    return this.batchCount === 0 ? -1 : this.#batches[this.#newestAt() + LAST_OFFSET]!
  }
  get lastOffsetDelta(): number {
    return this.batchCount === 0 ? 0 : this.#batches[this.#newestAt() + OFFSET_DELTA]!
  }

  /** A new epoch forgets the batches of the one before. */
  setEpoch(producerEpoch: number): void {
    if (this.producerEpoch === producerEpoch) return
    this.producerEpoch = producerEpoch
    this.#batches.length = 0
    this.#oldest = 0
  }

  addBatch(lastSequence: number, lastOffset: number, offsetDelta: number, timestampMs: number): void {
    if (this.batchCount < BATCHES_RETAINED) {
      this.#batches.push(lastSequence, lastOffset, offsetDelta, timestampMs)
    } else {
      const at = this.#oldest * FIELDS
      this.#batches[at + LAST_SEQUENCE] = lastSequence
      this.#batches[at + LAST_OFFSET] = lastOffset
      this.#batches[at + OFFSET_DELTA] = offsetDelta
      this.#batches[at + TIMESTAMP] = timestampMs
      this.#oldest = (this.#oldest + 1) % BATCHES_RETAINED
    }
    this.seen(timestampMs)
  }

  /** A batch or a marker of that max timestamp. */
  seen(timestampMs: number): void {
    this.lastTimestampMs = timestampMs
    this.lastSeenMs = timestampMs
  }

  /** The remembered batch of exactly this epoch and range of sequence numbers. */
  findBatch(producerEpoch: number, firstSequence: number, lastSequence: number): BatchPlace | undefined {
    if (producerEpoch !== this.producerEpoch) return undefined
    for (let at = 0; at < this.#batches.length; at += FIELDS) {
      if (this.#batches[at + LAST_SEQUENCE] !== lastSequence) continue
      if (this.#firstSequenceAt(at) !== firstSequence) continue
      const lastOffset = this.#batches[at + LAST_OFFSET]!
      const firstOffset = lastOffset - this.#batches[at + OFFSET_DELTA]!
      return { firstOffset, lastOffset, timestampMs: this.#batches[at + TIMESTAMP]! }
    }
    return undefined
  }

  /** Whether `sequence` is the one that follows the last; after 2^31-1 comes 0. */
  isNext(sequence: number): boolean {
    const last = this.lastSequence
    return sequence === (last === NO_SEQUENCE ? 0 : incrementSequence(last, 1))
  }

  #newestAt(): number {
    return ((this.#oldest + this.batchCount - 1) % this.batchCount) * FIELDS
  }

  #firstSequenceAt(at: number): number {
    const first = this.#batches[at + LAST_SEQUENCE]! - this.#batches[at + OFFSET_DELTA]!
    return first >= 0 ? first : first + MAX_SEQUENCE + 1
  }
}
