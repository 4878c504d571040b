/**
 * Transactions of several producers, committed and aborted, interleaved with one another and with plain records in
 * every partition and over several segments; then every client that knows isolation reads them. read_committed is
 * exactly what was committed, in the order of the log, and ends before a transaction that is still open.
 *
 * kafkajs loses track when aborted transactions overlap, and @platformatic/kafka when one producer has aborted two of
 * those in a response, or when a response ends within one, as it does with a segment: these two read a topic where none
 * of this happens. Debian's kafka-python knows no isolation.
 */
import { logEnds } from '../lib/log-ends.mjs'
import { inLanes, runProgram } from '../lib/processes.mjs'
import { seededRandom } from '../lib/random.mjs'
import { expect } from '../lib/report.mjs'

const partitions = 3
/** A turn begins or ends a transaction, or sends a record. */
const turns = { interleaved: 900, apart: 200 }
const valueBytes = 2000
/** Readers spend most of their time waiting for more. */
const lanes = 3
const simpleReaders = ['kafkajs', 'platformatic']

/** @typedef {import('../clients/transactional-clients.mjs').TransactionalClient} TransactionalClient */
/** @typedef {import('../clients/transactional-clients.mjs').KeyedRecord} KeyedRecord */

/** @param {import('./transactions.mjs').TransactionContext} context */
export async function checkIsolation(context) {
  const { report, clients } = context
  const librdkafka = clients.find(({ name }) => name === 'librdkafka')
  if (!librdkafka) {
    report.skip('isolation', 'librdkafka is missing')
    return
  }
  await checkTopic(context, librdkafka, {
    topic: 'isolation',
    turns: turns.interleaved,
    writers: clients.filter(({ script }) => script),
    readers: clients.filter(({ name }) => !simpleReaders.includes(name)),
    apart: false,
  })
  await checkTopic(context, librdkafka, {
    topic: 'isolation-apart',
    turns: turns.apart,
    writers: new Array(10).fill(librdkafka),
    readers: clients,
    apart: true,
  })
}

/**
 * @typedef {object} Plan
 * @property {string} topic
 * @property {number} turns
 * @property {TransactionalClient[]} writers
 * @property {TransactionalClient[]} readers
 * @property {boolean} apart aborted transactions don't overlap, and each producer aborts once at most
 */

/**
 * Values are "committed-N=...", "aborted-N=..." or "plain-N": a record says what became of it, because the end of a
 * transaction is chosen when it begins.
 * @param {import('./transactions.mjs').TransactionContext} context
 * @param {TransactionalClient} first
 * @param {Plan} plan
 */
async function checkTopic(context, first, plan) {
  const { report, bootstrap, createTopic } = context
  const { topic, writers, readers } = plan
  if (!(await createTopic(topic, partitions, plan.apart ? { 'segment.ms': '600000' } : {}))) return
  /** @type {Written | undefined} */
  let written
  const names = [...new Set(writers.map(({ name }) => name))].join(', ')
  await report.check(`${topic}: transactions of ${names}`, async () => {
    written = await write(context, plan)
    return `${written.committed.size} records committed or plain, ${written.aborted} aborted`
  })
  if (!written) return
  const { committed, aborted } = written

  await report.check(`${topic}: read_committed ends before an open transaction`, async () => {
    const open = first.script?.({ bootstrap, transactionalId: `${topic}-open` })
    try {
      await open?.steps('init', 'begin')
      for (let partition = 0; partition < partitions; partition++) {
        await open?.steps(`send ${topic} ${partition} key committed-open-${partition}`)
        const { highWatermark, lastStableOffset } = await logEnds(bootstrap, topic, partition)
        expect(
          lastStableOffset === highWatermark - 1,
          `partition ${partition}: last stable offset ${lastStableOffset}, high watermark ${highWatermark}`,
        )
      }
      const { values } = await read(first, { bootstrap, topic, isolation: 'read_committed' })
      expect(!values.some((value) => value.startsWith('committed-open')), 'an open transaction is shown')
      expect(values.length === committed.size, `${values.length} records, not ${committed.size}`)
      await open?.steps('commit')
    } finally {
      await open?.kill()
    }
  })
  for (let partition = 0; partition < partitions; partition++) committed.add(`committed-open-${partition}`)

  await inLanes(readers, lanes, async (client) => {
    await report.check(`${topic}: ${client.name} reads what was committed`, async () => {
      const seen = await read(client, { bootstrap, topic, isolation: 'read_committed' })
      const strange = seen.values.find((value) => !committed.has(value))
      expect(strange === undefined, `"${strange}" is shown`)
      expect(new Set(seen.values).size === seen.values.length, 'a record is shown twice')
      expect(seen.values.length === committed.size, `${seen.values.length} of ${committed.size} records`)
      expect(seen.misplaced === undefined, `offset ${seen.misplaced} is out of order`)
      return `${seen.values.length} records`
    })
    await report.check(`${topic}: ${client.name} reads everything`, async () => {
      const { values } = await read(client, { bootstrap, topic, isolation: 'read_uncommitted' })
      const wanted = committed.size + aborted
      expect(values.length === wanted, `${values.length} of ${wanted} records`)
      const abortedCount = values.filter((value) => value.startsWith('aborted')).length
      expect(abortedCount === aborted, `${abortedCount} of ${aborted} aborted records`)
    })
  })
}

