/** Tasks that run again and again on the clock, until they are cancelled together. */
import type { Clock, Timer } from '../base/clock.ts'

/** Periods from here on mean never: Kafka's Long.MAX_VALUE is beyond what a number holds exactly. */
export const NEVER_MS = 2 ** 50

export class PeriodicTasks {
  readonly #clock: Clock
  readonly #initialDelayMs: number
  readonly #timers = new Set<{ timer: Timer }>()

  constructor(options: { clock: Clock; initialDelayMs: number }) {
    this.#clock = options.clock
    this.#initialDelayMs = options.initialDelayMs
  }

  repeat(periodMs: number, run: () => void): void {
    if (periodMs >= NEVER_MS) return
    const next = (): void => {
      run()
      slot.timer = this.#clock.after(periodMs, next)
    }
    const slot = { timer: this.#clock.after(this.#initialDelayMs, next) }
    this.#timers.add(slot)
  }

  cancel(): void {
    for (const slot of this.#timers) slot.timer.cancel()
    this.#timers.clear()
  }
}

/** Kafka prints Long.MAX_VALUE for never. */
export function printedPeriodMs(periodMs: number): string {
  return periodMs >= NEVER_MS ? '9223372036854775807' : String(periodMs)
}
