import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'

const folder = mkdtempSync(join(tmpdir(), 'sluice-compiled-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
const runner = new URL(`./compiled-program${extension}`, import.meta.url).href
const program = join(folder, 'program.cjs')
const says = `const { sep } = require('node:path')
process.stdout.write([sep, __filename, ...process.argv.slice(1)].join(' '))
if (process.argv.includes('fail')) process.exitCode = 1
if (process.argv.includes('throw')) throw new Error('thrown')
`

/** Runs the program in a process of its own. */
function run(args: readonly string[], environment: Record<string, string> = {}) {
  const script = `import { runCompiled } from ${JSON.stringify(runner)}
runCompiled(new URL(${JSON.stringify(pathToFileURL(program).href)}), process.argv[1])`
  const { NODE_DISABLE_COMPILE_CACHE: _, ...env } = process.env
  return spawnSync(process.execPath, ['--input-type=module', '-e', script, '--', ...args], {
    encoding: 'utf8',
    env: { ...env, ...environment },
  })
}

function codeFiles(): string[] {
  return readdirSync(folder).filter((name) => name !== 'program.cjs')
}

function start(): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name))
  writeFileSync(program, says)
}

test('a program runs, keeps its code, and runs from that', () => {
  start()
  const expected = `/ ${program} list --all`
  assert.equal(run(['list', '--all']).stdout, expected)
  const [name = ''] = codeFiles()
  assert.match(name, new RegExp(`^program\\.cjs\\.list-${process.version}-${process.arch}\\.code$`))
  const { ino } = statSync(join(folder, name))
  assert.equal(run(['list', '--all']).stdout, expected)
  assert.deepEqual([codeFiles(), statSync(join(folder, name)).ino], [[name], ino])
  run(['describe'])
  assert.equal(codeFiles().length, 2)
})

test('what is no code, or that of another program, is replaced', () => {
  start()
  run(['list'])
  const [name = ''] = codeFiles()
  const code = readFileSync(join(folder, name))
  for (const wrong of ['', 'nonsense', code.subarray(0, 100)]) {
    writeFileSync(join(folder, name), wrong)
    assert.equal(run(['list']).stdout, `/ ${program} list`)
    assert.equal(statSync(join(folder, name)).size, code.length)
  }
  writeFileSync(program, `${says}process.stdout.write(' more')`)
  assert.equal(run(['list']).stdout, `/ ${program} list more`)
  assert.equal(run(['list']).stdout, `/ ${program} list more`)
})

test('no code is kept of a run that failed or was brief, or where it is not wanted', () => {
  start()
  assert.equal(run(['list', 'fail']).status, 1)
  assert.match(run(['list', 'throw']).stderr, /Error: thrown\n +at .*program\.cjs:4:/)
  assert.equal(run(['list', '--help']).status, 0)
  assert.equal(run(['list'], { NODE_DISABLE_COMPILE_CACHE: '1' }).status, 0)
  assert.deepEqual(codeFiles(), [])
})

test('a command that is no name has no part in the name of a file', () => {
  start()
  assert.equal(run(['../../list']).status, 0)
  assert.deepEqual(codeFiles(), [`program.cjs.${process.version}-${process.arch}.code`])
})
