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
  consume: async ({ bootstrapServers, topic, groupId, onRecords }) => {
    const consumer = new Consumer({ bootstrapServers, groupId, autoOffsetReset: 'earliest' })
    await consumer.subscribe(topic)
    for await (const { records } of consumer.batches()) {
      let bytes = 0
      for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0)
      if (onRecords(records.length, bytes)) return
    }
  },
}
