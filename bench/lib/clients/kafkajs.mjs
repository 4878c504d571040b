/** kafkajs, from interop/node_modules. */
import { readBatches, readEach } from './kafkajs-reading.mjs'
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
  consume: async ({ onRecords, ...job }) => readBatches(await consumerOf(job), onRecords),
  each: async ({ onRecords, ...job }) => readEach(await consumerOf(job), onRecords),
}

/** @param {{bootstrapServers: string, topic: string, groupId: string}} job */
async function consumerOf({ bootstrapServers, topic, groupId }) {
  const consumer = connectTo(bootstrapServers).kafka.consumer({ groupId })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  return consumer
}
