/**
 * A read-process-write copy is killed with SIGKILL fifty times, started again each time under the same transactional id,
 * and now and then the broker is killed as well. In the end the output holds every record of the input exactly once
 * under read_committed, in order by key.
 *
 * Each client has a copier of its own (see `copy` in clients/transactional-librdkafka.c), all of them at once. A copier
 * says each of its steps, so that half of the kills come right at one: between the begin of a transaction and its
 * first record, between the offsets and the commit, or while the commit is on its way. The others come at any time.
 * The input grows meanwhile, by transactions of which a fifth is aborted.
 *
 * That this can fail is shown by --sabotage, which verifies what read_uncommitted returns.
 */
import { spawn } from 'node:child_process'
import { tied } from '../../scripts/peers/children.mjs'
import { LineSplitter } from '../lib/processes.mjs'
import { seededRandom } from '../lib/random.mjs'
import { expect } from '../lib/report.mjs'

const kills = { librdkafka: 26, 'java-3.9': 12, 'java-4.1': 12 }
/** The broker is killed when so many copiers have been. */
const brokerKillsAfter = [8, 22, 36, 46]
const transactionTimeoutMs = 10_000
const inputPartitions = 3
const outputPartitions = 4
/** A multiple of the partitions: a key's records are all in one of them. */
const keys = 21
const steps = ['init', 'joining', 'begin', 'sent', 'commit', 'committed']
/** A kill at any time comes within this time of the copier's first word. */
const anyTimeMs = { librdkafka: 700, java: 1600 }
const lifeMsMax = 40_000
/** A copier may end by itself (its broker was killed under it), but not without end. */
const endsByItselfMax = 30
const feedEveryMs = 25
const feedRecords = 6

/** @typedef {import('../clients/transactional-clients.mjs').TransactionalClient} TransactionalClient */

/**
 * @typedef {object} Copier
 * @property {TransactionalClient} client
 * @property {string} input
 * @property {string} output
 * @property {number} killsLeft
 * @property {string[]} killedAt the steps it was killed in
 * @property {number} committed transactions, as far as it could say
 * @property {number} aborted
 * @property {string[]} endings of lives that ended by themselves
 */

/**
 * @param {import('./transactions.mjs').TransactionContext} context
 * @param {() => Promise<void>} restartBroker kills it with SIGKILL and starts it again
 */
export async function checkCopy({ report, clients, bootstrap, createTopic, seed, sabotage }, restartBroker) {
  const feeder = clients.find(({ name }) => name === 'librdkafka')
  const copiers = clients.flatMap((client) => {
    const killsLeft = kills[/** @type {keyof typeof kills} */ (client.name)]
    if (!client.copy || killsLeft === undefined) return []
    const [input, output] = [`copy-in-${client.name}`, `copy-out-${client.name}`]
    return [
      /** @type {Copier} */ ({
        client,
        input,
        output,
        killsLeft,
        killedAt: [],
        committed: 0,
        aborted: 0,
        endings: [],
      }),
    ]
  })
  if (!feeder?.script) {
    report.skip('copy under kills', 'librdkafka, which writes the input, is missing')
    return
  }
  for (const { input, output } of copiers) {
    if (!(await createTopic(input, inputPartitions)) || !(await createTopic(output, outputPartitions))) return
  }
  const random = seededRandom(seed)
  const total = copiers.reduce((sum, { killsLeft }) => sum + killsLeft, 0)
  let killed = 0
  let brokerKills = 0
  let restarting = Promise.resolve()
  const onKill = () => {
    if (!brokerKillsAfter.includes(++killed)) return
    const delayMs = random.below(300)
    brokerKills++
    restarting = restarting.then(() => delay(delayMs)).then(restartBroker)
  }

  const name = `copy: ${total} kills of copiers, ${brokerKillsAfter.length} of the broker`
  const wentWell = await report.check(name, async () => {
    const feed = startFeed(feeder, bootstrap, copiers)
    await Promise.all(
      copiers.map(async (copier) => {
        while (copier.killsLeft > 0) {
          await oneLife(copier, bootstrap, random, onKill)
          copier.killsLeft--
        }
      }),
    )
    await restarting
    const fed = await feed.finish()
    await Promise.all(copiers.map((copier) => copyTheRest(copier, bootstrap)))
    for (const copier of copiers) expect(copier.committed > 0, `${copier.client.name} never committed`)
    const sum = (/** @type {(copier: Copier) => number} */ of) =>
      copiers.reduce((all, each) => all + of(each), 0)
    return (
      `${killed} and ${brokerKills} kills; input ${fed.committed} committed, ${fed.aborted} aborted and ${fed.unknown} unknown transactions, ` +
      `copiers ${sum(({ committed }) => committed)} committed and ${sum(({ aborted }) => aborted)} aborted, ` +
      `${sum(({ endings }) => endings.length)} ended by themselves; killed in ${tally(copiers.flatMap(({ killedAt }) => killedAt))}`
    )
  })
  if (!wentWell) return
  for (const { client, input, output } of copiers) {
    await report.check(`copy: ${client.name}'s output has each input once, in order`, () =>
      verify(feeder, bootstrap, { input, output }, sabotage),
    )
  }
}

