/**
 * Produces with @platformatic/kafka: platformatic-produce.mjs BROKER TOPIC CODEC PARTITION < lines (see
 * librdkafka.c). Needs Node >= 22.22 or >= 24.6.
 */
import { compatibilityPartitioner, Producer } from '@platformatic/kafka'
import { readRecords } from './lines.mjs'

/** @typedef {'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'} Codec */

const [broker = '', topic = '', codec = 'none', partitionText = '0'] = process.argv.slice(2)
const compression = /** @type {Codec} */ (codec)
const partition = Number(partitionText)
const recordsPerRequest = 500

const producer = new Producer({
  clientId: 'platformatic-interop',
  bootstrapBrokers: [broker],
  idempotent: true,
  // By itself it has its own idea of where a key belongs.
  partitioner: compatibilityPartitioner,
})
const messages = readRecords().map(({ headers, key, value }) => ({
  topic,
  ...(key === null ? {} : { key }),
  ...(value === null ? {} : { value }),
  ...(headers.length > 0
    ? { headers: new Map(headers.map(([name, bytes]) => [Buffer.from(name), bytes])) }
    : {}),
  ...(partition >= 0 ? { partition } : {}),
}))
while (messages.length > 0) {
  const big = messages.findIndex((message) => (message.value?.length ?? 0) > 100_000)
  const count = big === 0 ? 1 : big > 0 ? Math.min(big, recordsPerRequest) : recordsPerRequest
  await producer.send({ messages: messages.splice(0, count), compression, acks: -1 })
}
await producer.close()
