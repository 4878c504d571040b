/**
 * What one tick has brought for a log and the next commit will write: the callers' buffers as they are, and the
 * outcomes that the commit will make true or false.
 *
 * Invariant: all of it goes into one segment, in one write. Whoever adds what must start a new segment commits first.
 */
import type { AppendOutcome } from './append-outcome.ts'

export class StagedAppends {
  #buffers: Buffer[] = []
  #outcomes: AppendOutcome[] = []
  #byteLength = 0
  #endOffset = 0

  get isEmpty(): boolean {
    return this.#buffers.length === 0
  }
  get buffers(): readonly Buffer[] {
    return this.#buffers
  }
  get byteLength(): number {
    return this.#byteLength
  }
  /** Meaningless while empty. */
  get endOffset(): number {
    return this.#endOffset
  }

  /** `endOffset` is the one after the buffer's last record. */
  add(buffer: Buffer, endOffset: number): void {
    const last = this.#buffers.at(-1)
    // Batches that a leader sent in one piece lie side by side, and are written in one piece.
    if (
      last !== undefined &&
      last.buffer === buffer.buffer &&
      last.byteOffset + last.length === buffer.byteOffset
    ) {
      this.#buffers[this.#buffers.length - 1] = Buffer.from(
        last.buffer,
        last.byteOffset,
        last.length + buffer.length,
      )
    } else this.#buffers.push(buffer)
    this.#byteLength += buffer.length
    this.#endOffset = endOffset
  }

  /** One outcome may stand for several buffers. */
  expect(outcome: AppendOutcome): void {
    this.#outcomes.push(outcome)
  }

  clear(): void {
    this.#buffers.length = 0
    this.#outcomes.length = 0
    this.#byteLength = 0
  }

  fail(errorCode: number, errorMessage: string): void {
    for (const outcome of this.#outcomes) {
      outcome.errorCode = errorCode
      outcome.errorMessage = errorMessage
      outcome.firstOffset = -1
      outcome.lastOffset = -1
    }
    this.clear()
  }
}
