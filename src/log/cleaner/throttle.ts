/**
 * log.cleaner.io.max.bytes.per.second, or a thread's share of it: how long to wait after some bytes were read or
 * written. Time that was not used counts for at most PERIOD_MS, so that a pause is not followed by a burst.
 */
const PERIOD_MS = 300

export class Throttle {
  readonly #bytesPerMs: number
  /** When the bytes so far would have been done at the allowed pace. */
  #paidUntilMs = 0

  constructor(bytesPerSecondMax: number) {
    this.#bytesPerMs = bytesPerSecondMax / 1000
  }

  /** @returns milliseconds to wait; 0 if there is no need. */
  delayMs(bytes: number, nowMs: number): number {
    const from = Math.max(this.#paidUntilMs, nowMs - PERIOD_MS)
    this.#paidUntilMs = from + bytes / this.#bytesPerMs
    return Math.max(0, this.#paidUntilMs - nowMs)
  }
}
