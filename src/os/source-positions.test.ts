import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { inSources } from './source-positions.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-positions-'))
after(() => rmSync(folder, { recursive: true }))
const at = (name: string): string => pathToFileURL(join(folder, name)).href

test('a trace names the line of the source, by the map beside the file that runs', () => {
  // The second line's first column comes from line 8, column 3 of src/log.ts.
  const map = { version: 3, sources: ['../src/log.ts'], names: [], mappings: ';AAOE' }
  writeFileSync(join(folder, 'joined.js.map'), JSON.stringify(map))
  const source = new URL('../src/log.ts', at('joined.js')).href
  assert.equal(
    inSources(`Error: x\n    at append (${at('joined.js')}:2:1)\n    at ${at('joined.js')}:2:9`),
    `Error: x\n    at append (${source}:8:3)\n    at ${source}:8:3`,
  )
})

test('a trace of files without a map, or with a broken one, stays as it is', () => {
  writeFileSync(join(folder, 'broken.js.map'), '{')
  writeFileSync(
    join(folder, 'empty.js.map'),
    JSON.stringify({ version: 3, sources: [], names: [], mappings: '' }),
  )
  for (const file of [at('none.js'), at('broken.js'), at('empty.js'), 'node:internal/x']) {
    const stack = `Error: said by file.js:1:1\n    at f (${file}:3:4)`
    assert.equal(inSources(stack), stack)
  }
})
