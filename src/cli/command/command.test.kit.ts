/** For tests of commands: runs one in this process and keeps what it wrote. */
import { Readable } from 'node:stream'
import type { CommandContext } from './command.ts'
import { type AnyCommand, runCommand } from './run-command.ts'

export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string | Readable
  readonly isTerminal?: boolean
  readonly stopped?: AbortSignal
  /** Called with each text as it is written to stdout. */
  readonly onOutput?: (text: string) => void
}

export async function run(
  command: AnyCommand,
  args: readonly string[],
  { input = '', isTerminal = false, stopped, onOutput }: RunOptions = {},
): Promise<CommandResult> {
  let stdout = ''
  let stderr = ''
  const context: CommandContext = {
    input: typeof input === 'string' ? Readable.from(input === '' ? [] : [Buffer.from(input)]) : input,
    isTerminal,
    stopped: stopped ?? new AbortController().signal,
    out: async (text) => {
      const written = typeof text === 'string' ? text : Buffer.from(text).toString()
      stdout += written
      onOutput?.(written)
    },
    note: (line) => {
      stderr += `${line}\n`
    },
  }
  const exitCode = await runCommand(command, args, context, `${command.name}.sh`)
  return { exitCode, stdout, stderr }
}
