#!/usr/bin/env node
/** The `sluice` command: the same programs as bin/*.sh under one name. */
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { runServer } from './run-server.ts'
import { sluiceVersion } from './version.ts'

const developmentConfig = fileURLToPath(new URL('../../config/development.properties', import.meta.url))

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value]
}

const program = new Command('sluice').description("Apache Kafka's broker for Node.js").version(sluiceVersion)

program
  .command('server-start')
  .description('run a broker in the foreground')
  .argument(
    '[config]',
    'a server.properties file; without it, a broker on 127.0.0.1:9092 with its data in ./data',
  )
  .option('--override <property=value>', 'replaces a setting of the file; may be repeated', collect, [])
  .action(async (config: string | undefined, options: { override: readonly string[] }) => {
    const overrides = options.override.map((override) => `--override=${override}`)
    await runServer([config ?? developmentConfig, ...overrides])
  })

await program.parseAsync(process.argv)
