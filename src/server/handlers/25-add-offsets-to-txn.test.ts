import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partitionFor } from '../../coordinator/runtime/coordinator-partition.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
} from '../../protocol/messages/25-add-offsets-to-txn.ts'
import {
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
} from '../../protocol/messages/65-describe-transactions.ts'
import { startTestBroker } from './handlers.test.kit.ts'
import { TransactionalProducer } from './transactional-producer.test.kit.ts'

const client = await startTestBroker()
/** Of the broker's settings. */
const OFFSETS_PARTITIONS = 3

async function add(
  version: number,
  fields: { transactionalId: string; producerId: number; epoch: number },
  groupId: string,
): Promise<number> {
  const { transactionalId, producerId, epoch: producerEpoch } = fields
  const request = { transactionalId, producerId, producerEpoch, groupId }
  return (await client.call(AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, version, request)).errorCode
}

test("every version enters the group's partition of __consumer_offsets into the transaction", async () => {
  const producer = await new TransactionalProducer(client, 'all').init()
  const partitions = new Set<number>()
  for (let version = 0; version <= 4; version++) {
    const groupId = `group of version ${version}`
    partitions.add(partitionFor(groupId, OFFSETS_PARTITIONS))
    assert.equal(await add(version, producer, groupId), ErrorCode.NONE)
  }
  const request = { transactionalIds: ['all'] }
  const answer = await client.call(DescribeTransactionsRequest, DescribeTransactionsResponse, 0, request)
  const [topic] = answer.transactionStates[0]!.topics
  assert.equal(topic!.topic, '__consumer_offsets')
  assert.deepEqual([...topic!.partitions].sort(), [...partitions].sort())
})

test('a fenced producer reads PRODUCER_FENCED from version 2 on, INVALID_PRODUCER_EPOCH before', async () => {
  const { producerId } = await new TransactionalProducer(client, 'fenced').init()
  await new TransactionalProducer(client, 'fenced').init()
  for (let version = 0; version <= 4; version++) {
    const expected = version < 2 ? ErrorCode.INVALID_PRODUCER_EPOCH : ErrorCode.PRODUCER_FENCED
    assert.equal(await add(version, { transactionalId: 'fenced', producerId, epoch: 0 }, 'g'), expected)
  }
})

test('an unknown transactional id, a strange producer id and an empty id are refused', async () => {
  const { producerId } = await new TransactionalProducer(client, 'known').init()
  const ask = (transactionalId: string, id: number) =>
    add(3, { transactionalId, producerId: id, epoch: 0 }, 'g')
  assert.equal(await ask('nobody', producerId), ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  assert.equal(await ask('known', producerId + 1), ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  assert.equal(await ask('', producerId), ErrorCode.INVALID_REQUEST)
})
