/**
 * The transactions whose first record is on its way to a partition: their coordinator was asked whether they may write
 * here, and the append has not come yet (KIP-890).
 *
 * The coordinator's word is good for the transaction that was asked about, and not for the producer's next one. A marker
 * may end the transaction between the answer and the append, and a record that came after it would open a transaction
 * that nobody ends. So every verification is an object of its own: the append has to show the one that is still known
 * here, and a marker takes it away.
 *
 * Until the first record is in, a batch with a higher sequence number is not taken in its place: the lower one, told to
 * try again, could never follow it.
 *
 * Invariant: at most VERIFICATIONS_MAX are known. Beyond that the oldest is forgotten, and its append refused.
 */

/** Producers that begin a transaction on one partition at the same moment. */
export const VERIFICATIONS_MAX = 10_000

export interface FirstBatch {
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  /** Transaction version 2: the epoch rises with every transaction, so its first batch has the sequence number 0. */
  readonly raisesEpoch: boolean
}

/** What the append shows: this very object. */
export class TransactionVerification {
  readonly raisesEpoch: boolean
  readonly startedMs: number
  producerEpoch: number
  lowestSequence: number

  constructor(first: FirstBatch, nowMs: number) {
    this.raisesEpoch = first.raisesEpoch
    this.startedMs = nowMs
    this.producerEpoch = first.producerEpoch
    this.lowestSequence = first.baseSequence
  }

  /** One more batch that may be the transaction's first. */
  admit({ producerEpoch, baseSequence }: FirstBatch): void {
    if (producerEpoch > this.producerEpoch) {
      this.producerEpoch = producerEpoch
      this.lowestSequence = baseSequence
    } else if (producerEpoch === this.producerEpoch && baseSequence < this.lowestSequence) {
      this.lowestSequence = baseSequence
    }
  }
}

/** 'ongoing': the transaction had records here when it was looked at, so its coordinator knows that it writes here. */
export type Verification = TransactionVerification | 'ongoing'

export class TransactionVerifications {
  /** In the order in which they began. */
  readonly #byProducer = new Map<number, TransactionVerification>()

  get(producerId: number): TransactionVerification | undefined {
    return this.#byProducer.get(producerId)
  }

  /** The one under way for the producer, or a new one. */
  start(first: FirstBatch, nowMs: number): TransactionVerification {
    const known = this.#byProducer.get(first.producerId)
    if (known !== undefined) {
      known.admit(first)
      return known
    }
    if (this.#byProducer.size === VERIFICATIONS_MAX) {
      const [oldest] = this.#byProducer.keys()
      this.#byProducer.delete(oldest!)
    }
    const started = new TransactionVerification(first, nowMs)
    this.#byProducer.set(first.producerId, started)
    return started
  }

  /** A batch of a transaction was taken: its first record, or a marker that ends it. */
  onTransactionalBatch(producerId: number, producerEpoch: number, isMarker: boolean): void {
    const known = this.#byProducer.get(producerId)
    if (known === undefined) return
    // The marker raised the epoch to the one that this verification is about: it ended the transaction before it.
    if (isMarker && known.raisesEpoch && known.producerEpoch === producerEpoch) return
    this.#byProducer.delete(producerId)
  }

  /** Nothing will come of it: the coordinator's answer was final. */
  abandon(producerId: number, verification: TransactionVerification): void {
    if (this.#byProducer.get(producerId) === verification) this.#byProducer.delete(producerId)
  }

  removeExpired(nowMs: number, expirationMs: number): void {
    for (const [producerId, { startedMs }] of this.#byProducer) {
      if (nowMs - startedMs >= expirationMs) this.#byProducer.delete(producerId)
    }
  }
}
