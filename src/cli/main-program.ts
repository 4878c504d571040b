/** What `sluice` does besides Kafka's commands: its help, a broker in the foreground, completion for shells. */
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Argument, Command } from 'commander'
import { collect } from './command/options.ts'
import { parserOf } from './command/run-command.ts'
import { commands } from './commands.ts'
import { type CompletedCommand, completionScript, SHELLS } from './completion/completion-script.ts'
import { sluiceVersion } from './version.ts'

const developmentConfig = fileURLToPath(new URL('../../config/development.properties', import.meta.url))

export function mainProgram(): Command {
  const program = new Command('sluice')
    .description("Apache Kafka's system for Node.js. `sluice COMMAND --help` tells more of a command.")
    .version(sluiceVersion)
    .helpCommand(false)
    .configureHelp({ helpWidth: 110 })
  program
    .command('server-start')
    .description('run a broker in the foreground')
    .argument(
      '[config]',
      'a server.properties file; without it, a broker on 127.0.0.1:9092 with its data in ./data',
    )
    .option('--override <property=value>', 'replaces a setting of the file; may be repeated', collect, [])
    .action(async (config: string | undefined, options: { override: readonly string[] }) => {
      const { runServer } = await import('./run-server.ts')
      const overrides = options.override.map((override) => `--override=${override}`)
      await runServer([config ?? developmentConfig, ...overrides])
    })
  // Only for the list of commands: main.ts runs them.
  for (const { name, description } of commands) program.command(name).description(description)
  program
    .command('completion')
    .description('print what a shell needs to complete these commands and bin/kafka-*.sh')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action(async (shell: string) => {
      process.stdout.write(completionScript(shell, [...own(program), ...(await kafkas())]))
    })
  return program
}

function own(program: Command): CompletedCommand[] {
  const names = new Set(commands.map(({ name }) => name))
  return program.commands
    .filter((command) => !names.has(command.name()))
    .map((command) => completed(command, command.name(), undefined))
}

function kafkas(): Promise<CompletedCommand[]> {
  return Promise.all(
    commands.map(async ({ name, isByClassOnly, load }) => {
      const script = isByClassOnly ? undefined : `kafka-${name}.sh`
      return completed(parserOf(await load(), name), name, script)
    }),
  )
}

function completed(command: Command, name: string, script: string | undefined): CompletedCommand {
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ long, description }) => ({ flag: long ?? '', description }))
  return { name, description: command.description(), script, options }
}
