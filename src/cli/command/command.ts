/**
 * What a command is: its name, its options (said to commander), and what it does with them.
 *
 * A command writes lines to its context and returns when it is done; what it throws ends it with exit code 1 and one line
 * on stderr (run-command.ts). It never touches the process, so that tests run it in theirs.
 */
import type { Readable } from 'node:stream'
import type { Command } from 'commander'

export interface CommandContext {
  readonly input: Readable
  /** A person types and reads, instead of a file or a pipe. */
  readonly isTerminal: boolean
  /** Text for stdout, as it is: the caller ends its lines. Resolves when more may be written without piling up. */
  out(text: string | Uint8Array): Promise<void>
  /** A line for stderr: warnings and progress, nothing that a script would read. */
  note(line: string): void
  /** Aborted by SIGINT and SIGTERM, and when nobody reads the output any more: finish what is at hand, and return. */
  readonly stopped: AbortSignal
}

export interface KafkaCommand<Options> {
  /** As Kafka calls its script, without `.sh`: `kafka-topics`. */
  readonly name: string
  /** One sentence, in the imperative, for `--help` and the list of commands. */
  readonly description: string
  /** Adds the options; what commander makes of them is `Options`. */
  readonly configure: (command: Command) => void
  /** `rest` are the words that belong to no option. The number that it returns, if any, is the exit code. */
  readonly run: (
    options: Options,
    context: CommandContext,
    rest: readonly string[],
  ) => Promise<number | undefined>
}

/** A mistake of whoever called: its message is all they need. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
