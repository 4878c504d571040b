/**
 * Two producers with one transactional id: the newer one fences the older, whoever the two are; what the older had not
 * committed is never shown. And a producer that pauses beyond the timeout of its transaction finds it aborted: readers
 * were not held up, it is told so, and the next producer under its id goes on.
 */

import { logEnds, waitUntilStable } from '../lib/log-ends.mjs'
import { inLanes } from '../lib/processes.mjs'
import { expect } from '../lib/report.mjs'

const topic = 'fencing'
const pauseTimeoutMs = 2500
/** Most of the time is spent waiting. */
const lanes = 3
/** Looking for timed-out transactions, and writing the markers, takes a broker at most so long with default settings. */
const abortedWithinMs = 20_000
/** What the clients call it. @type {Record<string, RegExp>} */
const fenced = {
  librdkafka: /^error (_FENCED|PRODUCER_FENCED|INVALID_PRODUCER_EPOCH|ERR_)/,
  java: /^error (ProducerFencedException|InvalidProducerEpochException) /,
  kafkajs: /^error (INVALID_PRODUCER_EPOCH|PRODUCER_FENCED) /,
  platformatic: /^error (INVALID_PRODUCER_EPOCH|PRODUCER_FENCED) /,
}

/** @typedef {import('../clients/transactional-clients.mjs').TransactionalClient} TransactionalClient */

/** @param {import('./transactions.mjs').TransactionContext} context */
export async function checkFencing(context) {
  const { report, clients, createTopic } = context
  const able = clients.filter(({ script }) => script)
  /** @type {{name: string, run: (partition: number) => Promise<string>}[]} each has a partition of its own */
  const checks = []
  for (const [index, older] of able.entries()) {
    checks.push({
      name: `fencing: ${older.name} pauses beyond its timeout`,
      run: (partition) => pauses(context, older, partition),
    })
    for (const newer of new Set([older, able[(index + 1) % able.length] ?? older])) {
      checks.push({
        name: `fencing: ${newer.name} fences ${older.name}`,
        run: (partition) => fences(context, { older, newer, partition }),
      })
    }
  }
  if (!(await createTopic(topic, checks.length))) return
  await inLanes([...checks.entries()], lanes, async ([partition, { name, run }]) => {
    await report.check(name, () => run(partition))
  })
}

/** @param {string} name */
const fencedOf = (name) => fenced[name.split('-')[0] ?? ''] ?? /^$/

/**
 * @param {import('./transactions.mjs').TransactionContext} context
 * @param {{older: TransactionalClient, newer: TransactionalClient, partition: number}} options
 */
async function fences({ bootstrap, clients }, { older, newer, partition }) {
  const transactionalId = `fencing-${older.name}-${newer.name}`
  const value = (/** @type {string} */ what) => `${what}-of-${transactionalId}`
  const [first, second] = [older, newer].map((client) => client.script?.({ bootstrap, transactionalId }))
  if (!first || !second) throw new Error('no script')
  try {
    await first.steps('init', 'begin', `send ${topic} ${partition} key ${value('old')}`)
    await second.steps('init', 'begin', `send ${topic} ${partition} key ${value('new')}`)
    const told = await first.step('commit')
    expect(fencedOf(older.name).test(told), `the older one's commit ended with "${told}"`)
    const again = await first.step(`send ${topic} ${partition} key ${value('late')}`)
    expect(again.startsWith('error'), `the older one could send: ${again}`)
    await second.steps('commit')
    const shown = await committedValues(clients, bootstrap, partition)
    expect(shown.has(value('new')), 'what the newer one committed is not shown')
    expect(
      !shown.has(value('old')) && !shown.has(value('late')),
      'what the older one did not commit is shown',
    )
    return told
  } finally {
    await first.kill()
    await second.kill()
  }
}

/**
 * @param {import('./transactions.mjs').TransactionContext} context
 * @param {TransactionalClient} client
 * @param {number} partition
 */
async function pauses({ bootstrap, clients }, client, partition) {
  const transactionalId = `pausing-${client.name}`
  const start = (/** @type {number} */ timeoutMs) => {
    const script = client.script?.({ bootstrap, transactionalId, timeoutMs })
    if (!script) throw new Error('no script')
    return script
  }
  const paused = start(pauseTimeoutMs)
  try {
    await paused.steps('init', 'begin', `send ${topic} ${partition} key paused-${client.name}`)
    const { highWatermark, lastStableOffset } = await logEnds(bootstrap, topic, partition)
    expect(
      lastStableOffset < highWatermark,
      `the last stable offset is ${lastStableOffset} with a transaction open`,
    )
    const tookMs = await waitUntilStable(bootstrap, topic, partition, abortedWithinMs)
    expect(tookMs > pauseTimeoutMs / 2, `it was aborted ${Math.round(tookMs)} ms after the last record`)
    const told = await paused.step('commit')
    expect(told.startsWith('error'), `a transaction that had timed out was committed: ${told}`)
    const next = start(60_000)
    try {
      await next.steps('init', 'begin', `send ${topic} ${partition} key next-${client.name}`, 'commit')
    } finally {
      await next.kill()
    }
    const shown = await committedValues(clients, bootstrap, partition)
    expect(shown.has(`next-${client.name}`), 'what the next producer committed is not shown')
    expect(!shown.has(`paused-${client.name}`), 'what was aborted is shown')
    return `aborted after ${Math.round(tookMs)} ms; told: ${told.slice('error '.length)}`
  } finally {
    await paused.kill()
  }
}

/** @param {TransactionalClient[]} clients @param {string} bootstrap @param {number} wanted a partition */
async function committedValues(clients, bootstrap, wanted) {
  /** @type {Set<string>} */
  const values = new Set()
  await clients[0]?.read?.({
    bootstrap,
    topic,
    partitions: wanted + 1,
    isolation: 'read_committed',
    onRecord: ({ partition, value }) => {
      if (partition === wanted) values.add(value)
    },
  })
  return values
}
