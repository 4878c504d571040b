/**
 * Produces with kafkajs: kafkajs-produce.mjs BROKER TOPIC CODEC PARTITION < lines (see librdkafka.c).
 * kafkajs brings gzip alone and takes the other codecs from outside; they come from the product's dependencies.
 */
import { createRequire } from 'node:module'
import zlib from 'node:zlib'
import kafkajs from 'kafkajs'
import { readRecords } from './lines.mjs'

/** The bytes in what kafkajs hands to a codec. @param {unknown} encoder */
const bytesOf = (encoder) => /** @type {{buffer: Buffer}} */ (encoder).buffer

const { CompressionCodecs, CompressionTypes, Kafka, logLevel, Partitioners } = kafkajs
const require = createRequire(import.meta.url)
const [broker = '', topic = '', codec = 'none', partitionText = '0'] = process.argv.slice(2)
const partition = Number(partitionText)
const recordsPerRequest = 500

CompressionCodecs[CompressionTypes.Snappy] = () => ({
  compress: async (/** @type {unknown} */ encoder) => require('snappy').compress(bytesOf(encoder)),
  decompress: async (/** @type {Buffer} */ bytes) => require('snappy').uncompress(bytes),
})
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async (/** @type {unknown} */ encoder) => require('lz4-napi').compressFrame(bytesOf(encoder)),
  decompress: async (/** @type {Buffer} */ bytes) => require('lz4-napi').decompressFrame(bytes),
})
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async (/** @type {unknown} */ encoder) => {
    // Node has it from 22.15 on.
    const native = /** @type {{zstdCompressSync?: (bytes: Buffer) => Buffer}} */ (zlib).zstdCompressSync
    if (native) return native(bytesOf(encoder))
    const { Encoder } = require('@toondepauw/node-zstd')
    return new Encoder(3).encodeSync(bytesOf(encoder))
  },
  decompress: async () => {
    throw new Error('this program does not read')
  },
})
/** @type {Record<string, number>} */
const types = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}

const kafka = new Kafka({ clientId: 'kafkajs-interop', brokers: [broker], logLevel: logLevel.ERROR })
const producer = kafka.producer({
  idempotent: true,
  maxInFlightRequests: 1,
  createPartitioner: Partitioners.DefaultPartitioner,
})
await producer.connect()
const messages = readRecords().map(({ headers, key, value }) => ({
  key,
  value,
  ...(headers.length > 0 ? { headers: grouped(headers) } : {}),
  ...(partition >= 0 ? { partition } : {}),
}))
while (messages.length > 0) {
  // The record of 1 MB goes alone, or its request would exceed the broker's limit for a batch.
  const big = messages.findIndex((message) => (message.value?.length ?? 0) > 100_000)
  const count = big === 0 ? 1 : big > 0 ? Math.min(big, recordsPerRequest) : recordsPerRequest
  await producer.send({ topic, compression: types[codec], acks: -1, messages: messages.splice(0, count) })
}
await producer.disconnect()

/** kafkajs takes an object; a repeated name becomes an array, which puts its values side by side.
 * @param {[string, Buffer][]} headers */
function grouped(headers) {
  /** @type {Record<string, Buffer[]>} */
  const object = {}
  for (const [name, value] of headers) {
    object[name] ??= []
    object[name].push(value)
  }
  return object
}
