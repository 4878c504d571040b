/** Every command has its script, and every script its command. */
import assert from 'node:assert/strict'
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parserOf } from './command/run-command.ts'
import { commands, findCommand } from './commands.ts'

const bin = fileURLToPath(new URL('../../bin/', import.meta.url))
/** Scripts that do more than to call a command. */
const others = ['kafka-run-class.sh', 'kafka-server-start.sh', 'kafka-server-stop.sh']

test('there is a script for each command, and no other', () => {
  const named = commands.filter(({ isByClassOnly }) => !isByClassOnly).map(({ name }) => `kafka-${name}.sh`)
  const scripts = readdirSync(bin).filter((name) => !others.includes(name))
  assert.deepEqual(scripts.sort(), named.sort())
  for (const script of scripts) {
    accessSync(join(bin, script), constants.X_OK)
    const name = script.slice(0, -'.sh'.length)
    assert.equal(
      readFileSync(join(bin, script), 'utf8'),
      `#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/kafka-run-class.sh" ${name} "$@"\n`,
    )
  }
})

test('a command is found by its name, by its script and by its classes', async () => {
  for (const entry of commands) {
    const words = [entry.name, `kafka-${entry.name}`, `kafka-${entry.name}.sh`, ...entry.classes]
    for (const word of words) assert.equal(findCommand(word), entry, word)
    const command = await entry.load()
    assert.equal(command.name, `kafka-${entry.name}`)
    assert.match(parserOf(command, 'x').helpInformation(), /--help/)
  }
})
