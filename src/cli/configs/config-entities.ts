/** What kafka-configs.sh is asked about: entities by type and name, in the several ways that its options can say it. */
import type { Command } from 'commander'
import { UsageError } from '../command/command.ts'
import { collect } from '../command/options.ts'

const TYPES = [
  'topics',
  'clients',
  'users',
  'brokers',
  'ips',
  'client-metrics',
  'groups',
  'broker-loggers',
] as const
export type EntityType = (typeof TYPES)[number]

export interface ConfigEntity {
  readonly type: EntityType
  /** Empty: the default of the type. Undefined: all that there are. */
  readonly name: string | undefined
}

/** Options that name an entity of one type, in the order in which Kafka reads them. */
const FLAGS = {
  topic: 'topics',
  client: 'clients',
  user: 'users',
  broker: 'brokers',
  brokerLogger: 'broker-loggers',
  ip: 'ips',
  clientMetrics: 'client-metrics',
  group: 'groups',
} as const
const DEFAULT_FLAGS = {
  clientDefaults: 'clients',
  userDefaults: 'users',
  brokerDefaults: 'brokers',
  ipDefaults: 'ips',
} as const

export type EntityOptions = {
  readonly [Flag in keyof typeof FLAGS]?: string
} & {
  readonly [Flag in keyof typeof DEFAULT_FLAGS]?: true
} & {
  readonly entityType?: readonly string[]
  /** In their order; empty stands for --entity-default. */
  readonly entityName?: readonly string[]
  readonly entityDefault?: true
}

export function entityOptions(command: Command): Command {
  return command
    .option('--entity-type <type>', `what has configs: ${TYPES.join(', ')}; may be repeated`, collect)
    .option('--entity-name <name>', 'its name; of a broker its id', collect)
    .option('--entity-default', 'what all clients, users, brokers or addresses have by default')
    .on('option:entity-default', () => {
      const before = (command.getOptionValue('entityName') as readonly string[] | undefined) ?? []
      command.setOptionValue('entityName', [...before, ''])
    })
    .option('--topic <name>', 'a topic')
    .option('--client <id>', 'a client')
    .option('--client-defaults', 'what clients have by default')
    .option('--user <name>', 'a user')
    .option('--user-defaults', 'what users have by default')
    .option('--broker <id>', 'a broker')
    .option('--broker-defaults', 'what brokers have by default')
    .option('--broker-logger <id>', 'the loggers of a broker')
    .option('--ip <address>', 'an address')
    .option('--ip-defaults', 'what addresses have by default')
    .option('--group <id>', 'a consumer group')
    .option('--client-metrics <name>', 'a subscription to metrics of clients')
}

/** One, or a user and a client. Throws UsageError in Kafka's words. */
export function readEntities(options: EntityOptions, isAlter: boolean): readonly ConfigEntity[] {
  const entities = named(options)
  const types = entities.map(({ type }) => type)
  const repeated = types.filter((type, i) => types.indexOf(type) !== i)
  if (repeated.length > 0)
    throw new UsageError(`Duplicate entity type(s) specified: ${[...new Set(repeated)].join(',')}`)
  const [first] = entities
  if (first === undefined) throw new UsageError('At least one entity type must be specified')
  if (entities.length > 1 && !types.every((type) => type === 'users' || type === 'clients'))
    throw new UsageError("Only 'users' and 'clients' entity types may be specified together")
  for (const entity of entities) checkName(entity)
  checkHasName(entities, isAlter)
  return entities
}

function named(options: EntityOptions): ConfigEntity[] {
  const { entityType = [], entityName = [], entityDefault } = options
  const flagged: ConfigEntity[] = []
  for (const [flag, type] of Object.entries(FLAGS) as [keyof typeof FLAGS, EntityType][])
    if (options[flag] !== undefined) flagged.push({ type, name: options[flag] })
  for (const [flag, type] of Object.entries(DEFAULT_FLAGS) as [keyof typeof DEFAULT_FLAGS, EntityType][])
    if (options[flag]) flagged.push({ type, name: '' })
  if (entityType.length === 0 && entityName.length === 0) return flagged
  if (flagged.length > 0) {
    throw new UsageError(
      '--entity-{type,name,default} should not be used in conjunction with specific entity flags',
    )
  }
  if (entityName.length > entityType.length)
    throw new UsageError(
      entityType.length === 0
        ? 'At least one entity type must be specified'
        : `More entity names specified than entity types${entityDefault ? ' (--entity-default counts as one)' : ''}`,
    )
  return entityType.map((type, i) => ({ type: readType(type), name: entityName[i] }))
}

function readType(text: string): EntityType {
  const type = TYPES.find((each) => each === text)
  if (type === undefined) {
    throw new UsageError(
      `Invalid entity type ${text}, the entity type must be one of ${TYPES.join(', ')} with a --bootstrap-server or --bootstrap-controller argument`,
    )
  }
  return type
}

function checkName({ type, name }: ConfigEntity): void {
  const isBrokers = type === 'brokers' || type === 'broker-loggers'
  if (isBrokers && name && !(/^\d+$/.test(name) && Number(name) <= 0x7fffffff))
    throw new UsageError(`The entity name for ${type} must be a valid integer broker id, but it is: ${name}`)
}

const WITH_DEFAULTS: ReadonlySet<EntityType> = new Set(['users', 'clients', 'brokers', 'ips'])

function checkHasName(entities: readonly ConfigEntity[], isAlter: boolean): void {
  const { type, name } = entities[0]!
  const action = isAlter ? 'alter' : 'describe'
  const hasDefault = WITH_DEFAULTS.has(type)
  if (isAlter && hasDefault && entities.some((entity) => entity.name === undefined)) {
    throw new UsageError(
      'An entity-name or default entity must be specified with --alter of users, clients, brokers or ips',
    )
  }
  if (!hasDefault && name === '')
    throw new UsageError(`--entity-default must not be specified with --${action} of ${type}`)
  if (name === undefined && ((isAlter && !hasDefault) || type === 'broker-loggers'))
    throw new UsageError(`An entity name must be specified with --${action} of ${type}`)
}

const OLD_WORDS: Readonly<Record<string, string>> = {
  users: 'user-principal',
  clients: 'client-id',
  topics: 'topic',
  groups: 'group',
}

/** As before Kafka 3: `topic 'orders'`, `default client-id`. */
export function nameInOldForm({ type, name }: ConfigEntity): string {
  const word = OLD_WORDS[type] ?? type
  return name === '' ? `default ${word}` : `${word} '${name}'`
}
