/** kafka-cluster.sh: the id of a cluster, where its brokers are, and taking one out of it for good. */
import type { Admin } from '../../client/admin/admin.ts'
import type { ClusterBroker } from '../../client/admin/cluster-description.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import { type CommandContext, type KafkaCommand, UsageError } from '../command/command.ts'
import { type BootstrapOptions, required, withAdmin } from '../command/connection.ts'
import { wholeNumber } from '../command/options.ts'
import { onlySubcommand } from '../command/subcommand.ts'

interface ClusterOptions extends BootstrapOptions {
  readonly config?: string
  readonly id?: number
  readonly includeFencedBrokers?: true
}

export const clusterCommand: KafkaCommand<ClusterOptions> = {
  name: 'kafka-cluster',
  description:
    'Tell the id of a cluster (cluster-id) or its brokers (list-endpoints), or take a broker out (unregister).',
  configure: (command) =>
    void command
      .usage('cluster-id|list-endpoints|unregister [options]')
      .option('-b, --bootstrap-server <servers>', 'a broker to connect to, or several: host:port,host:port')
      .option('-c, --config <file>', 'a properties file with settings of the client')
      .option('-i, --id <id>', 'with unregister: the broker', (text) => wholeNumber(text, 'id', 0))
      .option('--include-fenced-brokers', 'with list-endpoints: brokers too that serve nobody'),
  run: async (options, context, rest) => {
    const action = onlySubcommand(rest, ['cluster-id', 'list-endpoints', 'unregister'])
    if (action === 'unregister') required(options.id, 'id')
    await withAdmin(connectionOf(options), context, (admin) => actions[action](admin, options, context))
    return 0
  },
}

const actions = { 'cluster-id': clusterId, 'list-endpoints': listEndpoints, unregister }

async function clusterId(admin: Admin, _: ClusterOptions, context: CommandContext): Promise<void> {
  const { clusterId: id } = await admin.describeCluster()
  await context.out(
    id === null ? 'No cluster ID found. The Kafka version is probably too old.\n' : `Cluster ID: ${id}\n`,
  )
}

async function unregister(admin: Admin, { id }: ClusterOptions, context: CommandContext): Promise<void> {
  try {
    await admin.unregisterBroker(id!)
  } catch (error) {
    if (error instanceof KafkaError && error.code === 'PROTOCOL')
      throw new UsageError('The target cluster does not support the broker unregistration API.')
    throw error
  }
  await context.out(`Broker ${id} is no longer registered.\n`)
}

async function listEndpoints(
  admin: Admin,
  { includeFencedBrokers }: ClusterOptions,
  context: CommandContext,
): Promise<void> {
  const { brokers } = await admin.describeCluster({ includeFencedBrokers: includeFencedBrokers === true })
  const sorted = [...brokers].sort((a, b) => a.nodeId - b.nodeId)
  const hostWidth = Math.max(...['HOST', ...sorted.map(({ host }) => host)].map(({ length }) => length))
  const row = (cells: readonly string[]): string =>
    `${cells.map((cell, i) => cell.padEnd(i === 1 ? hostWidth : i === 5 ? 15 : 10)).join(' ')}\n`
  await context.out(row(['ID', 'HOST', 'PORT', 'RACK', 'STATE', 'ENDPOINT_TYPE']))
  for (const broker of sorted) await context.out(row(cellsOf(broker)))
}

function cellsOf({ nodeId, host, port, rack, isFenced }: ClusterBroker): string[] {
  return [String(nodeId), host, String(port), String(rack), isFenced ? 'fenced' : 'unfenced', 'broker']
}

function connectionOf({ bootstrapServer, config }: ClusterOptions): BootstrapOptions {
  return {
    ...(bootstrapServer !== undefined && { bootstrapServer }),
    ...(config !== undefined && { commandConfig: config }),
  }
}
