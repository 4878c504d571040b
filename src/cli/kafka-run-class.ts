/** What bin/kafka-*.sh run: `kafka-run-class.cjs CLASS-OR-NAME ARGUMENT...`. */
import process from 'node:process'
import { inProcess } from './command/process-context.ts'
import { runCommand } from './command/run-command.ts'
import { findCommand } from './commands.ts'

async function main(wanted: string, args: readonly string[]): Promise<void> {
  const entry = findCommand(wanted)
  if (entry === undefined) {
    process.stderr.write(`Could not find or load main class ${wanted}\n`)
    process.exitCode = 1
    return
  }
  const command = await entry.load()
  await inProcess((context) => runCommand(command, args, context, `kafka-${entry.name}.sh`))
}

void main(process.argv[2] ?? '', process.argv.slice(3))
