import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { FetchRequest, FetchResponse } from '../../protocol/messages/01-fetch.ts'
import { readMessageSet } from '../../records/message-set.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import {
  asBuffer,
  batch,
  createTopic,
  fetch,
  fetchRequest,
  produce,
  STRANGE_UUID,
  startTestBroker,
} from './handlers.test.kit.ts'

const client = await startTestBroker()

function offsets(records: Buffer): number[] {
  return Array.from(RecordBatch.positions(records), (at) => RecordBatch.baseOffset(records, at))
}

test('every version returns the records, old ones as message sets', async () => {
  const topicId = await createTopic(client, 'versions')
  await produce(client, 'versions', batch(3))
  for (let version = 0; version <= 18; version++) {
    const { errorCode, highWatermark, records } = await fetch(client, 'versions', { version, topicId })
    assert.deepEqual([errorCode, highWatermark], [0, 3], `version ${version}`)
    if (version >= 4) assert.deepEqual(offsets(records), [0])
    else {
      assert.equal(records[RecordBatch.MAGIC_AT], version < 2 ? 0 : 1)
      const set = readMessageSet(records)
      assert.ok('messages' in set)
      assert.deepEqual(
        set.messages.map(({ offset, value }) => [offset, String(value)]),
        [
          [0, 'v0'],
          [1, 'v1'],
          [2, 'v2'],
        ],
      )
    }
  }
})

test('an offset inside a batch returns the whole batch, and the first batch comes however large it is', async () => {
  await createTopic(client, 'limits')
  for (const count of [1, 3, 5]) await produce(client, 'limits', batch(count))
  assert.deepEqual(offsets((await fetch(client, 'limits', { offset: 2 })).records), [1, 4])
  assert.deepEqual(offsets((await fetch(client, 'limits', { offset: 2, partitionMaxBytes: 1 })).records), [1])
  const inAll = await fetch(client, 'limits', { offset: 4, request: { maxBytes: 1 } })
  assert.deepEqual(offsets(inAll.records), [4])
  const tooOld = await fetch(client, 'limits', { version: 2, partitionMaxBytes: 10 })
  assert.ok(tooOld.records.length <= 10, 'before version 3 there is no such promise')
})

test('offsets outside the log are OFFSET_OUT_OF_RANGE; the end itself has nothing yet', async () => {
  await createTopic(client, 'range')
  await produce(client, 'range', batch(2))
  for (const offset of [-1, 3, Number.MAX_SAFE_INTEGER]) {
    assert.equal((await fetch(client, 'range', { offset })).errorCode, ErrorCode.OFFSET_OUT_OF_RANGE)
  }
  const atEnd = await fetch(client, 'range', { offset: 2 })
  assert.deepEqual([atEnd.errorCode, atEnd.records.length], [0, 0])
})

