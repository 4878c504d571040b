/**
 * The timers of one shard, by name: setting one replaces the former of that name. What a timer does may have records,
 * like any other operation.
 *
 * Deadlines that move on with every heartbeat are best kept by the shard, which looks at them when the timer fires and
 * sets it again for the rest: a heartbeat then costs no timer.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import type { ShardResult } from './coordinator-shard.ts'

/** What a timer did; undefined: nothing that is to be kept. */
export type TimerOutcome = ShardResult<unknown> | undefined

export class ShardTimers {
  readonly #clock: Clock
  readonly #runAsOperation: (run: () => TimerOutcome) => void
  readonly #timers = new Map<string, Timer>()
  #isOver = false

  constructor(clock: Clock, runAsOperation: (run: () => TimerOutcome) => void) {
    this.#clock = clock
    this.#runAsOperation = runAsOperation
  }

  schedule(name: string, delayMs: number, run: () => TimerOutcome): void {
    this.#timers.get(name)?.cancel()
    if (this.#isOver) return
    const timer = this.#clock.after(delayMs, () => {
      this.#timers.delete(name)
      this.#runAsOperation(run)
    })
    this.#timers.set(name, timer)
  }

  cancel(name: string): void {
    this.#timers.get(name)?.cancel()
    this.#timers.delete(name)
  }

  has(name: string): boolean {
    return this.#timers.has(name)
  }

  /** For the runtime: no timer fires any more, and none can be set. */
  end(): void {
    this.#isOver = true
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }
}
