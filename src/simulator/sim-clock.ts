/**
 * Virtual time. Nothing happens by itself: `tick` ends a turn of the event loop, `advance` lets time pass and runs the
 * timers that come due, in the order of their due times (and of their making, where those are equal), each followed
 * by the end of its turn. Wall clock and monotonic time go together; `jumpWallClock` moves the former alone.
 */
import { assert } from '../base/assert.ts'
import type { Clock, Timer } from '../base/clock.ts'

interface SimTimer {
  readonly dueMs: number
  readonly run: () => void
}

export class SimClock implements Clock {
  #monotonicMs = 0
  #wallOffsetMs: number
  #timers: SimTimer[] = []
  #endOfTick: (() => void)[] = []

  constructor(startMs = Date.UTC(2024, 0, 1)) {
    this.#wallOffsetMs = startMs
  }

  nowMs(): number {
    return Math.floor(this.#wallOffsetMs + this.#monotonicMs)
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  after(delayMs: number, run: () => void): Timer {
    const timer: SimTimer = { dueMs: this.#monotonicMs + Math.max(0, delayMs), run }
    let index = this.#timers.length
    while (index > 0 && this.#timers[index - 1]!.dueMs > timer.dueMs) index--
    this.#timers.splice(index, 0, timer)
    return {
      cancel: () => {
        const at = this.#timers.indexOf(timer)
        if (at >= 0) this.#timers.splice(at, 1)
      },
    }
  }

  endOfTick(run: () => void): void {
    this.#endOfTick.push(run)
  }

  /** Ends the turn: runs what `endOfTick` gathered, and what that adds, in order. */
  tick(): void {
    for (let done = 0; this.#endOfTick.length > 0; done++) {
      assert(done < 1_000_000, 'the turn never ends')
      this.#endOfTick.shift()!()
    }
  }

  advance(durationMs: number): void {
    const untilMs = this.#monotonicMs + durationMs
    this.tick()
    for (;;) {
      const timer = this.#timers[0]
      if (timer === undefined || timer.dueMs > untilMs) break
      this.#timers.shift()
      this.#monotonicMs = Math.max(this.#monotonicMs, timer.dueMs)
      timer.run()
      this.tick()
    }
    this.#monotonicMs = untilMs
  }

  jumpWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs
  }

  /** Timers that have not run yet: a way to see that something was cancelled. */
  get pendingTimerCount(): number {
    return this.#timers.length
  }
}
