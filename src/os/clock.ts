/**
 * The real clock: Date, performance and the event loop's timers.
 *
 * - Timers keep the process alive only where they are told to. Node fires a timer beyond 2^31-1 ms at once, so long ones are chained.
 * - `endOfTick` costs one setImmediate for all callbacks of a turn, which are run in the order of their calls. What
 *   they add in turn runs in the same drain, so that a commit and the replies it completes leave together; after
 *   DRAIN_CALLBACKS_MAX the rest waits for the next turn, so that I/O is never starved.
 */
import type { Clock, Timer } from '../base/clock.ts'

const TIMEOUT_MS_MAX = 0x7fffffff
/** Callbacks of one drain. Far above what a turn asks for; a bound against callbacks that keep adding callbacks. */
const DRAIN_CALLBACKS_MAX = 65_536

class SystemTimer implements Timer {
  #remainingMs: number
  readonly #run: () => void
  readonly #keepsAlive: boolean
  #handle: NodeJS.Timeout | undefined

  constructor(delayMs: number, run: () => void, keepsAlive: boolean) {
    this.#remainingMs = delayMs
    this.#run = run
    this.#keepsAlive = keepsAlive
    this.#arm()
  }

  cancel(): void {
    clearTimeout(this.#handle)
    this.#handle = undefined
  }

  #arm(): void {
    const delayMs = Math.min(this.#remainingMs, TIMEOUT_MS_MAX)
    this.#remainingMs -= delayMs
    this.#handle = setTimeout(() => {
      if (this.#remainingMs > 0) this.#arm()
      else this.#run()
    }, delayMs)
    if (!this.#keepsAlive) this.#handle.unref()
  }
}

export class SystemClock implements Clock {
  #queue: (() => void)[] = []
  #scheduled = false
  readonly #drainBound = (): void => this.#drain()

  nowMs(): number {
    return Date.now()
  }

  monotonicMs(): number {
    return performance.now()
  }

  after(delayMs: number, run: () => void, options: { keepsAlive?: boolean } = {}): Timer {
    return new SystemTimer(Math.max(0, delayMs), run, options.keepsAlive === true)
  }

  endOfTick(run: () => void): void {
    this.#queue.push(run)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#drainBound)
  }

  #drain(): void {
    const queue = this.#queue
    let done = 0
    try {
      // The length is read anew each time: callbacks may add callbacks.
      while (done < queue.length && done < DRAIN_CALLBACKS_MAX) queue[done++]!()
    } finally {
      // A callback that throws does not take the others with it: they run in the next turn.
      if (done === queue.length) queue.length = 0
      else queue.splice(0, done)
      if (queue.length > 0) setImmediate(this.#drainBound)
      else this.#scheduled = false
    }
  }
}
