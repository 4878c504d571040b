/**
 * Groups, offsets and transactions change hands: a broker stops, another starts on its files and its port, and clients
 * that run meanwhile go on. A copier (see lib/copier.mjs) stays the member of its group and the producer of its
 * transactions, an open transaction is committed by the broker that did not begin it, and what both brokers tell of
 * groups and transactions is the same, ids and epochs included.
 *
 *   Apache Kafka 3.9 with ZooKeeper, 3.9 and 4.1 -> Sluice   on its data folder as it is, less Kafka's own metadata
 *   Sluice -> Apache Kafka 3.9 and 4.1                       the files of all partitions put into prepared folders
 */
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { freePort } from '../../scripts/peers/probe.mjs'
import { startKafkaWithZooKeeper } from '../differential/kafka.mjs'
import { Peer } from '../differential/peer.mjs'
import { startBroker } from '../lib/broker.mjs'
import { inputPartitions, outputPartitions, startCopier, startFeed, verifyCopy } from '../lib/copier.mjs'
import { waitUntilStable } from '../lib/log-ends.mjs'
import { runProgram } from '../lib/processes.mjs'
import { expect } from '../lib/report.mjs'
import { topicProgram, transactionOverrides } from './transactions.mjs'

const topics = { 'takeover-in': inputPartitions, 'takeover-out': outputPartitions, 'takeover-open': 1 }
const copierId = 'copier-librdkafka'
const feedMs = 1500
const settleMsMax = 20_000
const notReady = [14, 15, 16]
const [OFFSET_FETCH, FIND_COORDINATOR, DESCRIBE_GROUPS, DESCRIBE_TRANSACTIONS] = [9, 10, 15, 65]

/** @typedef {import('../clients/transactional-clients.mjs').TransactionalClient} TransactionalClient */
/** @typedef {{port: number, dataFolder: string, stop: (signal?: NodeJS.Signals) => Promise<void>}} Broker */
/** @typedef {import('../lib/broker.mjs').BrokerKind | 'zookeeper'} Kind */

/**
 * @param {import('../lib/context.mjs').Context} context
 * @param {TransactionalClient[]} clients
 */
export async function checkTakeover({ report, folder, brokerKind }, clients) {
  const librdkafka = clients.find(({ name }) => name === 'librdkafka')
  if (!librdkafka || brokerKind !== 'sluice') {
    report.skip('takeover', librdkafka ? 'it is between Sluice and Apache Kafka' : 'librdkafka is missing')
    return
  }
  /** @type {[Kind, Kind, string][]} */
  const ways = [
    ['zookeeper', 'sluice', 'Apache Kafka 3.9 with ZooKeeper -> Sluice'],
    ['apache-4.1', 'sluice', 'Apache Kafka 4.1 -> Sluice'],
    ['sluice', 'apache-3.9', 'Sluice -> Apache Kafka 3.9'],
    ['sluice', 'apache-4.1', 'Sluice -> Apache Kafka 4.1'],
  ]
  for (const [from, to, name] of ways) {
    await report.check(`takeover: ${name}`, () =>
      takeOver(librdkafka, join(folder, `takeover-${from}-${to}`), from, to),
    )
  }
}

/**
 * @param {TransactionalClient} client
 * @param {string} folder
 * @param {Kind} from
 * @param {Kind} to
 */