/**
 * A life of a copier, until it is killed.
 * @param {Copier} copier
 * @param {string} bootstrap
 * @param {import('../lib/random.mjs').Random} random
 * @param {() => void} onKill
 */
async function oneLife(copier, bootstrap, random, onKill) {
  const range = copier.client.name === 'librdkafka' ? anyTimeMs.librdkafka : anyTimeMs.java
  const plan = random.chance(0.5)
    ? { step: steps[random.below(steps.length)], occurrence: 1 + random.below(6), delayMs: random.below(4) }
    : { step: 'init', occurrence: 1, delayMs: random.below(range) }
  const size = 1 + random.below(20)
  // A life that ends by itself, because the broker was killed, is followed by another under the same plan.
  for (;;) {
    const life = startCopier(copier, { bootstrap, size, stays: true })
    let occurrences = 0
    life.onStep((step) => {
      if (step !== plan.step || ++occurrences !== plan.occurrence) return
      if (plan.delayMs === 0) life.kill()
      else setTimeout(life.kill, plan.delayMs)
    })
    const ending = await life.ended
    if (ending === 'killed') {
      copier.killedAt.push(life.lastStep())
      onKill()
      return
    }
    copier.endings.push(ending)
    expect(
      copier.endings.length <= endsByItselfMax,
      `${copier.client.name} keeps ending by itself: ${ending}`,
    )
  }
}

/** @param {Copier} copier @param {string} bootstrap */
async function copyTheRest(copier, bootstrap) {
  for (;;) {
    const ending = await startCopier(copier, { bootstrap, size: 200, stays: false }).ended
    if (ending === 'end') return
    copier.endings.push(ending)
    expect(
      copier.endings.length <= endsByItselfMax,
      `${copier.client.name} keeps ending by itself: ${ending}`,
    )
  }
}

/**
 * @param {Copier} copier
 * @param {{bootstrap: string, size: number, stays: boolean}} options
 */
function startCopier(copier, { bootstrap, size, stays }) {
  const { client, input, output } = copier
  const id = `copier-${client.name}`
  const command = client.copy?.({
    bootstrap,
    input,
    output,
    id,
    timeoutMs: transactionTimeoutMs,
    size,
    stays,
  })
  if (!command) throw new Error(`${client.name} does not copy`)
  const child = tied(spawn(command[0], command[1], { stdio: ['ignore', 'pipe', 'pipe'] }))
  let lastStep = 'start'
  let stderr = ''
  let [killed, tookTooLong] = [false, false]
  let listener = (/** @type {string} */ _step) => {}
  const splitter = new LineSplitter((line) => {
    const [step = ''] = line.split(' ')
    lastStep = step
    if (step === 'committed') copier.committed++
    if (step === 'aborted') copier.aborted++
    listener(step)
  })
  child.stdout.on('data', (chunk) => splitter.push(chunk))
  child.stderr.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-2000)
  })
  const timer = setTimeout(() => {
    tookTooLong = true
    child.kill('SIGKILL')
  }, lifeMsMax)
  return {
    /** @param {(step: string) => void} take */
    onStep: (take) => {
      listener = take
    },
    lastStep: () => lastStep,
    kill: () => {
      if (child.exitCode === null && child.kill('SIGKILL')) killed = true
    },
    /** @type {Promise<string>} 'killed', 'end', or how it ended by itself */
    ended: new Promise((resolve) => {
      child.once('close', (code) => {
        clearTimeout(timer)
        if (tookTooLong) resolve(`nothing more for ${lifeMsMax} ms after "${lastStep}"`)
        else if (killed && code === null) resolve('killed')
        else if (code === 0 && lastStep === 'end') resolve('end')
        else
          resolve(`after "${lastStep}": ${stderr.trim().split('\n').slice(0, 2).join(' | ').slice(0, 300)}`)
      })
    }),
  }
}

