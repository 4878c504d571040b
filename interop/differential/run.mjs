/**
 * Differential conformance: sends the same requests to Apache Kafka 3.9 and to Sluice, each started afresh with the
 * same settings, and compares what they answer. Groups and transactions are compared with Apache Kafka 4.1 as well,
 * in the versions that both have.
 *
 *   node interop/differential/run.mjs [--only PATTERN] [--all] [--reference FILE]
 *
 * --only runs the cases whose names match. --reference keeps Apache Kafka's answers in FILE, or takes them from there
 * if it exists (a JVM less to wait for); it holds for the cases it was made with. --all prints expected differences
 * too. Needs `npm run build`, Java, and the jars that scripts/peers/peers.mjs fetches.
 *
 * Ends with "N passed, N failed": a passed check is a request that both answered alike, or with a listed difference.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startApacheKafka } from '../../scripts/peers/apache-kafka.mjs'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { freePort } from '../../scripts/peers/probe.mjs'
import { startBroker } from '../lib/broker.mjs'
import { cases as administration } from './cases/administration.mjs'
import { cases as alterConfigs } from './cases/alter-configs.mjs'
import { cases as cluster } from './cases/cluster.mjs'
import { cases as connection } from './cases/connection.mjs'
import { cases as consumerGroups } from './cases/consumer-groups.mjs'
import { cases as fetch } from './cases/fetch.mjs'
import { cases as groups } from './cases/groups.mjs'
import { cases as idempotence } from './cases/idempotence.mjs'
import { cases as offsetCommits } from './cases/offset-commits.mjs'
import { cases as offsets } from './cases/offsets.mjs'
import { cases as produce } from './cases/produce.mjs'
import { cases as quotas } from './cases/quotas.mjs'
import { cases as topics } from './cases/topics.mjs'
import { cases as transactions } from './cases/transactions.mjs'
import { expected } from './expected.mjs'
import { startKafkaWithZooKeeper } from './kafka.mjs'
import { Peer } from './peer.mjs'
import { differences, Probe } from './transcript.mjs'

/** The versions that a broker advertises, by key. @typedef {[number, [number, number]][]} Versions */
/** @typedef {{versions: Versions, outcomes: import('./transcript.mjs').Transcript}} Recorded */
/** @typedef {import('./cases/kit.mjs').Reference} Reference */

const overrides = {
  'num.partitions': '2',
  'offsets.topic.num.partitions': '3',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.num.partitions': '3',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  // The cases' records are years old.
  'log.retention.ms': '-1',
  'group.initial.rebalance.delay.ms': '0',
  // So that a case can wait for the end of a session, or of a transaction.
  'group.min.session.timeout.ms': '500',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '100',
  'group.consumer.migration.policy': 'bidirectional',
}

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    all: { type: 'boolean', default: false },
    reference: { type: 'string' },
  },
})
/** Stands for a case that could not go on, on whichever broker. */
const thrown = 'the case itself'
const pattern = new RegExp(options.only ?? '')
const cases = [
  ...cluster,
  ...connection,
  ...produce,
  ...idempotence,
  ...fetch,
  ...offsets,
  ...topics,
  ...alterConfigs,
  ...administration,
  ...offsetCommits,
  ...groups,
  ...transactions,
  ...quotas,
  ...consumerGroups,
]
const folder = mkdtempSync(join(tmpdir(), 'sluice-differential-'))

async function main() {
  let passed = 0
  let failed = 0
  let foreseen = 0
  for (const reference of /** @type {Reference[]} */ (['zookeeper', 'kraft', 'kraft-4.1'])) {
    const chosen = cases.filter(
      ({ references = ['zookeeper'], name }) => references.includes(reference) && pattern.test(name),
    )
    if (chosen.length === 0) continue
    const [theirs, ours] = await bothOf(reference, chosen)
    for (const label of new Set([...Object.keys(theirs.outcomes), ...Object.keys(ours.outcomes)])) {
      const found = differences(theirs.outcomes[label], ours.outcomes[label])
      const open = found.filter((each) => !reasonFor(reference, label, each))
      if (open.length > 0 || label.endsWith(thrown)) failed++
      else passed++
      if (open.length < found.length) foreseen++
      for (const each of options.all ? found : open) print(reference, label, each)
    }
  }
  console.log(`${foreseen} of them differ as expected`)
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
}

/** @param {Reference} broker @param {string} label @param {{path: string, reference: unknown, ours: unknown}} difference */
function print(broker, label, { path, reference, ours }) {
  const show = (/** @type {unknown} */ value) => JSON.stringify(value)?.slice(0, 300)
  const reason = reasonFor(broker, label, { path, reference, ours })
  console.log(
    `${label}\n    ${path}: ${broker === 'kraft-4.1' ? 'Kafka 4.1' : 'Kafka'} ${show(reference)}, Sluice ${show(ours)}${reason ? ` (expected: ${reason})` : ''}`,
  )
}

