import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../../protocol/messages/20-delete-topics.ts'
import { ZERO_UUID } from '../../wire/text.ts'
import { batch, createTopic, fetch, produce, STRANGE_UUID, startTestBroker } from './handlers.test.kit.ts'

const client = await startTestBroker()
const guarded = await startTestBroker({ 'delete.topic.enable': 'false' })

async function remove(names: readonly string[], version: number, by = client): Promise<number[]> {
  const topics = names.map((name) => ({ name, topicId: ZERO_UUID }))
  const request = version >= 6 ? { topics, timeoutMs: 10_000 } : { topicNames: [...names], timeoutMs: 10_000 }
  const { responses } = await by.call(DeleteTopicsRequest, DeleteTopicsResponse, version, request)
  return responses.map(({ errorCode }) => errorCode)
}

test('every version deletes, and what is gone or never was is unknown', async () => {
  for (let version = 0; version <= 6; version++) {
    await createTopic(client, 'doomed')
    await produce(client, 'doomed', batch())
    assert.deepEqual(await remove(['doomed', 'nowhere'], version), [0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION])
    assert.equal((await fetch(client, 'doomed')).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  }
})

test('names that are paths are unknown and reach nothing', async () => {
  await createTopic(client, 'safe')
  const codes = await remove(['', '.', 'safe/partitions', '../topics/safe'], 5)
  assert.deepEqual(new Set(codes), new Set([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]))
  assert.equal((await fetch(client, 'safe')).errorCode, ErrorCode.NONE)
})

test('a topic made anew under its name is empty and has another id', async () => {
  const before = await createTopic(client, 'again')
  await produce(client, 'again', batch(3))
  await remove(['again'], 6)
  assert.notEqual(await createTopic(client, 'again'), before)
  assert.equal((await fetch(client, 'again')).highWatermark, 0)
})

test('version 6 deletes by id', async () => {
  const topicId = await createTopic(client, 'by-id')
  const byId = async (topics: { name: string | null; topicId: string }[]) => {
    const { responses } = await client.call(DeleteTopicsRequest, DeleteTopicsResponse, 6, {
      topics,
      timeoutMs: 10_000,
    })
    return responses.map(({ name, errorCode }) => [name, errorCode])
  }
  assert.deepEqual(await byId([{ name: null, topicId: STRANGE_UUID }]), [[null, ErrorCode.UNKNOWN_TOPIC_ID]])
  assert.deepEqual(await byId([{ name: 'by-id', topicId }]), [['by-id', ErrorCode.INVALID_REQUEST]])
  assert.deepEqual(await byId([{ name: null, topicId }]), [['by-id', ErrorCode.NONE]])
})

test('where deletion is disabled nothing is deleted, and old clients get a code they know', async () => {
  await createTopic(guarded, 'kept')
  assert.deepEqual(await remove(['kept'], 3, guarded), [ErrorCode.TOPIC_DELETION_DISABLED])
  assert.deepEqual(await remove(['kept'], 2, guarded), [ErrorCode.INVALID_REQUEST])
  assert.equal((await fetch(guarded, 'kept')).errorCode, ErrorCode.NONE)
})
