/** Confluent's client: librdkafka, bound to Node by native code; see `nativeClient` in scripts/peers/peers.mjs. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { nativeClient } from '../../../scripts/peers/peers.mjs'
import { readBatches, readEach } from './kafkajs-reading.mjs'

async function load() {
  const peer = await nativeClient({ mayFetch: false })
  if ('missing' in peer) throw new Error(peer.missing)
  return createRequire(join(peer.path, 'package.json'))('@confluentinc/kafka-javascript').KafkaJS
}

/** @type {import('./index.mjs').BenchClient} */
export const confluent = {
  name: 'confluent (native)',
  producer: async ({ bootstrapServers, topic, compression }) => {
    const { Kafka, logLevel } = await load()
    const kafka = new Kafka({ kafkaJS: { brokers: [bootstrapServers], logLevel: logLevel.NOTHING } })
    const producer = kafka.producer({ 'linger.ms': 0, acks: -1, 'compression.type': compression })
    await producer.connect()
    return {
      recordOf: (key, value) => ({ key, value }),
      sendOne: (record) => producer.send({ topic, messages: [record] }),
      sendMany: (messages) => producer.send({ topic, messages }),
    }
  },
  consume: async ({ onRecords, ...job }) => readBatches(await consumerOf(job), onRecords),
  each: async ({ onRecords, ...job }) => readEach(await consumerOf(job), onRecords),
}

/** @param {{bootstrapServers: string, topic: string, groupId: string}} job */
async function consumerOf({ bootstrapServers, topic, groupId }) {
  const { Kafka, logLevel } = await load()
  const kafka = new Kafka({ kafkaJS: { brokers: [bootstrapServers], logLevel: logLevel.NOTHING } })
  const consumer = kafka.consumer({ kafkaJS: { groupId, fromBeginning: true } })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic] })
  return consumer
}
