/** Transactions over the wire, from Produce to what committed readers are told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode } from '../../protocol/codec.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ResponseHeader, responseHeaderVersion } from '../../protocol/headers.ts'
import { ProduceRequest, ProduceResponse } from '../../protocol/messages/00-produce.ts'
import { FetchRequest, FetchResponse } from '../../protocol/messages/01-fetch.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from '../../protocol/messages/02-list-offsets.ts'
import { DeleteRecordsRequest, DeleteRecordsResponse } from '../../protocol/messages/21-delete-records.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { Reader } from '../../wire/reader.ts'
import {
  batch,
  ConnectionClosed,
  createTopic,
  fetch,
  fetchRequest,
  produce,
  produceRequest,
  startTestBroker,
  T,
} from './handlers.test.kit.ts'
import { TransactionalProducer } from './transactional-producer.test.kit.ts'

const client = await startTestBroker()
const READ_COMMITTED = { isolationLevel: 1 }
/** Records of years back and markers of today in one segment, which one fetch then returns. */
const ONE_SEGMENT = { 'segment.ms': '8640000000000000' }

/** What a committed reader is given of partition 0, and told. */
async function committed(
  topic: string,
  options: { version?: number; topicId?: string; offset?: number } = {},
) {
  const answer = await fetch(client, topic, { ...options, request: READ_COMMITTED })
  const offsets = Array.from(RecordBatch.positions(answer.records), (at) =>
    RecordBatch.baseOffset(answer.records, at),
  )
  return { ...answer, offsets }
}

async function latest(topic: string, isolationLevel: number, timestamp = -1) {
  const { topics } = await client.call(ListOffsetsRequest, ListOffsetsResponse, 6, {
    replicaId: -1,
    isolationLevel,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp }] }],
  })
  return topics[0]!.partitions[0]!.offset
}

for (const version of [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]) {
  test(`Produce ${version} writes within a transaction, whose records are read once it is committed`, async () => {
    const topic = `produce-${version}`
    const topicId = await createTopic(client, topic, { configs: ONE_SEGMENT })
    const producer = await new TransactionalProducer(client, topic).init()
    const isVersion2 = version >= 12
    for (const round of [0, 1]) {
      if (!isVersion2) await producer.add(topic)
      const first = await producer.produce(topic, {
        version,
        count: 2,
        ...(version === 13 ? { topicId } : {}),
      })
      const base = round * 4
      assert.deepEqual([first.errorCode, first.baseOffset], [0, base], `round ${round}`)
      const second = await producer.produce(topic, { version, ...(version === 13 ? { topicId } : {}) })
      assert.deepEqual([second.errorCode, second.baseOffset], [0, base + 2])
      const during = await committed(topic, { offset: base })
      assert.deepEqual([during.lastStableOffset, during.highWatermark, during.offsets], [base, base + 3, []])
      await producer.end(true, isVersion2 ? 5 : 3)
      const after = await committed(topic, { offset: base })
      assert.deepEqual([after.lastStableOffset, after.offsets], [base + 4, [base, base + 2, base + 3]])
    }
  })
}

test('a partition that was not added is refused in words that the version knows, and from 12 on it is added', async () => {
  await createTopic(client, 'unadded')
  const producer = await new TransactionalProducer(client, 'unadded').init()
  const { producerId, epoch: producerEpoch } = producer
  const records = () => batch(1, { producerId, producerEpoch, baseSequence: 0, isTransactional: true })
  for (const version of [3, 9, 10]) {
    const refused = await producer.produce('unadded', { version, records: records() })
    assert.deepEqual(
      [refused.errorCode, refused.baseOffset],
      [ErrorCode.INVALID_TXN_STATE, -1],
      `version ${version}`,
    )
  }
  const refused = await producer.produce('unadded', { version: 11, records: records() })
  assert.equal(refused.errorCode, ErrorCode.TRANSACTION_ABORTABLE)
  assert.equal((await fetch(client, 'unadded')).highWatermark, 0)
  assert.equal((await producer.produce('unadded', { version: 12, records: records() })).errorCode, 0)
})

test('a transactional batch without a transactional id refuses all of the request', async () => {
  await createTopic(client, 'nameless')
  const transactional = batch(1, { producerId: 5, producerEpoch: 0, baseSequence: 0, isTransactional: true })
  const request = produceRequest('nameless', batch())
  const whole = {
    ...request,
    topicData: [request.topicData![0]!, ...produceRequest('nameless', transactional).topicData!],
  }
  const { responses } = await client.call(ProduceRequest, ProduceResponse, 9, whole)
  const codes = responses.flatMap(({ partitionResponses }) =>
    partitionResponses.map(({ errorCode }) => errorCode),
  )
  assert.deepEqual(codes, Array(2).fill(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED))
  assert.equal((await fetch(client, 'nameless')).highWatermark, 0)
})

