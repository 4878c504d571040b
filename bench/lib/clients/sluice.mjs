/** This project's client, as `npm run build` left it in dist/. */
import { Consumer, Producer } from '../../../dist/client/index.js'

/** @type {import('./index.mjs').BenchClient} */
export const sluice = {
  name: 'sluice',
  producer: async ({ bootstrapServers, topic, compression }) => {
    const producer = new Producer({
      bootstrapServers,
      compressionType: /** @type {'none'} */ (compression),
    })
    return {
      recordOf: (key, value) => ({ topic, key, value }),
      sendOne: (record) => producer.send(/** @type {any} */ (record)),
      sendMany: (records) => producer.send(/** @type {any} */ (records)),
    }
  },
  consume: async ({ onRecords, ...job }) => {
    for await (const { records } of (await consumerOf(job)).batches()) {
      let bytes = 0
      for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0)
      if (onRecords(records.length, bytes)) return
    }
  },
  each: async ({ onRecords, ...job }) => {
    for await (const { key, value } of await consumerOf(job)) {
      if (onRecords(1, (key?.length ?? 0) + (value?.length ?? 0))) return
    }
  },
}

/** @param {{bootstrapServers: string, topic: string, groupId: string}} job */
async function consumerOf({ bootstrapServers, topic, groupId }) {
  const consumer = new Consumer({ bootstrapServers, groupId, autoOffsetReset: 'earliest' })
  await consumer.subscribe(topic)
  return consumer
}
