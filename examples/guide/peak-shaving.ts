/**
 * Peak shaving: a sale begins, and 5,000 people press "buy" within a second. The shop front puts each request into a topic
 * and answers as soon as it is safe there; the back end, which can do 2,500 a second, takes its time.
 *
 *   node examples/guide/peak-shaving.ts [--bootstrap-servers HOST:PORT]
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Admin, Consumer, Producer } from 'sluice/client'
import { startBroker } from 'sluice/testing'

const REQUESTS = 5000
/** What the back end does at a time, and how long that takes it. */
const BATCH_REQUESTS = 50
const BATCH_MS = 20

const { values: options } = parseArgs({ options: { 'bootstrap-servers': { type: 'string' } } })
const broker = options['bootstrap-servers'] === undefined ? await startBroker() : undefined
const bootstrapServers = options['bootstrap-servers'] ?? broker!.bootstrapServers
const topic = `purchases-${process.pid}`

const admin = new Admin({ bootstrapServers })
await admin.createTopics([{ name: topic, partitions: 3, configs: { 'retention.ms': '86400000' } }])

// --- The shop front --------------------------------------------------------------------------------------------------
// acks=all and idempotence are the defaults: what was answered is not lost, nor there twice.
const producer = new Producer({ bootstrapServers, compressionType: 'lz4' })

async function buy(person: number): Promise<string> {
  const { partition, offset } = await producer.send({
    topic,
    key: `person-${person}`,
    value: JSON.stringify({ person, item: 'phone' }),
  })
  return `your number is ${partition}-${offset}`
}

// --- The back end ----------------------------------------------------------------------------------------------------
const consumer = new Consumer({
  bootstrapServers,
  groupId: `backend-${process.pid}`,
  autoOffsetReset: 'earliest',
  enableAutoCommit: false,
  maxPollRecords: BATCH_REQUESTS,
})
const handled = new Set<string>()

async function work(): Promise<void> {
  await consumer.subscribe([topic])
  for await (const { partition, records } of consumer.batches()) {
    await sleep(BATCH_MS) // The database.
    for (const { offset } of records) handled.add(`${partition}-${offset}`)
    // After the work: if we die before it, the batch comes again.
    await consumer.commit()
    if (handled.size === REQUESTS) return
  }
}

/** Requests that are in the topic and not handled yet: what to watch, and to scale by. */
async function backlog(): Promise<number> {
  const partitions = consumer.assignment()
  if (partitions.length === 0) return 0
  const ends = await consumer.endOffsets(partitions)
  const committed = await consumer.committed(partitions)
  const done = committed.reduce((sum, { offset }) => sum + offset, 0)
  return ends.reduce((sum, { offset }) => sum + offset, 0) - done
}

const begunMs = performance.now()
const working = work()
await Promise.all(Array.from({ length: REQUESTS }, (_, person) => buy(person)))
const answeredMs = performance.now() - begunMs
console.log(`${REQUESTS} requests were answered in ${Math.round(answeredMs)} ms`)

const watch = new AbortController()
const watching = (async () => {
  for (;;) {
    await sleep(500, undefined, { signal: watch.signal })
    console.log(`  backlog: ${await backlog()}`)
  }
})().catch(() => {})
await working
const handledMs = performance.now() - begunMs
watch.abort()
await watching

assert.equal(handled.size, REQUESTS)
assert.ok(answeredMs < handledMs)
await admin.deleteTopics([topic])
await Promise.all([producer, consumer, admin].map((client) => client.close()))
await broker?.close()
console.log(
  `all of them were handled after ${Math.round(handledMs)} ms, by a back end that was never asked for more than it can do`,
)
