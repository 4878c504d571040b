/** What bin/kafka-*.sh run: `kafka-run-class.js CLASS-OR-NAME ARGUMENT...`. */
import process from 'node:process'
import { processContext } from './command/process-context.ts'
import { runCommand } from './command/run-command.ts'
import { findCommand } from './commands.ts'

const [, , wanted = '', ...args] = process.argv
const entry = findCommand(wanted)
if (entry === undefined) {
  process.stderr.write(`Could not find or load main class ${wanted}\n`)
  process.exitCode = 1
} else {
  process.exitCode = await runCommand(await entry.load(), args, processContext(), `kafka-${entry.name}.sh`)
}
