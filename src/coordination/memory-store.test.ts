import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore } from './memory-store.ts'
import type { SessionEvent, WatchEvent } from './metadata-store.ts'
import { failsWith, settle, storeConformance } from './store-conformance.test.kit.ts'
import type { TreeSession } from './tree-session.ts'

const clock = { nowMs: () => 1_700_000_000_000 }

storeConformance('memory', async () => {
  const memory = new MemoryStore(clock)
  return {
    connect: () => memory.connect(),
    expire: (store) => (store as TreeSession).expire(),
    close: async () => {},
  }
})

test('a client with a chroot sees its part of the tree as the whole, in reads, results and events', async () => {
  const memory = new MemoryStore(clock)
  const root = memory.connect()
  await root.create('/kafka', '')
  const store = memory.connect('/kafka')
  const events: WatchEvent[] = []
  await store.exists('/a', (event) => events.push(event))
  await store.children('/', (event) => events.push(event))
  assert.equal((await store.create('/a', 'x')).path, '/a')
  assert.equal((await root.get('/kafka/a'))?.data.toString(), 'x')
  assert.deepEqual(await store.children('/'), ['a'])
  await settle()
  assert.deepEqual(events, [
    { type: 'created', path: '/a' },
    { type: 'childrenChanged', path: '/' },
  ])
})

test('without a connection calls fail, and watch events wait for the reconnect', async () => {
  const memory = new MemoryStore(clock)
  const store = memory.connect()
  const states: SessionEvent[] = []
  const seen: string[] = []
  store.onSessionEvent((event) => states.push(event))
  await store.exists('/a', (event) => seen.push(event.type))
  store.disconnect()
  await failsWith('ConnectionLoss', store.get('/a'))
  await failsWith('ConnectionLoss', store.create('/b', ''))
  await memory.connect().create('/a', '')
  await settle()
  assert.deepEqual(seen, [])
  store.reconnect()
  await settle()
  assert.deepEqual(seen, ['created'])
  assert.deepEqual(states, ['disconnected', 'connected'])
})

test('a renewed session has a new id and none of the old watches and nodes', async () => {
  const memory = new MemoryStore(clock)
  const store = memory.connect()
  const first = store.sessionId
  const seen: string[] = []
  await store.create('/e', '', { ephemeral: true })
  await store.exists('/a', (event) => seen.push(event.type))
  await store.expire()
  store.renew()
  assert.notEqual(store.sessionId, first)
  assert.equal(await store.exists('/e'), undefined)
  await store.create('/a', '')
  await settle()
  assert.deepEqual(seen, [])
})
