import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const entry = fileURLToPath(new URL(`./kafka-server-start.${extension}`, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function run(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [entry, ...args], {
    encoding: 'utf8',
    cwd: folder,
    timeout: 20_000,
  })
}

function configFile(text: string): string {
  const path = join(folder, 'server.properties')
  writeFileSync(path, text)
  return path
}

test('a missing properties file is one line and exit code 1', () => {
  const { status, stdout, stderr } = run('none.properties')
  assert.deepEqual([status, stdout, stderr], [1, '', 'Cannot read none.properties: no such file\n'])
})

test('a folder in place of the properties file is one line and exit code 1', () => {
  const { status, stderr } = run(folder)
  assert.deepEqual([status, stderr], [1, `Cannot read ${folder}: it is a directory\n`])
})

test('a bad value is one line that names key and value', () => {
  const { status, stdout, stderr } = run(configFile('num.io.threads=many\n'))
  assert.deepEqual(
    [status, stdout, stderr],
    [1, '', 'Invalid value many for configuration num.io.threads: Not a number of type INT\n'],
  )
})

test('an override replaces the value of the file', () => {
  const { status, stderr } = run(configFile('num.io.threads=8\n'), '--override', 'num.io.threads=0')
  assert.equal(status, 1)
  assert.equal(stderr, 'Invalid value 0 for configuration num.io.threads: Value must be at least 1\n')
})

test('arguments that are not understood print the usage', () => {
  const { status, stderr } = run('a', 'b')
  assert.equal(status, 1)
  assert.match(stderr, /^Found non argument parameters: b\nUSAGE: kafka-server-start.sh /)
})