async function takeOver(client, folder, from, to) {
  const port = await freePort()
  const bootstrap = `127.0.0.1:${port}`
  const [fromFolder, toFolder] = [join(folder, 'from'), join(folder, 'to')]
  if (to !== 'sluice') await prepare(toFolder, to, port)
  let broker = await start(fromFolder, from, port)
  const open = client.script?.({ bootstrap, transactionalId: 'takeover-open' })
  const ended = client.script?.({ bootstrap, transactionalId: 'takeover-ended' })
  const copier = { client, input: 'takeover-in', output: 'takeover-out', committed: 0, aborted: 0 }
  /** @type {ReturnType<typeof startCopier> | undefined} */
  let copying
  try {
    await createTopics(bootstrap)
    copying = startCopier(copier, { bootstrap, size: 20, stays: true })
    const next = await feed(client, bootstrap, copier.input, 0)
    await open?.steps(
      'init',
      'begin',
      'send takeover-open 0 key open',
      'offsets takeover-group takeover-open 0 7',
    )
    await ended?.steps('init', 'begin', 'send takeover-open 0 key aborted', 'abort')
    await ended?.steps(
      'begin',
      'send takeover-open 0 key committed',
      'offsets takeover-others takeover-open 0 3',
      'commit',
    )
    await isCopied(bootstrap, copier)
    const before = await told(port)
    const committedBefore = copier.committed

    await broker.stop()
    carryOver(broker.dataFolder, join(toFolder, 'data'), to)
    broker = await start(toFolder, to, port)
    const after = await told(port)
    expect(
      isDeepStrictEqual(after, before),
      `before: ${JSON.stringify(before)}, after: ${JSON.stringify(after)}`,
    )

    const end = await open?.step('commit')
    expect(end === 'ok', `the open transaction's commit ended with "${end}"`)
    await waitUntilStable(bootstrap, 'takeover-open', 0, settleMsMax)
    const offsets = await offsetsOf(port, 'takeover-group')
    expect(offsets === '7', `the offset committed with it is ${offsets}`)
    const values = await committedValues(client, bootstrap)
    expect(values === 'open committed', `takeover-open holds "${values}"`)
    await feed(client, bootstrap, copier.input, next)
    await isCopied(bootstrap, copier)
    expect(copier.committed > committedBefore, 'the copier did not go on')
    copying.kill()
    expect((await copying.ended) === 'killed', `the copier ended by itself: ${await copying.ended}`)
    const { copied } = await verifyCopy(client, bootstrap, copier)
    return `${copied} records copied`
  } finally {
    copying?.kill()
    await open?.kill()
    await ended?.kill()
    await broker.stop('SIGKILL')
  }
}

/**
 * @param {string} folder
 * @param {Kind} kind
 * @param {number} port
 * @returns {Promise<Broker>}
 */
async function start(folder, kind, port) {
  if (kind !== 'zookeeper') return startBroker({ kind, folder, port, overrides: transactionOverrides })
  const peer = await apacheKafka('3.9')
  if ('missing' in peer) throw new Error(`Apache Kafka: ${peer.missing}`)
  const broker = await startKafkaWithZooKeeper({
    home: peer.path,
    folder,
    port,
    overrides: transactionOverrides,
  })
  return { ...broker, dataFolder: join(folder, 'data') }
}

/**
 * Makes a folder of Apache Kafka whose metadata has all the topics.
 * @param {string} folder
 * @param {Kind} kind
 * @param {number} port
 */
async function prepare(folder, kind, port) {
  const broker = await start(folder, kind, port)
  try {
    await createTopics(`127.0.0.1:${port}`)
    for (const keyType of [0, 1]) {
      await answered(port, FIND_COORDINATOR, 3, { key: 'any', keyType }, ({ errorCode }) => errorCode)
    }
  } finally {
    await broker.stop()
  }
}

/** @param {string} bootstrap */
async function createTopics(bootstrap) {
  for (const [topic, partitions] of Object.entries(topics))
    await runProgram([process.execPath, [topicProgram, bootstrap, topic, String(partitions)]])
}

/**
 * Sluice adopts whatever partitions there are; Apache Kafka has metadata of its own, so its folders stay and get our
 * files.
 * @param {string} from
 * @param {string} to
 * @param {Kind} kind of broker that will read it
 */
function carryOver(from, to, kind) {
  const isMetadata = (/** @type {string} */ name) => name.startsWith('__cluster_metadata')
  mkdirSync(to, { recursive: true })
  if (kind === 'sluice') {
    for (const name of readdirSync(from).filter((each) => !isMetadata(each)))
      cpSync(join(from, name), join(to, name), { recursive: true })
    return
  }
  for (const name of readdirSync(from).filter((each) => /-\d+$/.test(each) && !isMetadata(each))) {
    for (const file of readdirSync(join(to, name)))
      if (file !== 'partition.metadata') rmSync(join(to, name, file))
    for (const file of readdirSync(join(from, name)))
      if (file !== 'partition.metadata') cpSync(join(from, name, file), join(to, name, file))
  }
  for (const file of readdirSync(to).filter((each) => /checkpoint$|^\.kafka_cleanshutdown$/.test(each)))
    rmSync(join(to, file))
}

