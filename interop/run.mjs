/**
 * `npm run interop`: drives a broker with clients that others wrote, and with Apache Kafka's own tools.
 *
 *   node interop/run.mjs [--broker sluice|apache-3.9|apache-4.1|HOST:PORT] [--only exchange,admin,...]
 *                        [--small N] [--seed N] [--keep]
 *
 * Prints a line for each check, the matrix of who reads whom, and "N passed, N failed, N skipped" at the end.
 * The same run against Apache Kafka shows that it asks for Kafka's behaviour and nothing else. --small is the
 * number of small records each producer writes (100,000 by default); --keep leaves the folder for a look; --record
 * writes down what Apache Kafka's tools say of its groups (checks/groups-tools.mjs).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { npmClients } from '../scripts/peers/peers.mjs'
import { checkAdmin } from './checks/admin.mjs'
import { checkBinary } from './checks/binary.mjs'
import { checkClientExamples } from './checks/client-examples.mjs'
import { checkCommittedOffsets } from './checks/committed-offsets.mjs'
import { checkCompaction } from './checks/compaction.mjs'
import { checkConfigs } from './checks/configs.mjs'
import { checkDumpLog } from './checks/dump-log.mjs'
import { checkExchange } from './checks/exchange.mjs'
import { checkGroups, groupParts } from './checks/groups.mjs'
import { checkKill } from './checks/kill.mjs'
import { checkLogAppendTime } from './checks/log-append-time.mjs'
import { checkMoves } from './checks/moves.mjs'
import { checkOldClients } from './checks/old-clients.mjs'
import { checkPartitioning } from './checks/partitioning.mjs'
import { checkQuotas } from './checks/quotas.mjs'
import { checkTools } from './checks/tools.mjs'
import { checkZookeeperTools } from './checks/tools-zookeeper.mjs'
import { checkTransactions } from './checks/transactions.mjs'
import { checkTranscripts } from './checks/transcripts.mjs'
import { allClients } from './clients/index.mjs'
import { residentMiB, startBroker } from './lib/broker.mjs'
import { runProgram } from './lib/processes.mjs'
import { Report } from './lib/report.mjs'

/** Time for a broker that just started to settle before its idle memory is read. */
const idleMs = 3000

const { values: options } = parseArgs({
  options: {
    broker: { type: 'string', default: 'sluice' },
    only: { type: 'string' },
    columns: { type: 'string', default: '' },
    small: { type: 'string', default: '100000' },
    keep: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    sabotage: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})

const report = new Report()
const folder = mkdtempSync(join(tmpdir(), 'sluice-interop-'))
const isRunning = /:\d+$/.test(options.broker)
const brokerKind = /** @type {import('./lib/context.mjs').Context['brokerKind']} */ (
  isRunning ? 'running' : options.broker
)
const wanted = (/** @type {string} */ part) => !options.only || options.only.split(',').includes(part)

/** Small segments, so that the 100,000 records roll a few. */
const overrides = {
  'log.segment.bytes': String(8 * 1024 * 1024),
  'auto.create.topics.enable': 'false',
  'message.timestamp.after.max.ms': String(60 * 60 * 1000),
  'offsets.topic.num.partitions': '3',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
  // Sessions end soon enough for a run to wait for it.
  'group.min.session.timeout.ms': '1000',
  'group.consumer.session.timeout.ms': '3000',
  'group.consumer.min.session.timeout.ms': '3000',
  'group.consumer.heartbeat.interval.ms': '500',
  'group.consumer.min.heartbeat.interval.ms': '500',
  'group.consumer.migration.policy': 'bidirectional',
}

/** @returns {Promise<number>} */
async function main() {
  const found = await allClients(folder)
  for (const { name, missing } of found) if (missing) report.skip(`client ${name}`, missing)
  const clients = found.filter(({ missing }) => !missing)
  const npm = await npmClients()

  /** @type {import('./lib/broker.mjs').RunningBroker | undefined} */
  let broker
  if (brokerKind !== 'running') {
    broker = await startBroker({ kind: brokerKind, folder: join(folder, 'broker'), overrides })
    await new Promise((resolve) => setTimeout(resolve, idleMs))
    report.say(
      `${brokerKind}: first answer ${Math.round(broker.readyMs)} ms after process start, ` +
        `${residentMiB(broker.pid) ?? '?'} MiB resident when idle`,
    )
  }
  const bootstrap = broker ? `127.0.0.1:${broker.port}` : options.broker

  /** @type {import('./lib/context.mjs').Context} */
  const context = {
    report,
    clients,
    bootstrap,
    brokerKind,
    overrides,
    folder,
    smallCount: Number(options.small),
    createTopic: (topic, partitions, configs = {}) => {
      const program = fileURLToPath(new URL('clients/create-topic.mjs', import.meta.url))
      const pairs = Object.entries(configs).map(([name, value]) => `${name}=${value}`)
      return report.check(
        `${topic}: kafkajs creates it with ${partitions} partition${partitions > 1 ? 's' : ''}`,
        () => runProgram([process.execPath, [program, bootstrap, topic, String(partitions), ...pairs]]),
      )
    },
  }
  if ('missing' in npm) throw new Error(`topics are created with kafkajs, which is missing: ${npm.missing}`)

  try {
    if (wanted('exchange')) await checkExchange(context)
    if (wanted('binary')) await checkBinary(context)
    if (wanted('append-time')) await checkLogAppendTime(context)
    if (wanted('partitioning')) await checkPartitioning(context)
    if (wanted('old')) await checkOldClients(context)
    if (wanted('admin')) await checkAdmin(context)
    if (wanted('configs')) await checkConfigs(context)
    if (wanted('examples')) await checkClientExamples(context)
    const groups = groupParts.filter((part) => wanted('groups') || wanted(part))
    if (groups.length > 0) await checkGroups(context, groups, { record: options.record })
    if (broker) report.say(`${residentMiB(broker.pid) ?? '?'} MiB resident after all this`)
  } finally {
    await broker?.stop()
  }
  if (wanted('transcripts')) await checkTranscripts(context)
  if (wanted('compaction')) await checkCompaction(context)
  if (wanted('moves')) await checkMoves(context)
  if (wanted('dump-log')) {
    if (broker) await checkDumpLog(context, broker.dataFolder)
    else report.skip('kafka-dump-log', 'the data folder of a running broker is not known')
  }
  if (wanted('tools') || options.only?.includes('tools-'))
    await checkTools(context, (group) => wanted('tools') || wanted(`tools-${group}`), options.columns)
  if (wanted('tools') || wanted('tools-zookeeper')) await checkZookeeperTools(context)
  // `--only transactions` or a part of them, as `--only transactions-copy`.
  const parts = options.only?.split(',') ?? ['transactions']
  if (parts.some((part) => part.startsWith('transactions'))) {
    await checkTransactions(context, {
      seed: Number(options.seed),
      sabotage: options.sabotage,
      only: (part) => parts.includes('transactions') || parts.includes(`transactions-${part}`),
    })
  }
  if (wanted('quotas')) await checkQuotas(context)
  if (wanted('offsets')) await checkCommittedOffsets(context)
  if (wanted('kill')) await checkKill(context, { sabotage: options.sabotage })
  if (context.table) report.say(`\n${context.table}`)
  return report.end()
}

try {
  process.exitCode = await main()
} catch (error) {
  await report.check('the run itself', () => {
    throw error
  })
  process.exitCode = report.end()
} finally {
  if (options.keep) console.log(`kept: ${folder}`)
  else rmSync(folder, { recursive: true, force: true })
}
