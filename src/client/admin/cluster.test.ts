import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Admin } from '../index.ts'
import { admin, broker, failure, newTopic, producerOf } from './admin.test.kit.ts'

test('the cluster is described with its brokers and what one may do', async () => {
  const described = await admin.describeCluster({ includeAuthorizedOperations: true })
  const { authorizedOperations, ...rest } = described
  assert.deepEqual(rest, {
    clusterId: broker.clusterId,
    controllerId: 1,
    brokers: [{ nodeId: 1, host: '127.0.0.1', port: broker.port, rack: null, isFenced: false }],
  })
  assert.ok(authorizedOperations!.includes('create'))
  assert.equal((await admin.describeCluster()).authorizedOperations, null)
})

test('features are told as the brokers support them and as the cluster has them', async () => {
  const { supported, finalized, finalizedEpoch } = await admin.describeFeatures()
  assert.deepEqual(supported['transaction.version'], { minVersion: 0, maxVersion: 2 })
  assert.deepEqual(finalized['transaction.version'], { minVersion: 2, maxVersion: 2 })
  assert.equal(finalizedEpoch, 0)
})

test('log dirs hold replicas, of which each is found in its own', async () => {
  const topic = await newTopic(2)
  await producerOf().send({ topic, partition: 1, value: 'some bytes' })
  const [described] = await admin.describeLogDirs()
  assert.equal(described!.brokerId, 1)
  const [dir] = described!.logDirs
  assert.deepEqual([dir!.path, dir!.error], ['/data', null])
  const replica = dir!.replicas.find((each) => each.topic === topic && each.partition === 1)!
  assert.ok(replica.sizeBytes > 0)
  const [filtered] = await admin.describeLogDirs([1], { partitions: [{ topic, partition: 0 }] })
  assert.deepEqual(
    filtered!.logDirs[0]!.replicas.map(({ partition }) => partition),
    [0],
  )
  const places = await admin.describeReplicaLogDirs([
    { topic, partition: 0, brokerId: 1 },
    { topic, partition: 5, brokerId: 1 },
  ])
  assert.deepEqual(
    places.map(({ current, future }) => [current?.path, future]),
    [
      ['/data', null],
      [undefined, null],
    ],
  )
})

test('an administrator is disposed of by leaving its scope, and closes twice', async () => {
  const mine = new Admin({ bootstrapServers: broker.bootstrapServers })
  assert.equal((await mine.describeCluster()).clusterId, broker.clusterId)
  await mine[Symbol.asyncDispose]()
  await mine.close()
  assert.equal((await failure(mine.listTopics())).code, 'CLOSED')
})
