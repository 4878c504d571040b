/** kafka-configs.sh: what topics, brokers, users and others have for settings, and changing it. */
import { type KafkaCommand, UsageError } from '../command/command.ts'
import { type BootstrapOptions, bootstrapOptions, withAdmin } from '../command/connection.ts'
import { collect, onlyAction, refuseBeside } from '../command/options.ts'
import { prefixingProblems } from '../command/problem.ts'
import { serversOf } from '../command/servers.ts'
import {
  type ConfigEntity,
  type EntityOptions,
  entityOptions,
  nameInOldForm,
  readEntities,
} from './config-entities.ts'

export interface ConfigsOptions extends BootstrapOptions, EntityOptions {
  readonly zookeeper?: string
  readonly describe?: true
  readonly alter?: true
  readonly all?: true
  readonly addConfig?: string
  readonly addConfigFile?: string
  readonly deleteConfig?: readonly string[]
  readonly json?: true
}

export const configsCommand: KafkaCommand<ConfigsOptions> = {
  name: 'kafka-configs',
  description:
    'Show or change the configs of topics, brokers, users, clients, addresses, groups and client metrics.',
  configure: (command) => {
    bootstrapOptions(command)
      .option(
        '--zookeeper <servers>',
        'instead of --bootstrap-server, as before Kafka 3: host:port,host:port/chroot',
      )
      .option('--describe', 'show configs')
      .option('--alter', 'change configs')
      .option('--all', 'with --describe: those that are the default, too')
      .option('--add-config <configs>', 'with --alter: name=value,name=[value,value]')
      .option('--add-config-file <file>', 'with --alter: a properties file of configs to add')
      .option('--delete-config <names>', 'with --alter: back to the default', collect)
    entityOptions(command)
      .option('--force', 'accepted: nothing asks for confirmation')
      .option('--json', 'with --describe: write one JSON array')
  },
  run: async (options, context) => {
    const { bootstrapServer, zookeeper } = options
    checkAction(options)
    const isAlter = options.alter === true
    const entities = readEntities(options, isAlter)
    const edits = isAlter ? (await import('./config-edits.ts')).readEdits(options) : undefined
    if (bootstrapServer === undefined && zookeeper === undefined)
      throw new UsageError('--bootstrap-server must be specified.')
    const isOldForm = bootstrapServer === undefined
    const connection = { ...options, bootstrapServer: await serversOf(options) }
    await withAdmin(connection, context, async (admin) => {
      if (edits === undefined) {
        const { describeEntities } = await import('./describe-entities.ts')
        return describeEntities(admin, entities, options, context, isOldForm)
      }
      const { alterEntities } = await import('./alter-entities.ts')
      await prefixingProblems('', () => alterEntities(admin, entities, edits))
      return context.out(`${doneLine(entities, isOldForm)}\n`)
    })
    return 0
  },
}

function checkAction(options: ConfigsOptions): void {
  try {
    onlyAction(options, ['describe', 'alter'])
  } catch {
    throw new UsageError('Command must include exactly one action: --describe, --alter')
  }
  refuseBeside(options, 'alter', ['all'])
  refuseBeside(options, 'describe', ['addConfig', 'addConfigFile', 'deleteConfig'])
}

/** Of the first entity, as Kafka says it. */
function doneLine(entities: readonly ConfigEntity[], isOldForm: boolean): string {
  if (isOldForm) return `Completed Updating config for entity: ${entities.map(nameInOldForm).join(', ')}.`
  const { type, name } = entities[0]!
  return name === ''
    ? `Completed updating default config for ${type} in the cluster.`
    : `Completed updating config for ${type.slice(0, -1)} ${name}.`
}
