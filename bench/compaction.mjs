/**
 * `npm run bench:compaction`: compaction of keyed records while a producer runs, and the same producer without it.
 *
 *   node bench/compaction.mjs [--gib 10] [--keys 1000000] [--value-bytes 1000] [--rate 500] [--batch-records 4]
 *                             [--seconds 60] [--folder DIR]
 *
 * 1. A broker without a cleaner is filled with --gib of records over --keys keys, in one partition.
 * 2. A producer appends to that partition --rate requests a second, acks=all, for --seconds: latencies without compaction.
 * 3. The broker is started again with a cleaner, default settings. The producer goes on the same way until the filled
 *    part is clean and the old segments are gone from the disk: latencies with compaction.
 *
 * The producer is open-loop: a latency counts from when the request was due. Prints both side by side, and what the
 * cleaner said of its speed. Needs `npm run build`, and about 1.3 times --gib of disk in --folder.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startBroker } from '../interop/lib/broker.mjs'
import { Connection } from './lib/connection.mjs'
import { KeyedBatches } from './lib/keyed-batches.mjs'
import { OpenLoopProducer, percentile } from './lib/open-loop.mjs'
import { processorSeconds, residentMiB } from './lib/process-usage.mjs'

const { values: args } = parseArgs({
  options: {
    gib: { type: 'string', default: '10' },
    keys: { type: 'string', default: '1000000' },
    'value-bytes': { type: 'string', default: '1000' },
    rate: { type: 'string', default: '500' },
    'batch-records': { type: 'string', default: '4' },
    seconds: { type: 'string', default: '60' },
    folder: { type: 'string', default: tmpdir() },
  },
})

const TOPIC = 'compacted'
const CREATE_TOPICS = 19
const FILL_BATCH_RECORDS = 500
/** Requests under way while the log is filled. */
const FILL_IN_FLIGHT = 8
const WARM_UP_MS = 5000
/** So that the producer is warm when the cleaner looks for the first time. */
const BACKOFF_MS = WARM_UP_MS + 5000
/** Old segments are to go while latencies are taken: that is part of what compaction costs. */
const DELETE_DELAY_MS = 5000

const folder = mkdtempSync(join(args.folder, 'sluice-bench-'))
const overrides = {
  'auto.create.topics.enable': 'false',
  'log.cleaner.backoff.ms': String(BACKOFF_MS),
  'log.segment.delete.delay.ms': String(DELETE_DELAY_MS),
}

/** @typedef {Awaited<ReturnType<typeof startBroker>>} Broker */
/** @typedef {{latenciesMs: number[], seconds: number, cpuMain: number, cpuOther: number, rss: number, rssMax: number}} Phase */

/** @param {string} line */
const say = (line) => console.log(line)

/** @param {Broker} broker */
async function createTopic(broker) {
  const connection = await Connection.open(broker.port)
  const topic = {
    name: TOPIC,
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs: [{ name: 'cleanup.policy', value: 'compact' }],
  }
  const answer = await connection.call(CREATE_TOPICS, 4, {
    topics: [topic],
    timeoutMs: 30_000,
    validateOnly: false,
  })
  if (answer.topics[0].errorCode !== 0) throw new Error(`CreateTopics: error ${answer.topics[0].errorCode}`)
  connection.close()
}

/** @param {Broker} broker */
async function fill(broker) {
  const connection = await Connection.open(broker.port)
  const batches = new KeyedBatches({
    topic: TOPIC,
    recordCount: FILL_BATCH_RECORDS,
    valueBytes: Number(args['value-bytes']),
    keyCount: Number(args.keys),
  })
  const total = Math.ceil((Number(args.gib) * 1024 ** 3) / batches.batchBytes)
  const startMs = performance.now()
  let sent = 0
  let answered = 0
  await new Promise((resolve) => {
    const sendMore = () => {
      while (sent < total && sent - answered < FILL_IN_FLIGHT) {
        sent++
        connection.send(batches.next(), () => {
          if (++answered === total) resolve(undefined)
          else sendMore()
        })
      }
    }
    sendMore()
  })
  connection.close()
  const seconds = (performance.now() - startMs) / 1000
  const mib = (total * batches.batchBytes) / 1024 ** 2
  say(
    `filled ${(mib / 1024).toFixed(1)} GiB, ${(total * FILL_BATCH_RECORDS).toLocaleString('en')} records over ` +
      `${Number(args.keys).toLocaleString('en')} keys, in ${seconds.toFixed(0)} s (${(mib / seconds).toFixed(0)} MiB/s)`,
  )
}

/**
 * @param {Broker} broker
 * @param {(elapsedMs: number) => boolean} isOver
 * @param {() => Promise<void>} begin waits for what is to be measured
 * @returns {Promise<Phase>}
 */
