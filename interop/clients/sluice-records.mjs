/**
 * Writes and reads with our own client, as it was built:
 *
 *   sluice-records.mjs produce BROKER TOPIC CODEC PARTITION < lines      (see librdkafka.c)
 *   sluice-records.mjs read BROKER TOPIC PARTITIONS
 *
 * Whose clock stamped the records it learns from the topic's config.
 */
import { Admin, Consumer, Producer } from '../../dist/client/index.js'
import { readRecords } from './lines.mjs'

const [job, bootstrapServers = '', topic = '', ...rest] = process.argv.slice(2)
const isHex = process.env.LINES === 'hex'
/** A record of 1 MB and its batch. */
const requestBytesMax = 1_048_588

/** @param {string} codec @param {number} partition */
async function produce(codec, partition) {
  const producer = new Producer({
    bootstrapServers,
    compressionType: /** @type {'none'} */ (codec),
    maxRequestSize: requestBytesMax,
  })
  await producer.send(
    readRecords().map(({ headers, key, value }) => ({
      topic,
      key,
      value,
      headers: headers.map(([name, bytes]) => ({ key: name, value: bytes })),
      ...(partition >= 0 ? { partition } : {}),
    })),
  )
  await producer.close()
}

/** @param {Buffer | null} bytes */
const textOf = (bytes) => (bytes === null ? 'NULL' : bytes.toString(isHex ? 'hex' : 'utf8'))

/** @param {import('../../dist/client/index.js').RecordHeaders} headers */
function headersOf(headers) {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => `${name}:${each}`),
  )
  return pairs.length > 0 ? pairs.join(',') : 'NULL'
}

/** All that is there when it begins. @param {number} partitionCount */
async function read(partitionCount) {
  const admin = new Admin({ bootstrapServers })
  const [{ configs }] = await admin.describeConfigs([{ type: 'topic', name: topic }])
  const type = configs.find(({ name }) => name === 'message.timestamp.type')?.value
  await admin.close()
  const consumer = new Consumer({ bootstrapServers, enableAutoCommit: false })
  const partitions = Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition }))
  const ends = await consumer.endOffsets(partitions)
  const left = new Set(ends.filter(({ offset }) => offset > 0).map(({ partition }) => partition))
  consumer.assign(partitions.map((each) => ({ ...each, offset: 0 })))
  while (left.size > 0) {
    const lines = []
    for (const { partition, offset, timestamp, headers, key, value } of await consumer.poll()) {
      lines.push(
        [partition, offset, type, timestamp, headersOf(headers), textOf(key), textOf(value)].join('\t'),
      )
      if (offset + 1 >= (ends[partition]?.offset ?? 0)) left.delete(partition)
    }
    if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`)
  }
  await consumer.close()
}

if (job === 'produce') await produce(rest[0] ?? 'none', Number(rest[1]))
else await read(Number(rest[0]))
