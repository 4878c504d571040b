/**
 * Asynchronous decoupling: an order is taken, and three services hear of it: the database, the stock, the mail. The shop
 * knows none of them. One is down while the orders come and catches up later; one dies half-way and does its work again.
 *
 *   node examples/guide/asynchronous-decoupling.ts [--bootstrap-servers HOST:PORT]
 */
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { Admin, Consumer, Producer } from 'sluice/client'
import { startBroker } from 'sluice/testing'

interface Order {
  id: string
  item: string
  count: number
}

const { values: options } = parseArgs({ options: { 'bootstrap-servers': { type: 'string' } } })
const broker = options['bootstrap-servers'] === undefined ? await startBroker() : undefined
const bootstrapServers = options['bootstrap-servers'] ?? broker!.bootstrapServers
const topic = `orders-${process.pid}`

const admin = new Admin({ bootstrapServers })
await admin.createTopics([{ name: topic, partitions: 2 }])

/** A service is a group: every group gets every order, and the members of one share them. */
function serviceConsumer(name: string) {
  return new Consumer({
    bootstrapServers,
    groupId: `${name}-${process.pid}`,
    // A new service begins with the oldest order, rather than missing some.
    autoOffsetReset: 'earliest',
    // How far it has come is said by us, after the work.
    enableAutoCommit: false,
    valueDeserializer: (bytes): Order => JSON.parse(String(bytes)),
  })
}

/** Reads until `count` orders were handled. An error leaves the order at hand uncommitted. */
async function serve(name: string, count: number, handle: (order: Order) => void): Promise<void> {
  const consumer = serviceConsumer(name)
  try {
    await consumer.subscribe([topic])
    let done = 0
    for await (const record of consumer) {
      if (record.value !== null) handle(record.value)
      await consumer.commit(record)
      if (++done === count) return
    }
  } finally {
    await consumer.close()
  }
}

// --- The shop --------------------------------------------------------------------------------------------------------
const producer = new Producer<string, Order>({ bootstrapServers, valueSerializer: 'json' })
const orders: Order[] = Array.from({ length: 6 }, (_, i) => ({ id: `order-${i}`, item: 'tea', count: i + 1 }))
await Promise.all(orders.map((order) => producer.send({ topic, key: order.id, value: order })))
console.log(`${orders.length} orders are taken; no service has run yet`)

// --- The database: dies with the third order, and is started again ---------------------------------------------------
const table = new Map<string, Order>()
let writes = 0
function write(order: Order): void {
  // By id, so that an order that comes twice changes nothing.
  table.set(order.id, order)
  writes += 1
  if (writes === 3) throw new Error('the database is gone')
}
await assert.rejects(serve('database', orders.length, write), /the database is gone/)
console.log(`database: died after ${writes} writes, the last of them not committed`)
await serve('database', orders.length - 2, write)
console.log(`database: started again, ${table.size} orders in the table after ${writes} writes`)
assert.equal(table.size, orders.length)
assert.equal(writes, orders.length + 1)

// --- The stock and the mail, each at its own pace --------------------------------------------------------------------
let stock = 100
await serve('stock', orders.length, ({ count }) => {
  stock -= count
})
const mails: string[] = []
await serve('mail', orders.length, ({ id }) => void mails.push(id))
console.log(`stock: ${stock} left; mail: ${mails.length} sent`)
assert.equal(stock, 100 - orders.reduce((sum, { count }) => sum + count, 0))
assert.equal(new Set(mails).size, orders.length)

await admin.deleteTopics([topic])
await Promise.all([producer, admin].map((client) => client.close()))
await broker?.close()
console.log('every service has seen every order, and the shop waited for none of them')