/**
 * @param {TransactionalClient} client
 * @param {{bootstrap: string, topic: string, isolation: import('../clients/transactional-clients.mjs').Isolation}} options
 */
async function read(client, { bootstrap, topic, isolation }) {
  /** @type {string[]} without their padding */
  const values = []
  /** @type {number[]} */
  const lastOffsets = []
  /** @type {number | undefined} */
  let misplaced
  await client.read?.({
    bootstrap,
    topic,
    partitions,
    isolation,
    onRecord: ({ partition, offset, value }) => {
      values.push(value.split('=')[0] ?? '')
      if (offset <= (lastOffsets[partition] ?? -1)) misplaced ??= offset
      lastOffsets[partition] = offset
    },
  })
  return { values, misplaced }
}

/** @typedef {{committed: Set<string>, aborted: number}} Written */

/**
 * @param {import('./transactions.mjs').TransactionContext} context
 * @param {Plan} plan
 * @returns {Promise<Written>}
 */
async function write({ bootstrap, seed }, { topic, turns, writers, apart }) {
  const random = seededRandom(seed)
  const producers = writers.map((client, index) => {
    const script = client.script?.({ bootstrap, transactionalId: `${topic}-${client.name}-${index}` })
    if (!script) throw new Error(`${client.name} has no transactions`)
    const fate = /** @type {'committed' | 'aborted' | undefined} */ (undefined)
    return { script, fate, hasAborted: false }
  })
  /** @type {Written} */
  const written = { committed: new Set(), aborted: 0 }
  /** @param {typeof producers[number]} producer */
  const end = async (producer) => {
    await producer.script.steps(producer.fate === 'committed' ? 'commit' : 'abort')
    if (producer.fate === 'aborted') producer.hasAborted = true
    producer.fate = undefined
  }
  try {
    await Promise.all(producers.map(({ script }) => script.steps('init')))
    for (let turn = 0; turn < turns; turn++) {
      const producer = producers[random.below(producers.length)]
      if (!producer) throw new Error('nobody writes')
      if (!producer.fate) {
        const mayAbort = !apart || !(producer.hasAborted || producers.some(({ fate }) => fate === 'aborted'))
        producer.fate = mayAbort && random.chance(0.4) ? 'aborted' : 'committed'
        await producer.script.steps('begin')
      } else if (random.chance(0.25)) {
        await end(producer)
        continue
      }
      const name = `${producer.fate}-${turn}`
      const value = `${name}=${'x'.repeat(random.below(valueBytes))}`
      await producer.script.steps(`send ${topic} ${random.below(partitions)} key-${turn % 50} ${value}`)
      if (producer.fate === 'committed') written.committed.add(name)
      else written.aborted++
      if (turn % 20 === 0)
        written.committed.add(await plain(bootstrap, topic, turn, random.below(partitions)))
    }
    for (const producer of producers) if (producer.fate) await end(producer)
    return written
  } finally {
    await Promise.all(producers.map(({ script }) => script.kill()))
  }
}

/**
 * A record outside of all transactions.
 * @param {string} bootstrap
 * @param {string} topic
 * @param {number} turn
 * @param {number} partition
 */
async function plain(bootstrap, topic, turn, partition) {
  const args = ['-P', '-q', '-b', bootstrap, '-t', topic, '-p', String(partition), '-K', '\t']
  await runProgram(['kcat', args], { input: `key\tplain-${turn}\n` })
  return `plain-${turn}`
}
