import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { Admin, Consumer } from 'sluice/client'
import { DISCONNECT, startBroker } from 'sluice/testing'
import { Shop, Warehouse } from './order-service.js'

let broker
let clients = []

before(async () => {
  broker = await startBroker()
})
after(() => broker.close())

beforeEach(async () => {
  await broker.reset()
  const admin = opened(new Admin({ bootstrapServers: broker.bootstrapServers }))
  await admin.createTopics([
    { name: 'orders', partitions: 3, configs: { 'retention.ms': String(7 * 86_400_000) } },
    { name: 'shipments', partitions: 3 },
  ])
})
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()))
  clients = []
})

test('what is ordered is shipped', async () => {
  const shop = opened(new Shop(broker.bootstrapServers))
  const warehouse = opened(new Warehouse(broker.bootstrapServers))
  const running = warehouse.run()
  await shop.order({ id: 1, customer: 'ada', item: 'tea' })
  const [shipment] = await read('shipments', 1)
  assert.equal(shipment.key, 'ada')
  assert.deepEqual(shipment.value, { order: 1, item: 'tea' })
  await warehouse.close()
  await running
})

test('an order is written once, though the answer to it is lost', async () => {
  const shop = opened(new Shop(broker.bootstrapServers))
  let lost = 0
  broker.intercept('Produce', async (_call, next) => {
    const answer = await next()
    return lost++ === 0 ? DISCONNECT : answer
  })
  await shop.order({ id: 1, customer: 'ada', item: 'tea' })
  await shop.order({ id: 2, customer: 'ada', item: 'milk' })
  const orders = await read('orders', 2)
  assert.deepEqual(
    orders.map(({ value }) => value.id),
    [1, 2],
  )
  assert.deepEqual(
    orders.map(({ offset }) => offset),
    [0, 1],
  )
})

test('orders that nobody ships for a week are gone', async () => {
  const shop = opened(new Shop(broker.bootstrapServers))
  await shop.order({ id: 1, customer: 'ada', item: 'tea' })
  await broker.advance('6d')
  assert.equal(await count('orders'), 1)
  await broker.advance('1d')
  assert.equal(await count('orders'), 0)
})

test('two tests can go on from one state, each on a broker of its own', async () => {
  const shop = opened(new Shop(broker.bootstrapServers))
  await shop.order({ id: 1, customer: 'ada', item: 'tea' })
  const fork = opened(await broker.fork())
  await shop.order({ id: 2, customer: 'ada', item: 'milk' })
  assert.equal(await count('orders'), 2)
  assert.equal(await count('orders', fork), 1)
})

/** What is closed after the test. */
function opened(client) {
  clients.push(client)
  return client
}

/** The first records of a topic, as soon as they are there. */
async function read(topic, recordCount) {
  const { bootstrapServers } = broker
  const consumer = opened(
    new Consumer({
      bootstrapServers,
      groupId: 'test',
      autoOffsetReset: 'earliest',
      isolationLevel: 'read_committed',
      keyDeserializer: 'string',
      valueDeserializer: 'json',
    }),
  )
  await consumer.subscribe([topic])
  const records = []
  for await (const record of consumer) {
    records.push(record)
    if (records.length === recordCount) break
  }
  return records
}

/** How many records can be read. */
async function count(topic, { bootstrapServers } = broker) {
  const admin = opened(new Admin({ bootstrapServers }))
  const partitions = [0, 1, 2].map((partition) => ({ topic, partition }))
  const offsets = async (at) => admin.listOffsets(partitions.map((each) => ({ ...each, at })))
  const [starts, ends] = await Promise.all([offsets('earliest'), offsets('latest')])
  return ends.reduce((sum, { offset }, index) => sum + offset - starts[index].offset, 0)
}
