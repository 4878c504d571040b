import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { MetadataRequest, MetadataResponse } from '../../protocol/messages/03-metadata.ts'
import type { Draft } from '../../protocol/schema.ts'
import { createTopic, STRANGE_UUID, startTestBroker } from './handlers.test.kit.ts'

const client = await startTestBroker()
const topicId = await createTopic(client, 'shown', { partitions: 2 })

function ask(version: number, request: Draft<typeof MetadataRequest>) {
  return client.call(MetadataRequest, MetadataResponse, version, request)
}

test('every version shows broker, controller and partitions', async () => {
  for (let version = 0; version <= 13; version++) {
    const { brokers, controllerId, topics } = await ask(version, { topics: [{ name: 'shown' }] })
    assert.deepEqual(
      brokers.map(({ nodeId, host, port }) => [nodeId, host, port]),
      [[1, '127.0.0.1', client.port]],
    )
    if (version >= 1) assert.equal(controllerId, 1)
    assert.deepEqual(
      topics[0]!.partitions.map(({ leaderId, isrNodes }) => [leaderId, isrNodes]),
      [
        [1, [1]],
        [1, [1]],
      ],
    )
    if (version >= 10) assert.equal(topics[0]!.topicId, topicId)
  }
})

test('all topics: an empty list in version 0, null from 1 on, where empty means none', async () => {
  assert.deepEqual(
    (await ask(0, { topics: [] })).topics.map(({ name }) => name),
    ['shown'],
  )
  assert.deepEqual(
    (await ask(1, { topics: null })).topics.map(({ name }) => name),
    ['shown'],
  )
  assert.deepEqual((await ask(1, { topics: [] })).topics, [])
})

test('a topic that is asked for twice is told once', async () => {
  assert.equal((await ask(5, { topics: [{ name: 'shown' }, { name: 'shown' }] })).topics.length, 1)
})

test('from version 12 on topics are asked for by id, earlier that is INVALID_REQUEST', async () => {
  const byId = await ask(12, {
    topics: [
      { name: null, topicId },
      { name: null, topicId: STRANGE_UUID },
    ],
  })
  assert.deepEqual(
    byId.topics.map(({ name, errorCode }) => [name, errorCode]),
    [
      ['shown', 0],
      [null, ErrorCode.UNKNOWN_TOPIC_ID],
    ],
  )
  for (const version of [10, 11]) {
    const early = await ask(version, { topics: [{ name: null, topicId }] })
    assert.deepEqual(
      early.topics.map(({ errorCode }) => errorCode),
      [ErrorCode.INVALID_REQUEST],
    )
  }
})

test('unknown topics are created if both sides allow it, and bad names never', async () => {
  const refused = await ask(4, { topics: [{ name: 'nowhere' }], allowAutoTopicCreation: false })
  assert.equal(refused.topics[0]!.errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  const ordered = await ask(4, { topics: [{ name: 'wished' }] })
  assert.deepEqual(
    [ordered.topics[0]!.errorCode, ordered.topics[0]!.partitions.length],
    [ErrorCode.LEADER_NOT_AVAILABLE, 0],
  )
  let created = ordered
  while (created.topics[0]!.errorCode === ErrorCode.LEADER_NOT_AVAILABLE) {
    created = await ask(4, { topics: [{ name: 'wished' }] })
  }
  assert.deepEqual([created.topics[0]!.errorCode, created.topics[0]!.partitions.length], [0, 2])
  for (const name of ['', '.', 'a b', 'x'.repeat(250)]) {
    assert.equal(
      (await ask(4, { topics: [{ name }] })).topics[0]!.errorCode,
      ErrorCode.INVALID_TOPIC_EXCEPTION,
    )
  }
})
