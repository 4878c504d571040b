/**
 * Sluice's own client against Apache Kafka 3.9 and 4.1 and against Sluice: the same cases, in columns side by side.
 */
import { join } from 'node:path'
import { cases, casesOfNewBrokers, runCase } from '../clients/sluice-cases.mjs'
import { startBroker } from '../lib/broker.mjs'

const kinds = /** @type {const} */ (['sluice', 'apache-3.9', 'apache-4.1'])
const overrides = {
  'group.initial.rebalance.delay.ms': '0',
  'auto.create.topics.enable': 'false',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
}

/** @param {import('../lib/context.mjs').Context} context */
export async function checkClient({ report, folder }) {
  /** @type {Record<string, Record<string, string>>} */
  const table = {}
  for (const kind of kinds) {
    /** @type {import('../lib/broker.mjs').RunningBroker} */
    let broker
    try {
      broker = await startBroker({ kind, folder: join(folder, `client-${kind}`), overrides })
    } catch (error) {
      report.skip(`client against ${kind}`, error instanceof Error ? error.message : String(error))
      continue
    }
    try {
      for (const name of Object.keys(cases)) {
        const row = table[name] ?? {}
        table[name] = row
        if (kind === 'apache-3.9' && casesOfNewBrokers.has(name)) {
          row[kind] = '-'
          continue
        }
        const isPassed = await report.check(`client, ${kind}: ${name}`, () =>
          runCase(name, `127.0.0.1:${broker.port}`),
        )
        row[kind] = isPassed ? 'ok' : 'FAIL'
      }
    } finally {
      await broker.stop()
    }
  }
  report.say(`\n${''.padEnd(76)} ${kinds.map((kind) => kind.padEnd(10)).join(' ')}`)
  for (const [name, row] of Object.entries(table)) {
    report.say(`${name.padEnd(76)} ${kinds.map((kind) => (row[kind] ?? '').padEnd(10)).join(' ')}`)
  }
}
