import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failsWith } from './store-conformance.test.kit.ts'
import { TreeEngine } from './tree-engine.ts'
import { type Draft, ZnodeTree } from './znode-tree.ts'

const clock = { nowMs: () => 0 }

/** An engine whose batches become durable, or fail, when the test says so. */
function heldEngine() {
  const batches: { draft: Draft; finish: (error?: Error) => void }[] = []
  const failures: unknown[] = []
  const engine = new TreeEngine({
    clock,
    tree: new ZnodeTree(),
    lastZxid: 0,
    persist: (draft) =>
      new Promise((resolve, reject) => {
        batches.push({ draft, finish: (error) => (error === undefined ? resolve() : reject(error)) })
      }),
    onFailure: (error) => failures.push(error),
  })
  return { engine, batches, failures }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

test('a write is seen by nobody before it is durable', async () => {
  const { engine, batches } = heldEngine()
  const [writer, reader] = [engine.connect(), engine.connect()]
  const events: string[] = []
  await reader.exists('/a', (event) => events.push(event.type))
  let acknowledged = false
  const write = writer.create('/a', '').then(() => {
    acknowledged = true
  })
  await turn()
  assert.equal(await reader.exists('/a'), undefined)
  assert.deepEqual([acknowledged, events], [false, []])
  batches[0]!.finish()
  await write
  assert.notEqual(await reader.exists('/a'), undefined)
  assert.deepEqual(events, ['created'])
})

test('writes that arrive while a batch is being written share the next one', async () => {
  const { engine, batches } = heldEngine()
  const store = engine.connect()
  const writes = [store.create('/a', '')]
  await turn()
  for (const path of ['/b', '/c', '/a/d']) writes.push(store.create(path, ''))
  batches[0]!.finish()
  await turn()
  assert.equal(batches.length, 2)
  assert.deepEqual([...batches[1]!.draft.keys()].sort(), ['/', '/a', '/a/d', '/b', '/c'])
  batches[1]!.finish()
  await Promise.all(writes)
})

test('after a batch could not be written every call fails, and the owner is told once', async () => {
  const { engine, batches, failures } = heldEngine()
  const store = engine.connect()
  const first = failsWith('SystemError', store.create('/a', ''))
  await turn()
  const waiting = failsWith('SystemError', store.create('/b', ''))
  batches[0]!.finish(new Error('no space'))
  await Promise.all([first, waiting])
  await failsWith('SystemError', store.get('/a'))
  await failsWith('SystemError', store.create('/c', ''))
  assert.equal(failures.length, 1)
  await store.close()
})
