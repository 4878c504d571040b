/**
 * Folders of deleted partitions, renamed and waiting for file.delete.delay.ms before they are removed. One at a time,
 * in the background: a folder may hold thousands of files, and gigabytes.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { UnifiedLog } from './unified-log.ts'

export interface DepartedLog {
  /** The renamed folder, absolute. */
  readonly directory: string
  /** `topic-partition`, for the line that says it is gone. */
  readonly name: string
  /** undefined for a leftover of an earlier run, which was never opened. */
  readonly log: UnifiedLog | undefined
}

export class DepartedLogs {
  readonly #clock: Clock
  readonly #remove: (departed: DepartedLog) => Promise<void>
  /** In the order in which they fall due. */
  readonly #waiting: { readonly departed: DepartedLog; readonly dueMs: number }[] = []
  #timer: Timer | undefined
  #removal: Promise<void> | undefined
  #isStopped = false

  constructor(options: { clock: Clock; remove: (departed: DepartedLog) => Promise<void> }) {
    this.#clock = options.clock
    this.#remove = options.remove
  }

  add(departed: DepartedLog, delayMs: number): void {
    const dueMs = this.#clock.monotonicMs() + delayMs
    let index = this.#waiting.length
    while (index > 0 && this.#waiting[index - 1]!.dueMs > dueMs) index--
    this.#waiting.splice(index, 0, { departed, dueMs })
    if (index === 0) this.#awaitNext()
  }

  /**
   * Nothing more is removed; the folders' names tell the next start what to do. Resolves when a removal under way has
   * come to its end.
   */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#removal
  }

  #awaitNext(): void {
    this.#timer?.cancel()
    const next = this.#waiting[0]
    if (next === undefined || this.#isStopped || this.#removal !== undefined) return
    this.#timer = this.#clock.after(Math.max(0, next.dueMs - this.#clock.monotonicMs()), () => {
      this.#waiting.shift()
      this.#removal = this.#removeOne(next.departed)
    })
  }

  async #removeOne(departed: DepartedLog): Promise<void> {
    try {
      await this.#remove(departed)
    } catch (error) {
      // A bug: it is thrown where nobody catches it.
      this.#clock.endOfTick(() => {
        throw error
      })
    }
    this.#removal = undefined
    this.#awaitNext()
  }
}
