/**
 * `npm run bench:client-consume`: how fast this client reads, beside the other clients of Node, from the same broker.
 *
 *   node bench/client-consume.mjs [--records 1000000] [--bytes 100] [--partitions 4] [--compression none] [--rounds 3]
 *                                 [--broker sluice|apache-3.9|apache-4.1]
 *
 * Each client reads all of the topic in a process of its own, in a group of its own, after it has read a part of it to warm
 * up; the best round counts. What is measured lies between the first and the last record: the clients' processor time
 * counts in full, from that of the whole process. Needs `npm run build`.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Admin, Producer } from '../dist/client/index.js'
import { startBroker } from '../interop/lib/broker.mjs'
import { residentMiB } from './lib/process-usage.mjs'

const { values: args } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    bytes: { type: 'string', default: '100' },
    partitions: { type: 'string', default: '4' },
    compression: { type: 'string', default: 'none' },
    rounds: { type: 'string', default: '3' },
    broker: { type: 'string', default: 'sluice' },
    client: { type: 'string', multiple: true },
  },
})
const recordCount = Number(args.records)
const valueBytes = Number(args.bytes)

const TOPIC = 'bench'
const CLIENTS = args.client ?? [
  'sluice batches',
  'sluice for await',
  'kafkajs eachBatch',
  'kafkajs eachMessage',
  'platformatic stream',
]
const child = fileURLToPath(new URL('./lib/consume-child.mjs', import.meta.url))

/**
 * @typedef {object} Reading
 * @property {number} seconds
 * @property {number} cpuSeconds
 * @property {number} bytes of keys and values
 * @property {number} count
 * @property {number} rss MiB at most
 */

/** @param {string} bootstrapServers */
async function fill(bootstrapServers) {
  const admin = new Admin({ bootstrapServers })
  await admin.createTopics([{ name: TOPIC, partitions: Number(args.partitions), replicationFactor: 1 }])
  await admin.close()
  const producer = new Producer({
    bootstrapServers,
    lingerMs: 5,
    batchSize: 65_536,
    compressionType: /** @type {'none'} */ (args.compression),
  })
  const CHUNK = 20_000
  for (let from = 0; from < recordCount; from += CHUNK) {
    const count = Math.min(CHUNK, recordCount - from)
    await producer.send(
      Array.from({ length: count }, (_, i) => ({
        topic: TOPIC,
        key: `key-${from + i}`,
        value: `${from + i} `.padEnd(valueBytes, 'abcdefghij'),
      })),
    )
  }
  await producer.close()
}

/**
 * @param {string} client
 * @param {string} bootstrapServers
 * @returns {Promise<Reading>}
 */
function read(client, bootstrapServers) {
  return new Promise((resolve, reject) => {
    const reader = fork(child, [client, bootstrapServers, TOPIC, String(recordCount)], {
      stdio: 'inherit',
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    })
    reader.on('message', (/** @type {Reading} */ reading) => {
      resolve({ ...reading, rss: residentMiB(/** @type {number} */ (reader.pid), 'VmHWM') })
      reader.kill('SIGKILL')
    })
    reader.on('exit', (code) => {
      if (code !== null) reject(new Error(`${client} ended with ${code}`))
    })
  })
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
const overrides = { 'offsets.topic.replication.factor': '1', 'group.initial.rebalance.delay.ms': '0' }
const broker = await startBroker({ kind: /** @type {'sluice'} */ (args.broker), folder, overrides })
const bootstrapServers = `127.0.0.1:${broker.port}`
try {
  await fill(bootstrapServers)
  console.log(
    `${recordCount} records of ${valueBytes} bytes in ${args.partitions} partitions, compression ${args.compression}, from ${args.broker}`,
  )
  console.log(`${'client'.padEnd(22)} records/s     MB/s  CPU s/M  RSS MiB`)
  for (const client of CLIENTS) {
    /** @type {Reading | undefined} */
    let best
    for (let round = 0; round < Number(args.rounds); round++) {
      const reading = await read(client, bootstrapServers)
      if (best === undefined || reading.seconds < best.seconds) best = reading
    }
    if (best === undefined) continue
    const { seconds, cpuSeconds, bytes, count, rss } = best
    console.log(
      [
        client.padEnd(22),
        Math.round(count / seconds)
          .toString()
          .padStart(9),
        (bytes / seconds / 1e6).toFixed(1).padStart(8),
        ((cpuSeconds / count) * 1e6).toFixed(2).padStart(8),
        String(rss).padStart(8),
      ].join(' '),
    )
  }
} finally {
  await broker.stop()
  rmSync(folder, { recursive: true, force: true })
}
