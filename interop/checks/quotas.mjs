/**
 * Clients under a quota, on a broker of ours and one of Apache Kafka: both let through as much in the same time, and tell
 * their clients that they are throttled. Kafka's own tools set the quotas and are the clients; what goes through is counted
 * by them. Rates go over 3 windows of a second, so that a first burst is soon over.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { javaCommand, toolCommand } from '../../scripts/peers/apache-kafka.mjs'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { startBroker } from '../lib/broker.mjs'
import { runProgram } from '../lib/processes.mjs'
import { expect } from '../lib/report.mjs'

const bytesPerSecond = 200_000
const recordBytes = 1000
const recordCount = 2000
/** As many windows as are counted. */
const windowSeconds = 3
/** Of what Kafka lets through, and above the quota: the time that counts has the start of a JVM in it. */
const tolerance = 0.35
/** The least of the quota that a client on a busy machine comes to. */
const leastShare = 0.4
const topic = 'quotas'

/** @typedef {{produced: number, consumed: number}} Rates in bytes per second */

/** @param {import('../lib/context.mjs').Context} context */
export async function checkQuotas({ report, folder }) {
  const peer = await apacheKafka('4.1')
  if ('missing' in peer) {
    report.skip('quotas', peer.missing)
    return
  }
  const setters = [peer.path]
  const older = await apacheKafka('3.9')
  if (!('missing' in older)) setters.push(older.path)
  /** @type {Map<string, Rates>} */
  const seen = new Map()
  for (const kind of /** @type {const} */ (['sluice', 'apache-4.1'])) {
    await report.check(`quotas: ${kind} lets through what it is told to, and says so`, async () => {
      const place = join(folder, `quotas-${kind}`)
      const overrides = {
        'quota.window.num': String(windowSeconds),
        'auto.create.topics.enable': 'true',
        'offsets.topic.replication.factor': '1',
        'group.initial.rebalance.delay.ms': '0',
      }
      const broker = await startBroker({ kind, folder: place, overrides })
      try {
        seen.set(kind, await ratesOf(`127.0.0.1:${broker.port}`, peer.path, setters, place))
      } finally {
        await broker.stop()
      }
    })
  }
  const ours = seen.get('sluice')
  const theirs = seen.get('apache-4.1')
  if (!ours || !theirs) return
  report.say(`quotas: ${bytesPerSecond} bytes/s asked for; Sluice ${show(ours)}, Kafka ${show(theirs)}`)
  await report.check('quotas: as much goes through as with Apache Kafka', () => {
    for (const what of /** @type {const} */ (['produced', 'consumed'])) {
      const ratio = ours[what] / theirs[what]
      expect(Math.abs(ratio - 1) < tolerance, `${what}: ${ratio.toFixed(2)} of what Kafka lets through`)
    }
  })
}

/** @param {Rates} rates */
const show = ({ produced, consumed }) =>
  `${Math.round(produced)} produced and ${Math.round(consumed)} consumed`

/**
 * @param {string} bootstrap
 * @param {string} home of the clients
 * @param {readonly string[]} setters of the tools that set the quotas
 * @param {string} folder
 * @returns {Promise<Rates>}
 */
async function ratesOf(bootstrap, home, setters, folder) {
  const quotas = ['producer_byte_rate', 'consumer_byte_rate']
  for (const [i, quota] of quotas.entries()) {
    const setter = setters[i % setters.length] ?? home
    const change = ['--alter', '--add-config', `${quota}=${bytesPerSecond}`]
    const entity = ['--entity-type', 'clients', '--entity-name', 'perf']
    await runProgram(
      toolCommand(setter, 'kafka-configs', ['--bootstrap-server', bootstrap, ...change, ...entity]),
    )
  }
  const produced = await measure(home, 'produce', 'org.apache.kafka.tools.ProducerPerformance', [
    ...['--topic', topic, '--num-records', String(recordCount), '--record-size', String(recordBytes)],
    ...['--throughput', '-1', '--print-metrics'],
    ...[
      '--producer-props',
      `bootstrap.servers=${bootstrap}`,
      'client.id=perf',
      'linger.ms=0',
      'batch.size=8192',
    ],
  ])
  const config = join(folder, 'consumer.properties')
  writeFileSync(config, 'client.id=perf\nmax.partition.fetch.bytes=20000\nauto.offset.reset=earliest\n')
  const consumed = await measure(home, 'fetch', 'org.apache.kafka.tools.ConsumerPerformance', [
    ...['--bootstrap-server', bootstrap, '--topic', topic, '--messages', String(recordCount)],
    ...['--consumer.config', config, '--print-metrics', '--timeout', '30000'],
  ])
  return { produced, consumed }
}

/**
 * Runs a tool that moves the records once, as fast as it may.
 * @param {string} home
 * @param {'produce' | 'fetch'} direction
 * @param {string} mainClass
 * @param {string[]} args
 */
async function measure(home, direction, mainClass, args) {
  let throttledMs = 0
  const startedAtMs = performance.now()
  let endedAtMs = startedAtMs
  await runProgram(javaCommand(home, mainClass, args), {
    onLine: (line) => {
      const metric = new RegExp(`${direction}-throttle-time-max.*: ([0-9.]+)`).exec(line)
      if (metric) throttledMs = Math.max(throttledMs, Number(metric[1]))
      else endedAtMs = performance.now()
    },
  })
  expect(throttledMs > 0, `the client does not know that it is throttled (${direction})`)
  const seconds = (endedAtMs - startedAtMs) / 1000
  const rate = (recordCount * recordBytes) / seconds
  // The first windows may come at once.
  const atMost = (recordCount * recordBytes) / ((recordCount * recordBytes) / bytesPerSecond - windowSeconds)
  expect(
    rate > bytesPerSecond * leastShare && rate < atMost * (1 + tolerance),
    `${Math.round(rate)} bytes/s (${direction})`,
  )
  return rate
}