test('batches of two producers refuse all of the request', async () => {
  await createTopic(client, 'two', { partitions: 2 })
  const producer = await new TransactionalProducer(client, 'two').init()
  await producer.add('two', [0, 1])
  const own = producer.batch('two')
  const strange = batch(1, {
    producerId: producer.producerId + 1,
    producerEpoch: 0,
    baseSequence: 0,
    isTransactional: true,
  })
  const request = producer.request('two', own)
  const partitionData = [own, strange].map((records, index) => ({ index, records }))
  const { responses } = await client.call(ProduceRequest, ProduceResponse, 9, {
    ...request,
    topicData: [{ ...request.topicData![0]!, partitionData }],
  })
  assert.deepEqual(
    responses[0]!.partitionResponses.map(({ errorCode }) => errorCode),
    Array(2).fill(ErrorCode.INVALID_PRODUCER_ID_MAPPING),
  )
})

test('an unknown transactional id, a strange producer id and a fenced epoch are refused, and nothing is written', async () => {
  await createTopic(client, 'fenced', { configs: ONE_SEGMENT })
  const unknown = new TransactionalProducer(client, 'nobody')
  Object.assign(unknown, { producerId: 77, epoch: 0 })
  let refused = await unknown.produce('fenced')
  // While the coordinator's partition is loaded.
  while (refused.errorCode === ErrorCode.NOT_ENOUGH_REPLICAS) refused = await unknown.produce('fenced')
  assert.equal(refused.errorCode, ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  const former = await new TransactionalProducer(client, 'fenced').init()
  await former.add('fenced')
  assert.equal((await former.produce('fenced')).errorCode, 0)
  const present = await new TransactionalProducer(client, 'fenced').init()
  assert.equal(present.producerId, former.producerId)
  assert.ok(present.epoch > former.epoch)
  assert.equal((await former.produce('fenced')).errorCode, ErrorCode.INVALID_PRODUCER_EPOCH)
  const { offsets, abortedTransactions } = await committed('fenced')
  assert.deepEqual(abortedTransactions, [{ producerId: former.producerId, firstOffset: 0 }])
  assert.deepEqual(offsets, [0, 1], 'the record of the first, and the marker that aborted it')
})

test('batches that follow each other on a connection keep their order while the first is verified', async () => {
  await createTopic(client, 'pipeline', { partitions: 2 })
  const producer = await new TransactionalProducer(client.another(), 'pipeline').init()
  const frames: Buffer[] = []
  for (let n = 0; n < 6; n++) {
    const partition = n % 2
    const request = producer.request('pipeline', producer.batch('pipeline', { partition }), { partition })
    frames.push(producer.client.frameOf(ProduceRequest, 12, request))
  }
  // A plain batch of the same connection may not come first either.
  frames.push(producer.client.frameOf(ProduceRequest, 12, produceRequest('pipeline', batch())))
  await producer.client.sendBytes(
    Buffer.concat(
      frames.flatMap((frame) => [Buffer.from([0, 0, frame.length >> 8, frame.length & 255]), frame]),
    ),
  )
  const offsets: number[] = []
  for (const _ of frames) {
    const reader = new Reader(await producer.client.next())
    decode(ResponseHeader, responseHeaderVersion(0, 12), reader)
    const { errorCode, baseOffset } = decode(ProduceResponse, 12, reader).responses[0]!.partitionResponses[0]!
    assert.equal(errorCode, 0)
    offsets.push(baseOffset)
  }
  assert.deepEqual(offsets, [0, 0, 1, 1, 2, 2, 3])
  await producer.end(false, 5)
})

test('a refused transactional batch with acks=0 closes the connection', async () => {
  await createTopic(client, 'unasked')
  const producer = await new TransactionalProducer(client.another(), 'unasked').init()
  const request = producer.request('unasked', producer.batch('unasked'), { acks: 0 })
  await producer.client.send(producer.client.frameOf(ProduceRequest, 9, request))
  await assert.rejects(producer.client.next(), ConnectionClosed)
  assert.equal((await fetch(client, 'unasked')).highWatermark, 0)
})

test('internal topics take no records of transactions from clients', async () => {
  const producer = await new TransactionalProducer(client, 'inside').init()
  const refused = await producer.produce('__transaction_state', { version: 12 })
  assert.equal(refused.errorCode, ErrorCode.INVALID_TOPIC_EXCEPTION)
})

test('a compacted topic takes records of transactions if they have keys', async () => {
  await createTopic(client, 'compacted', { configs: { ...ONE_SEGMENT, 'cleanup.policy': 'compact' } })
  const producer = await new TransactionalProducer(client, 'compacted').init()
  assert.equal((await producer.produce('compacted', { version: 12 })).errorCode, 0)
  await producer.end(true, 5)
  assert.deepEqual((await committed('compacted')).offsets, [0, 1])
})

for (const version of [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]) {
  test(`Fetch ${version} tells committed readers of aborted transactions, and others nothing of them`, async () => {
    const topic = `fetch-${version}`
    const topicId = await createTopic(client, topic, { configs: ONE_SEGMENT })
    const producer = await new TransactionalProducer(client, topic).init()
    await producer.produce(topic, { version: 12 })
    await producer.end(false, 5)
    await producer.produce(topic, { version: 12 })
    const options = { version, ...(version >= 13 ? { topicId } : {}) }
    const aborted = [{ producerId: producer.producerId, firstOffset: 0 }]
    const told = await committed(topic, options)
    assert.deepEqual([told.abortedTransactions, told.offsets, told.lastStableOffset], [aborted, [0, 1], 2])
    const untold = await fetch(client, topic, options)
    assert.deepEqual([untold.abortedTransactions, untold.highWatermark], [null, 3])
    const behind = await committed(topic, { ...options, offset: 2 })
    assert.deepEqual([behind.abortedTransactions, behind.offsets], [[], []])
    await producer.end(true, 5)
  })
}

test('a committed reader who waits is answered by the marker that ends what it waited for', async () => {
  await createTopic(client, 'waiting', { configs: ONE_SEGMENT })
  const producer = await new TransactionalProducer(client, 'waiting').init()
  await producer.produce('waiting', { version: 12 })
  const reader = client.another()
  const request = fetchRequest('waiting', { request: { ...READ_COMMITTED, maxWaitMs: 60_000, minBytes: 1 } })
  const answer = reader.call(FetchRequest, FetchResponse, 11, request)
  // It is known to wait once another request of its connection's broker was answered after it was sent.
  await fetch(client, 'waiting')
  await producer.end(true, 5)
  const { lastStableOffset, records } = (await answer).responses[0]!.partitions[0]!
  assert.equal(lastStableOffset, 2)
  assert.ok(records instanceof Uint8Array && records.length > 0)
})

test('ListOffsets shows committed readers the last stable offset, and nothing beyond it', async () => {
  await createTopic(client, 'listed', { configs: ONE_SEGMENT })
  await produce(client, 'listed', batch(2))
  const producer = await new TransactionalProducer(client, 'listed').init()
  await producer.produce('listed', { version: 12, count: 3 })
  assert.deepEqual([await latest('listed', 0), await latest('listed', 1)], [5, 2])
  assert.deepEqual(
    [await latest('listed', 0, T + 2000), await latest('listed', 1, T + 2000)],
    [4, -1],
    'by time',
  )
  assert.deepEqual([await latest('listed', 0, T + 1000), await latest('listed', 1, T + 1000)], [1, 1])
  await producer.end(true, 5)
  assert.deepEqual([await latest('listed', 0), await latest('listed', 1)], [6, 6])
  assert.equal(await latest('listed', 1, T + 2000), 4)
})

test('records of an open transaction can be deleted, and its end changes no more than the end of the log', async () => {
  await createTopic(client, 'deleted', { configs: ONE_SEGMENT })
  const producer = await new TransactionalProducer(client, 'deleted').init()
  await producer.produce('deleted', { version: 12, count: 2 })
  await produce(client, 'deleted', batch())
  const { topics } = await client.call(DeleteRecordsRequest, DeleteRecordsResponse, 2, {
    timeoutMs: 1000,
    topics: [{ name: 'deleted', partitions: [{ partitionIndex: 0, offset: 2 }] }],
  })
  assert.deepEqual([topics[0]!.partitions[0]!.errorCode, topics[0]!.partitions[0]!.lowWatermark], [0, 2])
  assert.deepEqual((await committed('deleted', { offset: 2 })).lastStableOffset, 2)
  await producer.end(false, 5)
  const { lastStableOffset, offsets } = await committed('deleted', { offset: 2 })
  assert.deepEqual([lastStableOffset, offsets], [4, [2, 3]])
})
