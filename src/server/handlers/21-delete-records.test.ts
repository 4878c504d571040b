import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DeleteRecordsRequest, DeleteRecordsResponse } from '../../protocol/messages/21-delete-records.ts'
import { batch, createTopic, fetch, produce, startTestBroker } from './handlers.test.kit.ts'

const client = await startTestBroker()

async function cut(version: number, name: string, offset: number, partitionIndex = 0): Promise<number[]> {
  const topics = [{ name, partitions: [{ partitionIndex, offset }] }]
  const response = await client.call(DeleteRecordsRequest, DeleteRecordsResponse, version, {
    topics,
    timeoutMs: 1000,
  })
  const { errorCode, lowWatermark } = response.topics[0]!.partitions[0]!
  return [errorCode, lowWatermark]
}

test('the start of the log moves forward only, and -1 moves it to the end', async () => {
  for (let version = 0; version <= 2; version++) {
    const topic = `cut-${version}`
    await createTopic(client, topic)
    for (const count of [2, 3]) await produce(client, topic, batch(count))
    assert.deepEqual(await cut(version, topic, 3), [0, 3])
    assert.deepEqual(await cut(version, topic, 1), [0, 3])
    assert.equal((await fetch(client, topic, { offset: 2 })).errorCode, ErrorCode.OFFSET_OUT_OF_RANGE)
    assert.equal((await fetch(client, topic, { offset: 3 })).logStartOffset, 3)
    assert.deepEqual(await cut(version, topic, 6), [ErrorCode.OFFSET_OUT_OF_RANGE, -1])
    assert.deepEqual(await cut(version, topic, -2), [ErrorCode.OFFSET_OUT_OF_RANGE, -1])
    assert.deepEqual(await cut(version, topic, -1), [0, 5])
  }
})

test('what can not be cut says why', async () => {
  await createTopic(client, 'compacted', { configs: { 'cleanup.policy': 'compact' } })
  assert.deepEqual(await cut(2, 'compacted', 0), [ErrorCode.POLICY_VIOLATION, -1])
  assert.deepEqual(await cut(2, 'nowhere', 0), [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1])
  assert.deepEqual(await cut(2, 'compacted', 0, 3), [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1])
  assert.deepEqual(await cut(2, '__consumer_offsets', 0), [ErrorCode.INVALID_TOPIC_EXCEPTION, -1])
})
