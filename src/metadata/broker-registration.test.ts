import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore } from '../coordination/memory-store.ts'
import {
  BrokerIdInUseError,
  ensurePersistentPaths,
  generateBrokerId,
  registerBroker,
} from './broker-registration.ts'

const clock = { nowMs: () => 0 }
const broker = { id: 1, rack: null, endpoints: [] }

test('generated broker ids start above the reserved ones and never repeat', async () => {
  const memory = new MemoryStore(clock)
  const store = memory.connect()
  await ensurePersistentPaths(store)
  const ids = [await generateBrokerId(store, 1000), await generateBrokerId(memory.connect(), 1000)]
  assert.deepEqual(ids, [1001, 1002])
})

test('a second broker of one id is refused until the first has gone, and epochs rise', async () => {
  const memory = new MemoryStore(clock)
  const first = memory.connect()
  await ensurePersistentPaths(first)
  const epoch = await registerBroker(first, broker, 0)
  assert.equal(await registerBroker(first, broker, 0), epoch, 'its own registration is no conflict')
  const second = memory.connect()
  await assert.rejects(registerBroker(second, broker, 0), BrokerIdInUseError)
  await first.close()
  assert.ok((await registerBroker(second, broker, 0)) > epoch)
})

test('the folders of a new cluster are those that Kafka makes', async () => {
  const memory = new MemoryStore(clock)
  const store = memory.connect()
  await ensurePersistentPaths(store)
  await ensurePersistentPaths(store)
  assert.deepEqual((await store.children('/'))?.sort(), [
    'admin',
    'brokers',
    'config',
    'consumers',
    'isr_change_notification',
    'latest_producer_id_block',
    'log_dir_event_notification',
  ])
  assert.deepEqual((await store.children('/config'))?.sort(), [
    'brokers',
    'changes',
    'clients',
    'ips',
    'topics',
    'users',
  ])
})
