/** kafkajs, from interop/node_modules. */
import { peers } from './peers.mjs'

/** @param {string} bootstrapServers */
function connectTo(bootstrapServers) {
  const { Kafka, logLevel, Partitioners } = peers('kafkajs')
  return {
    kafka: new Kafka({ clientId: 'bench', brokers: [bootstrapServers], logLevel: logLevel.NOTHING }),
    Partitioners,
  }
}

/** @type {import('./index.mjs').BenchClient} */
export const kafkajs = {
  name: 'kafkajs',
  producer: async ({ bootstrapServers, topic, compression }) => {
    const { kafka, Partitioners } = connectTo(bootstrapServers)
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    const codec = { none: 0, gzip: 1 }[compression]
    if (codec === undefined) throw new Error(`kafkajs has no ${compression} by itself`)
    return {
      recordOf: (key, value) => ({ key, value }),
      sendOne: (record) => producer.send({ topic, acks: -1, compression: codec, messages: [record] }),
      sendMany: (messages) => producer.send({ topic, acks: -1, compression: codec, messages }),
    }
  },
  consume: async ({ onRecords, ...job }) => {
    const consumer = await consumerOf(job)
    await consumer.run({
      eachBatch: async (/** @type {any} */ { batch }) => {
        let bytes = 0
        for (const { key, value } of batch.messages) bytes += (key?.length ?? 0) + (value?.length ?? 0)
        onRecords(batch.messages.length, bytes)
      },
    })
  },
  each: async ({ onRecords, ...job }) => {
    const consumer = await consumerOf(job)
    await consumer.run({
      eachMessage: async (/** @type {any} */ { message: { key, value } }) => {
        onRecords(1, (key?.length ?? 0) + (value?.length ?? 0))
      },
    })
  },
}

/** @param {{bootstrapServers: string, topic: string, groupId: string}} job */
async function consumerOf({ bootstrapServers, topic, groupId }) {
  const consumer = connectTo(bootstrapServers).kafka.consumer({ groupId })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  return consumer
}
