/** Tells of records that could not be sent: of many that failed for one reason, the first. */
import type { CommandContext } from './command.ts'

export class SendFailures {
  readonly #note: CommandContext['note']
  #failedCount = 0
  #toldCount = 0
  #lastReason = ''

  constructor({ note }: Pick<CommandContext, 'note'>) {
    this.#note = note
  }

  /** `lineOf` makes the line to tell from the reason. */
  add(error: Error, lineOf: (reason: string) => string): void {
    this.#failedCount += 1
    if (error.message === this.#lastReason) return
    this.#lastReason = error.message
    this.#toldCount += 1
    this.#note(lineOf(error.message))
  }

  /** The exit code. */
  finish(): number {
    const untold = this.#failedCount - this.#toldCount
    if (untold > 0) this.#note(`ERROR ${untold} more records could not be sent`)
    return this.#failedCount > 0 ? 1 : 0
  }
}
