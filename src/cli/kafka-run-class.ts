/** What bin/kafka-*.sh run: `kafka-run-class.js CLASS-OR-NAME ARGUMENT...`. */
import process from 'node:process'
import { inProcess } from './command/process-context.ts'
import { runCommand } from './command/run-command.ts'
import { findCommand } from './commands.ts'

const [, , wanted = '', ...args] = process.argv
const entry = findCommand(wanted)
if (entry === undefined) {
  process.stderr.write(`Could not find or load main class ${wanted}\n`)
  process.exitCode = 1
} else {
  const command = await entry.load()
  await inProcess((context) => runCommand(command, args, context, `kafka-${entry.name}.sh`))
}
