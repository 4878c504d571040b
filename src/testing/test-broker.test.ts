import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NetworkError } from '../base/network.ts'
import { KafkaError, type Producer } from '../client/index.ts'
import { defineApi } from '../client/network/api.ts'
import type { Cluster } from '../client/network/cluster.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../protocol/messages/08-offset-commit.ts'
import {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../protocol/messages/68-consumer-group-heartbeat.ts'
import { DISCONNECT, startBroker, type TestBroker } from './index.ts'
import {
  adminOf,
  brokerOf,
  clusterOf,
  createTopic,
  offsetsOf,
  producerOf,
  valuesOf,
} from './test-broker.test.kit.ts'

const HEARTBEAT = defineApi(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse)
const OFFSET_COMMIT = defineApi(OffsetCommitRequest, OffsetCommitResponse, [2, 9])
const DAY_MS = 86_400_000
/** Of `startBroker`, in the best of some; the issue is that a test can have one of its own. */
const START_MS_MAX = 100

async function send(producer: Producer, topic: string, ...values: string[]): Promise<void> {
  await producer.send(values.map((value) => ({ topic, value })))
}

/** A member of a consumer group (KIP-848) that will not be heard of again. */
async function join(cluster: Cluster, groupId: string, topic: string): Promise<string> {
  const { errorCode, memberId } = await cluster.callCoordinator('group', groupId, HEARTBEAT, {
    groupId,
    memberId: `member-of-${groupId}`,
    memberEpoch: 0,
    rebalanceTimeoutMs: 30_000,
    subscribedTopicNames: [topic],
    topicPartitions: [],
  })
  assert.equal(errorCode, 0)
  return memberId!
}

async function commit(
  cluster: Cluster,
  groupId: string,
  topic: string,
  committedOffset: number,
): Promise<void> {
  const topics = [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset }] }]
  const body = { groupId, generationIdOrMemberEpoch: -1, memberId: '', topics }
  const { topics: done } = await cluster.callCoordinator('group', groupId, OFFSET_COMMIT, body)
  assert.equal(done[0]!.partitions[0]!.errorCode, 0)
}

async function membersOf(broker: TestBroker, groupId: string): Promise<string[]> {
  const [group] = await adminOf(broker).describeGroups([groupId])
  return group!.members.map(({ memberId }) => memberId)
}

describe('startBroker', () => {
  it('gives a broker on a free port, which several clients can use, and another beside it', async () => {
    const brokers = await Promise.all([brokerOf(), brokerOf(), brokerOf()])
    assert.equal(new Set(brokers.map(({ port }) => port)).size, 3)
    assert.equal(new Set(brokers.map(({ clusterId }) => clusterId)).size, 3)
    for (const broker of brokers) {
      assert.equal(broker.bootstrapServers, `127.0.0.1:${broker.port}`)
      await createTopic(adminOf(broker), 't')
      await send(producerOf(broker), 't', `at ${broker.port}`)
    }
    for (const broker of brokers) assert.deepEqual(await valuesOf(broker, 't'), [`at ${broker.port}`])
  })

  it('takes no longer than a test can wait', async () => {
    let bestMs = Number.POSITIVE_INFINITY
    for (let attempt = 0; attempt < 5; attempt++) {
      const begunMs = performance.now()
      const broker = await startBroker()
      bestMs = Math.min(bestMs, performance.now() - begunMs)
      await broker.close()
    }
    assert.ok(bestMs < START_MS_MAX, `${bestMs} ms`)
  })

  it('takes properties as a server does, in any of their types', async () => {
    const properties = { 'broker.id': 7, 'num.partitions': '3', 'auto.create.topics.enable': true }
    const broker = await brokerOf({ properties })
    assert.equal(broker.brokerId, 7)
    assert.equal((await producerOf(broker).partitionsFor('made')).length, 3)
    await assert.rejects(startBroker({ properties: { 'num.partitions': 'many' } }), /num\.partitions/)
  })

  it('takes the port it is given, unless someone has it', async () => {
    const broker = await startBroker()
    const { port } = broker
    await assert.rejects(startBroker({ port }), NetworkError)
    await broker.close()
    const again = await brokerOf({ port })
    assert.equal(again.port, port)
  })

  it('leaves nothing behind that would keep the process alive, and needs no close to let it go on', () => {
    const module = import.meta.url.replace('test-broker.test', 'index')
    const client = new URL(`../client/index.${module.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
    const script = `import { startBroker } from ${JSON.stringify(module)}
      import { Producer } from ${JSON.stringify(client.href)}
      const broker = await startBroker()
      const producer = new Producer({ bootstrapServers: broker.bootstrapServers })
      await producer.send({ topic: 't', value: 'v' })
      await broker.advance('1d')
      await producer.close()
      await broker.close()
      console.log('done', JSON.stringify(process.getActiveResourcesInfo().filter((name) => /TCP/.test(name))))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 20_000,
      cwd: fileURLToPath(new URL('.', import.meta.url)),
    })
    assert.equal(stdout.trim(), 'done []', stderr)
  })

  it('is closed once, however often it is asked, and at the end of `await using`', async () => {
    const broker = await startBroker()
    const producer = producerOf(broker, { maxBlockMs: 200, deliveryTimeoutMs: 200, requestTimeoutMs: 100 })
    await Promise.all([broker.close(), broker.close()])
    await broker.close()
    await assert.rejects(producer.send({ topic: 't', value: 'v' }), KafkaError)
    await assert.rejects(broker.reset(), /closed/)
    await assert.rejects(broker.fork(), /closed/)
    const other = await startBroker()
    await other[Symbol.asyncDispose]()
    await (await startBroker({ port: other.port })).close()
  })
})

