/**
 * The controller's single thread: events run one after the other, each to its end, so no two of them see the
 * context half changed. Events of one name that wait are the same event (each reads the store anew), so watches that
 * fire in bursts cost one run, and the queue is bounded by the number of names; answers of brokers, which carry
 * data, have names of their own and are bounded by the requests under way.
 */
import { assert } from '../base/assert.ts'

export class ControllerEventQueue {
  readonly #waiting = new Map<string, () => Promise<void>>()
  readonly #onError: (error: unknown) => Promise<void>
  #running: Promise<void> | undefined
  #unique = 0
  #closed = false

  /** `onError` runs in the failed event's place; what it throws ends the process. */
  constructor(onError: (error: unknown) => Promise<void>) {
    this.#onError = onError
  }

  /** Without a name the event is never merged with another. */
  put(name: string | undefined, run: () => Promise<void>): void {
    if (this.#closed) return
    const key = name ?? `#${++this.#unique}`
    if (this.#waiting.has(key)) return
    this.#waiting.set(key, run)
    this.#running ??= this.#drain()
  }

  /** Runs an event and hands its result out. Undefined if the event failed, or the queue is closed. */
  ask<T>(run: () => Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve(undefined)
      this.put(undefined, async () => {
        let result: T | undefined
        try {
          result = await run()
        } finally {
          resolve(result)
        }
      })
    })
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  /** Waiting events are dropped; resolves when the running one has ended. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #drain(): Promise<void> {
    // Not in the caller's turn: whoever puts an event has not finished its own step.
    await Promise.resolve()
    for (;;) {
      const next = this.#waiting.entries().next()
      if (next.done === true) break
      const [key, run] = next.value
      this.#waiting.delete(key)
      if (this.#closed) continue
      try {
        await run()
      } catch (error) {
        await this.#onError(error)
      }
    }
    assert(this.#waiting.size === 0, 'events wait while nobody runs them')
    this.#running = undefined
  }
}
