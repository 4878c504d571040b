/**
 * `npm run bench:clients`: this client beside the other clients of Node, in one run against the same broker process.
 *
 *   node bench/clients.mjs [--broker sluice|apache-3.9|apache-4.1] [--rounds 3] [--seconds 3] [--records 1000000]
 *                          [--partitions 4] [--compression none] [--client sluice,kafkajs]
 *                          [--workload single-100,batch-100] [--install-native]
 *
 * single-100, single-1024: one record of so many bytes after the other, each awaited. batch-100, batch-1024: a thousand
 * records in a call, four calls at a time. consume-100, consume-1024: a topic of --records (two fifths of them for 1024)
 * read by one member of a group, in batches where the client has them; each-100, each-1024: one record after the other.
 * acks=all; each client otherwise as it comes.
 *
 * Each measurement has a process of its own, after a warm-up; rounds are interleaved, so that what else the machine does
 * meets all; the medians are printed. The clients' processor time is that of their whole processes, native threads
 * included. The broker shares the machine. --install-native fetches Confluent's native client, and compiles it where there
 * is no binary for this machine (minutes). Needs `npm run build`.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Admin, Producer } from '../dist/client/index.js'
import { startBroker } from '../interop/lib/broker.mjs'
import { formatTable } from '../interop/lib/report.mjs'
import { nativeClient, npmClients } from '../scripts/peers/peers.mjs'
import { clients } from './lib/clients/index.mjs'
import { processorSeconds, residentMiB } from './lib/process-usage.mjs'

const { values: args } = parseArgs({
  options: {
    broker: { type: 'string', default: 'sluice' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    records: { type: 'string', default: '1000000' },
    partitions: { type: 'string', default: '4' },
    compression: { type: 'string', default: 'none' },
    client: { type: 'string' },
    workload: { type: 'string' },
    'install-native': { type: 'boolean', default: false },
  },
})

/**
 * @typedef {object} Job
 * @property {string} client
 * @property {'single' | 'batch' | 'consume' | 'each'} workload
 * @property {string} bootstrapServers
 * @property {string} topic
 * @property {string} compression
 * @property {number} valueBytes
 * @property {number} seconds of producing
 * @property {number} recordCount in the topic that is consumed
 */

/**
 * @typedef {object} Measurement
 * @property {number} count
 * @property {number} bytes of keys and values
 * @property {number} seconds
 * @property {number} cpuSeconds
 * @property {number} brokerCpuSeconds
 * @property {number} residentMiB at most
 */

const rounds = Number(args.rounds)
const seconds = Number(args.seconds)
const records = Number(args.records)
const timeoutMs = 120_000
const childProgram = fileURLToPath(new URL('./lib/client-run.mjs', import.meta.url))

/** @type {{name: string, workload: Job['workload'], valueBytes: number, recordCount: number}[]} */
const workloads = [
  { name: 'single-100', workload: 'single', valueBytes: 100, recordCount: 0 },
  { name: 'single-1024', workload: 'single', valueBytes: 1024, recordCount: 0 },
  { name: 'batch-100', workload: 'batch', valueBytes: 100, recordCount: 0 },
  { name: 'batch-1024', workload: 'batch', valueBytes: 1024, recordCount: 0 },
  { name: 'consume-100', workload: 'consume', valueBytes: 100, recordCount: records },
  { name: 'consume-1024', workload: 'consume', valueBytes: 1024, recordCount: Math.ceil(records * 0.4) },
  { name: 'each-100', workload: 'each', valueBytes: 100, recordCount: records },
  { name: 'each-1024', workload: 'each', valueBytes: 1024, recordCount: Math.ceil(records * 0.4) },
]

/** Topics that are read, which both ways of reading share. @param {number} valueBytes */
const filledTopic = (valueBytes) => `filled-${valueBytes}`

/** @param {string | undefined} list @param {string} name */
const isWanted = (list, name) => list === undefined || list.split(',').includes(name)

async function clientsHere() {
  const npm = await npmClients()
  const native = await nativeClient({ mayFetch: args['install-native'] })
  return clients.filter(({ name }) => {
    if (!isWanted(args.client, name.split(' ')[0] ?? name)) return false
    const peer = name === 'sluice' ? undefined : name.startsWith('confluent') ? native : npm
    const missing = peer && 'missing' in peer ? peer.missing : lackingOf(name)
    if (missing === undefined) return true
    console.log(`SKIPPED: ${name}: ${missing}`)
    return false
  })
}

/** @param {string} name */
function lackingOf(name) {
  const isOld = !('withResolvers' in Promise)
  return name === 'platformatic' && isOld
    ? `it needs Node 22 or later, and this is ${process.version}`
    : undefined
}

