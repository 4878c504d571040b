/**
 * Reads a topic once with one client, and tells how long it took. Arguments: the client, the bootstrap servers, the topic,
 * how many records there are.
 */
import { createRequire } from 'node:module'

const [client = '', bootstrapServers = '', topic = '', count = '0'] = process.argv.slice(2)
const recordCount = Number(count)
/** A part is for warming up. */
const measuredFrom = Math.floor(recordCount / 10)
const groupId = `bench-${process.pid}-${Date.now()}`
const peers = createRequire(new URL('../../interop/package.json', import.meta.url))

let seen = 0
let bytes = 0
let startMs = 0
let startCpu = process.cpuUsage()
/** @type {() => void} */
let finish = () => {}
const finished = new Promise((resolve) => {
  finish = () => resolve(undefined)
})

/** @param {number} keyBytes @param {number} valueBytes */
function count1(keyBytes, valueBytes) {
  seen += 1
  if (seen === measuredFrom) {
    startMs = performance.now()
    startCpu = process.cpuUsage()
    bytes = 0
  }
  bytes += keyBytes + valueBytes
  if (seen === recordCount) finish()
}

const READERS = {
  'sluice batches': async () => {
    const { Consumer } = await import('../../dist/client/index.js')
    const consumer = new Consumer({ bootstrapServers, groupId, autoOffsetReset: 'earliest' })
    await consumer.subscribe(topic)
    for await (const { records } of consumer.batches()) {
      for (const { key, value } of records) count1(key?.length ?? 0, value?.length ?? 0)
      if (seen === recordCount) break
    }
  },
  'sluice for await': async () => {
    const { Consumer } = await import('../../dist/client/index.js')
    const consumer = new Consumer({ bootstrapServers, groupId, autoOffsetReset: 'earliest' })
    await consumer.subscribe(topic)
    for await (const { key, value } of consumer) {
      count1(key?.length ?? 0, value?.length ?? 0)
      if (seen === recordCount) break
    }
  },
  'kafkajs eachBatch': async () => {
    const consumer = await kafkaJsConsumer()
    await consumer.run({
      eachBatch: async (/** @type {any} */ { batch }) => {
        for (const { key, value } of batch.messages) count1(key?.length ?? 0, value?.length ?? 0)
      },
    })
  },
  'kafkajs eachMessage': async () => {
    const consumer = await kafkaJsConsumer()
    await consumer.run({
      eachMessage: async (/** @type {any} */ { message }) => {
        count1(message.key?.length ?? 0, message.value?.length ?? 0)
      },
    })
  },
  'platformatic stream': async () => {
    const { Consumer } = peers('@platformatic/kafka')
    const consumer = new Consumer({ bootstrapBrokers: [bootstrapServers], groupId, clientId: 'bench' })
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', maxWaitTime: 500 })
    for await (const { key, value } of stream) {
      count1(key?.length ?? 0, value?.length ?? 0)
      if (seen === recordCount) break
    }
  },
}

async function kafkaJsConsumer() {
  const { Kafka, logLevel } = peers('kafkajs')
  const kafka = new Kafka({ brokers: [bootstrapServers], logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  return consumer
}

READERS[/** @type {keyof typeof READERS} */ (client)]().catch((error) => {
  console.error(error)
  process.exit(1)
})
await finished
const seconds = (performance.now() - startMs) / 1000
const { user, system } = process.cpuUsage(startCpu)
process.send?.({
  seconds,
  cpuSeconds: (user + system) / 1e6,
  bytes,
  count: recordCount - measuredFrom,
  rss: 0,
})
