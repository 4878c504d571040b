/** The scripts are run by the shells that there are. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { UsageError } from '../command/command.ts'
import { completionScript } from './completion-script.ts'

const commands = [
  {
    name: 'topics',
    description: "create and describe topics, a user's too",
    script: 'kafka-topics.sh',
    options: [
      { flag: '--list', description: 'list them' },
      { flag: '--topic', description: 'which' },
    ],
  },
  { name: 'server-start', description: 'run a broker', script: undefined, options: [] },
]
const hasBash = spawnSync('bash', ['-c', 'true']).status === 0

/** What bash offers for the words, the last of which is being typed. */
function offered(words: readonly string[], complete: string): string[] {
  const script = `${completionScript('bash', commands)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
${complete} "\${COMP_WORDS[0]}"
printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  assert.equal(stderr, '')
  return stdout.split('\n').filter((word) => word !== '')
}

test('bash offers the commands, and the options of the one that is written', { skip: !hasBash }, () => {
  assert.deepEqual(offered(['sluice', ''], '_sluice'), ['topics', 'server-start'])
  assert.deepEqual(offered(['sluice', 't'], '_sluice'), ['topics'])
  assert.deepEqual(offered(['sluice', 'topics', '--'], '_sluice'), ['--list', '--topic'])
  assert.deepEqual(offered(['sluice', 'topics', '--topic', 'name'], '_sluice'), [])
})

test('bash offers the options of a script, wherever it lies', { skip: !hasBash }, () => {
  assert.deepEqual(offered(['/opt/bin/kafka-topics.sh', '--l'], '_sluice_script'), ['--list'])
})

test('zsh and fish are told the same; of other shells nothing is known', () => {
  assert.match(completionScript('zsh', commands), /bashcompinit\n_sluice_options/)
  const fish = completionScript('fish', commands)
  assert.ok(fish.includes("-a topics -d 'create and describe topics, a user\\'s too'"))
  assert.ok(fish.includes("complete -c kafka-topics.sh -l list -d 'list them'"))
  assert.throws(() => completionScript('tcsh', commands), UsageError)
})
