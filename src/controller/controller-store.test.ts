import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore } from '../coordination/memory-store.ts'
import { ensurePath } from '../coordination/metadata-store.ts'
import { ControllerContext } from './controller-context.ts'
import { ControllerMovedError, ControllerStore } from './controller-store.ts'

const initial = { leader: 1, leaderEpoch: 0, isr: [1, 2], leaderRecoveryState: 0, partitionEpoch: 0 }

async function setUp() {
  const root = new MemoryStore({ nowMs: () => 0 }).connect()
  await ensurePath(root, '/brokers/topics/t')
  await ensurePath(root, '/controller_epoch', '1')
  const context = new ControllerContext()
  context.epoch = 1
  context.epochZkVersion = 0
  const partitions = new Map([[0, { replicas: [1, 2], addingReplicas: [], removingReplicas: [] }]])
  const [partition] = context.putTopic('t', { topicId: 'webgjok2RnKh5GpmyIZFpw', partitions })
  return { root, store: new ControllerStore(root, context), partition: partition! }
}

test('no write of a controller goes through once /controller_epoch has moved on', async () => {
  const { root, store, partition } = await setUp()
  await store.ensurePartitionsNode('t')
  assert.notEqual(typeof (await store.createLeadership(partition, initial)), 'string')
  await root.set('/controller_epoch', '2', 0)
  const writes = [
    () => store.updateLeadership(partition, { ...initial, leader: 2 }),
    () => store.deleteNode('/brokers/topics/t/partitions/0/state'),
    () => store.deleteTopic('t'),
    () => store.write([{ type: 'create', path: '/x', data: '' }]),
  ]
  for (const write of writes) await assert.rejects(write(), ControllerMovedError)
  assert.equal((await store.readLeadership(partition))?.leader, 1)
  assert.equal(await root.exists('/x'), undefined)
})

test('leadership is written at the partition epoch that was read, or not at all', async () => {
  const { root, store, partition } = await setUp()
  assert.equal(await store.createLeadership(partition, initial), 'missing', 'the folder comes first')
  await store.ensurePartitionsNode('t')
  await store.createLeadership(partition, initial)
  assert.equal(await store.createLeadership(partition, initial), 'conflict')
  const path = '/brokers/topics/t/partitions/0/state'
  const byLeader = '{"version":1,"leader":1,"leader_epoch":0,"controller_epoch":1,"isr":[1]}'
  await root.set(path, byLeader, 0)
  assert.equal(await store.updateLeadership(partition, { ...initial, leader: 2, leaderEpoch: 1 }), 'conflict')
  assert.equal((await root.get(path))?.data.toString(), byLeader)
  const written = await store.updateLeadership(partition, { ...initial, leaderEpoch: 1, partitionEpoch: 1 })
  assert.deepEqual(written, { ...initial, leaderEpoch: 1, partitionEpoch: 2, controllerEpoch: 1 })
})

test('a partition folder that was left without a state gets one', async () => {
  const { root, store, partition } = await setUp()
  await ensurePath(root, '/brokers/topics/t/partitions/0')
  assert.notEqual(typeof (await store.createLeadership(partition, initial)), 'string')
  assert.deepEqual((await store.readLeadership(partition))?.isr, [1, 2])
})
