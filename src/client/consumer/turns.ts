/** Taking turns: one at a time does what concerns the whole consumer, and whoever waits for news is woken by all of it. */
import type { Clock } from '../../base/clock.ts'

export class Turns {
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #last: Promise<void> = Promise.resolve()
  #count = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Nobody is at work. */
  get isFree(): boolean {
    return this.#count === 0
  }

  /** Runs `work` when all that came before is done. */
  async take<Result>(work: () => Promise<Result> | Result): Promise<Result> {
    const before = this.#last
    let end!: () => void
    this.#last = new Promise((resolve) => {
      end = resolve
    })
    this.#count += 1
    await before
    try {
      return await work()
    } finally {
      this.#count -= 1
      end()
    }
  }

  wakeAll(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  /** Until there is news, the time is over, or the signal is given. The process stays alive meanwhile. */
  wait(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel()
        signal?.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = this.#clock.after(timeoutMs, wake, { keepsAlive: true })
      signal?.addEventListener('abort', wake)
      this.#waiting.add(wake)
      if (signal?.aborted) wake()
    })
  }
}
