/**
 * A compacted topic with transactions, on a broker of its own whose cleaner works all the time: what is left under
 * both isolation levels, what kafka-dump-log says of the cleaned files, and a folder that Apache Kafka's cleaner has
 * compacted in the hands of Sluice.
 */
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { startBroker } from '../lib/broker.mjs'
import { runProgram } from '../lib/processes.mjs'
import { expect } from '../lib/report.mjs'
import { delay, waitUntil } from '../lib/wait.mjs'
import { checkDumpLog } from './dump-log.mjs'

const topic = 'compacted'
const roundsInAWave = 24
const waves = 3
/** Some rounds of the cleaner. */
const settledMs = 2000
const cleanerOverrides = {
  'auto.create.topics.enable': 'false',
  'log.cleaner.backoff.ms': '200',
  'log.cleaner.min.cleanable.ratio': '0.01',
  'offsets.topic.num.partitions': '1',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.num.partitions': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
}
const topicConfigs = ['cleanup.policy=compact', 'segment.bytes=1048576', 'delete.retention.ms=100']

/** @typedef {{outcome: string, offset: number, key: string, value: string}} Written */
/** @typedef {{offset: number, key: string, value: string}} Read */

const program = (/** @type {string} */ name) => fileURLToPath(new URL(`../clients/${name}`, import.meta.url))

/**
 * @param {string} bootstrap
 * @param {number} from
 * @param {number} to
 * @param {string[]} how
 * @returns {Promise<Written[]>}
 */
async function write(bootstrap, from, to, ...how) {
  /** @type {Written[]} */
  const written = []
  const args = [program('compacted-writer.mjs'), bootstrap, topic, String(from), String(to), ...how]
  await runProgram([process.execPath, args], {
    onLine: (line) => {
      const [outcome = '', offset = '', key = '', value = ''] = line.split(' ')
      written.push({ outcome, offset: Number(offset), key, value })
    },
  })
  return written
}

/**
 * @param {string} bootstrap
 * @param {'read_committed' | 'read_uncommitted'} isolation
 * @returns {Promise<Read[]>}
 */
async function read(bootstrap, isolation) {
  /** @type {Read[]} */
  const found = []
  const args = [program('transactional-kafkajs.mjs'), 'read', bootstrap, topic, '1', isolation]
  await runProgram([process.execPath, args], {
    onLine: (line) => {
      const [, offset = '', key = '', value = ''] = line.split('\t')
      found.push({ offset: Number(offset), key, value: value === 'null' ? '-' : (value.split(' ')[0] ?? '') })
    },
  })
  return found
}

/**
 * The first dirty offset, as the checkpoint tells it; -1 if it tells none.
 * @param {string} dataFolder
 */
function firstDirtyOffset(dataFolder) {
  const text = readFileSync(join(dataFolder, 'cleaner-offset-checkpoint'), 'utf8')
  return Number(new RegExp(`^${topic} 0 (\\d+)$`, 'm').exec(text)?.[1] ?? -1)
}

/**
 * The same, once the cleaner has found nothing more to do for a while.
 * @param {string} dataFolder
 */
async function settledDirtyOffset(dataFolder) {
  for (;;) {
    const before = firstDirtyOffset(dataFolder)
    await delay(settledMs)
    if (firstDirtyOffset(dataFolder) === before) return before
  }
}

/**
 * @param {Written[]} written all of it, in the order of offsets
 * @param {Read[]} committed
 * @param {number} dirty where the clean part ends
 */
function checkCommitted(written, committed, dirty) {
  const byOffset = new Map(written.map((record) => [record.offset, record]))
  /** @type {Map<string, Written>} */
  const last = new Map()
  for (const record of written) if (record.outcome !== 'aborted') last.set(record.key, record)
  for (const { offset, key, value } of committed) {
    const record = byOffset.get(offset)
    expect(
      record?.key === key && record.value === value,
      `offset ${offset}: ${key}=${value} was never written there`,
    )
    expect(record?.outcome !== 'aborted', `offset ${offset} was aborted`)
  }
  const present = new Set(committed.map(({ offset }) => offset))
  for (const { offset, key, value } of last.values())
    expect(present.has(offset) || value === '-', `the last record of ${key}, ${offset}, is gone`)
  const clean = new Set(committed.filter(({ offset }) => offset < dirty).map(({ key }) => key))
  const cleanCount = committed.filter(({ offset }) => offset < dirty).length
  expect(cleanCount === clean.size, `${cleanCount} clean records of ${clean.size} keys`)
  const dirtyCount = written.filter(({ outcome, offset }) => outcome !== 'aborted' && offset >= dirty).length
  expect(committed.length === cleanCount + dirtyCount, 'of the dirty records some are missing')
  return `${committed.length} of ${written.length} records are left, ${cleanCount} of them below ${dirty}`
}

