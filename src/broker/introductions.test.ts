/**
 * What introductions to Kafka name literally: settings that are old or none, those of their programs, the znodes that they
 * look at, and how the group of their example is divided. What they type and see is in interop/transcripts; the settings
 * of their server.properties are in metadata/config/broker-config.test.ts.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assignorsOf } from '../client/consumer/assignors/kafka-assignors.ts'
import { Admin, Consumer, Producer } from '../client/index.ts'
import { MemoryStore } from '../coordination/memory-store.ts'
import type { MetadataStore } from '../coordination/metadata-store.ts'
import { BrokerConfig } from '../metadata/config/broker-config.ts'
import { parseProperties } from '../metadata/config/properties-file.ts'
import { SystemClock } from '../os/clock.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../protocol/messages/08-offset-commit.ts'
import { Client, portOf, start, temporaryFolder } from './broker.test.kit.ts'

test('what is old, or no setting of Kafka, is a warning', () => {
  const old =
    'host.name=h\nport=9093\nreplica.lag.max.messages=4000\nbroker.list=h:9092\nreplication.factor=1\n'
  const { config, warnings } = BrokerConfig.parse(
    parseProperties(`${old}zookeeper.connect=h1:1,h2:2,h3:3/kafka`),
  )
  assert.deepEqual([config.listeners[0]?.host, config.listeners[0]?.port], ['h', 9093])
  for (const key of ['replica.lag.max.messages', 'broker.list', 'replication.factor', 'zookeeper.connect']) {
    assert.equal(warnings.filter((line) => line.includes(key)).length, 1, key)
  }
})

/** The broker's own view of its store, by a session of its own. */
async function startWithStore(
  properties = {},
): Promise<{ store: MetadataStore; folder: string; port: number }> {
  const engine = new MemoryStore(new SystemClock())
  const folder = temporaryFolder()
  const broker = await start(folder, properties, {
    openStore: async () => ({ connect: () => engine.connect(), close: async () => {} }),
  })
  return { store: engine.connect(), folder, port: portOf(broker) }
}

async function json(store: MetadataStore, path: string): Promise<Record<string, unknown>> {
  const node = await store.get(path)
  assert.ok(node, `${path} is missing`)
  return JSON.parse(node.data.toString())
}

test('the znodes that they look at are there, with what they show', async () => {
  const { store, port } = await startWithStore()
  const client = new Client(port)
  await client.create('m44', { partitions: 3 })
  await client.producerId()

  const isEphemeral = async (path: string) => (await store.get(path))!.stat.ephemeralOwner !== 0
  assert.equal((await json(store, '/brokers/ids/1')).port, port)
  assert.equal(await isEphemeral('/brokers/ids/1'), true)
  const controller = await json(store, '/controller')
  assert.equal(controller.brokerid, 1)
  assert.match(String(controller.timestamp), /^\d{13}$/)
  assert.equal(await isEphemeral('/controller'), true)
  assert.equal((await store.get('/controller_epoch'))!.data.toString(), '1')
  assert.deepEqual((await json(store, '/brokers/topics/m44')).partitions, { 0: [1], 1: [1], 2: [1] })
  const state = await json(store, '/brokers/topics/m44/partitions/2/state')
  assert.deepEqual([state.leader, state.isr, state.controller_epoch], [1, [1], 1])
  assert.deepEqual((await store.children('/config'))!.sort(), [
    'brokers',
    'changes',
    'clients',
    'ips',
    'topics',
    'users',
  ])
  assert.ok((await store.children('/admin'))!.includes('delete_topics'))
  for (const path of ['/isr_change_notification', '/log_dir_event_notification', '/consumers']) {
    assert.ok(await store.get(path), path)
  }
  assert.equal(String((await json(store, '/cluster/id')).id).length, 22)
  const block = await json(store, '/latest_producer_id_block')
  assert.equal(Number(block.block_end) - Number(block.block_start), 999)
})

