import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from '../../protocol/messages/24-add-partitions-to-txn.ts'
import { createTopic, startTestBroker } from './handlers.test.kit.ts'
import { TransactionalProducer } from './transactional-producer.test.kit.ts'

const client = await startTestBroker()
await createTopic(client, 't', { partitions: 2 })

interface Transaction {
  readonly transactionalId: string
  readonly producerId: number
  readonly epoch: number
}
type Topics = Readonly<Record<string, number[]>>

function topicsOf(topics: Topics) {
  return Object.entries(topics).map(([name, partitions]) => ({ name, partitions }))
}

function codesOf(
  results: readonly {
    name: string
    resultsByPartition: readonly { partitionIndex: number; partitionErrorCode: number }[]
  }[],
): Record<string, number> {
  const codes = results.flatMap(({ name, resultsByPartition }) =>
    resultsByPartition.map(({ partitionIndex, partitionErrorCode }): [string, number] => [
      `${name}-${partitionIndex}`,
      partitionErrorCode,
    ]),
  )
  return Object.fromEntries(codes)
}

/** As a client asks (0-3), or a broker for several transactions (4-5). */
async function add(version: number, of: Transaction, topics: Topics, verifyOnly = false) {
  if (version >= 4) return (await addAll(version, [{ of, topics, verifyOnly }]))[0]!.codes
  const answer = await client.call(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, version, {
    v3AndBelowTransactionalId: of.transactionalId,
    v3AndBelowProducerId: of.producerId,
    v3AndBelowProducerEpoch: of.epoch,
    v3AndBelowTopics: topicsOf(topics),
  })
  return codesOf(answer.resultsByTopicV3AndBelow)
}

async function addAll(
  version: number,
  transactions: readonly { of: Transaction; topics: Topics; verifyOnly?: boolean }[],
) {
  const answer = await client.call(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, version, {
    transactions: transactions.map(({ of, topics, verifyOnly = false }) => ({
      transactionalId: of.transactionalId,
      producerId: of.producerId,
      producerEpoch: of.epoch,
      verifyOnly,
      topics: topicsOf(topics),
    })),
  })
  assert.equal(answer.errorCode, ErrorCode.NONE)
  return answer.resultsByTransaction.map(({ transactionalId, topicResults }) => ({
    transactionalId,
    codes: codesOf(topicResults),
  }))
}

const { NONE } = ErrorCode

test('every version enters partitions into the transaction, and those that are in already are fine', async () => {
  const producer = await new TransactionalProducer(client, 'all versions').init()
  for (let version = 0; version <= 5; version++)
    assert.deepEqual(await add(version, producer, { t: [0, 1] }), { 't-0': NONE, 't-1': NONE })
  await producer.end(true)
})

test('one partition that does not exist keeps the others out', async () => {
  const producer = await new TransactionalProducer(client, 'unknown partitions').init()
  for (const version of [0, 3, 4, 5]) {
    assert.deepEqual(await add(version, producer, { t: [0, 7], nowhere: [0] }), {
      't-0': ErrorCode.OPERATION_NOT_ATTEMPTED,
      't-7': ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      'nowhere-0': ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    })
  }
  assert.deepEqual(await add(4, producer, { t: [0] }, true), { 't-0': ErrorCode.TRANSACTION_ABORTABLE })
})

test('clients may not name internal topics; brokers may', async () => {
  const producer = await new TransactionalProducer(client, 'internal').init()
  const request = { t: [0], __transaction_state: [0] }
  for (let version = 0; version <= 3; version++) {
    assert.deepEqual(await add(version, producer, request), {
      't-0': ErrorCode.OPERATION_NOT_ATTEMPTED,
      '__transaction_state-0': ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    })
  }
  for (const version of [4, 5])
    assert.deepEqual(await add(version, producer, request), { 't-0': NONE, '__transaction_state-0': NONE })
})

test('a fenced producer reads PRODUCER_FENCED from version 2 on, INVALID_PRODUCER_EPOCH before', async () => {
  const { transactionalId, producerId } = await new TransactionalProducer(client, 'fenced').init()
  const old = { transactionalId, producerId, epoch: 0 }
  await new TransactionalProducer(client, 'fenced').init()
  for (let version = 0; version <= 5; version++) {
    const expected = version < 2 ? ErrorCode.INVALID_PRODUCER_EPOCH : ErrorCode.PRODUCER_FENCED
    assert.deepEqual(await add(version, old, { t: [0] }), { 't-0': expected }, `version ${version}`)
  }
})

test('an unknown transactional id, a strange producer id and an empty id are refused in every version', async () => {
  const producer = await new TransactionalProducer(client, 'known').init()
  const { transactionalId, producerId, epoch } = producer
  for (let version = 0; version <= 5; version++) {
    const ask = (of: Transaction) => add(version, of, { t: [0] })
    const mapping = { 't-0': ErrorCode.INVALID_PRODUCER_ID_MAPPING }
    assert.deepEqual(await ask({ transactionalId: 'nobody', producerId, epoch }), mapping)
    assert.deepEqual(await ask({ transactionalId, producerId: producerId + 1, epoch }), mapping)
    const empty = await ask({ transactionalId: '', producerId, epoch })
    assert.deepEqual(empty, { 't-0': ErrorCode.INVALID_REQUEST })
  }
})

test('a broker asks for several transactions at once, and each has its own answer', async () => {
  const adds = await new TransactionalProducer(client, 'adds').init()
  const verifies = await new TransactionalProducer(client, 'verifies').init()
  await verifies.add('t', [1])
  for (const version of [4, 5]) {
    const answers = await addAll(version, [
      { of: adds, topics: { t: [0] } },
      { of: verifies, topics: { t: [0, 1] }, verifyOnly: true },
      { of: { transactionalId: 'nobody', producerId: 1, epoch: 0 }, topics: { t: [1] } },
    ])
    assert.deepEqual(answers, [
      { transactionalId: 'adds', codes: { 't-0': NONE } },
      { transactionalId: 'verifies', codes: { 't-0': ErrorCode.TRANSACTION_ABORTABLE, 't-1': NONE } },
      { transactionalId: 'nobody', codes: { 't-1': ErrorCode.INVALID_PRODUCER_ID_MAPPING } },
    ])
  }
})

test('no transactions have an empty answer, and no partitions as well', async () => {
  const producer = await new TransactionalProducer(client, 'nothing').init()
  for (const version of [4, 5]) {
    assert.deepEqual(await addAll(version, []), [])
    assert.deepEqual(await add(version, producer, {}), {})
  }
  for (const version of [0, 3]) assert.deepEqual(await add(version, producer, {}), {})
})
