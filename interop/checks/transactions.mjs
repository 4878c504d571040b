/**
 * Transactions, of every client that has them, against a broker of our own that can be killed: its settings make
 * internal topics small and timed-out transactions be found soon. A running broker is checked as it is.
 *
 * Chance (when who is killed, in what order transactions interleave) comes from --seed, which is printed.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transactionalClients } from '../clients/transactional-clients.mjs'
import { startBroker } from '../lib/broker.mjs'
import { runProgram } from '../lib/processes.mjs'
import { checkCopy } from './transactions-copy.mjs'
import { checkFencing } from './transactions-fencing.mjs'
import { checkIsolation } from './transactions-isolation.mjs'
import { checkTakeover } from './transactions-takeover.mjs'
import { checkTransactionFiles, checkTransactionTools } from './transactions-tools.mjs'

export const topicProgram = fileURLToPath(new URL('../clients/create-topic.mjs', import.meta.url))
export const transactionOverrides = {
  'offsets.topic.num.partitions': '3',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.num.partitions': '3',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '200',
  'group.initial.rebalance.delay.ms': '0',
  // Topics get several segments while they are written.
  'log.roll.ms': '2000',
  'auto.create.topics.enable': 'false',
}

/**
 * @typedef {object} TransactionContext what the parts of this check are given
 * @property {import('../lib/report.mjs').Report} report
 * @property {import('../clients/transactional-clients.mjs').TransactionalClient[]} clients those this machine has
 * @property {string} bootstrap
 * @property {(topic: string, partitions: number, configs?: Record<string, string>) => Promise<unknown>} createTopic
 * @property {number} seed
 * @property {boolean} sabotage
 */

/**
 * @param {import('../lib/context.mjs').Context} context
 * @param {{seed: number, sabotage: boolean, only: (part: string) => boolean}} options
 */
export async function checkTransactions(context, { seed, sabotage, only }) {
  const { report, brokerKind } = context
  const found = await transactionalClients(join(context.folder, 'transactional'))
  for (const { name, missing } of found) if (missing) report.skip(`transactions of ${name}`, missing)
  const clients = found.filter(({ missing }) => !missing)
  report.say(`transactions: --seed ${seed}`)

  if (brokerKind === 'running') {
    const onContext = { ...context, clients, seed, sabotage }
    if (only('isolation')) await checkIsolation(onContext)
    if (only('fencing')) await checkFencing(onContext)
    for (const what of ['copy under kills', 'tools', 'takeover'])
      report.skip(what, 'a running broker is not ours')
    return
  }
  const folder = join(context.folder, 'transactions')
  const start = (/** @type {number | undefined} */ port) =>
    startBroker({
      kind: brokerKind,
      folder,
      overrides: transactionOverrides,
      ...(port === undefined ? {} : { port }),
    })
  let broker = await start(undefined)
  // After a SIGKILL, Apache Kafka 4.1 on one node may come back without some of its group coordinators.
  const signal = brokerKind === 'sluice' ? 'SIGKILL' : 'SIGTERM'
  const restart = async () => {
    await broker.stop(signal)
    broker = await start(broker.port)
  }
  const bootstrap = `127.0.0.1:${broker.port}`
  /** @param {string} topic @param {number} partitions @param {Record<string, string>} [configs] */
  const createTopic = (topic, partitions, configs = {}) => {
    const pairs = Object.entries(configs).map(([name, value]) => `${name}=${value}`)
    return report.check(`${topic}: kafkajs creates it`, () =>
      runProgram([process.execPath, [topicProgram, bootstrap, topic, String(partitions), ...pairs]]),
    )
  }
  const own = { report, clients, bootstrap, createTopic, seed, sabotage }
  try {
    if (only('isolation')) await checkIsolation(own)
    if (only('fencing')) await checkFencing(own)
    if (only('tools')) await checkTransactionTools(own)
    if (only('copy')) await checkCopy(own, restart)
  } finally {
    await broker.stop()
  }
  if (only('files')) await checkTransactionFiles(own, broker.dataFolder)
  if (only('takeover')) await checkTakeover(context, clients)
}
