/** kafka-configs.sh --describe. */
import type { Admin } from '../../client/admin/admin.ts'
import type { ConfigEntry } from '../../client/admin/config-entries.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import type { CommandContext } from '../command/command.ts'
import { type ConfigEntity, nameInOldForm } from './config-entities.ts'
import type { ConfigsOptions } from './configs-command.ts'
import { describeResource } from './resource-configs.ts'

export async function describeEntities(
  admin: Admin,
  entities: readonly ConfigEntity[],
  options: ConfigsOptions,
  context: CommandContext,
  isOldForm: boolean,
): Promise<void> {
  const [first] = entities
  if (first!.type === 'users' || first!.type === 'clients' || first!.type === 'ips') {
    const { describeQuotas } = await import('./describe-quotas.ts')
    return describeQuotas(admin, entities, options, context, isOldForm)
  }
  const found: object[] = []
  for (const entity of await withNames(admin, first!)) {
    const configs = await configsOf(admin, entity, options.all === true)
    if (options.json) found.push(plain(entity, configs ?? []))
    else await context.out(linesOf(entity, configs, options.all === true, isOldForm))
  }
  if (options.json) await context.out(`${JSON.stringify(found)}\n`)
}

/** Undefined: there is no such entity. */
async function configsOf(
  admin: Admin,
  entity: ConfigEntity,
  all: boolean,
): Promise<ConfigEntry[] | undefined> {
  if (entity.type === 'brokers' && entity.name !== '') {
    const { brokers } = await admin.describeCluster()
    if (!brokers.some(({ nodeId }) => String(nodeId) === entity.name)) return undefined
  }
  try {
    const configs = await describeResource(admin, entity, all)
    const mayBeMissing = entity.type === 'client-metrics' || entity.type === 'groups'
    return mayBeMissing && configs.length === 0 ? undefined : configs
  } catch (error) {
    if (error instanceof KafkaError && error.code === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined
    throw error
  }
}

/** All entities of the type, where none was named. */
async function withNames(admin: Admin, { type, name }: ConfigEntity): Promise<ConfigEntity[]> {
  if (name !== undefined) return [{ type, name }]
  const names = (await namesOf(admin, type)).map((each) => ({ type, name: each }))
  return type === 'brokers' ? [...names, { type, name: '' }] : names
}

async function namesOf(admin: Admin, type: ConfigEntity['type']): Promise<string[]> {
  switch (type) {
    case 'topics':
      return (await admin.listTopics({ listInternal: true })).map(({ name }) => name).sort()
    case 'brokers':
      return (await admin.describeCluster()).brokers.map(({ nodeId }) => String(nodeId))
    case 'client-metrics':
      return (await admin.listConfigResources(['client-metrics'])).map(({ name }) => name).sort()
    default:
      return groupsWithConfigs(admin)
  }
}

/** A broker that can't list what has configs tells which groups there are: some of them may have none. */
async function groupsWithConfigs(admin: Admin): Promise<string[]> {
  try {
    return (await admin.listConfigResources(['group'])).map(({ name }) => name).sort()
  } catch (error) {
    if (!(error instanceof KafkaError) || error.code !== 'PROTOCOL') throw error
    return (await admin.listGroups()).map(({ groupId }) => groupId).sort()
  }
}

function linesOf(
  entity: ConfigEntity,
  configs: readonly ConfigEntry[] | undefined,
  all: boolean,
  isOldForm: boolean,
): string {
  const { type, name } = entity
  const word = type.slice(0, -1)
  if (configs === undefined) return `The ${word} '${name}' doesn't exist and doesn't have dynamic config.\n`
  if (isOldForm) {
    const pairs = configs.map((config) => `${config.name}=${config.value}`)
    return `Configs for ${nameInOldForm(entity)} are ${pairs.join(',')}\n`
  }
  const head =
    name === ''
      ? `Default configs for ${type} in the cluster are:`
      : `${all ? 'All' : 'Dynamic'} configs for ${word} ${name} are:`
  return [head, ...configs.map(configLine)].map((line) => `${line}\n`).join('')
}

function configLine({ name, value, isSensitive, synonyms }: ConfigEntry): string {
  const all = synonyms.map((each) => `${sourceWord(each.source)}:${each.name}=${each.value}`)
  return `  ${name}=${value} sensitive=${isSensitive} synonyms={${all.join(', ')}}`
}

/** `dynamic-topic` is DYNAMIC_TOPIC_CONFIG in Kafka. */
function sourceWord(source: string): string {
  return source === 'unknown' ? 'UNKNOWN' : `${source.replaceAll('-', '_').toUpperCase()}_CONFIG`
}

function plain({ type, name }: ConfigEntity, configs: readonly ConfigEntry[]): object {
  return {
    entityType: type,
    entityName: name === '' ? null : name,
    configs: configs.map((config) => ({
      name: config.name,
      value: config.value,
      source: sourceWord(config.source),
      isSensitive: config.isSensitive,
      isReadOnly: config.isReadOnly,
    })),
  }
}
