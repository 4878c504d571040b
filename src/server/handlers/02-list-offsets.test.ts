import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from '../../protocol/messages/02-list-offsets.ts'
import { buildBatch } from '../../records/record-batch-builder.ts'
import { createTopic, produce, startTestBroker, T } from './handlers.test.kit.ts'

const client = await startTestBroker()
await createTopic(client, 'listed')
await produce(
  client,
  'listed',
  buildBatch([
    { timestampMs: T, value: 'a' },
    { timestampMs: T + 9000, value: 'b' },
  ]),
)
await produce(client, 'listed', buildBatch([{ timestampMs: T + 5000, value: 'c' }]))

interface Asked {
  readonly topic?: string
  readonly partition?: number
  readonly currentLeaderEpoch?: number
  readonly maxNumOffsets?: number
}

async function list(version: number, timestamp: number, asked: Asked = {}) {
  const { topic = 'listed', partition = 0, ...rest } = asked
  const { topics } = await client.call(ListOffsetsRequest, ListOffsetsResponse, version, {
    replicaId: -1,
    topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp, ...rest }] }],
  })
  return topics[0]!.partitions[0]!
}

test('every version knows latest and earliest', async () => {
  for (let version = 1; version <= 11; version++) {
    assert.deepEqual(
      [(await list(version, -1)).offset, (await list(version, -2)).offset],
      [3, 0],
      `version ${version}`,
    )
  }
  assert.deepEqual((await list(0, -1, { maxNumOffsets: 10 })).oldStyleOffsets, [3, 0])
  assert.deepEqual((await list(0, -2, { maxNumOffsets: 10 })).oldStyleOffsets, [0])
  assert.deepEqual((await list(0, -1, { maxNumOffsets: 1 })).oldStyleOffsets, [3])
})

test('a time finds the first record that is not older, and none is -1', async () => {
  const seen: [number, number, number][] = []
  for (const time of [0, T, T + 1, T + 9000, T + 9001]) {
    const { offset, timestamp } = await list(11, time)
    seen.push([time, offset, timestamp])
  }
  assert.deepEqual(seen, [
    [0, 0, T],
    [T, 0, T],
    [T + 1, 1, T + 9000],
    [T + 9000, 1, T + 9000],
    [T + 9001, -1, -1],
  ])
})

test('version 0 knows by time the segments that were complete then, also those without timestamps', async () => {
  const none = -1
  for (const [topic, timestampMs] of [
    ['old-timed', T],
    ['old-untimed', none],
  ] as const) {
    await createTopic(client, topic, { configs: { 'segment.bytes': '200' } })
    for (const later of [0, 9000]) {
      const record = { timestampMs: timestampMs === none ? none : timestampMs + later, value: 'x'.repeat(60) }
      await produce(client, topic, buildBatch([record]))
    }
  }
  const starts = async (topic: string, time: number) =>
    (await list(0, time, { topic, maxNumOffsets: 10 })).oldStyleOffsets
  const times = [T - 1, T, T + 8999, T + 9000, Date.now() + 3_600_000]
  const seen: unknown[] = []
  for (const time of times) seen.push([await starts('old-timed', time), await starts('old-untimed', time)])
  assert.deepEqual(seen, [
    [[], []],
    [[0], []],
    [[0], []],
    [[1, 0], []],
    [
      [2, 1, 0],
      [2, 1, 0],
    ],
  ])
})

test('special timestamps are known from the version on that brought them', async () => {
  const { offset, timestamp } = await list(7, -3)
  assert.deepEqual([offset, timestamp], [1, T + 9000])
  assert.equal((await list(8, -4)).offset, 0)
  assert.equal((await list(9, -5)).offset, -1)
  for (const [version, special] of [
    [0, -3],
    [6, -3],
    [7, -4],
    [8, -5],
    [10, -6],
    [11, -7],
  ] as const) {
    assert.equal(
      (await list(version, special)).errorCode,
      ErrorCode.UNSUPPORTED_VERSION,
      `${special} in ${version}`,
    )
  }
})

test('what is not there has a code of its own', async () => {
  assert.equal((await list(5, -1, { topic: 'nowhere' })).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal((await list(5, -1, { partition: 1 })).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal((await list(5, -1, { currentLeaderEpoch: 7 })).errorCode, ErrorCode.UNKNOWN_LEADER_EPOCH)
  assert.equal((await list(5, -1, { currentLeaderEpoch: 0 })).errorCode, ErrorCode.NONE)
})

test('a partition that is asked for twice is INVALID_REQUEST both times', async () => {
  const partitions = [-1, -2].map((timestamp) => ({ partitionIndex: 0, timestamp }))
  const { topics } = await client.call(ListOffsetsRequest, ListOffsetsResponse, 5, {
    replicaId: -1,
    topics: [{ name: 'listed', partitions }],
  })
  assert.deepEqual(
    topics[0]!.partitions.map(({ errorCode }) => errorCode),
    [ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_REQUEST],
  )
})
