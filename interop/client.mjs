/**
 * Our client, the same programs against Apache Kafka 3.9, 4.1 and Sluice: `node interop/client.mjs`.
 *
 *   node interop/client.mjs [--broker apache-3.9,apache-4.1,sluice] [--only cases,admin,consumer,security] [--keep]
 *
 * Prints a row for each step with a column for each broker: ok, FAIL, or `-` for what the broker has no API for; the
 * reasons follow, and "N passed, N failed, N skipped" at the end. Runs what `npm run build` left in dist/.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkClientAdmin } from './checks/client-admin.mjs'
import { checkClientCases } from './checks/client-cases.mjs'
import { checkClientConsumer } from './checks/client-consumer.mjs'
import { checkClientSecurity } from './checks/client-security.mjs'
import { StepTable } from './lib/step-table.mjs'

const { values: options } = parseArgs({
  options: {
    broker: { type: 'string', default: 'apache-3.9,apache-4.1,sluice' },
    only: { type: 'string', default: 'cases,admin,consumer,security' },
    keep: { type: 'boolean', default: false },
  },
})
const checks = {
  cases: checkClientCases,
  admin: checkClientAdmin,
  consumer: checkClientConsumer,
  security: checkClientSecurity,
}
const kinds = /** @type {import('./lib/broker.mjs').BrokerKind[]} */ (options.broker.split(','))
const parts = /** @type {(keyof typeof checks)[]} */ (options.only.split(','))
const folder = mkdtempSync(join(tmpdir(), 'sluice-client-'))
const table = new StepTable(kinds)

try {
  for (const kind of kinds) {
    for (const part of parts) {
      const steps = table.column(part, kind)
      await steps.run('the run itself', () =>
        checks[part]({ kind, folder: join(folder, `${part}-${kind}`), steps }),
      )
    }
  }
} finally {
  console.log(table.toString())
  process.exitCode = table.failedCount > 0 || table.passedCount === 0 ? 1 : 0
  if (!options.keep) rmSync(folder, { recursive: true, force: true })
}
