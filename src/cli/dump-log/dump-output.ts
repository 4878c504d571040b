/** What a dump says: on stdout piece by piece, on stderr what is wrong, files after files. */
import { ByteSink } from '../command/byte-sink.ts'
import type { CommandContext } from '../command/command.ts'

const FLUSH_BYTES = 1 << 16

export class DumpOutput {
  readonly #context: CommandContext
  readonly #sink = new ByteSink()

  constructor(context: CommandContext) {
    this.#context = context
  }

  /** Enough has gathered: `flush` before more is said. */
  get isFull(): boolean {
    return this.#sink.length >= FLUSH_BYTES
  }

  get isStopped(): boolean {
    return this.#context.stopped.aborted
  }

  line(text: string): void {
    this.#sink.text(`${text}\n`)
  }

  note(line: string): void {
    this.#context.note(line)
  }

  async flush(): Promise<void> {
    if (this.#sink.length > 0) await this.#context.out(this.#sink.take())
  }
}
