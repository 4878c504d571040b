import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../base/logger.ts'
import { MetadataCache, type MetadataUpdate } from './metadata-cache.ts'

const ID_A = 'webgjok2RnKh5GpmyIZFpw'
const ID_B = 'VlyN3iAiREmb8ooJBCdIUA'

function cache(): MetadataCache {
  return new MetadataCache({ clusterId: 'c', logger: silentLogger })
}

function update(controllerEpoch: number, topicId: string, leaders: Record<number, number>): MetadataUpdate {
  const partitionStates = Object.entries(leaders).map(([partition, leader]) => ({
    partitionIndex: Number(partition),
    controllerEpoch,
    leader,
    leaderEpoch: 0,
    isr: [1],
    zkVersion: 0,
    replicas: [1],
    offlineReplicas: [],
  }))
  return {
    controllerId: 1,
    controllerEpoch,
    topicStates: [{ topicName: 't', topicId, partitionStates }],
    liveBrokers: [
      { id: 1, rack: null, endpoints: [{ port: 9092, host: 'h', listener: 'L', securityProtocol: 0 }] },
    ],
  }
}

test('an update adds to what is known of a topic, and a snapshot taken before does not change', () => {
  const metadata = cache()
  metadata.update(update(1, ID_A, { 0: 1 }))
  const before = metadata.snapshot()
  metadata.update(update(1, ID_A, { 1: -1 }))
  assert.equal(before.topics.get('t')?.partitions.size, 1)
  assert.equal(metadata.topicById(ID_A)?.partitions.size, 2)
  assert.equal(metadata.partition('t', 1)?.leader, -1)
  assert.deepEqual(metadata.broker(1)?.endpoints.get('L'), {
    host: 'h',
    port: 9092,
    securityProtocol: 'PLAINTEXT',
  })
})

test('a snapshot does not change either when an update without topics comes in between', () => {
  const metadata = cache()
  metadata.update(update(1, ID_A, { 0: 1 }))
  const before = metadata.snapshot()
  metadata.update({ ...update(1, ID_A, {}), topicStates: [] })
  metadata.update(update(1, ID_A, { 1: 1 }))
  assert.equal(before.topics.get('t')?.partitions.size, 1)
  assert.equal(metadata.snapshot().topics.get('t')?.partitions.size, 2)
})

test('leader -2 takes partitions out, and the topic with the last of them', () => {
  const metadata = cache()
  metadata.update(update(1, ID_A, { 0: 1, 1: 1 }))
  assert.deepEqual(metadata.update(update(1, ID_A, { 0: -2 })), [{ topic: 't', partition: 0 }])
  assert.equal(metadata.topic('t')?.partitions.size, 1)
  metadata.update(update(1, ID_A, { 1: -2 }))
  assert.equal(metadata.topic('t'), undefined)
  assert.equal(metadata.topicById(ID_A), undefined)
})

test('a topic made anew keeps nothing of the old one of its name', () => {
  const metadata = cache()
  metadata.update(update(1, ID_A, { 0: 1, 1: 1 }))
  metadata.update(update(1, ID_B, { 0: 1 }))
  assert.equal(metadata.topicById(ID_A), undefined)
  assert.equal(metadata.topicById(ID_B)?.partitions.size, 1)
})

test('an update of a controller that has been replaced is refused and changes nothing', () => {
  const metadata = cache()
  metadata.update(update(2, ID_A, { 0: 1 }))
  assert.equal(metadata.update(update(1, ID_A, { 0: -2 })), 'stale')
  assert.equal(metadata.partition('t', 0)?.leader, 1)
  assert.equal(metadata.controllerEpoch, 2)
})

test('listeners hear each update with the snapshot in place, until they stop', () => {
  const metadata = cache()
  const seen: number[] = []
  const stop = metadata.onUpdate(() => seen.push(metadata.snapshot().topics.size))
  metadata.update(update(1, ID_A, { 0: 1 }))
  stop()
  metadata.update(update(1, ID_A, { 0: -2 }))
  assert.deepEqual(seen, [1])
})
