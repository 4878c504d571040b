import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../base/logger.ts'
import { MemoryStore } from '../coordination/memory-store.ts'
import { ensurePersistentPaths } from './broker-registration.ts'
import { ConfigRepository } from './config-repository.ts'

let nowMs = 1_700_000_000_000
const clock = { nowMs: () => nowMs }

async function start(memory: MemoryStore): Promise<{ repository: ConfigRepository; seen: string[] }> {
  const store = memory.connect()
  await ensurePersistentPaths(store)
  const repository = new ConfigRepository({ store, logger: silentLogger, nowMs: clock.nowMs })
  const seen: string[] = []
  repository.onChange((type, name, config) => seen.push(`${type}/${name} ${JSON.stringify([...config])}`))
  await repository.start()
  return { repository, seen }
}

async function settle(...repositories: ConfigRepository[]): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    for (const repository of repositories) await repository.idle()
  }
}

test('a config written by one broker reaches the other through a notification', async () => {
  const memory = new MemoryStore(clock)
  const one = await start(memory)
  const two = await start(memory)
  await one.repository.write('topics', 't', new Map([['retention.ms', '5']]))
  await one.repository.write('topics', 't', new Map([['retention.ms', '6']]))
  await settle(one.repository, two.repository)
  assert.equal(two.repository.get('topics', 't').get('retention.ms'), '6')
  assert.equal(two.seen.at(-1), 'topics/t [["retention.ms","6"]]')
  assert.deepEqual([...two.repository.get('topics', 'unknown')], [])
})

test('what was written while a broker was away is loaded at its start, and announced no more', async () => {
  const memory = new MemoryStore(clock)
  const one = await start(memory)
  await one.repository.write('brokers', '<default>', new Map([['log.retention.ms', '7']]))
  const two = await start(memory)
  assert.equal(two.repository.get('brokers', '<default>').get('log.retention.ms'), '7')
  await one.repository.write('topics', 't', new Map([['retention.ms', '5']]))
  two.seen.length = 0
  await settle(one.repository, two.repository)
  assert.deepEqual(two.seen, ['topics/t [["retention.ms","5"]]'])
})

test('a notification that makes no sense is passed over', async () => {
  const memory = new MemoryStore(clock)
  const one = await start(memory)
  const root = memory.connect()
  await root.create('/config/changes/config_change_', 'nonsense', { sequential: true })
  await one.repository.write('topics', 't', new Map([['retention.ms', '5']]))
  await settle(one.repository)
  assert.equal(one.repository.get('topics', 't').get('retention.ms'), '5')
})

test('notifications that everyone has had time to read are removed', async () => {
  const memory = new MemoryStore(clock)
  const one = await start(memory)
  await one.repository.write('topics', 't', new Map())
  await settle(one.repository)
  nowMs += 16 * 60 * 1000
  await one.repository.write('topics', 'u', new Map())
  await settle(one.repository)
  assert.deepEqual(await memory.connect().children('/config/changes'), ['config_change_0000000001'])
})

test('a client id of a user is an entity of its own, loaded at the start and told of by notifications', async () => {
  const memory = new MemoryStore(clock)
  const one = await start(memory)
  await one.repository.update('users', 'alice/clients/a%2Fb', (config) => new Map(config).set('x', '1'))
  const two = await start(memory)
  assert.deepEqual([...two.repository.all('users')], [['alice/clients/a%2Fb', new Map([['x', '1']])]])
  await one.repository.update('users', 'alice', (config) => new Map(config).set('y', '2'))
  await settle(one.repository, two.repository)
  assert.deepEqual([...two.repository.get('users', 'alice')], [['y', '2']])
  assert.equal((await memory.connect().get('/config/users/alice/clients'))?.data.length, 0)
})

test('updates at the same time keep each other', async () => {
  const memory = new MemoryStore(clock)
  const one = await start(memory)
  const two = await start(memory)
  const add = (repository: ConfigRepository, key: string) =>
    repository.update('users', 'alice', (config) => new Map(config).set(key, '1'))
  await Promise.all([add(one.repository, 'a'), add(two.repository, 'b'), add(one.repository, 'c')])
  assert.deepEqual([...(await two.repository.read('users', 'alice')).keys()].sort(), ['a', 'b', 'c'])
})

test('an update that changes nothing writes nothing; after one that does, the listeners know', async () => {
  const memory = new MemoryStore(clock)
  const one = await start(memory)
  await one.repository.update('users', 'alice', () => undefined)
  assert.deepEqual(await memory.connect().children('/config/users'), [])
  assert.deepEqual(await memory.connect().children('/config/changes'), [])
  await one.repository.update('users', 'alice', () => new Map([['a', '1']]))
  assert.deepEqual(one.seen, ['users/alice [["a","1"]]'])
  await one.repository.update('users', 'alice', () => new Map())
  assert.deepEqual([...one.repository.all('users')], [])
})
