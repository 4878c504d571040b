import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  DescribeProducersRequest,
  DescribeProducersResponse,
} from '../../protocol/messages/61-describe-producers.ts'
import { batch, createTopic, produce, startTestBroker, T } from './handlers.test.kit.ts'
import { TransactionalProducer } from './transactional-producer.test.kit.ts'

const client = await startTestBroker()

async function describe(name: string, partitionIndexes: number[] = [0]) {
  const { topics } = await client.call(DescribeProducersRequest, DescribeProducersResponse, 0, {
    topics: [{ name, partitionIndexes }],
  })
  assert.equal(topics[0]!.name, name)
  return topics[0]!.partitions
}

test('a partition tells its producers, their last sequence numbers, and where their transactions began', async () => {
  await createTopic(client, 'told', { partitions: 2 })
  assert.deepEqual((await describe('told'))[0]!.activeProducers, [])
  await produce(client, 'told', batch(3, { producerId: 500, producerEpoch: 2, baseSequence: 0 }))
  const producer = await new TransactionalProducer(client, 'told').init()
  await producer.produce('told', { version: 12, count: 2 })
  const [partition, other] = await describe('told', [0, 1])
  assert.deepEqual([partition!.partitionIndex, partition!.errorCode, partition!.errorMessage], [0, 0, null])
  assert.deepEqual(other!.activeProducers, [])
  const { producerId, epoch: producerEpoch } = producer
  assert.equal(partition!.activeProducers[0]!.lastTimestamp, T + 2000, 'as the producer said it')
  const told = partition!.activeProducers.map(({ lastTimestamp, ...rest }) => rest)
  assert.deepEqual(told, [
    { producerId: 500, producerEpoch: 2, lastSequence: 2, coordinatorEpoch: -1, currentTxnStartOffset: -1 },
    { producerId, producerEpoch, lastSequence: 1, coordinatorEpoch: -1, currentTxnStartOffset: 3 },
  ])
  await producer.end(true, 5)
  const after = (await describe('told'))[0]!.activeProducers[1]!
  assert.deepEqual(
    [after.producerEpoch, after.lastSequence, after.coordinatorEpoch, after.currentTxnStartOffset],
    [producerEpoch + 1, -1, 0, -1],
    'the marker raised the epoch, whose sequence has not begun',
  )
})

test('what is not here, or can not be, is told apart', async () => {
  await createTopic(client, 'here')
  const [missing] = await describe('here', [5])
  assert.deepEqual([missing!.errorCode, missing!.errorMessage], [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, null])
  const [unknown] = await describe('nowhere')
  assert.equal(unknown!.errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  assert.notEqual(unknown!.errorMessage, null)
  const [invalid] = await describe('a b')
  assert.equal(invalid!.errorCode, ErrorCode.INVALID_TOPIC_EXCEPTION)
})
