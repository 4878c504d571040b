/**
 * The transactions of a partition that readers have to wait for: those without a marker yet, and those whose marker
 * is not below the high watermark (KIP-98).
 *
 * Invariant: both lists ascend by first offset.
 */
import { assert } from '../base/assert.ts'

/** A transaction whose marker was just committed, in the terms of the transaction index. */
export interface CompletedTxn {
  readonly producerId: number
  readonly firstOffset: number
  /** Offset of the marker. */
  readonly lastOffset: number
  readonly isAborted: boolean
  /** The last stable offset right after this marker: the entry's last field in the transaction index. */
  readonly lastStableOffset: number
}

/** A transaction begun or ended by a batch. */
export type TxnEvent =
  | { readonly kind: 'begin'; readonly producerId: number; readonly firstOffset: number }
  | {
      readonly kind: 'end'
      readonly producerId: number
      readonly firstOffset: number
      readonly lastOffset: number
      readonly isAborted: boolean
    }

interface Txn {
  readonly firstOffset: number
  /** Of its marker; -1 while the outcome is open. */
  readonly lastOffset: number
}

export class OpenTransactions {
  #ongoing: Txn[] = []
  #unreplicated: Txn[] = []

  /** First offset of the oldest transaction that is undecided, or decided above the high watermark; or undefined. */
  get firstUnstableOffset(): number | undefined {
    const ongoing = this.#ongoing[0]?.firstOffset
    const unreplicated = this.#unreplicated[0]?.firstOffset
    if (ongoing === undefined || unreplicated === undefined) return ongoing ?? unreplicated
    return Math.min(ongoing, unreplicated)
  }
  /** First offset of the oldest transaction without a marker; or undefined. */
  get firstUndecidedOffset(): number | undefined {
    return this.#ongoing[0]?.firstOffset
  }
  get hasUnreplicated(): boolean {
    return this.#unreplicated.length > 0
  }

  begin(firstOffset: number): void {
    insert(this.#ongoing, { firstOffset, lastOffset: -1 })
  }

  end(event: TxnEvent & { kind: 'end' }): CompletedTxn {
    const { producerId, firstOffset, lastOffset, isAborted } = event
    const index = this.#ongoing.findIndex((txn) => txn.firstOffset === firstOffset)
    assert(index >= 0, `the transaction at ${firstOffset} of producer ${producerId} was never begun`)
    this.#ongoing.splice(index, 1)
    insert(this.#unreplicated, { firstOffset, lastOffset })
    const lastStableOffset = this.#ongoing[0]?.firstOffset ?? lastOffset + 1
    return { producerId, firstOffset, lastOffset, isAborted, lastStableOffset }
  }

  /** Markers below `offset` are replicated, or no longer in the log. */
  dropEndedBelow(offset: number): void {
    if (this.#unreplicated.length === 0) return
    this.#unreplicated = this.#unreplicated.filter((txn) => txn.lastOffset >= offset)
  }

  /** Markers from `offset` on are not in the log, or will be found in it again. */
  dropEndedFrom(offset: number): void {
    this.#unreplicated = this.#unreplicated.filter((txn) => txn.lastOffset < offset)
  }

  forgetOngoing(): void {
    this.#ongoing = []
  }

  clear(): void {
    this.#ongoing = []
    this.#unreplicated = []
  }
}

/** Transactions begin in the order of the log, so the place is nearly always the end. */
function insert(txns: Txn[], txn: Txn): void {
  let index = txns.length
  while (index > 0 && txns[index - 1]!.firstOffset > txn.firstOffset) index--
  txns.splice(index, 0, txn)
}
