import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from '../../protocol/messages/10-find-coordinator.ts'
import {
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
} from '../../protocol/messages/27-write-txn-markers.ts'
import { controlRecordType, coordinatorEpoch } from '../../records/control-record.ts'
import { readRecords } from '../../records/record.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { batch, createTopic, fetch, produce, startTestBroker } from './handlers.test.kit.ts'
import { TransactionalProducer } from './transactional-producer.test.kit.ts'

const client = await startTestBroker()

interface Marker {
  readonly producerId: number
  readonly producerEpoch?: number
  readonly transactionResult?: boolean
  readonly coordinatorEpoch?: number
  readonly transactionVersion?: number
  readonly topics: Readonly<Record<string, readonly number[]>>
}

/** The answer, as producer id, topic, partition and error of each. */
async function write(
  version: number,
  ...markers: readonly Marker[]
): Promise<[number, string, number, number][]> {
  const answer = await client.call(WriteTxnMarkersRequest, WriteTxnMarkersResponse, version, {
    markers: markers.map(
      ({ topics, producerEpoch = 0, transactionResult = true, coordinatorEpoch: epoch = 0, ...marker }) => ({
        ...marker,
        producerEpoch,
        transactionResult,
        coordinatorEpoch: epoch,
        topics: Object.entries(topics).map(([name, partitionIndexes]) => ({
          name,
          partitionIndexes: [...partitionIndexes],
        })),
      }),
    ),
  })
  return answer.markers.flatMap(({ producerId, topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, errorCode }): [number, string, number, number] => [
        producerId,
        name,
        partitionIndex,
        errorCode,
      ]),
    ),
  )
}

async function endOf(topic: string, partition = 0) {
  const { lastStableOffset, highWatermark } = await fetch(client, topic, {
    partition,
    request: { isolationLevel: 1 },
  })
  return [lastStableOffset, highWatermark]
}

for (const version of [0, 1, 2]) {
  test(`version ${version} ends a transaction on every partition that it names`, async () => {
    const topic = `ended-${version}`
    await createTopic(client, topic, { partitions: 2 })
    const producer = await new TransactionalProducer(client, topic).init()
    const { producerId, epoch: producerEpoch } = producer
    for (const partition of [0, 1]) await producer.produce(topic, { version: 12, partition })
    assert.deepEqual(await endOf(topic), [0, 1])
    const told = await write(version, {
      producerId,
      producerEpoch,
      coordinatorEpoch: 3,
      topics: { [topic]: [1, 0] },
    })
    assert.deepEqual(told, [
      [producerId, topic, 1, 0],
      [producerId, topic, 0, 0],
    ])
    for (const partition of [0, 1]) assert.deepEqual(await endOf(topic, partition), [2, 2])
    const { records } = await fetch(client, topic, { offset: 1 })
    assert.ok(RecordBatch.isControl(records) && RecordBatch.isTransactional(records))
    assert.deepEqual(
      [RecordBatch.producerId(records), RecordBatch.producerEpoch(records)],
      [producerId, producerEpoch],
    )
    const { key, value } = readRecords(records)[0]!
    assert.deepEqual([controlRecordType(key), coordinatorEpoch(value)], [1, 3])
    await producer.end(true, 5)
  })
}

test('each partition has its own error, and one that is named twice one marker', async () => {
  await createTopic(client, 'mixed')
  const told = await write(1, { producerId: 9, topics: { mixed: [0, 0, 7], strange: [0] } })
  assert.deepEqual(told, [
    [9, 'mixed', 0, 0],
    [9, 'mixed', 7, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    [9, 'strange', 0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
  ])
  assert.deepEqual(await endOf('mixed'), [1, 1], 'harmless where nothing was open')
})

test('markers of one producer share an entry, and one without partitions has none', async () => {
  await createTopic(client, 'shared', { partitions: 2 })
  const told = await write(
    1,
    { producerId: 5, topics: { shared: [0] } },
    { producerId: 6, topics: {} },
    { producerId: 5, topics: { shared: [1] } },
  )
  assert.deepEqual(told, [
    [5, 'shared', 0, 0],
    [5, 'shared', 1, 0],
  ])
  assert.deepEqual(await write(1), [])
})

test('a marker without an epoch or a producer fails the whole request, and nothing is written', async () => {
  await createTopic(client, 'malformed')
  const topics = { malformed: [0] }
  for (const bad of [
    { producerId: 5, producerEpoch: -1, topics },
    { producerId: -1, topics },
  ]) {
    const told = await write(1, { producerId: 6, topics }, bad)
    assert.ok(told.every(([, , , errorCode]) => errorCode === ErrorCode.UNKNOWN_SERVER_ERROR))
  }
  assert.deepEqual(await endOf('malformed'), [0, 0])
})

test('a former coordinator and a former epoch are fenced', async () => {
  await createTopic(client, 'zombies')
  const topics = { zombies: [0] }
  assert.deepEqual(await write(1, { producerId: 3, producerEpoch: 4, coordinatorEpoch: 6, topics }), [
    [3, 'zombies', 0, 0],
  ])
  const { TRANSACTION_COORDINATOR_FENCED, INVALID_PRODUCER_EPOCH } = ErrorCode
  const older = await write(1, { producerId: 3, producerEpoch: 4, coordinatorEpoch: 5, topics })
  assert.equal(older[0]![3], TRANSACTION_COORDINATOR_FENCED)
  const fenced = await write(1, { producerId: 3, producerEpoch: 3, coordinatorEpoch: 6, topics })
  assert.equal(fenced[0]![3], INVALID_PRODUCER_EPOCH)
  assert.deepEqual(await endOf('zombies'), [1, 1])
})

test('from version 2 on a marker can not end the transaction that its epoch begins', async () => {
  await createTopic(client, 'late')
  const producer = await new TransactionalProducer(client, 'late').init()
  await producer.produce('late', { version: 12 })
  const { producerId, epoch: producerEpoch } = producer
  const marker = { producerId, producerEpoch, transactionResult: false, topics: { late: [0] } }
  const late = await write(2, { ...marker, transactionVersion: 2 })
  assert.equal(late[0]![3], ErrorCode.INVALID_PRODUCER_EPOCH)
  assert.deepEqual(await endOf('late'), [0, 1])
  assert.equal((await write(2, { ...marker, transactionVersion: 1 }))[0]![3], 0)
  await producer.end(true, 5)
})

test('in __consumer_offsets the group coordinator writes the marker', async () => {
  let errorCode: number = ErrorCode.COORDINATOR_NOT_AVAILABLE
  while (errorCode !== 0) {
    const found = await client.call(FindCoordinatorRequest, FindCoordinatorResponse, 4, {
      keyType: 0,
      coordinatorKeys: ['g'],
    })
    errorCode = found.coordinators[0]!.errorCode
  }
  let told = await write(1, { producerId: 8, topics: { __consumer_offsets: [0] } })
  // While it is loaded.
  while (told[0]![3] === ErrorCode.NOT_LEADER_OR_FOLLOWER)
    told = await write(1, { producerId: 8, topics: { __consumer_offsets: [0] } })
  assert.deepEqual(told, [[8, '__consumer_offsets', 0, 0]])
  assert.deepEqual(await endOf('__consumer_offsets'), [1, 1])
})

test('a topic that is compacted and one with plain records take markers as well', async () => {
  await createTopic(client, 'plain', { configs: { 'cleanup.policy': 'compact' } })
  await produce(client, 'plain', batch())
  assert.equal((await write(0, { producerId: 8, topics: { plain: [0] } }))[0]![3], 0)
  assert.deepEqual(await endOf('plain'), [2, 2])
})
