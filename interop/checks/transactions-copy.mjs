/**
 * A read-process-write copy is killed with SIGKILL fifty times, started again each time under the same transactional id,
 * and now and then the broker is killed as well. In the end the output holds every record of the input exactly once
 * under read_committed, in order by key.
 *
 * Each client has a copier of its own (see `copy` in clients/transactional-librdkafka.c), all of them at once. A copier
 * says each of its steps, so that half of the kills come right at one: while it joins, between the begin of a transaction
 * and its first record, before the offsets, or while the commit is on its way. The others come at any time.
 * The input grows meanwhile, by transactions of which a fifth is aborted.
 *
 * That this can fail is shown by --sabotage, which verifies what read_uncommitted returns.
 */
import { inputPartitions, outputPartitions, startCopier, startFeed, verifyCopy } from '../lib/copier.mjs'
import { seededRandom } from '../lib/random.mjs'
import { expect } from '../lib/report.mjs'

const kills = { librdkafka: 26, 'java-3.9': 12, 'java-4.1': 12 }
/** The broker is killed when so many copiers have been. */
const brokerKillsAfter = [8, 22, 36, 46]
const steps = ['init', 'joining', 'begin', 'sent', 'commit', 'committed']
const once = new Set(['init', 'joining'])
/** A kill at any time comes within this time of the first transaction's begin. */
const anyTimeMs = 400
/** A copier may end by itself (its broker was killed under it), but not without end. */
const endsByItselfMax = 30

/**
 * @typedef {import('../lib/copier.mjs').Copier & {
 *   killsLeft: number,
 *   killedAt: string[],
 *   endings: string[],
 * }} Copier killedAt: the steps it was killed in; endings: of lives that ended by themselves
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
  let abortedRecords = 0
  for (const { client, input, output } of copiers) {
    await report.check(`copy: ${client.name}'s output has each input once, in order`, async () => {
      const { copied, aborted } = await verifyCopy(feeder, bootstrap, { input, output }, { sabotage })
      abortedRecords += aborted
      return `${copied} records, and ${aborted} aborted ones`
    })
  }
  await report.check('copy: there was something to hide', () => {
    expect(abortedRecords > 0, 'no output has an aborted record')
  })
}

/**
 * A life of a copier, until it is killed.
 * @param {Copier} copier
 * @param {string} bootstrap
 * @param {import('../lib/random.mjs').Random} random
 * @param {() => void} onKill
 */
async function oneLife(copier, bootstrap, random, onKill) {
  const step = steps[random.below(steps.length)] ?? 'begin'
  const plan = random.chance(0.5)
    ? { step, occurrence: once.has(step) ? 1 : 1 + random.below(6), delayMs: random.below(4) }
    : { step: 'begin', occurrence: 1, delayMs: random.below(anyTimeMs) }
  const size = 1 + random.below(12)
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
