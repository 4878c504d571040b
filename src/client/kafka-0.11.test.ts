/** Producer, consumer and admin against a broker that speaks no more than Kafka 0.11 did, the oldest that they work with. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { ApiVersionsResponse } from '../protocol/messages/18-api-versions.ts'
import { startBroker } from '../testing/index.ts'
import { Admin, Consumer, KafkaError, Producer } from './index.ts'

/** By API key, the newest version. */
const NEWEST = [
  3, 5, 2, 4, 0, 0, 3, 1, 3, 3, 1, 2, 1, 1, 1, 1, 1, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]

const broker = await startBroker()
after(() => broker.close())
const { bootstrapServers } = broker

broker.intercept('ApiVersions', async (_, next) => {
  const answer = (await next()) as ApiVersionsResponse
  const apiKeys = answer.apiKeys
    .filter(({ apiKey }) => NEWEST[apiKey] !== undefined)
    .map((each) => ({ ...each, maxVersion: Math.min(each.maxVersion, NEWEST[each.apiKey]!) }))
  return { ...answer, apiKeys, supportedFeatures: [], finalizedFeatures: [] }
})
/** The versions that were used. */
const used = new Map<string, number>()
for (const api of [
  'Produce',
  'Fetch',
  'Metadata',
  'OffsetCommit',
  'OffsetFetch',
  'JoinGroup',
  'EndTxn',
] as const) {
  broker.intercept(api, ({ version }, next) => {
    used.set(api, version)
    return next()
  })
}

function opened<Client extends { close(): Promise<unknown> }>(client: Client): Client {
  after(() => client.close())
  return client
}

const admin = opened(new Admin({ bootstrapServers }))

test('records, groups and transactions work with what Kafka 0.11 has', async () => {
  await admin.createTopics([
    { name: 'orders', partitions: 2, replicationFactor: 1 },
    { name: 'copies', partitions: 1, replicationFactor: 1 },
  ])
  const producer = opened(new Producer({ bootstrapServers, compressionType: 'lz4' }))
  const records = Array.from({ length: 50 }, (_, i) => ({ topic: 'orders', key: `${i}`, value: `v${i}` }))
  await producer.send(records.map((record) => ({ ...record, headers: { trace: 'x' } })))
  for (const partitionAssignmentStrategy of ['range', 'cooperative-sticky']) {
    const groupId = `by ${partitionAssignmentStrategy}`
    const options = { bootstrapServers, groupId, partitionAssignmentStrategy, enableAutoCommit: false }
    const consumer = opened(new Consumer({ ...options, autoOffsetReset: 'earliest' }))
    await consumer.subscribe('orders')
    const seen = new Set<string>()
    for await (const { value, headers } of consumer) {
      assert.equal(String(headers.trace), 'x')
      if (seen.add(String(value)).size === records.length) break
    }
    const copier = opened(new Producer({ bootstrapServers, transactionalId: groupId }))
    await copier.transaction(async (transaction) => {
      await transaction.send({ topic: 'copies', value: groupId })
      const offsets = consumer.assignment().map((each) => ({ ...each, offset: 7 }))
      await transaction.sendOffsets(offsets, consumer)
    })
    assert.deepEqual(
      (await consumer.committed()).map(({ offset }) => offset),
      [7, 7],
    )
    await consumer.commit()
    const committed = await consumer.committed()
    assert.equal(
      committed.reduce((sum, { offset }) => sum + offset, 0),
      records.length,
    )
  }
  const reader = opened(new Consumer({ bootstrapServers, isolationLevel: 'read_committed' }))
  reader.assign([{ topic: 'copies', partition: 0, offset: 0 }])
  const copies: string[] = []
  for await (const { value } of reader) if (copies.push(String(value)) === 2) break
  assert.deepEqual(copies, ['by range', 'by cooperative-sticky'])
  assert.deepEqual(Object.fromEntries(used), {
    Metadata: 4,
    Produce: 3,
    Fetch: 5,
    JoinGroup: 2,
    OffsetFetch: 3,
    OffsetCommit: 3,
    EndTxn: 0,
  })
})

test('what Kafka 0.11 has not is said, and not waited for', async () => {
  const consumer = opened(new Consumer({ bootstrapServers, groupId: 'new', groupProtocol: 'consumer' }))
  await consumer.subscribe('orders')
  await assert.rejects(
    consumer.poll({ timeoutMs: 10_000 }),
    (error: KafkaError) =>
      error instanceof KafkaError &&
      error.code === 'PROTOCOL' &&
      /group\.protocol=classic/.test(error.message),
  )
})
