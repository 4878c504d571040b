/** The pages of the guide show the examples as they are. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const guideFolder = join(root, 'docs', 'guide')
const examplesFolder = join(root, 'examples', 'guide')
const pages = new Map(
  readdirSync(guideFolder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => [basename(name, '.md'), readFileSync(join(guideFolder, name), 'utf8')]),
)
const examples = readdirSync(examplesFolder)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => basename(name, '.ts'))

for (const name of examples) {
  test(`the guide's page on ${name} ends with the text of its example`, () => {
    const text = readFileSync(join(examplesFolder, `${name}.ts`), 'utf8')
    const shown = /<!-- example: ([\w-]+) -->\n\n```ts\n(.*)```\n$/s.exec(pages.get(name) ?? '')
    assert.ok(shown, `docs/guide/${name}.md shows no example`)
    assert.equal(shown[1], name)
    assert.equal(shown[2], text)
  })
}

test('every page that the guide links to is there, and the guide links to every page', () => {
  const index = pages.get('README') ?? ''
  const linked = [...index.matchAll(/\]\(([\w-]+)\.md\)/g)].map(([, name]) => name!)
  assert.deepEqual(linked.sort(), [...pages.keys()].filter((name) => name !== 'README').sort())
  for (const name of examples) assert.ok(linked.includes(name), name)
})
