/**
 * One request's appends while they wait to be written: told by each partition once its records are (or have failed),
 * it tells the request when the last one is through.
 */
import type { AppendWaiter } from './partition.ts'

export class PendingAppends implements AppendWaiter {
  readonly #onWritten: () => void
  /** One more than the appends until `sealed`, so that the request isn't told before it has staged them all. */
  #outstanding = 1

  constructor(onWritten: () => void) {
    this.#onWritten = onWritten
  }

  /** Expects one more `onAppendDone`. */
  expect(): void {
    this.#outstanding += 1
  }

  onAppendDone(): void {
    this.#outstanding -= 1
    if (this.#outstanding === 0) this.#onWritten()
  }

  /** Everything is staged; with nothing outstanding the request is told at once. */
  seal(): void {
    this.onAppendDone()
  }
}