/** @param {Job} job @param {number} brokerPid @returns {Promise<Measurement>} */
function measure(job, brokerPid) {
  return new Promise((resolve, reject) => {
    const child = fork(childProgram, [JSON.stringify(job)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    })
    const brokerBefore = processorSeconds(brokerPid).total
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    let isDone = false
    child.on('message', (/** @type {Measurement} */ measurement) => {
      isDone = true
      const brokerCpuSeconds = processorSeconds(brokerPid).total - brokerBefore
      resolve({
        ...measurement,
        brokerCpuSeconds,
        residentMiB: residentMiB(/** @type {number} */ (child.pid), 'VmHWM'),
      })
      child.kill('SIGKILL')
    })
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (!isDone) reject(new Error(`${job.client} ended with ${code ?? signal} before it was done`))
    })
  })
}

/** @param {string} bootstrapServers @param {string} topic @param {number} valueBytes @param {number} recordCount */
async function fill(bootstrapServers, topic, valueBytes, recordCount) {
  const producer = new Producer({
    bootstrapServers,
    compressionType: /** @type {'none'} */ (args.compression),
  })
  const CHUNK = 10_000
  const value = 'abcdefghij'.repeat(Math.ceil(valueBytes / 10)).slice(0, valueBytes)
  for (let from = 0; from < recordCount; from += CHUNK) {
    const count = Math.min(CHUNK, recordCount - from)
    await producer.send(Array.from({ length: count }, (_, i) => ({ topic, key: `key-${from + i}`, value })))
  }
  await producer.close()
}

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

/** @param {Measurement[]} all @param {(measurement: Measurement) => number} of @param {number} digits */
function shown(all, of, digits) {
  const value = median(all.map(of))
  return digits === 0 ? Math.round(value).toLocaleString('en') : value.toFixed(digits)
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
const overrides = {
  'offsets.topic.replication.factor': '1',
  'group.initial.rebalance.delay.ms': '0',
  'log.retention.check.interval.ms': '3600000',
}
const here = await clientsHere()
const broker = await startBroker({ kind: /** @type {'sluice'} */ (args.broker), folder, overrides })
const bootstrapServers = `127.0.0.1:${broker.port}`
const admin = new Admin({ bootstrapServers })
/** @param {string} name */
const createTopic = (name) =>
  admin.createTopics([{ name, partitions: Number(args.partitions), replicationFactor: 1 }])
try {
  const wanted = workloads.filter(({ name }) => isWanted(args.workload, name))
  const filled = new Map(
    wanted.flatMap(({ valueBytes, recordCount }) => (recordCount > 0 ? [[valueBytes, recordCount]] : [])),
  )
  for (const [valueBytes, recordCount] of filled) {
    await createTopic(filledTopic(valueBytes))
    await fill(bootstrapServers, filledTopic(valueBytes), valueBytes, recordCount)
  }
  /** @type {Map<string, Measurement[]>} */
  const measurements = new Map()
  for (let round = 0; round < rounds; round++) {
    for (const { name, ...what } of wanted) {
      // Another one goes first in each round: a broker that has just started is slow for whoever that is.
      for (const client of here.map((_, i) => here[(i + round) % here.length])) {
        const isRead = what.recordCount > 0
        const topic = isRead ? filledTopic(what.valueBytes) : `${name}-${client.name.split(' ')[0]}-${round}`
        if (!isRead) await createTopic(topic)
        const job = {
          ...what,
          client: client.name,
          bootstrapServers,
          topic,
          compression: args.compression,
          seconds,
        }
        const key = `${name} ${client.name}`
        try {
          measurements.set(key, [...(measurements.get(key) ?? []), await measure(job, broker.pid)])
        } catch (error) {
          console.log(`FAILED: ${key}: ${error instanceof Error ? error.message : error}`)
          process.exitCode = 1
        }
        if (!isRead) await admin.deleteTopics([topic])
      }
    }
  }
  const rows = [['workload', 'client', 'records/s', 'MB/s', 'CPU s/M', 'MiB', 'broker CPU s/M']]
  for (const { name } of wanted) {
    for (const client of here) {
      const all = measurements.get(`${name} ${client.name}`) ?? []
      if (all.length === 0) continue
      rows.push([
        name,
        client.name,
        shown(all, ({ count, seconds: taken }) => count / taken, 0),
        shown(all, ({ bytes, seconds: taken }) => bytes / taken / 1e6, 1),
        shown(all, ({ cpuSeconds, count }) => (cpuSeconds / count) * 1e6, 2),
        shown(all, (measurement) => measurement.residentMiB, 0),
        shown(all, ({ brokerCpuSeconds, count }) => (brokerCpuSeconds / count) * 1e6, 2),
      ])
    }
  }
  console.log(
    `\n${args.broker}, ${args.partitions} partitions, compression ${args.compression}, ${rounds} rounds, Node ${process.version}\n`,
  )
  console.log(formatTable(rows))
} finally {
  await admin.close()
  await broker.stop()
  rmSync(folder, { recursive: true, force: true })
}
