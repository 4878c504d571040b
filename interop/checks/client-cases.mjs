/** Our producer and consumer: the same cases against each broker. */
import { join } from 'node:path'
import { cases, casesOfNewBrokers, runCase } from '../clients/sluice-cases.mjs'
import { startBroker } from '../lib/broker.mjs'

const overrides = {
  'group.initial.rebalance.delay.ms': '0',
  'auto.create.topics.enable': 'false',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
}

/** @param {{kind: import('../lib/broker.mjs').BrokerKind, folder: string, steps: import('../lib/step-table.mjs').Steps}} run */
export async function checkClientCases({ kind, folder, steps }) {
  const broker = await startBroker({ kind, folder: join(folder, 'broker'), overrides })
  try {
    for (const name of Object.keys(cases)) {
      if (kind === 'apache-3.9' && casesOfNewBrokers.has(name)) {
        steps.skip(name, 'Apache Kafka 3.9 does not answer ConsumerGroupHeartbeat by default')
      } else await steps.run(name, () => runCase(name, `127.0.0.1:${broker.port}`))
    }
  } finally {
    await broker.stop()
  }
}
