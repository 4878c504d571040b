import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KafkaError } from '../kafka-error.ts'
import { admin, broker, failure, newTopic, producerOf } from './admin.test.kit.ts'
import type { TopicDescription } from './topic-descriptions.ts'

test('a topic that was created tells its id and settings, and can be used at once', async () => {
  const configs = { 'retention.ms': '60000' }
  const [made] = await admin.createTopics([{ name: 'made', partitions: 3, replicationFactor: 1, configs }])
  assert.deepEqual([made!.name, made!.partitions, made!.replicationFactor], ['made', 3, 1])
  const retention = made!.configs!.find(({ name }) => name === 'retention.ms')!
  assert.deepEqual(
    [retention.value, retention.source, retention.isDefault],
    ['60000', 'dynamic-topic', false],
  )
  const [described] = await admin.describeTopics(['made'])
  assert.equal(described!.topicId, made!.topicId)
  assert.deepEqual(
    described!.partitions.map(({ partition, leader, replicas, isr }) => [partition, leader, replicas, isr]),
    [0, 1, 2].map((partition) => [partition, 1, [1], [1]]),
  )
})

test('what the broker chooses need not be said, and assignments say it all', async () => {
  const [byDefault, byHand] = await admin.createTopics([
    { name: 'by-default' },
    { name: 'by-hand', assignments: [[1], [1]] },
  ])
  assert.deepEqual([byDefault!.partitions, byHand!.partitions], [1, 2])
})

test('with validateOnly nothing comes to be, and what would fail does', async () => {
  await admin.createTopics([{ name: 'not-made' }], { validateOnly: true })
  assert.equal(
    (await admin.listTopics()).some(({ name }) => name === 'not-made'),
    false,
  )
  const error = await failure(
    admin.createTopics([{ name: 'x', configs: { 'retention.ms': 'long' } }], { validateOnly: true }),
  )
  assert.equal(error.code, 'INVALID_CONFIG')
})

test('of several topics those that can be are made, and the error tells which', async () => {
  const there = await newTopic()
  const error = await failure(
    admin.createTopics([{ name: there }, { name: 'and-new' }, { name: 'none', partitions: 0 }]),
  )
  assert.equal(error.code, 'PARTIAL')
  assert.deepEqual(
    [...error.details!].map(([name, { code }]) => [name, code]),
    [
      [there, 'TOPIC_ALREADY_EXISTS'],
      ['none', 'INVALID_PARTITIONS'],
    ],
  )
  assert.deepEqual([...error.results!.keys()], ['and-new'])
})

test('topics are listed, those of Kafka itself only when asked for', async () => {
  await admin.alterGroupOffsets('any-group', [{ topic: await newTopic(), partition: 0, offset: 0 }])
  const names = (await admin.listTopics()).map(({ name }) => name)
  assert.ok(!names.includes('__consumer_offsets'))
  const all = await admin.listTopics({ listInternal: true })
  assert.equal(all.find(({ name }) => name === '__consumer_offsets')!.isInternal, true)
})

test('topics are described and deleted by their names or their ids', async () => {
  const [a, b] = [await newTopic(), await newTopic(2)]
  const [first] = await admin.describeTopics([b])
  const [second] = await admin.describeTopics([{ topicId: first!.topicId! }], {
    includeAuthorizedOperations: true,
  })
  assert.deepEqual([second!.name, second!.partitions.length], [b, 2])
  assert.ok(second!.authorizedOperations!.includes('alter-configs'))
  await admin.deleteTopics([{ topicId: first!.topicId! }, a])
  const error = await failure(admin.describeTopics([a, b]))
  assert.deepEqual(
    [...error.details!.values()].map(({ code }) => code),
    ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION'],
  )
  const gone = await failure(admin.deleteTopics([{ topicId: first!.topicId! }]))
  assert.equal(gone.code, 'UNKNOWN_TOPIC_ID')
})

test('topics of more partitions than fit into an answer are described page by page', async () => {
  const names = ['paged-b', 'paged-a', 'paged-c']
  await admin.createTopics(names.map((name) => ({ name, partitions: name === 'paged-b' ? 5 : 2 })))
  let pages = 0
  const stop = broker.intercept('DescribeTopicPartitions', ({ request }, next) => {
    pages++
    request.responsePartitionLimit = 3
    return next()
  })
  const described = await admin.describeTopics([...names, 'paged-nope']).catch((error: KafkaError) => error)
  stop()
  assert.ok(described instanceof KafkaError)
  assert.deepEqual([...described.details!.keys()], ['paged-nope'])
  assert.deepEqual(
    [...(described.results as ReadonlyMap<string, TopicDescription>).values()].map(({ name, partitions }) => [
      name,
      partitions.map(({ partition }) => partition).join(),
    ]),
    [
      ['paged-b', '0,1,2,3,4'],
      ['paged-a', '0,1'],
      ['paged-c', '0,1'],
    ],
  )
  assert.ok(pages >= 3)
})

test('a topic gets more partitions, and never fewer', async () => {
  const topic = await newTopic(2)
  await admin.createPartitions([{ name: topic, partitions: 4 }])
  assert.equal((await admin.describeTopics([topic]))[0]!.partitions.length, 4)
  assert.equal(
    (await failure(admin.createPartitions([{ name: topic, partitions: 3 }]))).code,
    'INVALID_PARTITIONS',
  )
})

test('records are deleted up to an offset, or all that are there', async () => {
  const topic = await newTopic(2)
  const producer = producerOf()
  for (let i = 0; i < 5; i++)
    await producer.send([
      { topic, partition: 0, value: 'v' },
      { topic, partition: 1, value: 'v' },
    ])
  const deleted = await admin.deleteRecords([
    { topic, partition: 1, offset: -1 },
    { topic, partition: 0, offset: 2 },
  ])
  assert.deepEqual(deleted, [
    { topic, partition: 1, lowWatermark: 5 },
    { topic, partition: 0, lowWatermark: 2 },
  ])
  const error = await failure(admin.deleteRecords([{ topic, partition: 0, offset: 99 }]))
  assert.equal(error.code, 'OFFSET_OUT_OF_RANGE')
})
