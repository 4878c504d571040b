/**
 * Folders of deleted partitions, renamed and waiting for file.delete.delay.ms before they are removed. One at a time,
 * with a turn of the loop in between: a folder may hold thousands of files.
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
  readonly #remove: (departed: DepartedLog) => void
  /** In the order in which they fall due. */
  readonly #waiting: { readonly departed: DepartedLog; readonly dueMs: number }[] = []
  #timer: Timer | undefined

  constructor(options: { clock: Clock; remove: (departed: DepartedLog) => void }) {
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

  /** Nothing more is removed; the folders' names tell the next start what to do. */
  cancel(): void {
    this.#timer?.cancel()
  }

  #awaitNext(): void {
    this.#timer?.cancel()
    const next = this.#waiting[0]
    if (next === undefined) return
    this.#timer = this.#clock.after(Math.max(0, next.dueMs - this.#clock.monotonicMs()), () => {
      this.#waiting.shift()
      this.#remove(next.departed)
      this.#awaitNext()
    })
  }
}
