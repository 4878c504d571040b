/**
 * The main matrix: each producer writes its block under each codec, and each reader reads all blocks back.
 *
 * There is one topic of one partition for each codec, and the producers write to it one after the other, so one run
 * of a reader (a JVM, often) checks all producers. Two codecs are worked on at a time.
 */
import { join } from 'node:path'
import { inLanes } from '../lib/processes.mjs'
import { BlockVerifier, blockOf, codecs, writeBlock } from '../lib/records.mjs'
import { formatTable } from '../lib/report.mjs'

const lanes = 2
/** Of each block, for a reader that is slow. */
const headRecords = 50

/** @typedef {import('../lib/records.mjs').Codec} Codec */
/** @typedef {import('../lib/records.mjs').Expectation} Expectation */
/** @typedef {import('../clients/index.mjs').Client} Client */
/** @typedef {import('../lib/context.mjs').Context} Context */

/**
 * Lets every client that can produce write its block to a topic, one client after the other.
 * @param {Context} context
 * @param {{topic: string, codec: Codec, blocks: Map<string, {file: string, lines: string[]}>}} job
 * @returns {Promise<Map<string, Expectation>>} what was written, by producer, in order
 */
export async function produceBlocks({ report, clients, bootstrap }, { topic, codec, blocks }) {
  /** @type {Map<string, Expectation>} */
  const written = new Map()
  for (const client of clients) {
    const { produce } = client
    const block = blocks.get(client.name)
    if (!produce || !block) continue
    const reason = client.cannot[codec]
    if (reason) {
      report.skip(`${topic}: ${client.name} writes`, reason)
      continue
    }
    const fromMs = Date.now()
    const passed = await report.check(`${topic}: ${client.name} writes`, async () => {
      await produce({ bootstrap, topic, codec, partition: 0, file: block.file })
      return `${block.lines.length} records`
    })
    // What a failed producer wrote is unknown; readers that come upon its block report it.
    if (passed) written.set(client.name, { lines: block.lines, window: { fromMs, toMs: Date.now() } })
  }
  return written
}

/**
 * Lets every client that can read check all blocks of a topic: one check for each (producer, reader).
 * @param {Context} context
 * @param {{topic: string, codec: Codec, written: Map<string, Expectation>,
 *   timestampType: 'CreateTime' | 'LogAppendTime', onResult?: (producer: string, reader: string, ok: boolean) => void}} job
 */
export async function readBlocks(
  { report, clients, bootstrap },
  { topic, codec, written, timestampType, onResult },
) {
  const count = [...written.values()].reduce((sum, { lines }) => sum + lines.length, 0)
  for (const client of clients) {
    const { read } = client
    if (!read) continue
    const limit = client.readsHeads && codec !== 'none' ? headRecords : Number.POSITIVE_INFINITY
    const verifier = new BlockVerifier(written, timestampType, limit)
    const ranges = limit === headRecords ? headRanges(written) : undefined
    /** @type {string | undefined} */
    let readProblem
    const startedAtMs = performance.now()
    try {
      await read({
        bootstrap,
        topic,
        partitions: 1,
        count,
        ...(ranges ? { ranges } : {}),
        onRecord: (record) => verifier.add(record),
      })
    } catch (error) {
      readProblem = error instanceof Error ? error.message : String(error)
    }
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
    report.say(`             ${topic}: ${client.name} took ${seconds} s to read`)
    for (const producer of written.keys()) {
      const passed = await report.check(`${topic}: ${client.name} reads what ${producer} wrote`, () => {
        const problem = verifier.problemOf(producer) ?? readProblem
        if (problem)
          throw new Error(readProblem && problem !== readProblem ? `${problem}; ${readProblem}` : problem)
      })
      onResult?.(producer, client.name, passed)
    }
  }
}

/** The head of each block, given that offsets are dense. @param {Map<string, Expectation>} written */
function headRanges(written) {
  let offset = 0
  const ranges = []
  for (const { lines } of written.values()) {
    ranges.push(`${offset}:${Math.min(headRecords, lines.length)}`)
    offset += lines.length
  }
  return ranges.join(',')
}

/**
 * @param {Context} context
 * @param {string} name
 * @param {number} smallCount
 * @param {boolean} big
 */
export function prepareBlocks({ clients, folder }, name, smallCount, big) {
  /** @type {Map<string, {file: string, lines: string[]}>} */
  const blocks = new Map()
  for (const client of clients) {
    if (!client.produce) continue
    const lines = blockOf(client.name, smallCount, { big })
    const file = join(folder, `${name}-${client.name}.tsv`)
    writeBlock(file, lines)
    blocks.set(client.name, { file, lines })
  }
  return blocks
}

/** @param {Context} context */
export async function checkExchange(context) {
  const { clients, createTopic, smallCount } = context
  const blocks = prepareBlocks(context, 'block', smallCount, true)
  /** @type {Map<string, string>} "producer reader" -> codecs that worked, by initial letter */
  const worked = new Map()

  await inLanes(codecs, lanes, async (codec) => {
    const topic = `exchange-${codec}`
    if (!(await createTopic(topic, 1))) return
    const written = await produceBlocks(context, { topic, codec, blocks })
    await readBlocks(context, {
      topic,
      codec,
      written,
      timestampType: 'CreateTime',
      onResult: (producer, reader, ok) => {
        const key = `${producer} ${reader}`
        worked.set(key, (worked.get(key) ?? '') + (ok ? (codec[0] ?? '') : '!'))
      },
    })
  })

  const readers = clients.filter((client) => client.read)
  context.table = formatTable([
    ['written by \\ read by', ...readers.map(({ name }) => name)],
    ...clients
      .filter((client) => client.produce)
      .map((client) => [
        client.name,
        ...readers.map((reader) => [...(worked.get(`${client.name} ${reader.name}`) ?? '-')].sort().join('')),
      ]),
  ])
  context.table += '\n(codecs that passed by initial letter: none gzip snappy lz4 zstd; ! failed)'
}
