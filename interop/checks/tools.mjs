/**
 * Our commands and Apache Kafka's tools, side by side: a row for each operation, a column for each tool and broker.
 *
 * Kafka's own tool on Kafka's own broker has columns, too: they show that a row asks for nothing but Kafka's output. A row
 * says which lines are printed, apart from ids, ports and times, or how the operation fails: our commands must then say so
 * in one line on stderr, Kafka's tools somewhere, and both end with 1. Each column has a broker of its own, and goes through
 * all rows in order.
 *
 * `npm run interop -- --only tools`, or a group of commands: `--only tools-topics`; `--columns sluice` are
 * the columns with "sluice" in their names, `--columns "ours > sluice"` is one.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Admin } from '../../dist/client/index.js'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { startBroker } from '../lib/broker.mjs'
import { expect } from '../lib/report.mjs'
import { runTool } from '../lib/run-tool.mjs'
import { StepTable } from '../lib/step-table.mjs'
import { ToolServer } from '../lib/tool-server.mjs'
import { clusterOperations } from './tools-cluster.mjs'
import { configOperations, quotaOperations } from './tools-configs.mjs'
import { consoleOperations } from './tools-console.mjs'
import { groupOperations } from './tools-groups.mjs'
import { replicaOperations } from './tools-replicas.mjs'
import { topicOperations } from './tools-topics.mjs'

const settleTimeoutMs = 10_000

/** @type {Record<string, readonly Operation[]>} */
const groups = {
  topics: topicOperations,
  console: consoleOperations,
  configs: configOperations,
  quotas: quotaOperations,
  replicas: replicaOperations,
  groups: groupOperations,
  cluster: clusterOperations,
}

/** @type {readonly [tool: ToolKind, broker: import('../lib/broker.mjs').BrokerKind][]} */
const columns = [
  ['ours', 'sluice'],
  ['ours', 'apache-3.9'],
  ['ours', 'apache-4.1'],
  ['java-3.9', 'sluice'],
  ['java-4.1', 'sluice'],
  ['java-3.9', 'apache-3.9'],
  ['java-4.1', 'apache-4.1'],
]

/**
 * @typedef {'ours' | 'java-3.9' | 'java-4.1'} ToolKind
 * @typedef {import('../../scripts/peers/apache-kafka.mjs').Tool} Tool
 * @typedef {import('../lib/tool-server.mjs').ToolResult} ToolResult
 */

/**
 * @typedef {object} Place a column, while its rows are run
 * @property {ToolKind} tool
 * @property {import('../lib/broker.mjs').BrokerKind} broker
 * @property {string} bootstrap
 * @property {string[]} logDirs of the broker, two
 * @property {import('../../dist/client/index.js').Admin} admin ours, for arranging
 * @property {(name: string, text: string) => string} file writes a file, and gives its path
 * @property {(tool: Tool, args: readonly string[], input?: string) => Promise<ToolResult>} call
 */

/**
 * @template T
 * @typedef {T | ((place: Place) => T)} Placed
 */

/**
 * @typedef {object} Operation
 * @property {string} name
 * @property {Tool} tool
 * @property {Placed<readonly string[]>} args without --bootstrap-server, which is added in front unless `bare`
 * @property {boolean} [bare]
 * @property {string} [input] for stdin
 * @property {(place: Place) => unknown} [arrange] before
 * @property {Placed<RegExp | readonly (string | RegExp)[]>} [lines] all of stdout; strings as they are; or one expression
 *   for all of it
 * @property {boolean} [settles] what is shown comes to be a little later: it is looked at again for a while
 * @property {boolean} [isUnordered] lines come in any order (Kafka prints from hash maps)
 * @property {readonly (string | RegExp)[]} [notes] what our command says on stderr, though it does not fail
 * @property {Placed<string | RegExp>} [fails] what is said; without `lines` nothing may be printed by our command before
 * @property {(place: Place) => string | false | undefined} [skip] why the row is not for this column
 */

/**
 * @param {import('../lib/context.mjs').Context} context
 * @param {(group: string) => boolean} isWanted
 * @param {string} columnsWanted what is in the names of the columns
 */
export async function checkTools({ report, folder }, isWanted, columnsWanted) {
  const wanted = Object.entries(groups).filter(([group]) => isWanted(group))
  if (wanted.length === 0) return
  const shown = columns.filter((column) => nameOfColumn(column).includes(columnsWanted))
  const table = new StepTable(shown.map(nameOfColumn))
  for (const [tool, broker] of shown) {
    const name = nameOfColumn([tool, broker])
    const home = join(folder, 'tools', name.replace(' > ', '-'))
    mkdirSync(home, { recursive: true })
    const steps = table.column('tools', name)
    await steps.run('the run itself', () => runColumn({ tool, broker, home, table, name, wanted }))
  }
  report.add(table)
}

/** @param {readonly [tool: ToolKind, broker: string]} column */
function nameOfColumn([tool, broker]) {
  return `${tool} > ${broker}`
}

