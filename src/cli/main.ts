/** The `sluice` command: the same programs as bin/kafka-*.sh under one name. */
import process from 'node:process'
import { inProcess } from './command/process-context.ts'
import { runCommand } from './command/run-command.ts'
import { findCommand } from './commands.ts'

async function main(name: string, args: readonly string[]): Promise<void> {
  const entry = findCommand(name)
  if (entry === undefined) {
    const { mainProgram } = await import('./main-program.ts')
    await mainProgram().parseAsync(process.argv)
    return
  }
  const command = await entry.load()
  await inProcess((context) => runCommand(command, args, context, `sluice ${entry.name}`))
}

void main(process.argv[2] ?? '', process.argv.slice(3))
