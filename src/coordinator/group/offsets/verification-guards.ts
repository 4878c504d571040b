/**
 * Closes the gap between the transaction coordinator's word and the append (KIP-890): if the producer's transaction ended
 * on this partition while its coordinator was asked, the word is about a transaction that is over, and what would be
 * appended would open one that nobody ends.
 */
export interface VerificationGuard {
  readonly producerId: number
}

export class VerificationGuards {
  readonly #open = new Map<number, Set<VerificationGuard>>()

  open(producerId: number): VerificationGuard {
    const guard = { producerId }
    const guards = this.#open.get(producerId)
    if (guards === undefined) this.#open.set(producerId, new Set([guard]))
    else guards.add(guard)
    return guard
  }

  /** @returns false if a transaction of the producer ended since it was opened. */
  close(guard: VerificationGuard): boolean {
    const guards = this.#open.get(guard.producerId)
    if (guards === undefined || !guards.delete(guard)) return false
    if (guards.size === 0) this.#open.delete(guard.producerId)
    return true
  }

  onTransactionEnded(producerId: number): void {
    this.#open.delete(producerId)
  }
}
