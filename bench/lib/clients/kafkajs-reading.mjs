/** Reading as clients with the interface of kafkajs do it. */

/** @typedef {import('./index.mjs').ReadJob['onRecords']} OnRecords */

/** @param {any} consumer @param {OnRecords} onRecords */
export function readBatches(consumer, onRecords) {
  return consumer.run({
    eachBatch: async (/** @type {any} */ { batch }) => {
      let bytes = 0
      for (const { key, value } of batch.messages) bytes += (key?.length ?? 0) + (value?.length ?? 0)
      onRecords(batch.messages.length, bytes)
    },
  })
}

/** @param {any} consumer @param {OnRecords} onRecords */
export function readEach(consumer, onRecords) {
  return consumer.run({
    eachMessage: async (/** @type {any} */ { message: { key, value } }) => {
      onRecords(1, (key?.length ?? 0) + (value?.length ?? 0))
    },
  })
}
