/**
 * The broker is killed with SIGKILL twenty times under load from an acks=-1 producer, and started again on the
 * same port and folder each time. At the end every acknowledged record is there, at the offset it was acknowledged
 * with and in the order it was sent: once from an idempotent producer, at least once from a plain one.
 *
 * The producer (librdkafka.c, load) never gives up on a record and prints what became of each. A broker whose
 * process dies loses nothing that it handed to the kernel; what a machine loses when power fails is tested in the
 * simulator.
 *
 * That this can fail is shown by --sabotage, which cuts acknowledged bytes off the last segment after the last kill.
 */
import { spawn } from 'node:child_process'
import { readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { tied } from '../../scripts/peers/children.mjs'
import { startBroker } from '../lib/broker.mjs'
import { LineSplitter } from '../lib/processes.mjs'
import { expect } from '../lib/report.mjs'

const kills = 20
/** The broker lives this long between kills, counted from its first answer. */
const lifeMs = { shortest: 150, longest: 700 }
/** The next kill also waits for so many acknowledgements, so that each life has taken part. */
const acksPerLife = 20
const lifeMsMax = 20_000
const sabotageBytes = 20_000
const topic = 'kill'

/**
 * @typedef {object} Load
 * @property {Map<number, number>} acked offset by number
 * @property {string[]} refused
 * @property {() => Promise<number>} finish stops sending; returns how many were sent
 */

/**
 * @param {import('../lib/context.mjs').Context} context
 * @param {{sabotage: boolean}} options
 */
export async function checkKill(context, { sabotage }) {
  const { report, clients, brokerKind } = context
  const librdkafka = clients.find(({ name }) => name === 'librdkafka')
  for (const idempotent of [true, false]) {
    const name = `${kills} kills under load of ${idempotent ? 'an idempotent' : 'a plain'} acks=-1 producer`
    if (!librdkafka) report.skip(name, 'librdkafka, which loads it, is missing')
    else if (brokerKind === 'running') report.skip(name, 'a running broker is not ours to kill')
    else await report.check(name, () => killUnderLoad(context, librdkafka, { idempotent, sabotage }))
  }
}

/**
 * @param {import('../lib/context.mjs').Context} context
 * @param {import('../clients/index.mjs').Client} librdkafka
 * @param {{idempotent: boolean, sabotage: boolean}} options
 */
async function killUnderLoad(context, librdkafka, { idempotent, sabotage }) {
  const kind = /** @type {import('../lib/broker.mjs').BrokerKind} */ (context.brokerKind)
  const folder = join(context.folder, `kill-${idempotent ? 'idempotent' : 'plain'}`)
  // Small segments, so that kills also hit a roll.
  const overrides = { 'log.segment.bytes': String(64 * 1024), 'auto.create.topics.enable': 'true' }
  let broker = await startBroker({ kind, folder, overrides })
  const { port } = broker
  const bootstrap = `127.0.0.1:${port}`
  const load = startLoad(join(context.folder, 'librdkafka'), bootstrap, idempotent)
  const ackedByLife = []
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const before = load.acked.size
      await waitFor(() => load.acked.size >= before + acksPerLife, `acknowledgements in life ${kill}`)
      // Spread evenly rather than at random: no two lives are the same, and a failure can be repeated.
      const shareOfLife = ((kill * 7) % kills) / kills
      await delay(lifeMs.shortest + shareOfLife * (lifeMs.longest - lifeMs.shortest))
      await broker.stop('SIGKILL')
      ackedByLife.push(load.acked.size - before)
      if (sabotage && kill === kills) cutTail(join(broker.dataFolder, `${topic}-0`))
      broker = await startBroker({ kind, folder, port, overrides })
    }
    const sent = await load.finish()
    expect(load.refused.length === 0, `refused: ${load.refused.slice(0, 3).join('; ')}`)
    expect(load.acked.size === sent, `${load.acked.size} of ${sent} records were acknowledged in the end`)
    const duplicates = await verify(bootstrap, librdkafka, load, { idempotent, sent })
    return `${sent} records, ${duplicates} duplicates, ${Math.min(...ackedByLife)} or more acknowledged in each life`
  } finally {
    load.kill()
    await broker.stop('SIGKILL')
  }
}

