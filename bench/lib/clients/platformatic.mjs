/** @platformatic/kafka, from interop/node_modules. */
import { peers } from './peers.mjs'

/** @type {import('./index.mjs').BenchClient} */
export const platformatic = {
  name: 'platformatic',
  producer: async ({ bootstrapServers, topic, compression }) => {
    const { Producer, ProduceAcks } = peers('@platformatic/kafka')
    const producer = new Producer({
      clientId: 'bench',
      bootstrapBrokers: [bootstrapServers],
      acks: ProduceAcks.ALL,
      compression,
    })
    return {
      recordOf: (key, value) => ({ topic, key, value }),
      sendOne: (record) => producer.send({ messages: [record] }),
      sendMany: (messages) => producer.send({ messages }),
    }
  },
  // It has no batches.
  consume: readEach,
  each: readEach,
}

/** @param {import('./index.mjs').ReadJob} job */
async function readEach({ bootstrapServers, topic, groupId, onRecords }) {
  const { Consumer } = peers('@platformatic/kafka')
  const consumer = new Consumer({ clientId: 'bench', bootstrapBrokers: [bootstrapServers], groupId })
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', maxWaitTime: 500 })
  for await (const { key, value } of stream) {
    if (onRecords(1, (key?.length ?? 0) + (value?.length ?? 0))) return
  }
}
