/**
 * The real time, with leaps: it runs as every clock does, and `advance` has the time pass at once. Timers that come due
 * in a leap fire in the order of their times, and what they set in motion settles before time goes on.
 */
import type { Clock, Timer } from '../base/clock.ts'

/** A leap is taken in so many steps at most, so that what repeats, or follows on each other, does so along the way. */
const STEPS_MAX = 50
const STEP_MS_MIN = 1000
/** Turns of the loop in which nothing more comes are few. */
const SETTLING_TURNS = 4

type TimerOptions = { readonly keepsAlive?: boolean }

interface SetTimer {
  readonly dueMs: number
  readonly order: number
  readonly run: () => void
  readonly options: TimerOptions
  handle: Timer | undefined
}

export class LeapingClock implements Clock {
  readonly #real: Clock
  readonly #timers = new Set<SetTimer>()
  #leaptMs = 0
  #order = 0
  #isStopped = false

  /** `leaptMs`: how far it has leapt already, as its fork's origin had. */
  constructor(real: Clock, leaptMs = 0) {
    this.#real = real
    this.#leaptMs = leaptMs
  }

  get leaptMs(): number {
    return this.#leaptMs
  }

  nowMs(): number {
    return Math.floor(this.#real.nowMs() + this.#leaptMs)
  }

  monotonicMs(): number {
    return this.#real.monotonicMs() + this.#leaptMs
  }

  after(delayMs: number, run: () => void, options: TimerOptions = {}): Timer {
    if (this.#isStopped) return { cancel: () => {} }
    const timer: SetTimer = {
      dueMs: this.monotonicMs() + Math.max(0, delayMs),
      order: this.#order++,
      run: () => {
        if (this.#timers.delete(timer)) run()
      },
      options,
      handle: undefined,
    }
    this.#timers.add(timer)
    timer.handle = this.#real.after(delayMs, timer.run, options)
    return {
      cancel: () => {
        timer.handle?.cancel()
        this.#timers.delete(timer)
      },
    }
  }

  endOfTick(run: () => void): void {
    this.#real.endOfTick(run)
  }

  /** Resolves when all that came due has been done. */
  async advance(durationMs: number): Promise<void> {
    const steps = Math.max(1, Math.min(STEPS_MAX, Math.ceil(durationMs / STEP_MS_MIN)))
    for (let step = 0; step < steps; step++) {
      this.#leaptMs += durationMs / steps
      // What is due at the very end must not be missed by the last bit of a sum.
      if (step === steps - 1) this.#leaptMs = Math.round(this.#leaptMs)
      await settled()
      for (;;) {
        const due = this.#nextDue()
        if (due === undefined) break
        due.handle?.cancel()
        due.run()
        await settled()
      }
    }
    this.#rearm()
  }

  /** No timer fires any more. */
  stop(): void {
    this.#isStopped = true
    for (const { handle } of this.#timers) handle?.cancel()
    this.#timers.clear()
  }

  #nextDue(): SetTimer | undefined {
    const nowMs = this.monotonicMs()
    let next: SetTimer | undefined
    for (const timer of this.#timers) {
      if (timer.dueMs > nowMs) continue
      if (
        next === undefined ||
        timer.dueMs < next.dueMs ||
        (timer.dueMs === next.dueMs && timer.order < next.order)
      ) {
        next = timer
      }
    }
    return next
  }

  /** What is still to come is closer now than its real timer knows. */
  #rearm(): void {
    const nowMs = this.monotonicMs()
    for (const timer of this.#timers) {
      timer.handle?.cancel()
      timer.handle = this.#real.after(timer.dueMs - nowMs, timer.run, timer.options)
    }
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < SETTLING_TURNS; turn++)
    await new Promise<void>((resolve) => void setImmediate(resolve))
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** `'7d'`, `'90s'`, `'1h 30m'`, or milliseconds as a number. Throws TypeError for anything else. */
export function parseDurationMs(duration: string | number): number {
  if (typeof duration === 'number' && Number.isFinite(duration) && duration >= 0) return duration
  const text = String(duration).trim()
  if (!/^(?:\d+(?:\.\d+)?\s*(?:ms|s|m|h|d)\s*)+$/.test(text)) {
    throw new TypeError(`not a duration: ${duration} (write '7d', '90s', '1h 30m' or milliseconds)`)
  }
  let sumMs = 0
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)/g))
    sumMs += Number(count) * UNITS_MS[unit!]!
  return sumMs
}