/**
 * Starts the producer.
 * @param {string} program
 * @param {string} bootstrap
 * @param {boolean} idempotent
 * @returns {Load & {kill: () => void}}
 */
function startLoad(program, bootstrap, idempotent) {
  const args = ['load', bootstrap, topic, String(idempotent)]
  const child = tied(spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] }))
  /** @type {Map<number, number>} */
  const acked = new Map()
  /** @type {string[]} */
  const refused = []
  let sent = -1
  const splitter = new LineSplitter((line) => {
    const [word, number, , offset] = line.split(' ')
    if (word === 'acked') acked.set(Number(number), Number(offset))
    else if (word === 'sent') sent = Number(number)
    else refused.push(line)
  })
  child.stdout.on('data', (chunk) => splitter.push(chunk))
  const closed = new Promise((resolve) => child.once('close', resolve))
  return {
    acked,
    refused,
    finish: async () => {
      child.kill('SIGTERM')
      await closed
      expect(sent >= 0, 'the producer ended without saying how much it sent')
      return sent
    },
    kill: () => child.kill('SIGKILL'),
  }
}

/**
 * Reads everything back. Offsets are checked for the idempotent producer only: a plain one that repeats a batch
 * whose first answer was lost is told the offset of the repetition.
 * @param {string} bootstrap
 * @param {import('../clients/index.mjs').Client} librdkafka
 * @param {Load} load
 * @param {{idempotent: boolean, sent: number}} options
 * @returns {Promise<number>} how many records were there more than once
 */
async function verify(bootstrap, librdkafka, load, { idempotent, sent }) {
  /** @type {Set<number>} */
  const seen = new Set()
  let duplicates = 0
  let nextOffset = 0
  let highest = -1
  await librdkafka.read?.({
    bootstrap,
    topic,
    partitions: 1,
    count: sent,
    onRecord: ({ offset, line }) => {
      const number = Number(line.split('\t')[2])
      expect(offset === nextOffset, `offset ${offset} where ${nextOffset} was next`)
      nextOffset = offset + 1
      if (seen.has(number)) {
        expect(!idempotent, `record ${number} is there twice, again at offset ${offset}`)
        duplicates++
        return
      }
      expect(number > highest, `record ${number} comes after record ${highest}`)
      const ackedOffset = load.acked.get(number)
      expect(
        !idempotent || ackedOffset === undefined || ackedOffset === -1 || ackedOffset === offset,
        `record ${number} was acknowledged at offset ${ackedOffset} and is at ${offset}`,
      )
      highest = number
      seen.add(number)
    },
  })
  const lost = [...load.acked.keys()].filter((number) => !seen.has(number))
  expect(lost.length === 0, `${lost.length} acknowledged records are gone, the first is ${lost[0]}`)
  return duplicates
}

/** Cuts bytes off the newest segment that has any. @param {string} partitionFolder */
function cutTail(partitionFolder) {
  const segments = readdirSync(partitionFolder)
    .filter((name) => name.endsWith('.log'))
    .map((name) => join(partitionFolder, name))
    .filter((file) => statSync(file).size > 0)
    .sort()
  const last = segments.at(-1)
  if (last) truncateSync(last, Math.max(0, statSync(last).size - sabotageBytes))
}

const delay = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** @param {() => boolean} condition @param {string} what */
async function waitFor(condition, what) {
  const deadline = performance.now() + lifeMsMax
  while (!condition()) {
    expect(performance.now() < deadline, `no ${what} within ${lifeMsMax} ms`)
    await delay(5)
  }
}
