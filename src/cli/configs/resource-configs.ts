/** The configs of topics, brokers, loggers, groups and client metrics. */
import type { Admin } from '../../client/admin/admin.ts'
import type { ConfigEntry, ConfigSource } from '../../client/admin/config-entries.ts'
import type { ConfigResource, ConfigResourceType } from '../../client/admin/config-resource.ts'
import type { ConfigEntity, EntityType } from './config-entities.ts'

const RESOURCES = {
  topics: { type: 'topic', source: 'dynamic-topic' },
  brokers: { type: 'broker', source: 'dynamic-broker' },
  // All that loggers have is of their own.
  'broker-loggers': { type: 'broker-logger', source: undefined },
  'client-metrics': { type: 'client-metrics', source: 'dynamic-client-metrics' },
  groups: { type: 'group', source: 'dynamic-group' },
} as const satisfies Partial<
  Record<EntityType, { type: ConfigResourceType; source: ConfigSource | undefined }>
>

type ResourceEntityType = keyof typeof RESOURCES

export function resourceOf({ type, name }: ConfigEntity): ConfigResource {
  return { type: RESOURCES[type as ResourceEntityType].type, name: name! }
}

/** By name; without `all` only what was set for this very entity. */
export async function describeResource(
  admin: Admin,
  entity: ConfigEntity,
  all: boolean,
): Promise<ConfigEntry[]> {
  const [described] = await admin.describeConfigs([resourceOf(entity)], { includeSynonyms: true })
  const source = sourceOf(entity)
  return described!.configs
    .filter((config) => all || source === undefined || config.source === source)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function sourceOf({ type, name }: ConfigEntity): ConfigSource | undefined {
  return type === 'brokers' && name === ''
    ? 'dynamic-default-broker'
    : RESOURCES[type as ResourceEntityType].source
}
