import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
} from '../../protocol/messages/65-describe-transactions.ts'
import { createTopic, startTestBroker } from './handlers.test.kit.ts'
import { TransactionalProducer } from './transactional-producer.test.kit.ts'

const client = await startTestBroker()

async function describe(...transactionalIds: string[]) {
  const request = { transactionalIds }
  return (await client.call(DescribeTransactionsRequest, DescribeTransactionsResponse, 0, request))
    .transactionStates
}

test('a transaction is described with its producer, its start and its partitions', async () => {
  await createTopic(client, 't', { partitions: 3 })
  const producer = await new TransactionalProducer(client, 'a').init()
  const [empty] = await describe('a')
  assert.deepEqual(empty, {
    errorCode: ErrorCode.NONE,
    transactionalId: 'a',
    transactionState: 'Empty',
    transactionTimeoutMs: 60_000,
    transactionStartTimeMs: -1,
    producerId: producer.producerId,
    producerEpoch: 0,
    topics: [],
  })
  const beforeMs = Date.now()
  await producer.add('t', [0, 2])
  const [open] = await describe('a')
  assert.equal(open!.transactionState, 'Ongoing')
  assert.ok(open!.transactionStartTimeMs >= beforeMs && open!.transactionStartTimeMs <= Date.now())
  assert.deepEqual(open!.topics, [{ topic: 't', partitions: [0, 2] }])
})

test('several are described in the order of the request, each with its own error', async () => {
  const states = await describe('nobody', 'a', '', 'nobody')
  assert.deepEqual(
    states.map(({ transactionalId, errorCode }) => [transactionalId, errorCode]),
    [
      ['nobody', ErrorCode.TRANSACTIONAL_ID_NOT_FOUND],
      ['a', ErrorCode.NONE],
      ['', ErrorCode.INVALID_REQUEST],
      ['nobody', ErrorCode.TRANSACTIONAL_ID_NOT_FOUND],
    ],
  )
  assert.deepEqual(await describe(), [])
})
