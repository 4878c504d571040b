import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const skip = existsSync(`${root}/dist/metadata/config`) ? false : 'there is no build'

test('docs/configuration.md is what the definitions give, and each config without effect has its reason', {
  skip,
}, () => {
  const script = `${root}/scripts/configuration-docs.mjs`
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
})
