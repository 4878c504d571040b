/** kafka-client-metrics.sh: subscriptions to metrics that clients push (KIP-714): listed, described, changed, deleted. */
import { randomUuid } from '../../base/random.ts'
import type { Admin } from '../../client/admin/admin.ts'
import { type CommandContext, type KafkaCommand, UsageError } from '../command/command.ts'
import { type BootstrapOptions, bootstrapOptions, platform, withAdmin } from '../command/connection.ts'
import { collect, onlyAction, refuseBeside } from '../command/options.ts'

interface ClientMetricsOptions extends BootstrapOptions {
  readonly list?: true
  readonly describe?: true
  readonly alter?: true
  readonly delete?: true
  readonly name?: string
  readonly generateName?: true
  readonly metrics?: string
  readonly interval?: string
  readonly match?: readonly string[]
}

const ACTIONS = ['alter', 'delete', 'describe', 'list'] as const
const CONFIGS = ['interval.ms', 'match', 'metrics'] as const

export const clientMetricsCommand: KafkaCommand<ClientMetricsOptions> = {
  name: 'kafka-client-metrics',
  description: 'List, describe, change or delete subscriptions to the metrics of clients.',
  configure: (command) =>
    void bootstrapOptions(command)
      .option('--list', 'names of subscriptions')
      .option('--describe', 'what subscriptions ask for')
      .option('--alter', 'make a subscription, or change it')
      .option('--delete', 'delete a subscription')
      .option('--name <name>', 'the subscription')
      .option('--generate-name', 'with --alter: a new one, with a random name')
      .option('--metrics <prefixes>', 'with --alter: prefixes of the names of metrics: a.b.,c.')
      .option('--interval <ms>', 'with --alter: how often clients push; empty: back to the default')
      .option('--match <selector>', 'with --alter: which clients: client_id=regex; may be repeated', collect),
  run: async (options, context) => {
    const action = onlyAction(options, ACTIONS)
    checkOptions(action, options)
    await withAdmin(options, context, (admin) => actions[action](admin, options, context))
    return 0
  },
}

const actions = { list, describe, alter, delete: deleteSubscription }

function checkOptions(action: (typeof ACTIONS)[number], options: ClientMetricsOptions): void {
  const { name, generateName, interval } = options
  if (action === 'alter') {
    if ((name === undefined) === (generateName === undefined))
      throw new UsageError('One of --name or --generate-name must be specified with --alter.')
    if (interval && !/^-?\d{1,9}$/.test(interval))
      throw new UsageError('Invalid interval value. Enter an integer, or leave empty to reset.')
    return
  }
  if (action === 'delete' && name === undefined)
    throw new UsageError('A client metrics resource name must be specified with --delete.')
  refuseBeside(options, action, ['generateName', 'metrics', 'interval', 'match'])
  if (action === 'list') refuseBeside(options, 'list', ['name'])
}

async function list(admin: Admin, _: ClientMetricsOptions, context: CommandContext): Promise<void> {
  await context.out(`${(await names(admin)).join('\n')}\n`)
}

async function names(admin: Admin): Promise<string[]> {
  return (await admin.listConfigResources(['client-metrics'])).map(({ name }) => name).sort()
}

async function describe(
  admin: Admin,
  { name }: ClientMetricsOptions,
  context: CommandContext,
): Promise<void> {
  const all = await names(admin)
  if (name !== undefined && !all.includes(name)) {
    return context.out(`The client metric resource ${name} doesn't exist and doesn't have dynamic config.\n`)
  }
  for (const each of name === undefined ? all : [name]) {
    const [described] = await admin.describeConfigs([{ type: 'client-metrics', name: each }])
    const lines = [...described!.configs]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((config) => `  ${config.name}=${config.value}\n`)
    await context.out(`Client metrics configs for ${each} are:\n${lines.join('')}`)
  }
}

async function alter(
  admin: Admin,
  { name = randomUuid(platform.random), metrics, interval, match }: ClientMetricsOptions,
  context: CommandContext,
): Promise<void> {
  const wanted = { metrics, 'interval.ms': interval, match: match?.join(',') }
  const set: Record<string, string> = {}
  const reset: string[] = []
  for (const [config, value] of Object.entries(wanted)) {
    if (value === '') reset.push(config)
    else if (value !== undefined) set[config] = value
  }
  await admin.alterConfigs([{ type: 'client-metrics', name, set, delete: reset }])
  await context.out(`Altered client metrics config for ${name}.\n`)
}

/** One without configs is gone. */
async function deleteSubscription(
  admin: Admin,
  { name }: ClientMetricsOptions,
  context: CommandContext,
): Promise<void> {
  await admin.alterConfigs([{ type: 'client-metrics', name: name!, delete: CONFIGS }])
  await context.out(`Deleted client metrics config for ${name}.\n`)
}
