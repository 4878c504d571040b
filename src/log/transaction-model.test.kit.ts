/** A log with transactions as a list of what was appended, from which everything else follows by definition. */
import type { SeenRecord } from './transactions.test.kit.ts'

export interface ModelEntry {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly producerId: number
  readonly epoch: number
  readonly kind: 'plain' | 'data' | 'commit' | 'abort'
  readonly sequence: number
  readonly values: readonly string[]
}

interface ModelTxn {
  readonly data: ModelEntry[]
  marker: ModelEntry | undefined
}

export interface ProducerView {
  readonly epoch: number
  readonly nextSequence: number
  readonly isOpen: boolean
}

export class TransactionModel {
  entries: ModelEntry[] = []

  /** Batches go as a whole. */
  endsAt(offset: number): void {
    this.entries = this.entries.filter((entry) => entry.lastOffset < offset)
  }

  producer(producerId: number): ProducerView {
    let epoch = 0
    let nextSequence = 0
    let isOpen = false
    for (const entry of this.entries) {
      if (entry.producerId !== producerId) continue
      if (entry.epoch !== epoch) nextSequence = 0
      epoch = entry.epoch
      if (entry.kind === 'plain' || entry.kind === 'data') nextSequence = entry.sequence + entry.values.length
      if (entry.kind !== 'plain') isOpen = entry.kind === 'data'
    }
    return { epoch, nextSequence, isOpen }
  }

  /** What a read_committed consumer may be shown of [from, end). */
  committed(from: number, end: number): SeenRecord[] {
    const hidden = new Set<ModelEntry>()
    for (const { data, marker } of this.#transactions()) {
      if (marker?.kind !== 'commit') for (const entry of data) hidden.add(entry)
    }
    const seen: SeenRecord[] = []
    for (const entry of this.entries) {
      if (hidden.has(entry)) continue
      for (const [i, value] of entry.values.entries()) {
        const offset = entry.baseOffset + i
        if (offset >= from && offset < end) seen.push({ offset, value })
      }
    }
    return seen
  }

  /**
   * Where the last stable offset may be. It is one place, unless records of the transaction that it waits for were
   * deleted: whoever opens the log again may find the transaction at its first record that is left, or not at all.
   */
  lastStableOffset(logStartOffset: number, highWatermark: number): { min: number; max: number } {
    let min = highWatermark
    let max = highWatermark
    for (const { data, marker } of this.#transactions()) {
      if (marker !== undefined && marker.baseOffset < highWatermark) continue
      const left = data.find((entry) => entry.lastOffset >= logStartOffset)
      min = Math.min(min, Math.max(data[0]!.baseOffset, logStartOffset))
      if (left !== undefined) max = Math.min(max, Math.max(left.baseOffset, logStartOffset))
    }
    return { min, max }
  }

  #transactions(): ModelTxn[] {
    const all: ModelTxn[] = []
    const open = new Map<number, ModelTxn>()
    for (const entry of this.entries) {
      const { producerId } = entry
      let txn = open.get(producerId)
      if (entry.kind === 'data') {
        if (txn === undefined) {
          txn = { data: [], marker: undefined }
          open.set(producerId, txn)
          all.push(txn)
        }
        txn.data.push(entry)
      } else if (entry.kind !== 'plain' && txn !== undefined) {
        txn.marker = entry
        open.delete(producerId)
      }
    }
    return all
  }
}
