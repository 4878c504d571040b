/**
 * The producers that a partition remembers, and the last batch of each: that one is kept, be it without records, so that
 * a recovery finds the producer's epoch and last sequence number.
 *
 * Of a producer that only a marker tells of, the marker is kept: it fences the producer's former epochs.
 */
import * as RecordBatch from '../../records/record-batch.ts'
import type { ProducerStateEntry } from '../producer-state-entry.ts'

const FIELDS = 3

export class ActiveProducers {
  readonly #lastDataOffsets = new Map<number, number>()
  readonly #epochs = new Map<number, number>()

  /** As `encodeActiveProducers` packs them. */
  constructor(encoded: Float64Array) {
    for (let at = 0; at < encoded.length; at += FIELDS) {
      const lastDataOffset = encoded[at + 1]!
      if (lastDataOffset >= 0) this.#lastDataOffsets.set(encoded[at]!, lastDataOffset)
      else this.#epochs.set(encoded[at]!, encoded[at + 2]!)
    }
  }

  isLastBatch(batch: Buffer): boolean {
    if (!RecordBatch.hasProducerId(batch)) return false
    const producerId = RecordBatch.producerId(batch)
    const lastDataOffset = this.#lastDataOffsets.get(producerId)
    if (lastDataOffset !== undefined) return RecordBatch.lastOffset(batch) === lastDataOffset
    return RecordBatch.isControl(batch) && RecordBatch.producerEpoch(batch) === this.#epochs.get(producerId)
  }
}

/** Of the producers whose last batch may lie below `endOffset`: id, offset of the last data (-1: none), epoch. */
export function encodeActiveProducers(
  producers: ReadonlyMap<number, ProducerStateEntry>,
  endOffset: number,
): Float64Array {
  const fields: number[] = []
  for (const [producerId, { lastDataOffset, producerEpoch }] of producers) {
    if (lastDataOffset < endOffset) fields.push(producerId, lastDataOffset, producerEpoch)
  }
  return Float64Array.from(fields)
}