describe('advance', () => {
  it('has records go that are older than retention.ms, and leaves the others', async () => {
    const broker = await brokerOf()
    const admin = adminOf(broker)
    await createTopic(admin, 'week', { 'retention.ms': String(7 * DAY_MS) })
    await createTopic(admin, 'month', { 'retention.ms': String(30 * DAY_MS) })
    const producer = producerOf(broker)
    for (const topic of ['week', 'month']) await send(producer, topic, 'a', 'b')
    await broker.advance('6d')
    assert.deepEqual(await offsetsOf(admin, 'week'), { start: 0, end: 2, stable: 2 })
    await broker.advance('1d')
    assert.deepEqual(await offsetsOf(admin, 'week'), { start: 2, end: 2, stable: 2 })
    assert.deepEqual(await offsetsOf(admin, 'month'), { start: 0, end: 2, stable: 2 })
    await producer.send({ topic: 'week', value: 'c', timestamp: broker.nowMs() })
    await broker.advance('1d')
    assert.deepEqual(await valuesOf(broker, 'week', 2), ['c'])
  })

  it('has a compacted topic lose what was written over', async () => {
    const broker = await brokerOf()
    const admin = adminOf(broker)
    await createTopic(admin, 'prices', {
      'cleanup.policy': 'compact',
      'segment.ms': '60000',
      'min.cleanable.dirty.ratio': '0.01',
    })
    const producer = producerOf(broker)
    for (const value of ['1', '2', '3']) await producer.send({ topic: 'prices', key: 'tea', value })
    await broker.advance('2m')
    await producer.send({ topic: 'prices', key: 'tea', value: '4', timestamp: broker.nowMs() })
    await broker.advance('10m')
    await broker.advance('10m')
    assert.deepEqual(await valuesOf(broker, 'prices'), ['3', '4'])
  })

  it('has members of groups go that were not heard of for their session', async () => {
    const broker = await brokerOf()
    await createTopic(adminOf(broker), 't')
    const cluster = clusterOf(broker)
    const memberId = await join(cluster, 'g', 't')
    await broker.advance('30s')
    assert.deepEqual(await membersOf(broker, 'g'), [memberId])
    await broker.advance('30s')
    assert.deepEqual(await membersOf(broker, 'g'), [])
  })

  it('has offsets go of groups that nobody has been in for a week', async () => {
    const broker = await brokerOf()
    const admin = adminOf(broker)
    await createTopic(admin, 't')
    await commit(clusterOf(broker), 'g', 't', 5)
    await broker.advance('6d')
    assert.equal((await admin.listGroups()).length, 1)
    await broker.advance('2d')
    assert.equal((await admin.listGroups()).length, 0)
  })

  it('aborts a transaction that is open for too long, and what comes after it can be read', async () => {
    const broker = await brokerOf()
    const admin = adminOf(broker)
    await createTopic(admin, 't')
    const producer = producerOf(broker, { transactionalId: 'tx', transactionTimeoutMs: 60_000 })
    await producer.beginTransaction()
    await send(producer, 't', 'a', 'b')
    await send(producerOf(broker), 't', 'c')
    assert.deepEqual(await offsetsOf(admin, 't'), { start: 0, end: 3, stable: 0 })
    await broker.advance('50s')
    assert.equal((await admin.describeTransactions(['tx']))[0]!.state, 'Ongoing')
    await broker.advance('20s')
    assert.equal((await admin.describeTransactions(['tx']))[0]!.state, 'CompleteAbort')
    assert.deepEqual(await offsetsOf(admin, 't'), { start: 0, end: 4, stable: 4 })
    await assert.rejects(producer.commitTransaction(), KafkaError)
  })

  it('leaves the connections of clients open, whose time does not pass', async () => {
    const broker = await brokerOf()
    await createTopic(adminOf(broker), 't')
    const cluster = clusterOf(broker)
    const connection = await cluster.anyConnection()
    await broker.advance('7d')
    assert.ok(connection.isOpen)
    assert.equal(await cluster.anyConnection(), connection)
  })

  it('shows in the broker’s time', async () => {
    const broker = await brokerOf()
    const aheadMs = (): number => broker.nowMs() - Date.now()
    assert.ok(Math.abs(aheadMs()) < 1000)
    await broker.advance('2h')
    await broker.advance(500)
    assert.ok(Math.abs(aheadMs() - 7_200_500) < 1000)
    await assert.rejects(broker.advance('soon'), TypeError)
  })
})

