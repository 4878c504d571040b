/**
 * Follows the transactions of a log while it is cleaned from its start on: which batches belong to aborted ones, which
 * markers are no longer needed, and what the transaction index of a cleaned segment holds.
 *
 * All transactions up to where the cleaner goes are decided (it stays below the last stable offset), so the aborted
 * ones are known ahead from the transaction indexes.
 *
 * Invariants
 * - A marker is needed as long as any batch of its transaction is there, be it an empty one: without it a consumer
 *   would go on discarding an aborted producer's records, or wait for the end of a transaction.
 * - The index entry of an aborted transaction stays with its marker while that is needed, and goes before it: an entry
 *   without its marker would make a consumer discard the producer's later, committed records.
 */
import * as RecordBatch from '../../records/record-batch.ts'
import { readEndTxnMarker } from '../end-txn-marker.ts'
import type { AbortedTxn } from '../transaction-index.ts'

interface AbortedInProgress {
  readonly txn: AbortedTxn
  hasBatches: boolean
}

export class CleanedTransactions {
  /** By first offset, those ahead from `#next` on. */
  readonly #aborted: readonly AbortedTxn[]
  #next = 0
  /** By producer: aborted transactions that the walk is in the middle of. */
  readonly #abortedInProgress = new Map<number, AbortedInProgress>()
  /** Producers of committed transactions of which a batch was seen. */
  readonly #committedInProgress = new Set<number>()
  #indexEntries: AbortedTxn[] = []

  /** All aborted transactions that begin below where the walk ends. */
  constructor(aborted: readonly AbortedTxn[]) {
    this.#aborted = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** A batch of data. @returns whether it was aborted. */
  onBatch(buffer: Buffer, at: number): boolean {
    this.#reach(RecordBatch.baseOffset(buffer, at), RecordBatch.lastOffset(buffer, at))
    if (!RecordBatch.isTransactional(buffer, at)) return false
    const producerId = RecordBatch.producerId(buffer, at)
    const aborted = this.#abortedInProgress.get(producerId)
    if (aborted === undefined) {
      this.#committedInProgress.add(producerId)
      return false
    }
    aborted.hasBatches = true
    return true
  }

  /** A control batch. @returns whether nothing needs it any more. */
  onControlBatch(buffer: Buffer, at: number): boolean {
    this.#reach(RecordBatch.baseOffset(buffer, at), RecordBatch.lastOffset(buffer, at))
    // Emptied by an earlier clean, which kept it for its offset or its producer.
    if (RecordBatch.recordCount(buffer, at) === 0) return true
    const marker = readEndTxnMarker(buffer, at)
    if (marker === undefined) return false
    const producerId = RecordBatch.producerId(buffer, at)
    if (marker.isCommit) return !this.#committedInProgress.delete(producerId)
    const aborted = this.#abortedInProgress.get(producerId)
    this.#abortedInProgress.delete(producerId)
    if (aborted?.hasBatches !== true) return true
    this.#indexEntries.push(aborted.txn)
    return false
  }

  /** The index entries of the markers met since the last call: those of the segment that was just cleaned. */
  takeIndexEntries(): readonly AbortedTxn[] {
    const entries = this.#indexEntries
    this.#indexEntries = []
    return entries
  }

  #reach(baseOffset: number, lastOffset: number): void {
    for (; this.#next < this.#aborted.length; this.#next++) {
      const txn = this.#aborted[this.#next]!
      if (txn.firstOffset > lastOffset) return
      // What ended before this batch says nothing about it.
      if (txn.lastOffset < baseOffset) continue
      this.#abortedInProgress.set(txn.producerId, { txn, hasBatches: false })
    }
  }
}