/**
 * Writes to all inputs, in transactions of which a fifth is aborted, until told to finish. Values are numbers that grow
 * with the offsets; those of transactions that were not committed are missing.
 * @param {TransactionalClient} client
 * @param {string} bootstrap
 * @param {Copier[]} copiers
 */
function startFeed(client, bootstrap, copiers) {
  let finishing = false
  let number = 0
  const counts = { committed: 0, aborted: 0, unknown: 0 }
  const start = async () => {
    const script = client.script?.({
      bootstrap,
      transactionalId: 'copy-feeder',
      timeoutMs: transactionTimeoutMs,
    })
    if (!script) throw new Error(`${client.name} has no script`)
    await script.steps('init')
    return script
  }
  const run = (async () => {
    let script = await start()
    for (let turn = 0; !finishing; turn++) {
      const end = turn % 5 === 4 ? 'abort' : 'commit'
      const puts = Array.from({ length: feedRecords }, () => {
        const value = end === 'abort' ? `aborted-${number}` : String(number)
        const where = `${number % inputPartitions} key-${number++ % keys}`
        return copiers.map(({ input }) => `put ${input} ${where} ${value}`)
      })
      try {
        await script.steps('begin', ...puts.flat(), end)
        if (end === 'commit') counts.committed++
        else counts.aborted++
      } catch {
        // The broker was killed; whether the transaction was committed, the input will show.
        counts.unknown++
        if (!(await script.step('abort')).startsWith('ok')) {
          await script.kill()
          script = await start()
        }
      }
      await delay(feedEveryMs)
    }
    await script.kill()
  })()
  run.catch(() => {}) // It is told by finish().
  return {
    finish: async () => {
      finishing = true
      await run
      return counts
    },
  }
}

/**
 * Compares an output with its input, both under read_committed; and read_uncommitted shows that there was something
 * to hide.
 * @param {TransactionalClient} reader
 * @param {string} bootstrap
 * @param {{input: string, output: string}} topics
 * @param {boolean} sabotage
 */
async function verify(reader, bootstrap, { input, output }, sabotage) {
  const read = async (
    /** @type {string} */ topic,
    /** @type {number} */ partitions,
    /** @type {import('../clients/transactional-clients.mjs').Isolation} */ isolation,
  ) => {
    /** @type {Map<string, string[]>} */
    const values = new Map()
    let count = 0
    await reader.read?.({
      bootstrap,
      topic,
      partitions,
      isolation,
      onRecord: ({ key, value }) => {
        count++
        const ofKey = values.get(key)
        if (ofKey) ofKey.push(value)
        else values.set(key, [value])
      },
    })
    return { values, count }
  }
  const source = await read(input, inputPartitions, 'read_committed')
  const copied = await read(output, outputPartitions, sabotage ? 'read_uncommitted' : 'read_committed')
  const uncommitted = await read(output, outputPartitions, 'read_uncommitted')
  expect(source.count > 0, 'the input is empty')
  for (const [key, ofKey] of source.values) {
    const sorted = [...ofKey].sort((a, b) => Number(a) - Number(b))
    expect(new Set(ofKey).size === ofKey.length, `the input has a value of ${key} twice`)
    expect(
      ofKey.every((value) => /^\d+$/.test(value)),
      `read_committed shows aborted input of ${key}`,
    )
    const seen = (copied.values.get(key) ?? []).map((value) => value.replace(/\+$/, ''))
    const at = sorted.findIndex((value, i) => value !== seen[i])
    expect(at < 0, `${key}, number ${at}: ${seen[at] ?? 'nothing'} where ${sorted[at]} was next`)
    expect(seen.length === sorted.length, `${key}: ${seen.length} records, ${sorted.length} in the input`)
  }
  expect(copied.count === source.count, `${copied.count} records, ${source.count} in the input`)
  expect(uncommitted.count > source.count, 'no aborted copy is in the output: nothing was shown')
  return `${source.count} records, and ${uncommitted.count - source.count} aborted ones`
}

/** @param {string[]} names */
function tally(names) {
  /** @type {Record<string, number>} */
  const counts = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}

const delay = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms))