describe('reset', () => {
  it('empties the broker, on its port and in the present, and open clients go on', async () => {
    const broker = await brokerOf({ properties: { 'num.partitions': 2 } })
    const { port, bootstrapServers, clusterId } = broker
    const admin = adminOf(broker)
    const producer = producerOf(broker)
    await createTopic(admin, 'gone')
    await send(producer, 'gone', 'a')
    await broker.advance('7d')
    broker.intercept('Produce', () => DISCONNECT)
    await broker.reset()
    assert.deepEqual([broker.port, broker.bootstrapServers], [port, bootstrapServers])
    assert.notEqual(broker.clusterId, clusterId)
    assert.ok(Math.abs(broker.nowMs() - Date.now()) < 1000)
    assert.deepEqual(await admin.listTopics(), [])
    assert.equal((await producer.partitionsFor('made')).length, 2)
    await createTopic(admin, 'gone')
    assert.deepEqual(await valuesOf(broker, 'gone'), [])
    const { offset } = await producer.send({ topic: 'gone', value: 'b' })
    assert.equal(offset, 0)
  })

  it('can be done between any two of many tests', async () => {
    const broker = await brokerOf()
    const producer = producerOf(broker)
    for (let round = 0; round < 5; round++) {
      await send(producer, 't', `round ${round}`)
      assert.deepEqual(await valuesOf(broker, 't'), [`round ${round}`])
      await broker.reset()
    }
  })
})

describe('fork', () => {
  it('goes on from topics, configs, records, offsets and time, and neither sees what the other does', async () => {
    const broker = await brokerOf()
    const admin = adminOf(broker)
    await createTopic(admin, 't', { 'retention.ms': '3600000' })
    const producer = producerOf(broker)
    await send(producer, 't', 'a', 'b')
    await commit(clusterOf(broker), 'g', 't', 1)
    await broker.advance('10m')
    const fork = await broker.fork()
    try {
      assert.notEqual(fork.port, broker.port)
      assert.equal(fork.clusterId, broker.clusterId)
      assert.ok(Math.abs(fork.nowMs() - broker.nowMs()) < 1000)
      const forkAdmin = adminOf(fork)
      assert.deepEqual(await valuesOf(fork, 't'), ['a', 'b'])
      const [config] = await forkAdmin.describeConfigs([{ type: 'topic', name: 't', keys: ['retention.ms'] }])
      assert.equal(config!.configs[0]!.value, '3600000')
      const [committed] = await forkAdmin.listGroupOffsets(['g'])
      assert.equal(committed!.offsets[0]!.offset, 1)

      await send(producer, 't', 'here')
      await send(producerOf(fork), 't', 'there', 'and there')
      await forkAdmin.deleteGroups(['g'])
      await createTopic(forkAdmin, 'only-there')
      await fork.advance('1h')
      assert.deepEqual(await valuesOf(broker, 't'), ['a', 'b', 'here'])
      assert.deepEqual(
        (await admin.listTopics()).map(({ name }) => name),
        ['t'],
      )
      assert.equal((await admin.listGroups()).length, 1)
      assert.equal((await offsetsOf(forkAdmin, 't')).start, 4)
    } finally {
      await fork.close()
    }
    await send(producer, 't', 'still')
    assert.deepEqual(await valuesOf(broker, 't'), ['a', 'b', 'here', 'still'])
  })

  it('has open transactions and members of groups, which end on each by itself', async () => {
    const broker = await brokerOf()
    const admin = adminOf(broker)
    await createTopic(admin, 't')
    const memberId = await join(clusterOf(broker), 'g', 't')
    const producer = producerOf(broker, { transactionalId: 'tx' })
    await producer.beginTransaction()
    await send(producer, 't', 'a')
    const fork = await broker.fork()
    try {
      const forkAdmin = adminOf(fork)
      assert.equal((await forkAdmin.describeTransactions(['tx']))[0]!.state, 'Ongoing')
      assert.deepEqual(await membersOf(fork, 'g'), [memberId])
      assert.equal((await offsetsOf(forkAdmin, 't')).stable, 0)
      await producer.commitTransaction()
      assert.equal((await offsetsOf(admin, 't')).stable, 2)
      await fork.advance('2m')
      assert.equal((await forkAdmin.describeTransactions(['tx']))[0]!.state, 'CompleteAbort')
      assert.deepEqual(await membersOf(fork, 'g'), [])
      assert.deepEqual(await membersOf(broker, 'g'), [memberId])
    } finally {
      await fork.close()
    }
  })

  it('can be forked again and again from one prepared state', async () => {
    const prepared = await brokerOf()
    await createTopic(adminOf(prepared), 't')
    await send(producerOf(prepared), 't', 'prepared')
    for (let round = 0; round < 3; round++) {
      const fork = await prepared.fork()
      await send(producerOf(fork), 't', `round ${round}`)
      const again = await fork.fork()
      assert.deepEqual(await valuesOf(again, 't'), ['prepared', `round ${round}`])
      await Promise.all([again.close(), fork.close()])
    }
    assert.deepEqual(await valuesOf(prepared, 't'), ['prepared'])
  })
})
