import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admin, newTopic, nextNumber, producerOf } from './admin.test.kit.ts'
import type { OffsetSpec } from './offsets.ts'

test('offsets are found at the ends, by time, and at the largest timestamp', async () => {
  const topic = await newTopic(2)
  const producer = producerOf()
  for (const timestamp of [1000, 3000, 2000])
    await producer.send({ topic, partition: 0, value: 'v', timestamp })
  const find = async (at: OffsetSpec) => {
    const [found] = await admin.listOffsets([{ topic, partition: 0, at }])
    return [found!.offset, found!.timestamp]
  }
  assert.deepEqual(await find('earliest'), [0, -1])
  assert.deepEqual(await find('latest'), [3, -1])
  assert.deepEqual(await find('max-timestamp'), [1, 3000])
  assert.deepEqual(await find(1500), [1, 3000])
  assert.deepEqual(await find(new Date(500)), [0, 1000])
  assert.deepEqual(await find(9000), [-1, -1])
  const [empty] = await admin.listOffsets([{ topic, partition: 1, at: 'latest' }])
  assert.deepEqual([empty!.offset, empty!.leaderEpoch], [0, 0])
})

test('for readers of committed records the end is where an open transaction begins', async () => {
  const topic = await newTopic()
  const producer = producerOf({ transactionalId: `tx-${nextNumber()}` })
  await producer.beginTransaction()
  await producer.send({ topic, value: 'v' })
  const at = async (isolationLevel: 'read_committed' | 'read_uncommitted') =>
    (await admin.listOffsets([{ topic, partition: 0, at: 'latest' }], { isolationLevel }))[0]!.offset
  assert.deepEqual([await at('read_committed'), await at('read_uncommitted')], [0, 1])
  await producer.abortTransaction()
})
