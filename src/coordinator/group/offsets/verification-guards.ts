/**
 * Closes the gap between the transaction coordinator's word and the append (KIP-890): if the producer's transaction ended
 * on this partition while its coordinator was asked, the word is about a transaction that is over, and what would be
 * appended would open one that nobody ends.
 */
import type { ProducerIdentity } from '../../runtime/coordinator-log.ts'

export interface VerificationGuard extends ProducerIdentity {
  /** Each transaction of the producer has a higher epoch than the one before. */
  readonly raisesEpoch: boolean
}

export class VerificationGuards {
  readonly #open = new Map<number, Set<VerificationGuard>>()

  open(guard: VerificationGuard): VerificationGuard {
    const guards = this.#open.get(guard.producerId)
    if (guards === undefined) this.#open.set(guard.producerId, new Set([guard]))
    else guards.add(guard)
    return guard
  }

  /** @returns false if the transaction may have ended since it was opened. */
  close(guard: VerificationGuard): boolean {
    const guards = this.#open.get(guard.producerId)
    if (guards === undefined || !guards.delete(guard)) return false
    if (guards.size === 0) this.#open.delete(guard.producerId)
    return true
  }

  onTransactionEnded({ producerId, producerEpoch }: ProducerIdentity): void {
    const guards = this.#open.get(producerId)
    if (guards === undefined) return
    for (const guard of guards) {
      // The marker raised the epoch to the guard's: it ended the transaction before, which took until now.
      if (!(guard.raisesEpoch && guard.producerEpoch === producerEpoch)) guards.delete(guard)
    }
    if (guards.size === 0) this.#open.delete(producerId)
  }
}
