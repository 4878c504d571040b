/**
 * Ordered processing by key: an order is created, paid, packed and sent. Events of one order are handled in their order, on
 * whichever of two workers; different orders are handled side by side.
 *
 *   node examples/guide/ordered-processing.ts [--bootstrap-servers HOST:PORT]
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Admin, Consumer, Producer } from 'sluice/client'
import { startBroker } from 'sluice/testing'

const STEPS = ['created', 'paid', 'packed', 'sent']
const ORDERS = 50
const WORK_MS = 1

const { values: options } = parseArgs({ options: { 'bootstrap-servers': { type: 'string' } } })
const broker = options['bootstrap-servers'] === undefined ? await startBroker() : undefined
const bootstrapServers = options['bootstrap-servers'] ?? broker!.bootstrapServers
const topic = `order-events-${process.pid}`

const admin = new Admin({ bootstrapServers })
// As many partitions as there shall ever be workers: more of them later would send keys elsewhere.
await admin.createTopics([{ name: topic, partitions: 6 }])

// --- Two workers -----------------------------------------------------------------------------------------------------
const stepsOf = new Map<string, string[]>()
const workersOf = new Map<string, Set<string>>()
const stop = new AbortController()
let handledCount = 0

async function work(worker: string): Promise<void> {
  const consumer = new Consumer({
    bootstrapServers,
    groupId: `workers-${process.pid}`,
    autoOffsetReset: 'earliest',
    keyDeserializer: 'string',
    valueDeserializer: 'string',
  })
  await consumer.subscribe([topic])
  await consumer.run({
    // Three partitions at a time; the records of each come one after the other, each after the work on the one before.
    concurrency: 3,
    signal: stop.signal,
    eachRecord: async ({ key, value }) => {
      await sleep(WORK_MS)
      stepsOf.set(key!, [...(stepsOf.get(key!) ?? []), value!])
      workersOf.set(key!, (workersOf.get(key!) ?? new Set()).add(worker))
      handledCount += 1
      if (handledCount === ORDERS * STEPS.length) stop.abort()
    },
  })
  await consumer.close()
}
const working = [work('ann'), work('bob')]

// --- Events ----------------------------------------------------------------------------------------------------------
// Idempotence (the default) keeps the order also where a request fails and is sent again while others are under way.
const producer = new Producer({ bootstrapServers })
const sent: Promise<unknown>[] = []
for (const step of STEPS) {
  for (let order = 0; order < ORDERS; order++) {
    sent.push(producer.send({ topic, key: `order-${order}`, value: step }))
  }
}
await Promise.all(sent)
await Promise.all(working)

for (const [order, steps] of stepsOf) assert.deepEqual(steps, STEPS, order)
assert.equal(stepsOf.size, ORDERS)
const shares = ['ann', 'bob'].map(
  (name) => [...workersOf.values()].filter((workers) => workers.has(name)).length,
)
await admin.deleteTopics([topic])
await Promise.all([producer, admin].map((client) => client.close()))
await broker?.close()
console.log(`ann worked on ${shares[0]} orders and bob on ${shares[1]}`)
console.log(`each of ${ORDERS} orders went through ${STEPS.join(', ')}, in that order`)