/**
 * @param {{tool: ToolKind, broker: import('../lib/broker.mjs').BrokerKind, home: string, table: StepTable, name: string,
 *   wanted: [string, readonly Operation[]][]}} column
 */
async function runColumn({ tool, broker: kind, home, table, name, wanted }) {
  const logDirs = [join(home, 'broker/data'), join(home, 'broker/data2')]
  const broker = await startBroker({
    kind,
    folder: join(home, 'broker'),
    overrides: overridesOf(kind, logDirs),
  })
  const bootstrap = `127.0.0.1:${broker.port}`
  const java = tool === 'ours' ? undefined : await startJava(tool, home)
  const admin = new Admin({ bootstrapServers: bootstrap })
  /** @type {Place} */
  const place = {
    tool,
    broker: kind,
    bootstrap,
    logDirs,
    admin,
    file: (fileName, text) => {
      writeFileSync(join(home, fileName), text)
      return join(home, fileName)
    },
    call: (called, args, input) => (java ? java.run(called, args, input) : runTool(called, args, input)),
  }
  try {
    for (const [group, operations] of wanted) {
      const steps = table.column(group, name)
      for (const operation of operations) {
        const reason = operation.skip?.(place)
        if (reason) steps.skip(operation.name, reason)
        else await steps.run(operation.name, () => check(place, operation))
      }
    }
  } finally {
    java?.stop()
    await admin.close()
    await broker.stop()
  }
}

/** @param {ToolKind} tool @param {string} home */
async function startJava(tool, home) {
  const peer = await apacheKafka(tool === 'java-3.9' ? '3.9' : '4.1')
  if ('missing' in peer) throw new Error(`Apache Kafka: ${peer.missing}`)
  return ToolServer.start(peer.path, join(home, 'classes'))
}

/** @param {string} kind @param {string[]} logDirs @returns {Record<string, string>} */
function overridesOf(kind, logDirs) {
  return {
    'log.dirs': logDirs.join(','),
    'auto.create.topics.enable': 'false',
    'offsets.topic.num.partitions': '3',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    ...(kind !== 'sluice' && {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    }),
  }
}

/** @param {Place} place @param {Operation} operation */
async function check(place, operation) {
  await operation.arrange?.(place)
  const deadline = performance.now() + (operation.settles ? settleTimeoutMs : 0)
  for (;;) {
    try {
      return await checkOnce(place, operation)
    } catch (error) {
      if (performance.now() >= deadline) throw error
    }
  }
}

/** @param {Place} place @param {Operation} operation */
async function checkOnce(place, operation) {
  const { tool, args, bare, input, lines, notes = [], fails, isUnordered = false } = operation
  const server = bare ? [] : ['--bootstrap-server', place.bootstrap]
  const result = await place.call(tool, [...server, ...at(args, place)], input)
  const said = `${result.stdout}\n--- stderr (exit code ${result.exitCode}):\n${result.stderr.slice(0, 1500)}`
  if (fails === undefined) {
    expect(result.exitCode === 0, `it failed: ${said}`)
    if (place.tool === 'ours') compare(result.stderr, notes, false)
    compare(result.stdout, at(lines ?? [], place), isUnordered)
    return
  }
  const words = at(fails, place)
  const isSaid = (/** @type {string} */ text) =>
    typeof words === 'string' ? text.includes(words) : words.test(text)
  expect(result.exitCode === 1, `it ends with ${result.exitCode}: ${said}`)
  if (place.tool === 'ours') {
    compare(result.stdout, at(lines ?? [], place), isUnordered)
    expect(isSaid(result.stderr), `it says something else: ${said}`)
    expect(result.stderr.trimEnd().split('\n').length === 1, `it says it in several lines: ${said}`)
  } else expect(isSaid(`${result.stdout}\n${result.stderr}`), `it says something else: ${said}`)
}

/** @template T @param {Placed<T>} value @param {Place} place @returns {T} */
function at(value, place) {
  return typeof value === 'function' ? /** @type {(place: Place) => T} */ (value)(place) : value
}

/**
 * Blank lines at the end don't count.
 * @param {string} stdout
 * @param {RegExp | readonly (string | RegExp)[]} expected
 * @param {boolean} isUnordered
 */
function compare(stdout, expected, isUnordered) {
  if (expected instanceof RegExp) {
    expect(expected.test(stdout), `printed was:\n${stdout}`)
    return
  }
  const printed = stdout.trimEnd() === '' ? [] : stdout.replace(/\n+$/, '').split('\n')
  const matches = (/** @type {string | RegExp} */ line, /** @type {string | undefined} */ text) =>
    text !== undefined && (typeof line === 'string' ? line === text : line.test(text))
  const left = [...printed]
  for (const [i, line] of expected.entries()) {
    const found = isUnordered ? left.findIndex((text) => matches(line, text)) : 0
    expect(
      found >= 0 && matches(line, left[found]),
      `line ${i + 1} should be ${line}, printed was:\n${stdout}`,
    )
    left.splice(found, 1)
  }
  expect(left.length === 0, `more lines than ${expected.length}:\n${stdout}`)
}
