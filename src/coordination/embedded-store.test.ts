import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { EmbeddedStore } from './embedded-store.ts'
import { storeConformance } from './store-conformance.test.kit.ts'
import type { TreeSession } from './tree-session.ts'

const clock = { nowMs: () => 1_700_000_000_000 }
const folder = mkdtempSync(join(tmpdir(), 'sluice-store-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
function freshDirectory(): string {
  return join(folder, `deep/${++count}/store`)
}

function open(directory: string): Promise<EmbeddedStore> {
  const onFailure = (error: unknown): never => {
    throw error
  }
  return EmbeddedStore.open({ directory, clock, onFailure })
}

storeConformance('embedded', async () => {
  const embedded = await open(freshDirectory())
  return {
    connect: () => embedded.connect(),
    expire: (store) => (store as TreeSession).expire(),
    close: () => embedded.close(),
  }
})

test('what was written is there after a restart, with versions and rising zxids; ephemeral nodes are not', async () => {
  const directory = freshDirectory()
  const before = await open(directory)
  const writer = before.connect()
  await writer.create('/a', 'one')
  await writer.set('/a', 'two', 0)
  await writer.create('/a/b', '')
  const q = await writer.create('/a/q_', '', { sequential: true })
  await writer.delete(q.path, -1)
  const last = await writer.create('/a/e', '', { ephemeral: true })
  await before.close()

  const again = await open(directory)
  const store = again.connect()
  const node = await store.get('/a')
  assert.equal(node?.data.toString(), 'two')
  assert.equal(node?.stat.version, 1)
  assert.equal(node?.stat.numChildren, 1)
  assert.deepEqual(await store.children('/a'), ['b'])
  const created = await store.create('/a/e', '', { ephemeral: true })
  assert.ok(created.stat.czxid > last.stat.czxid, 'the zxid goes on, or a broker epoch would come twice')
  assert.notEqual((await store.create('/a/q_', '', { sequential: true })).path, q.path)
  await again.close()
})

test('opening a store that is open fails with one line that says what to do', async () => {
  const directory = freshDirectory()
  const first = await open(directory)
  await assert.rejects(open(directory), (error: Error) => {
    assert.equal(error.name, 'StoreOpenError')
    assert.match(error.message, /in use by another process/)
    assert.ok(!error.message.includes('\n'))
    return true
  })
  await first.close()
})

test('no acknowledged write is lost, and none is half done, when the process is killed', {
  timeout: 60_000,
}, async () => {
  const directory = freshDirectory()
  const script = fileURLToPath(import.meta.url).replace(
    /embedded-store\.test\.(ts|js)$/,
    'crash-writer.test.child.$1',
  )
  let acknowledged = -1
  for (let kill = 0; kill < 25; kill++) {
    const child = spawn(process.execPath, [script, directory, String(acknowledged + 1)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const target = acknowledged + 1 + 3 * (kill % 7) + 1
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Math.max(acknowledged, Number(line))
      if (acknowledged >= target) child.kill('SIGKILL')
    }
    assert.ok(acknowledged >= target, 'the writer wrote')
  }
  const embedded = await open(directory)
  const store = embedded.connect()
  const names = new Set(await store.children('/n'))
  for (let n = 0; n <= acknowledged; n++) {
    assert.ok(names.has(`x${n}`), `write ${n} was acknowledged`)
  }
  for (const name of names) {
    // Each write made two nodes and raised the counter.
    assert.ok((await store.exists(`/m/${name}`)) !== undefined, `the multi of ${name} is whole`)
  }
  assert.equal((await store.children('/m'))?.length, names.size)
  await embedded.close()
})
