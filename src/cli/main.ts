#!/usr/bin/env node
/** The `sluice` command: the same programs as bin/kafka-*.sh under one name. */
import process from 'node:process'
import { inProcess } from './command/process-context.ts'
import { runCommand } from './command/run-command.ts'
import { findCommand } from './commands.ts'

const [, , name = '', ...args] = process.argv
const entry = findCommand(name)
if (entry === undefined) {
  const { mainProgram } = await import('./main-program.ts')
  await mainProgram().parseAsync(process.argv)
} else {
  const command = await entry.load()
  await inProcess((context) => runCommand(command, args, context, `sluice ${entry.name}`))
}
