/**
 * Runs a command to its exit code. All that goes wrong in a way that a user can understand is one line on stderr and
 * exit code 1: options that don't read, what the broker refused, a broker that can't be reached. Only a bug prints a
 * stack.
 */
import { Command, CommanderError } from 'commander'
import { KafkaError } from '../../client/kafka-error.ts'
import { sluiceVersion } from '../version.ts'
import type { CommandContext, KafkaCommand } from './command.ts'
import { problemOf } from './problem.ts'

// biome-ignore lint/suspicious/noExplicitAny: each command knows its own options
export type AnyCommand = KafkaCommand<any>

/** As shells tell of a program that SIGINT has ended. */
const STOPPED = 130

/** `script` is the name that the user called it by. */
export async function runCommand(
  command: AnyCommand,
  args: readonly string[],
  context: CommandContext,
  script: string,
): Promise<number> {
  const parser = parserOf(command, script)
  try {
    if (args.length === 0 && hasRequirements(parser)) {
      context.note(parser.helpInformation().trimEnd())
      return 1
    }
    parser.parse(args, { from: 'user' })
    return (await command.run(parser.opts(), context, parser.args)) ?? 0
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      await context.out(
        error.code === 'commander.version' ? `${sluiceVersion}\n` : `${parser.helpInformation().trimEnd()}\n`,
      )
      return 0
    }
    if (context.stopped.aborted && error instanceof KafkaError && error.code === 'CLOSED') return STOPPED
    context.note(problemOf(error))
    return 1
  }
}

/** Also for help and for completion. */
export function parserOf(command: AnyCommand, script: string): Command {
  const parser = new Command(script)
    .description(command.description)
    .helpOption('--help', 'print this')
    .version(sluiceVersion, '--version', 'print the version')
    .allowExcessArguments(true)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .configureHelp({ helpWidth: 110 })
  command.configure(parser)
  return parser
}

/** Called with nothing at all, a command that needs something tells what. */
function hasRequirements(parser: Command): boolean {
  return parser.options.some((option) => option.mandatory || option.long === '--bootstrap-server')
}