async function measure(broker, begin, isOver) {
  const connection = await Connection.open(broker.port)
  const batches = new KeyedBatches({
    topic: TOPIC,
    recordCount: Number(args['batch-records']),
    valueBytes: Number(args['value-bytes']),
    keyCount: Number(args.keys),
  })
  const producer = new OpenLoopProducer(connection, batches, Number(args.rate))
  producer.start()
  await sleep(WARM_UP_MS)
  await begin()
  producer.record()
  const startMs = performance.now()
  const before = processorSeconds(broker.pid)
  while (!isOver(performance.now() - startMs)) await sleep(100)
  const after = processorSeconds(broker.pid)
  const seconds = (performance.now() - startMs) / 1000
  const latenciesMs = producer.recorded()
  await producer.stop()
  connection.close()
  const cpuMain = (after.main - before.main) / seconds
  return {
    latenciesMs,
    seconds,
    cpuMain,
    cpuOther: (after.total - before.total) / seconds - cpuMain,
    rss: residentMiB(broker.pid, 'VmRSS'),
    rssMax: residentMiB(broker.pid, 'VmHWM'),
  }
}

/** @param {Broker} broker */
const output = (broker) => readFileSync(join(broker.folder, 'broker.out'), 'utf8')

/**
 * What the cleaner says of its first clean, once it is done with it.
 * @param {Broker} broker
 */
function cleanerReport(broker) {
  const text = output(broker)
  const at = text.indexOf(`Log cleaner thread 0 cleaned log ${TOPIC}-0`)
  return at < 0 ? undefined : text.slice(at).split('\n').slice(0, 8)
}

/** @param {Broker} broker */
async function untilCleaning(broker) {
  while (!output(broker).includes(`Beginning cleaning of log ${TOPIC}-0`)) await sleep(50)
}

/**
 * Bytes in the partition's folder.
 * @param {Broker} broker
 */
function isSettled(broker) {
  let elapsedAtEnd = /** @type {number | undefined} */ (undefined)
  return (/** @type {number} */ elapsedMs) => {
    if (!cleanerReport(broker)) return false
    elapsedAtEnd ??= elapsedMs
    // Long enough for the last of the old segments to be deleted as well.
    return elapsedMs - elapsedAtEnd > DELETE_DELAY_MS + 5000
  }
}

/**
 * @param {Phase} without
 * @param {Phase} during
 */
function printSideBySide(without, during) {
  /** @type {[string, (phase: Phase) => string][]} */
  const rows = [
    ['requests', ({ latenciesMs }) => latenciesMs.length.toLocaleString('en')],
    ['seconds', ({ seconds }) => seconds.toFixed(0)],
    ...[0.5, 0.9, 0.99, 0.999].map(
      (quantile) =>
        /** @type {[string, (phase: Phase) => string]} */ ([
          `produce p${100 * quantile}, ms`,
          ({ latenciesMs }) => percentile(latenciesMs, quantile).toFixed(2),
        ]),
    ),
    ['produce max, ms', ({ latenciesMs }) => (latenciesMs.at(-1) ?? Number.NaN).toFixed(1)],
    ['CPU of the event loop, %', ({ cpuMain }) => (100 * cpuMain).toFixed(0)],
    ['CPU of other threads, %', ({ cpuOther }) => (100 * cpuOther).toFixed(0)],
    ['resident at the end, MiB', ({ rss }) => String(rss)],
    ['resident at most, MiB', ({ rssMax }) => String(rssMax)],
  ]
  say(`\n${''.padEnd(28)}${'without'.padStart(12)}${'compaction'.padStart(14)}`)
  for (const [name, of] of rows) say(name.padEnd(28) + of(without).padStart(12) + of(during).padStart(14))
}

/** @type {Broker | undefined} */
let broker
try {
  statSync(args.folder)
  const at = join(folder, 'broker')
  broker = await startBroker({
    kind: 'sluice',
    folder: at,
    overrides: { ...overrides, 'log.cleaner.enable': 'false' },
  })
  await createTopic(broker)
  await fill(broker)
  const seconds = Number(args.seconds)
  const rate = `${args.rate} requests/s of ${args['batch-records']} records of ${args['value-bytes']} bytes, acks=all`
  say(`producing ${rate}, for ${seconds} s without compaction`)
  const without = await measure(
    broker,
    async () => {},
    (elapsedMs) => elapsedMs > seconds * 1000,
  )
  await broker.stop()
  broker = await startBroker({ kind: 'sluice', folder: at, port: broker.port, overrides })
  say('the same with compaction, until the log is clean and its old segments are gone')
  const running = broker
  const during = await measure(running, () => untilCleaning(running), isSettled(running))
  printSideBySide(without, during)
  say(`\n${cleanerReport(running)?.join('\n')}`)
} finally {
  await broker?.stop()
  rmSync(folder, { recursive: true, force: true })
}
