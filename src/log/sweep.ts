/**
 * A walk over very many things that must not hold up the loop: a few milliseconds at a time, with turns of the loop
 * in between. One walk at a time; a new one asked for while one is under way is skipped.
 */
import type { Clock, Timer } from '../base/clock.ts'

/** How long one slice may hold the loop. */
const SLICE_MS_MAX = 4

export class Sweep<T> {
  readonly #clock: Clock
  #timer: Timer | undefined
  #isRunning = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Visits each item once, then calls `done`. The caller hands over the array. */
  start(items: readonly T[], visit: (item: T) => void, done: () => void = () => {}): void {
    if (this.#isRunning) return
    this.#isRunning = true
    this.#slice(items, 0, visit, done)
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#isRunning = false
  }

  #slice(items: readonly T[], from: number, visit: (item: T) => void, done: () => void): void {
    const untilMs = this.#clock.monotonicMs() + SLICE_MS_MAX
    let index = from
    while (index < items.length) {
      visit(items[index++]!)
      if (this.#clock.monotonicMs() >= untilMs) break
    }
    if (index < items.length) {
      this.#timer = this.#clock.after(0, () => this.#slice(items, index, visit, done))
    } else {
      this.#isRunning = false
      done()
    }
  }
}