test('topics, partitions and epochs that are not there have codes of their own', async () => {
  await createTopic(client, 'here')
  const codeOf = async (topic: string, options: object) => (await fetch(client, topic, options)).errorCode
  assert.equal(await codeOf('nowhere', {}), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(await codeOf('here', { partition: 4 }), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(await codeOf('', { version: 13, topicId: STRANGE_UUID }), ErrorCode.UNKNOWN_TOPIC_ID)
  assert.equal(await codeOf('here', { currentLeaderEpoch: 0 }), ErrorCode.NONE)
  assert.equal(await codeOf('here', { currentLeaderEpoch: 3 }), ErrorCode.UNKNOWN_LEADER_EPOCH)
  assert.equal(await codeOf('here', { currentLeaderEpoch: -2 }), ErrorCode.NONE)
})

test('zstd is kept from clients that came before it', async () => {
  await createTopic(client, 'zstd', { configs: { 'compression.type': 'zstd' } })
  await produce(client, 'zstd', batch(2))
  assert.equal(
    (await fetch(client, 'zstd', { version: 9 })).errorCode,
    ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
  )
  assert.equal((await fetch(client, 'zstd', { version: 10 })).errorCode, ErrorCode.NONE)
  await createTopic(client, 'mixed')
  await produce(client, 'mixed', batch(2, { compression: 'zstd' }))
  const unconvertible = await fetch(client, 'mixed', { version: 3 })
  assert.deepEqual(
    [unconvertible.errorCode, unconvertible.highWatermark],
    [ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, -1],
  )
})

test('a topic that is not to be converted turns old clients away', async () => {
  await createTopic(client, 'as-it-is', { configs: { 'message.downconversion.enable': 'false' } })
  assert.equal((await fetch(client, 'as-it-is', { version: 3 })).errorCode, ErrorCode.NONE)
  await produce(client, 'as-it-is', batch(2))
  const old = await fetch(client, 'as-it-is', { version: 3 })
  assert.deepEqual(
    [old.errorCode, old.highWatermark, old.records.length],
    [ErrorCode.UNSUPPORTED_VERSION, -1, 0],
  )
  assert.equal((await fetch(client, 'as-it-is', { version: 4 })).errorCode, ErrorCode.NONE)
})

test('a long poll is answered by the next append', async () => {
  await createTopic(client, 'awaited')
  const waiting = client.another()
  const request = fetchRequest('awaited', { request: { maxWaitMs: 600_000, minBytes: 1 } })
  const answer = waiting.call(FetchRequest, FetchResponse, 11, request)
  await produce(client, 'awaited', batch())
  const records = (await answer).responses[0]!.partitions[0]!.records
  assert.deepEqual(offsets(asBuffer(records)), [0])
  waiting.close()
})

test('what is not here does not wait, unless something else is waited for', async () => {
  await createTopic(client, 'waited')
  const patient = { maxWaitMs: 600_000, minBytes: 1 }
  const missing = await fetch(client, 'nowhere', { request: patient })
  assert.equal(missing.errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  const outOfRange = await fetch(client, 'waited', { offset: 9, request: patient })
  assert.equal(outOfRange.errorCode, ErrorCode.OFFSET_OUT_OF_RANGE)
  const both = client.another()
  const { topics } = fetchRequest('waited')
  const answer = both.call(FetchRequest, FetchResponse, 11, {
    ...patient,
    topics: [...topics!, ...fetchRequest('nowhere').topics!],
  })
  await produce(client, 'waited', batch())
  const { responses } = await answer
  const codes = responses.map(({ topic, partitions }) => [topic, partitions[0]!.errorCode])
  assert.deepEqual(codes, [
    ['waited', ErrorCode.NONE],
    ['nowhere', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
  ])
  both.close()
})

test('a session remembers its partitions and tells only what is new', async () => {
  await createTopic(client, 'session', { partitions: 2 })
  const partitions = [0, 1].map((partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 1000 }))
  const ask = (request: object) =>
    client.call(FetchRequest, FetchResponse, 11, { maxWaitMs: 0, minBytes: 0, ...request })
  const opened = await ask({ sessionId: 0, sessionEpoch: 0, topics: [{ topic: 'session', partitions }] })
  assert.notEqual(opened.sessionId, 0)
  const { sessionId } = opened
  assert.deepEqual((await ask({ sessionId, sessionEpoch: 1, topics: [] })).responses, [])
  await produce(client, 'session', batch(), { partition: 1 })
  const news = await ask({ sessionId, sessionEpoch: 2, topics: [] })
  assert.deepEqual(
    news.responses.map(({ partitions: told }) => told.map((each) => each.partitionIndex)),
    [[1]],
  )
  const forgottenTopicsData = [{ topic: 'session', partitions: [1] }]
  assert.deepEqual((await ask({ sessionId, sessionEpoch: 3, topics: [], forgottenTopicsData })).responses, [])
  assert.equal(
    (await ask({ sessionId, sessionEpoch: 9, topics: [] })).errorCode,
    ErrorCode.INVALID_FETCH_SESSION_EPOCH,
  )
  assert.equal(
    (await ask({ sessionId: sessionId + 1, sessionEpoch: 1, topics: [] })).errorCode,
    ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  )
})