/**
 * Writes input for a while.
 * @param {TransactionalClient} client
 * @param {string} bootstrap
 * @param {string} input
 * @param {number} from the first number
 * @returns {Promise<number>} the next number
 */
async function feed(client, bootstrap, input, from) {
  const feed = startFeed(client, bootstrap, [{ input }], from)
  await new Promise((resolve) => setTimeout(resolve, feedMs))
  return (await feed.finish()).next
}

/** Waits until the copier has copied everything. @param {string} bootstrap @param {{input: string}} copier */
async function isCopied(bootstrap, { input }) {
  const port = Number(bootstrap.split(':')[1])
  const deadline = performance.now() + settleMsMax
  /** @type {string | undefined} */
  let last
  for (let same = 0; same < 8; ) {
    const now = await offsetsOf(port, copierId)
    same = now === last && now !== '' ? same + 1 : 0
    last = now
    expect(performance.now() < deadline, `the copier of ${input} does not come to rest`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** What a broker tells of groups and transactions. @param {number} port */
async function told(port) {
  const groups = []
  for (const group of [copierId, 'takeover-others', 'takeover-group']) {
    const described = await answered(
      port,
      DESCRIBE_GROUPS,
      4,
      { groups: [group] },
      (each) => each.groups[0].errorCode,
    )
    groups.push(described.groups[0], await offsetsOf(port, group))
  }
  const transactions = []
  for (const id of [copierId, 'copy-feeder', 'takeover-open', 'takeover-ended']) {
    const described = await answered(
      port,
      DESCRIBE_TRANSACTIONS,
      0,
      { transactionalIds: [id] },
      (each) => each.transactionStates[0].errorCode,
    )
    const [state] = described.transactionStates
    state.topics.sort((/** @type {any} */ a, /** @type {any} */ b) => (a.topic < b.topic ? -1 : 1))
    transactions.push(state)
  }
  return JSON.parse(JSON.stringify({ groups, transactions }))
}

/** @param {number} port @param {string} groupId @returns {Promise<string>} stable offsets, by partition */
async function offsetsOf(port, groupId) {
  const response = await answered(
    port,
    OFFSET_FETCH,
    6,
    { groupId, topics: null },
    ({ errorCode }) => errorCode,
  )
  return response.topics
    .flatMap((/** @type {any} */ { partitions }) => partitions)
    .sort((/** @type {any} */ a, /** @type {any} */ b) => a.partitionIndex - b.partitionIndex)
    .map((/** @type {any} */ { committedOffset }) => committedOffset)
    .join(' ')
}

/** @param {TransactionalClient} client @param {string} bootstrap */
async function committedValues(client, bootstrap) {
  /** @type {string[]} */
  const values = []
  await client.read?.({
    bootstrap,
    topic: 'takeover-open',
    partitions: 1,
    isolation: 'read_committed',
    onRecord: ({ value }) => values.push(value),
  })
  return values.join(' ')
}

/**
 * Asks until the coordinator is ready.
 * @param {number} port
 * @param {number} apiKey
 * @param {number} version
 * @param {object} request
 * @param {(response: any) => number} errorCode
 */
async function answered(port, apiKey, version, request, errorCode) {
  const deadline = performance.now() + settleMsMax
  const peer = new Peer(port)
  try {
    for (;;) {
      const outcome = await peer.call(apiKey, version, request)
      if ('response' in outcome && !notReady.includes(errorCode(outcome.response))) return outcome.response
      expect(performance.now() < deadline, `API ${apiKey}: ${JSON.stringify(outcome)}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  } finally {
    peer.close()
  }
}
