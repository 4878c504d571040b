import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../protocol/messages/22-init-producer-id.ts'
import { createTopic, startTestBroker } from './handlers.test.kit.ts'
import { TransactionalProducer } from './transactional-producer.test.kit.ts'

const client = await startTestBroker({ 'transaction.max.timeout.ms': '70000' })

function init(
  version: number,
  fields: {
    transactionalId?: string
    transactionTimeoutMs?: number
    producerId?: number
    producerEpoch?: number
  } = {},
) {
  const request = { transactionalId: null, transactionTimeoutMs: 60_000, ...fields }
  return client.call(InitProducerIdRequest, InitProducerIdResponse, version, request)
}

async function errorOf(...args: Parameters<typeof init>): Promise<number> {
  const answer = await init(...args)
  if (answer.errorCode !== ErrorCode.NONE)
    assert.deepEqual([answer.producerId, answer.producerEpoch], [-1, -1])
  return answer.errorCode
}

test('without a transactional id every answer has an id of its own with epoch 0, in every version', async () => {
  const ids = new Set<number>()
  for (let i = 0; i < 30; i++) {
    const { errorCode, producerId, producerEpoch } = await init(i % 6)
    assert.deepEqual([errorCode, producerEpoch], [0, 0])
    ids.add(producerId)
  }
  assert.equal(ids.size, 30)
})

test('an idempotent producer that names what it had gets a new id; half a name is INVALID_REQUEST', async () => {
  const known = await init(4, { producerId: 5, producerEpoch: 3 })
  assert.deepEqual([known.errorCode, known.producerEpoch], [0, 0])
  for (const half of [{ producerId: 5 }, { producerEpoch: 3 }]) {
    assert.equal(await errorOf(4, half), ErrorCode.INVALID_REQUEST)
    assert.equal(await errorOf(4, { ...half, transactionalId: 't' }), ErrorCode.INVALID_REQUEST)
  }
})

test('before the internal topic exists there is no coordinator for a transactional id', async () => {
  assert.equal(await errorOf(4, { transactionalId: 'early' }), ErrorCode.NOT_COORDINATOR)
})

test('every version makes the caller the producer of its transactional id, under the next epoch', async () => {
  const { producerId } = await new TransactionalProducer(client, 'all').init()
  for (let version = 0; version <= 5; version++) {
    const answer = await init(version, { transactionalId: 'all' })
    assert.deepEqual(
      [answer.errorCode, answer.producerId, answer.producerEpoch],
      [ErrorCode.NONE, producerId, version + 1],
    )
  }
})

test('an empty transactional id and a timeout out of bounds are refused', async () => {
  assert.equal(await errorOf(4, { transactionalId: '' }), ErrorCode.INVALID_REQUEST)
  for (const transactionTimeoutMs of [0, -1, 70_001]) {
    assert.equal(
      await errorOf(4, { transactionalId: 'late', transactionTimeoutMs }),
      ErrorCode.INVALID_TRANSACTION_TIMEOUT,
    )
  }
  assert.equal(await errorOf(4, { transactionalId: 'late', transactionTimeoutMs: 70_000 }), ErrorCode.NONE)
})

test('a fenced producer reads PRODUCER_FENCED from version 4 on, INVALID_PRODUCER_EPOCH before', async () => {
  const producer = await new TransactionalProducer(client, 'fenced').init()
  const name = { transactionalId: 'fenced', producerId: producer.producerId, producerEpoch: 0 }
  await producer.init()
  assert.equal(await errorOf(3, name), ErrorCode.INVALID_PRODUCER_EPOCH)
  assert.equal(await errorOf(4, name), ErrorCode.PRODUCER_FENCED)
  const goesOn = await init(5, { ...name, producerEpoch: 1 })
  assert.deepEqual([goesOn.errorCode, goesOn.producerEpoch], [ErrorCode.NONE, 2])
})

test('an open transaction is aborted before another producer takes over', async () => {
  await createTopic(client, 'open')
  const producer = await new TransactionalProducer(client, 'open').init()
  await producer.add('open')
  await producer.produce('open')
  assert.equal(await errorOf(4, { transactionalId: 'open' }), ErrorCode.CONCURRENT_TRANSACTIONS)
  const { producerId } = producer
  await producer.init()
  assert.deepEqual([producer.producerId, producer.epoch], [producerId, 2])
})
