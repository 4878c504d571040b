/**
 * Apache Kafka's tools, of both releases, over transactions: what kafka-transactions tells of one that is open, one that
 * was committed and one that was aborted, and that it can abort; and what kafka-dump-log finds in the files, once the
 * broker has stopped.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { toolCommand } from '../../scripts/peers/apache-kafka.mjs'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { logEnds } from '../lib/log-ends.mjs'
import { runProgram } from '../lib/processes.mjs'
import { expect } from '../lib/report.mjs'

/** What kafka-dump-log remarks on a segment that was compacted, as the internal topics' are. */
const compacted = [
  /^Non-consecutive offsets in .*\/__(consumer_offsets|transaction_state)-/,
  /^ +\d+ is followed by \d+$/,
]
const lines = /** @type {const} */ (['3.9', '4.1'])

/** @param {import('./transactions.mjs').TransactionContext} context */
export async function checkTransactionTools(context) {
  const { report, clients, createTopic } = context
  const librdkafka = clients.find(({ name }) => name === 'librdkafka')
  if (!librdkafka) {
    report.skip('tools over transactions', 'librdkafka is missing')
    return
  }
  for (const line of lines) if (!(await createTopic(`tools-${line}`, 1))) return
  await Promise.all(
    lines.map(async (line) => {
      const peer = await apacheKafka(line)
      if ('missing' in peer) report.skip(`kafka-transactions ${line}`, peer.missing)
      else await checkTool(context, { librdkafka, home: peer.path, line })
    }),
  )
}

/**
 * @param {import('./transactions.mjs').TransactionContext} context
 * @param {{librdkafka: import('../clients/transactional-clients.mjs').TransactionalClient, home: string, line: string}} options
 */
async function checkTool({ report, bootstrap }, { librdkafka, home, line }) {
  const topic = `tools-${line}`
  const id = (/** @type {string} */ what) => `tools-${what}-${line}`
  const name = (/** @type {string} */ what) => `kafka-transactions ${line}: ${what}`
  /** @param {string[]} args @returns {Promise<Record<string, string>[]>} the rows of the table that it prints, by column */
  const table = async (...args) => {
    const command = toolCommand(home, 'kafka-transactions', ['--bootstrap-server', bootstrap, ...args])
    const { stdout } = await runProgram(command)
    const [head = [], ...rows] = stdout
      .split('\n')
      .filter((each) => each.includes('\t'))
      .map((each) => each.split('\t').map((cell) => cell.trim()))
    return rows.map((row) => Object.fromEntries(row.map((cell, column) => [head[column] ?? '', cell])))
  }
  const scripts = ['open', 'committed', 'aborted'].map((what) =>
    librdkafka.script?.({ bootstrap, transactionalId: id(what) }),
  )
  const [open, committed, aborted] = scripts
  try {
    const wentWell = await report.check(name('three transactions to look at'), async () => {
      await open?.steps('init', 'begin', `send ${topic} 0 key open`, `offsets ${id('group')} ${topic} 0 1`)
      await committed?.steps('init', 'begin', `send ${topic} 0 key committed`, 'commit')
      await aborted?.steps('init', 'begin', `send ${topic} 0 key aborted`, 'abort')
    })
    if (!wentWell) return
    await report.check(name('list'), async () => {
      const rows = await table('list')
      const state = (/** @type {string} */ what) =>
        rows.find((row) => row.TransactionalId === id(what))?.TransactionState
      expect(state('open') === 'Ongoing', `the open one is ${state('open')}`)
      expect(/^CompleteCommit$/.test(state('committed') ?? ''), `the committed one is ${state('committed')}`)
      expect(/^CompleteAbort$/.test(state('aborted') ?? ''), `the aborted one is ${state('aborted')}`)
    })
    /** @type {Record<string, string>} */
    let described = {}
    await report.check(name('describe'), async () => {
      described = (await table('describe', '--transactional-id', id('open')))[0] ?? {}
      const { TransactionState, TransactionTimeoutMs, TopicPartitions = '', CoordinatorId } = described
      expect(TransactionState === 'Ongoing' && CoordinatorId === '1', JSON.stringify(described))
      expect(TransactionTimeoutMs === '60000', `its timeout is ${TransactionTimeoutMs}`)
      expect(TopicPartitions.split(',').includes(`${topic}-0`), `its partitions are ${TopicPartitions}`)
      expect(/__consumer_offsets-\d/.test(TopicPartitions), `its partitions are ${TopicPartitions}`)
    })
    await report.check(name('describe-producers'), async () => {
      const rows = await table('describe-producers', '--topic', topic, '--partition', '0')
      expect(rows.length === 3, `${rows.length} producers`)
      const [row, ...others] = rows.filter(({ CurrentTransactionStartOffset }) =>
        /^\d+$/.test(CurrentTransactionStartOffset ?? ''),
      )
      expect(row?.ProducerId === described.ProducerId && others.length === 0, JSON.stringify(rows))
      expect(row?.CurrentTransactionStartOffset === '0', `it starts at ${row?.CurrentTransactionStartOffset}`)
    })
    await report.check(name('find-hanging finds nothing, not even what is open'), async () => {
      const rows = await table('find-hanging', '--broker-id', '1', '--max-transaction-timeout', '0')
      expect(rows.length === 0, JSON.stringify(rows))
    })
    await report.check(name('abort lets readers pass'), async () => {
      const before = await logEnds(bootstrap, topic, 0)
      expect(before.lastStableOffset === 0, `the last stable offset is ${before.lastStableOffset}`)
      const where = ['--topic', topic, '--partition', '0', '--start-offset', '0']
      await runProgram(
        toolCommand(home, 'kafka-transactions', ['--bootstrap-server', bootstrap, 'abort', ...where]),
      )
      const after = await logEnds(bootstrap, topic, 0)
      expect(
        after.lastStableOffset === after.highWatermark && after.highWatermark === before.highWatermark + 1,
        JSON.stringify({ before, after }),
      )
    })
  } finally {
    await Promise.all(scripts.map((script) => script?.kill()))
  }
}