/**
 * Fills the topic wave by wave, each one waiting for the cleaner.
 * @param {import('../lib/broker.mjs').RunningBroker} broker
 */
async function fill(broker) {
  const bootstrap = `127.0.0.1:${broker.port}`
  await runProgram([process.execPath, [program('create-topic.mjs'), bootstrap, topic, '1', ...topicConfigs]])
  /** @type {Written[]} */
  const written = []
  for (let wave = 0; wave < waves; wave++) {
    const before = firstDirtyOffset(broker.dataFolder)
    written.push(...(await write(bootstrap, wave * roundsInAWave, (wave + 1) * roundsInAWave)))
    await waitUntil(() => firstDirtyOffset(broker.dataFolder) > before, 'clean of the log', 60_000)
  }
  written.sort((a, b) => a.offset - b.offset)
  return written
}

/** @param {import('../lib/context.mjs').Context} context */
export async function checkCompaction(context) {
  const { report, folder, brokerKind } = context
  if (brokerKind === 'running') {
    report.skip('compaction', 'it needs a broker of its own')
    return
  }
  const home = join(folder, 'compaction')
  const broker = await startBroker({ kind: brokerKind, folder: home, overrides: cleanerOverrides })
  try {
    await report.check(
      'compaction: committed records, the last of each key, and nothing that was aborted',
      async () => {
        const written = await fill(broker)
        const bootstrap = `127.0.0.1:${broker.port}`
        const dirty = await settledDirtyOffset(broker.dataFolder)
        return checkCommitted(written, await read(bootstrap, 'read_committed'), dirty)
      },
    )
  } finally {
    await broker.stop()
  }
  await checkDumpLog(context, broker.dataFolder, { isCompacted: true })
  if (brokerKind === 'sluice') await checkForeignFolder(context)
}

/**
 * What Apache Kafka's cleaner has left is read as Apache Kafka reads it.
 * @param {import('../lib/context.mjs').Context} context
 */
async function checkForeignFolder({ report, folder }) {
  const what = 'compaction: a topic that Apache Kafka 3.9 has compacted, read by Sluice'
  const peer = await apacheKafka('3.9')
  if ('missing' in peer) {
    report.skip(what, peer.missing)
    return
  }
  await report.check(what, async () => {
    const foreign = await startBroker({
      kind: 'apache-3.9',
      folder: join(folder, 'compaction-apache'),
      overrides: cleanerOverrides,
    })
    /** @type {Record<string, Read[]>} */
    const expected = {}
    try {
      await fill(foreign)
      await settledDirtyOffset(foreign.dataFolder)
      for (const isolation of /** @type {const} */ (['read_committed', 'read_uncommitted']))
        expected[isolation] = await read(`127.0.0.1:${foreign.port}`, isolation)
    } finally {
      await foreign.stop()
    }
    const home = join(folder, 'compaction-adopted')
    mkdirSync(join(home, 'data'), { recursive: true })
    cpSync(join(foreign.dataFolder, `${topic}-0`), join(home, 'data', `${topic}-0`), { recursive: true })
    // It is read as it is: our cleaner stays off.
    const overrides = { ...cleanerOverrides, 'log.cleaner.enable': 'false' }
    const own = await startBroker({ kind: 'sluice', folder: home, overrides })
    try {
      for (const isolation of /** @type {const} */ (['read_committed', 'read_uncommitted'])) {
        const found = await read(`127.0.0.1:${own.port}`, isolation)
        expect(found.length > 50, `${found.length} records`)
        expect(
          JSON.stringify(found) === JSON.stringify(expected[isolation]),
          `${isolation} reads something else`,
        )
      }
    } finally {
      await own.stop()
    }
    // And cleaned on. The folder doesn't tell the topic's settings, so they are those of the broker.
    const settings = { 'log.cleanup.policy': 'compact', 'log.segment.bytes': '1048576' }
    const cleaner = await startBroker({
      kind: 'sluice',
      folder: home,
      overrides: { ...cleanerOverrides, ...settings },
    })
    try {
      const bootstrap = `127.0.0.1:${cleaner.port}`
      // The ids of its producers are those of another cluster.
      const more = await write(bootstrap, 1000, 1000 + roundsInAWave, 'plain')
      await waitUntil(
        () => firstDirtyOffset(cleaner.dataFolder) > (more[0]?.offset ?? 0),
        'clean of the log',
        60_000,
      )
      const found = await read(bootstrap, 'read_committed')
      const last = new Map(
        more.filter(({ outcome }) => outcome !== 'aborted').map((record) => [record.key, record]),
      )
      const present = new Set(found.map(({ offset }) => offset))
      for (const { key, offset, value } of last.values())
        expect(present.has(offset) || value === '-', `the last record of ${key} is gone`)
      return `${expected.read_committed?.length} records, ${found.length} after ${more.length} more and a clean of ours`
    } finally {
      await cleaner.stop()
    }
  })
}
