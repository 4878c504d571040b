#!/usr/bin/env node
/** The `sluice` command: the same programs as bin/kafka-*.sh under one name. */
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { processContext } from './command/process-context.ts'
import { runCommand } from './command/run-command.ts'
import { commands, findCommand } from './commands.ts'
import { sluiceVersion } from './version.ts'

const developmentConfig = fileURLToPath(new URL('../../config/development.properties', import.meta.url))

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value]
}

/** Everything but the commands of Kafka, and the help for all of them. */
function mainProgram(): Command {
  const program = new Command('sluice')
    .description("Apache Kafka's system for Node.js")
    .version(sluiceVersion)
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
  for (const { name, description } of commands) program.command(name).description(description)
  return program
}

const [, , name = '', ...args] = process.argv
const entry = findCommand(name)
if (entry === undefined) await mainProgram().parseAsync(process.argv)
else process.exitCode = await runCommand(await entry.load(), args, processContext(), `sluice ${entry.name}`)