/** @param {Reference} broker @param {string} label @param {{path: string, reference: unknown, ours: unknown}} difference */
function reasonFor(broker, label, { path, reference, ours }) {
  const isMeant = (/** @type {import('./expected.mjs').Expected} */ each) =>
    (each.references?.includes(broker) ?? true) &&
    each.label.test(label) &&
    each.path.test(path) &&
    (each.when?.(reference, ours) ?? true)
  return expected.find(isMeant)?.reason
}

/**
 * @param {Reference} reference
 * @param {import('./cases/kit.mjs').Case[]} chosen
 * @returns {Promise<[Recorded, Recorded]>} Apache Kafka's and ours
 */
async function bothOf(reference, chosen) {
  const broker = await startBroker({ kind: 'sluice', folder: join(folder, `sluice-${reference}`), overrides })
  try {
    const ours = await advertised(broker.port)
    const theirs = await recordedOf(reference, chosen, new Map(ours))
    const versions = new Map(theirs.versions)
    for (const [key, [first, last]] of ours) {
      const their = versions.get(key)
      // What both have is compared, and the cases go by Kafka's versions: ours must reach as far.
      if (their && (first > their[0] || last < their[1]))
        console.log(`API ${key}: Kafka has ${their}, Sluice ${[first, last]}`)
    }
    return [theirs, { versions: ours, outcomes: await record(broker.port, versions, chosen) }]
  } finally {
    await broker.stop('SIGKILL')
  }
}

/**
 * @param {Reference} reference
 * @param {import('./cases/kit.mjs').Case[]} chosen
 * @param {Map<number, [number, number]>} ours
 * @returns {Promise<Recorded>}
 */
async function recordedOf(reference, chosen, ours) {
  const file = options.reference && `${options.reference}.${reference}.json`
  if (file && existsSync(file)) {
    const recorded = /** @type {Recorded} */ (JSON.parse(readFileSync(file, 'utf8')))
    const names = chosen.map((each) => `${each.name}: `)
    const outcomes = Object.entries(recorded.outcomes).filter(([label]) =>
      names.some((name) => label.startsWith(name)),
    )
    return { ...recorded, outcomes: Object.fromEntries(outcomes) }
  }
  const broker = await startReference(reference)
  try {
    const theirs = await advertised(broker.port)
    const versions = reference === 'kraft-4.1' ? common(theirs, ours) : theirs
    const outcomes = await record(broker.port, new Map(versions), chosen)
    if (file) writeFileSync(file, JSON.stringify({ versions, outcomes }, undefined, 1))
    return { versions, outcomes }
  } finally {
    await broker.stop('SIGKILL')
  }
}

/** @param {Reference} reference */
async function startReference(reference) {
  const peer = await apacheKafka(reference === 'kraft-4.1' ? '4.1' : '3.9')
  if ('missing' in peer) throw new Error(`Apache Kafka: ${peer.missing}`)
  const place = { home: peer.path, folder: join(folder, reference), overrides }
  if (reference === 'zookeeper') return startKafkaWithZooKeeper(place)
  return startApacheKafka({ ...place, port: await freePort(), controllerPort: await freePort() })
}

/**
 * Kafka 4.1 has versions that we do not have, and not all that we have.
 * @param {Versions} theirs
 * @param {Map<number, [number, number]>} ours
 * @returns {Versions}
 */
function common(theirs, ours) {
  return theirs.flatMap(([key, [first, last]]) => {
    const our = ours.get(key) ?? [0, -1]
    /** @type {[number, number]} */
    const both = [Math.max(first, our[0]), Math.min(last, our[1])]
    return both[0] <= both[1] ? [/** @type {Versions[number]} */ ([key, both])] : []
  })
}

/** @param {number} port @returns {Promise<Versions>} */
async function advertised(port) {
  const peer = new Peer(port)
  const outcome = await peer.call(18, 0, {})
  peer.close()
  if (!('response' in outcome)) throw new Error('no answer to ApiVersions')
  return outcome.response.apiKeys.map((/** @type {any} */ each) => [
    each.apiKey,
    [each.minVersion, each.maxVersion],
  ])
}

/** @param {number} port @param {Map<number, [number, number]>} versions @param {import('./cases/kit.mjs').Case[]} chosen */
async function record(port, versions, chosen) {
  const peer = new Peer(port)
  const probe = new Probe(peer, versions)
  for (const each of chosen) {
    probe.begin(each.name)
    try {
      const startedAtMs = performance.now()
      await each.run(probe)
      if (options.all) console.log(`${each.name}: ${Math.round(performance.now() - startedAtMs)} ms`)
    } catch (error) {
      probe.note(thrown, String(error))
      console.log(error)
    }
  }
  peer.close()
  return probe.transcript
}

try {
  await main()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