/**
 * kafka-dump-log over what all the checks before have left.
 * @param {import('./transactions.mjs').TransactionContext} context
 * @param {string} dataFolder
 */
export async function checkTransactionFiles({ report }, dataFolder) {
  const all = readdirSync(dataFolder, { recursive: true, encoding: 'utf8' })
  const files = (/** @type {RegExp} */ pattern) =>
    all.filter((each) => pattern.test(each)).map((each) => join(dataFolder, each))
  const data = /(isolation|copy|fencing|tools)[^/]*\/\d{20}/
  for (const line of lines) {
    const peer = await apacheKafka(line)
    if ('missing' in peer) {
      report.skip(`kafka-dump-log ${line}`, peer.missing)
      continue
    }
    /**
     * @param {string} what
     * @param {string[]} chosen
     * @param {string[]} flags
     * @param {Record<string, RegExp>} wanted each is counted, and must be there
     */
    const dump = (what, chosen, flags, wanted) =>
      report.check(`kafka-dump-log ${line}: ${what}`, async () => {
        expect(chosen.length > 0, `no such files in ${dataFolder}`)
        const counts = Object.fromEntries(Object.keys(wanted).map((each) => [each, 0]))
        const args = [...flags, '--files', chosen.join(',')]
        const { stderr } = await runProgram(toolCommand(peer.path, 'kafka-dump-log', args), {
          onLine: (said) => {
            for (const [each, pattern] of Object.entries(wanted))
              if (pattern.test(said)) counts[each] = (counts[each] ?? 0) + 1
            expect(!/isvalid: false|Exception|Could not|corrupt|"unknown"/i.test(said), said.slice(0, 300))
          },
        })
        const unsound = stderr
          .split('\n')
          .filter((said) => said !== '' && !compacted.some((pattern) => pattern.test(said)))
        expect(unsound.length === 0, unsound.join(' | ').slice(0, 300))
        for (const [each, count] of Object.entries(counts)) expect(count > 0, `no ${each}`)
        const told = Object.entries(counts).map(([each, count]) => `${count} ${each}`)
        return `${chosen.length} files: ${told.join(', ')}`
      })
    await dump(
      '--transaction-log-decoder over __transaction_state',
      files(/__transaction_state-\d+\/\d{20}\.log$/),
      ['--transaction-log-decoder'],
      {
        'transactional ids': /key: .*transactionalId/i,
        // What is compacted away is not required: the last ones are in segments that are not.
        'states on the way': /Ongoing|PrepareCommit|PrepareAbort|"transactionStatus":[123]\b/,
        CompleteCommit: /CompleteCommit|"transactionStatus":4\b/,
        CompleteAbort: /CompleteAbort|"transactionStatus":5\b/,
      },
    )
    await dump(
      '--offsets-decoder over __consumer_offsets',
      files(/__consumer_offsets-\d+\/\d{20}\.log$/),
      ['--offsets-decoder'],
      {
        offsets: /"partition":\d+.*payload: .*"offset":\d+/,
        groups: /"protocolType":"consumer"|protocolType=consumer/,
        commits: /endTxnMarker: COMMIT/,
        aborts: /endTxnMarker: ABORT/,
      },
    )
    await dump('segments with markers', files(new RegExp(`${data.source}\\.log$`)), ['--deep-iteration'], {
      records: /^\| offset: .*sequence: \d/,
      commits: /endTxnMarker: COMMIT/,
      aborts: /endTxnMarker: ABORT/,
    })
    await dump('transaction indexes', files(new RegExp(`${data.source}\\.txnindex$`)), [], {
      'aborted transactions': /producerId: \d+ firstOffset: \d+ lastOffset: \d+ lastStableOffset: \d+/,
    })
  }
  await report.check('transactions: a partition has several segments', () => {
    const counts = new Map()
    for (const each of files(new RegExp(`${data.source}\\.log$`))) {
      const folder = each.slice(0, each.lastIndexOf('/'))
      counts.set(folder, (counts.get(folder) ?? 0) + 1)
    }
    expect(Math.max(0, ...counts.values()) > 1, 'each has one')
    return `up to ${Math.max(...counts.values())}`
  })
}
