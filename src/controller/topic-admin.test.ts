import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../simulator/sim-clock.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import { ZERO_UUID } from '../wire/text.ts'
import { TestCluster, topicSpec } from './test-cluster.test.kit.ts'
import type { CreatableTopic } from './topic-plan.ts'

const WAIT = { timeoutMs: 1000 }

function assignment(...lists: number[][]): CreatableTopic['assignments'] {
  return lists.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }))
}

/** Codes and texts as Apache Kafka 3.9.1 gave them to its own admin client. */
test('a topic that cannot be created is refused with the code and the words of Apache Kafka', async () => {
  const kafka = new TestCluster(new SimClock(), new SimRandom(1))
  const one = await kafka.start(1)
  await one.admin.createTopics([topicSpec('t1', 1, 1), topicSpec('a.b', 1, 1)], WAIT)
  const long = 'x'.repeat(250)
  const cases: [CreatableTopic, number, string][] = [
    [topicSpec('t1', 1, 1), 36, "Topic 't1' already exists."],
    [
      topicSpec('bad name', 1, 1),
      17,
      "Topic name is invalid: 'bad name' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
    [topicSpec('', 1, 1), 17, 'Topic name is invalid: the empty string is not allowed'],
    [topicSpec('..', 1, 1), 17, "Topic name is invalid: '..' is not allowed"],
    [
      topicSpec(long, 1, 1),
      17,
      `Topic name is invalid: the length of '${long}' is longer than the max allowed length 249`,
    ],
    [topicSpec('a_b', 1, 1), 17, "Topic 'a_b' collides with existing topics: a.b"],
    [topicSpec('t3', 1, 3), 38, 'Replication factor: 3 larger than available brokers: 1.'],
    [topicSpec('t4', 1, 0), 38, 'Replication factor must be larger than 0.'],
    [topicSpec('t4', 0, 1), 37, 'Number of partitions must be larger than 0.'],
    [
      topicSpec('__cluster_metadata', 1, 1),
      42,
      'Creation of internal topic __cluster_metadata is prohibited.',
    ],
    [
      { ...topicSpec('t5', 1, -1), assignments: assignment([1]) },
      42,
      'Both numPartitions or replicationFactor and replicasAssignments were set. Both cannot be used at the same time.',
    ],
    [
      { ...topicSpec('t5'), assignments: [{ partitionIndex: 1, brokerIds: [1] }] },
      39,
      'partitions should be a consecutive 0-based integer sequence',
    ],
    [
      { ...topicSpec('t5'), assignments: assignment([1], [1, 1]) },
      39,
      'All partitions should have the same number of replicas',
    ],
    [
      { ...topicSpec('t5'), assignments: assignment([9]) },
      39,
      'The manual partition assignment includes broker 9, but no such broker is registered.',
    ],
    [
      { ...topicSpec('t5'), assignments: assignment([]) },
      39,
      'The manual partition assignment includes an empty replica list.',
    ],
    [
      { ...topicSpec('t5'), assignments: assignment([1, 1]) },
      39,
      'The manual partition assignment includes the broker 1 more than once.',
    ],
    [{ ...topicSpec('t5'), configs: [{ name: 'foo', value: 'bar' }] }, 40, 'Unknown topic config name: foo'],
    [
      { ...topicSpec('t5'), configs: [{ name: 'retention.ms', value: null }] },
      40,
      'Null value not supported for topic configs: retention.ms',
    ],
  ]
  for (const [spec, errorCode, errorMessage] of cases) {
    const [result] = await one.admin.createTopics([spec], WAIT)
    assert.deepEqual(
      result,
      {
        name: spec.name,
        errorCode,
        errorMessage,
        topicId: ZERO_UUID,
        numPartitions: -1,
        replicationFactor: -1,
      },
      `creating ${spec.name}`,
    )
  }
  assert.deepEqual((await kafka.root.children('/brokers/topics'))?.sort(), ['a.b', 't1'])
})

test('a topic named twice in one request is created by neither entry', async () => {
  const kafka = new TestCluster(new SimClock(), new SimRandom(1))
  const one = await kafka.start(1)
  const results = await one.admin.createTopics([topicSpec('t'), topicSpec('t'), topicSpec('u')], WAIT)
  assert.deepEqual(
    results.map((each) => [each.name, each.errorCode, each.errorMessage]),
    [
      ['t', 42, 'Found multiple entries for this topic.'],
      ['t', 42, 'Found multiple entries for this topic.'],
      ['u', 0, null],
    ],
  )
})

test('defaults stand in for -1, a config is stored with the topic, and validateOnly stores nothing', async () => {
  const kafka = new TestCluster(new SimClock(), new SimRandom(1))
  const one = await kafka.start(1)
  const spec = { ...topicSpec('t'), configs: [{ name: 'retention.ms', value: '1000' }] }
  const [dry] = await one.admin.createTopics([spec], { ...WAIT, validateOnly: true })
  assert.deepEqual([dry?.errorCode, dry?.numPartitions, dry?.replicationFactor], [0, 1, 1])
  assert.deepEqual(await kafka.root.children('/brokers/topics'), [])
  const [result] = await one.admin.createTopics([spec], WAIT)
  assert.deepEqual([result?.errorCode, result?.numPartitions, result?.replicationFactor], [0, 1, 1])
  const config = (await kafka.root.get('/config/topics/t'))?.data.toString()
  assert.equal(config, '{"version":1,"config":{"retention.ms":"1000"}}')
})

test('of two requests that race for one name, one creates it', async () => {
  const kafka = new TestCluster(new SimClock(), new SimRandom(1))
  const one = await kafka.start(1)
  const racing = [1, 2, 3].map(() => one.admin.createTopics([topicSpec('t')], WAIT))
  const codes = (await Promise.all(racing)).map(([result]) => result?.errorCode)
  assert.deepEqual(codes.sort(), [0, 36, 36])
})

test('a topic that gets no leader in time is answered with REQUEST_TIMED_OUT, and is there nonetheless', async () => {
  const clock = new SimClock()
  const kafka = new TestCluster(clock, new SimRandom(1))
  const one = await kafka.start(1)
  await kafka.start(2)
  kafka.brokers.delete(1)
  const pending = one.admin.createTopics([topicSpec('t')], WAIT)
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  clock.advance(1000)
  assert.equal((await pending)[0]?.errorCode, 7)
  assert.ok(await kafka.root.exists('/brokers/topics/t'))
  await one.controller.shutdown()
})

test('partitions that cannot be added are refused with the code and the words of Apache Kafka', async () => {
  const kafka = new TestCluster(new SimClock(), new SimRandom(1))
  const one = await kafka.start(1)
  await one.admin.createTopics([topicSpec('t1', 3, 1)], WAIT)
  const cases: [string, number, number[][] | null, number, string][] = [
    ['t1', 2, null, 37, 'Topic currently has 3 partitions, which is higher than the requested 2.'],
    ['t1', -1, null, 37, 'Topic currently has 3 partitions, which is higher than the requested -1.'],
    ['t1', 3, null, 37, 'Topic already has 3 partitions.'],
    ['zz', 3, null, 3, "The topic 'zz' does not exist."],
    ['a/b', 3, null, 3, "The topic 'a/b' does not exist."],
    ['t1', 4, [[5]], 39, 'Unknown broker(s) in replica assignment: 5.'],
    ['t1', 4, [[1], [1]], 39, 'Increasing the number of partitions by 1 but 2 assignments provided.'],
    ['t1', 4, [[1, 1]], 39, 'Duplicate brokers not allowed in replica assignment: 1, 1 for partition id 3.'],
    ['t1', 4, [[]], 39, 'Cannot have replication factor of 0 for partition id 3.'],
  ]
  for (const [name, count, lists, errorCode, errorMessage] of cases) {
    const assignments = lists?.map((brokerIds) => ({ brokerIds })) ?? null
    const results = await one.admin.createPartitions([{ name, count, assignments }], WAIT)
    assert.deepEqual(results, [{ name, errorCode, errorMessage }], `${name} to ${count}`)
  }
  const dry = await one.admin.createPartitions([{ name: 't1', count: 5, assignments: null }], {
    ...WAIT,
    validateOnly: true,
  })
  assert.equal(dry[0]?.errorCode, 0)
  assert.equal(one.cache.topic('t1')?.partitions.size, 3)
})

test('deletion tells unknown names from unknown ids, and from deletion that is switched off', async () => {
  const kafka = new TestCluster(new SimClock(), new SimRandom(1))
  const one = await kafka.start(1)
  const codes = async (name: string | null, topicId: string) =>
    (await one.admin.deleteTopics([{ name, topicId }], WAIT))[0]?.errorCode
  assert.equal(await codes('nope', ZERO_UUID), 3)
  assert.equal(await codes('../ids/1', ZERO_UUID), 3)
  assert.equal(await codes(null, 'Sp7UuBGGS0CTGh-hNy3nTw'), 100)
  assert.equal(await codes('nope', 'Sp7UuBGGS0CTGh-hNy3nTw'), 42)

  const kept = new TestCluster(new SimClock(), new SimRandom(1))
  const other = await kept.start(1, { deleteTopicEnable: false })
  await other.admin.createTopics([topicSpec('t')], WAIT)
  assert.equal((await other.admin.deleteTopics([{ name: 't', topicId: ZERO_UUID }], WAIT))[0]?.errorCode, 73)
  await kept.root.create('/admin/delete_topics/t', '')
  await kept.settle()
  assert.equal(await kept.root.exists('/admin/delete_topics/t'), undefined)
  assert.equal(other.cache.topic('t')?.partitions.size, 1)
})

test('a broker that is not the controller answers NOT_CONTROLLER', async () => {
  const kafka = new TestCluster(new SimClock(), new SimRandom(1))
  await kafka.start(1)
  const two = await kafka.start(2)
  assert.equal((await two.admin.createTopics([topicSpec('t')], WAIT))[0]?.errorCode, 41)
  assert.equal((await two.admin.deleteTopics([{ name: 't', topicId: ZERO_UUID }], WAIT))[0]?.errorCode, 41)
  assert.equal(
    (await two.admin.createPartitions([{ name: 't', count: 2, assignments: null }], WAIT))[0]?.errorCode,
    41,
  )
})
