/** How many records may have been sent by now, for so many in a second on the average. */
import type { Clock } from '../../base/clock.ts'
import { sleep } from '../../client/network/backoff.ts'

/** Whoever waits looks this often whether there is still a point in it. */
const NAP_MS = 100

export class ThroughputThrottler {
  readonly #clock: Clock
  readonly #perSecond: number
  readonly #startMs: number

  /** `perSecond` below 0: there is no bound. */
  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond
    this.#clock = clock
    this.#startMs = clock.monotonicMs()
  }

  /** How many more may be sent now, where `sentCount` were. */
  allowance(sentCount: number): number {
    if (this.#perSecond < 0) return Number.POSITIVE_INFINITY
    const elapsedMs = this.#clock.monotonicMs() - this.#startMs
    // The first one need not wait.
    const due = this.#perSecond === 0 ? 0 : 1 + Math.floor((elapsedMs * this.#perSecond) / 1000)
    return Math.max(0, due - sentCount)
  }

  /** A while, after which the next one may be due. */
  async nap(sentCount: number): Promise<void> {
    const dueMs =
      this.#perSecond === 0
        ? NAP_MS
        : this.#startMs + (sentCount * 1000) / this.#perSecond - this.#clock.monotonicMs()
    await sleep(this.#clock, Math.min(NAP_MS, Math.max(1, dueMs)))
  }
}