test('a group that keeps its offsets where they look for them has them under /consumers', async () => {
  const { store, port } = await startWithStore()
  const client = new Client(port)
  await client.create('first')
  const topics = [
    { name: 'first', partitions: [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }] },
  ]
  await client.ask(OffsetCommitRequest, OffsetCommitResponse, 0, { groupId: 'JSI', topics })
  assert.equal((await store.get('/consumers/JSI/offsets/first/0'))!.data.toString(), '7')
})

test('the folder of a partition that is deleted gets a name that nobody takes for a partition', async () => {
  const { folder, port } = await startWithStore({ 'log.segment.delete.delay.ms': '3600000' })
  const admin = new Admin({ bootstrapServers: `127.0.0.1:${port}` })
  await admin.createTopics([{ name: 'm44' }])
  assert.ok(existsSync(join(folder, 'data', 'm44-0', '00000000000000000000.timeindex')))
  await admin.deleteTopics(['m44'])
  await admin.close()
  const folders = readdirSync(join(folder, 'data')).filter((name) => name.startsWith('m44'))
  assert.equal(folders.length, 1)
  assert.match(folders[0]!, /^m44-0\.[0-9a-f]{32}-delete$/)
})

test('the settings of their producers and consumers are taken, and do what they say', async () => {
  const { port } = await startWithStore({
    'num.partitions': '2',
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': '1',
    'group.initial.rebalance.delay.ms': '0',
  })
  const servers = `127.0.0.1:${port}`
  const producer = new Producer<string, string>({
    'metadata.broker.list': servers,
    'request.required.acks': '-1',
    'serializer.class': 'kafka.serializer.StringEncoder',
    'key.serializer.class': 'kafka.serializer.StringEncoder',
    'compression.type': 'gzip',
    'batch.size': '16384',
    'linger.ms': '1',
  })
  await producer.send({ topic: 'test', key: '1', value: 'Message_1' })
  const newer = new Producer({
    'bootstrap.servers': servers,
    'key.serializer': 'org.apache.kafka.common.serialization.StringSerializer',
    'value.serializer': 'org.apache.kafka.common.serialization.StringSerializer',
  })
  await newer.send({ topic: 'test', key: '2', value: 'Message_2' })
  const consumer = new Consumer({
    'bootstrap.servers': servers,
    'zookeeper.connect': 'localhost:2181',
    'zookeeper.session.timeout.ms': '400',
    'zookeeper.sync.time.ms': '200',
    'group.id': 'readers',
    'auto.commit.enable': 'true',
    'auto.commit.interval.ms': '1000',
    'auto.offset.reset': 'smallest',
    'partition.assignment.strategy': 'range',
  })
  await consumer.subscribe(['test'])
  const seen: string[] = []
  for await (const record of consumer) {
    seen.push(String(record.value))
    if (seen.length === 2) break
  }
  assert.deepEqual(seen.sort(), ['Message_1', 'Message_2'])
  await Promise.all([producer, newer, consumer].map((client) => client.close()))
})

const ELEVEN: readonly [strategy: 'range' | 'roundrobin', numbers: readonly string[]][] = [
  ['range', ['1 2 3 4', '5 6 7 8', '9 10 11']],
  ['roundrobin', ['1 4 7 10', '2 5 8 11', '3 6 9']],
]
for (const [strategy, expected] of ELEVEN) {
  test(`${strategy} gives eleven partitions to three members as they show it`, () => {
    const members = ['C1', 'C2', 'C3'].map((memberId) => ({
      memberId,
      groupInstanceId: undefined,
      topics: ['T'],
      ownedPartitions: [],
      generationId: -1,
      rackId: undefined,
      userData: null,
    }))
    const topics = [{ topic: 'T', partitionCount: 11, racks: Array.from({ length: 11 }, () => []) }]
    const assignment = assignorsOf([strategy])[0]!.assign({ topics, members })
    // They count partitions from one.
    const numbers = members.map(({ memberId }) =>
      assignment
        .get(memberId)!
        .map(({ partition }) => partition + 1)
        .join(' '),
    )
    assert.deepEqual(numbers, expected)
  })
}
