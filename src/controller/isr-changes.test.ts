import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../simulator/sim-clock.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import type { AlterPartitionRequest, IsrChange } from './isr-changes.ts'
import { type TestBroker, TestCluster, topicSpec } from './test-cluster.test.kit.ts'

async function twoBrokers(): Promise<{
  kafka: TestCluster
  one: TestBroker
  two: TestBroker
  topicId: string
}> {
  const kafka = new TestCluster(new SimClock(), new SimRandom(1))
  const one = await kafka.start(1)
  const two = await kafka.start(2)
  const spec = { ...topicSpec('t'), assignments: [{ partitionIndex: 0, brokerIds: [1, 2] }] }
  const [result] = await one.admin.createTopics([spec], { timeoutMs: 1000 })
  await kafka.settle()
  return { kafka, one, two, topicId: result!.topicId }
}

async function alter(
  one: TestBroker,
  topicId: string,
  change: Partial<IsrChange>,
  request: Partial<AlterPartitionRequest> = {},
) {
  const partition = {
    partitionIndex: 0,
    leaderEpoch: 0,
    newIsr: [],
    newIsrWithEpochs: [{ brokerId: 1, brokerEpoch: -1 }],
    leaderRecoveryState: 0,
    partitionEpoch: 0,
    ...change,
  }
  const topics = [{ topicName: '', topicId, partitions: [partition] }]
  const whole = { brokerId: 1, brokerEpoch: one.epoch, topics, ...request }
  const response = await one.controller.whileActive((active) => active.alterPartition(whole, 3))
  return { errorCode: response?.errorCode, partition: response?.topics[0]?.partitions[0] }
}

test('a leader shrinks and grows its ISR at its partition epoch, and every broker hears of it', async () => {
  const { kafka, one, two, topicId } = await twoBrokers()
  const shrunk = await alter(one, topicId, {})
  assert.deepEqual(shrunk.partition, {
    partitionIndex: 0,
    errorCode: 0,
    leaderId: 1,
    leaderEpoch: 0,
    isr: [1],
    leaderRecoveryState: 0,
    partitionEpoch: 1,
  })
  await kafka.settle()
  assert.deepEqual(two.cache.partition('t', 0)?.isr, [1])
  const again = await alter(one, topicId, {})
  assert.equal(again.partition?.errorCode, 0, 'asking again is answered with the state')
  assert.equal(again.partition?.partitionEpoch, 1)
  const both = [
    { brokerId: 1, brokerEpoch: one.epoch },
    { brokerId: 2, brokerEpoch: two.epoch },
  ]
  const grown = await alter(one, topicId, { newIsrWithEpochs: both, partitionEpoch: 1 })
  assert.deepEqual(grown.partition?.isr, [1, 2])
  assert.deepEqual((await kafka.state('t', 0))?.isr, [1, 2])
})

test('a change that does not fit what the controller knows is refused and writes nothing', async () => {
  const { kafka, one, two, topicId } = await twoBrokers()
  await alter(one, topicId, {})
  const grow = (epoch: number) => [
    { brokerId: 1, brokerEpoch: one.epoch },
    { brokerId: 2, brokerEpoch: epoch },
  ]
  const code = async (change: Partial<IsrChange>, request: Partial<AlterPartitionRequest> = {}) =>
    (await alter(one, topicId, change, request)).partition?.errorCode
  assert.equal(await code({ newIsrWithEpochs: grow(-1) }), 95)
  assert.equal(await code({ newIsrWithEpochs: grow(two.epoch - 1), partitionEpoch: 1 }), 107)
  assert.equal(await code({ newIsrWithEpochs: grow(-1), partitionEpoch: 1, leaderEpoch: 1 }), 41)
  assert.equal(await code({ newIsrWithEpochs: grow(-1), partitionEpoch: 2 }), 41)
  assert.equal(await code({ newIsrWithEpochs: grow(-1), partitionEpoch: 1, leaderRecoveryState: 1 }), 42)
  assert.equal(await code({ newIsrWithEpochs: [{ brokerId: 2, brokerEpoch: -1 }], partitionEpoch: 1 }), 42)
  assert.equal(await code({}, { brokerId: 2, brokerEpoch: two.epoch }), 42)
  assert.equal(await code({ partitionIndex: 7 }), 3)
  assert.equal((await alter(one, 'Sp7UuBGGS0CTGh-hNy3nTw', {})).partition?.errorCode, 100)
  assert.equal((await alter(one, topicId, {}, { brokerEpoch: one.epoch - 1 })).errorCode, 77)
  assert.deepEqual((await kafka.state('t', 0))?.isr, [1])
  await kafka.kill(2)
  assert.equal(await code({ newIsrWithEpochs: grow(-1), partitionEpoch: 1 }), 107)
})
