/**
 * Which open transactions are over their time. They lie in buckets as wide as the interval at which one looks, so
 * looking costs what is due, and not what is open.
 */
export class TransactionDeadlines {
  readonly #bucketMs: number
  readonly #buckets = new Map<number, Map<string, number>>()

  constructor(bucketMs: number) {
    this.#bucketMs = bucketMs
  }

  add(transactionalId: string, deadlineMs: number): void {
    const index = this.#indexOf(deadlineMs)
    const bucket = this.#buckets.get(index)
    if (bucket === undefined) this.#buckets.set(index, new Map([[transactionalId, deadlineMs]]))
    else bucket.set(transactionalId, deadlineMs)
  }

  /** `deadlineMs` as it was added. */
  delete(transactionalId: string, deadlineMs: number): void {
    const index = this.#indexOf(deadlineMs)
    const bucket = this.#buckets.get(index)
    bucket?.delete(transactionalId)
    if (bucket?.size === 0) this.#buckets.delete(index)
  }

  /** Those whose deadline has passed; they stay until they are deleted. */
  due(nowMs: number): string[] {
    const due: string[] = []
    for (const [index, bucket] of this.#buckets) {
      if (index * this.#bucketMs >= nowMs) continue
      for (const [transactionalId, deadlineMs] of bucket) if (deadlineMs < nowMs) due.push(transactionalId)
    }
    return due
  }

  #indexOf(deadlineMs: number): number {
    return Math.floor(deadlineMs / this.#bucketMs)
  }
}
