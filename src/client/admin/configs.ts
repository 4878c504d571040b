/** Settings of topics, brokers, groups and metrics of clients: reading them, and which resources have any. */
import {
  DescribeConfigsRequest,
  DescribeConfigsResponse,
} from '../../protocol/messages/32-describe-configs.ts'
import {
  ListConfigResourcesRequest,
  ListConfigResourcesResponse,
} from '../../protocol/messages/74-list-config-resources.ts'
import { defineApi } from '../network/api.ts'
import type { Outcome } from '../outcomes.ts'
import { checkAnswer, inOrder, outcomeOf } from './answers.ts'
import { type ConfigEntry, plainConfigEntry } from './config-entries.ts'
import {
  type ConfigResource,
  type ConfigResourceType,
  checkConfigResources,
  configResourceTypes,
  homeOf,
  nameOfResource,
} from './config-resource.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { anyBroker, brokerById } from './routes.ts'

const DESCRIBE_CONFIGS = defineApi(DescribeConfigsRequest, DescribeConfigsResponse, [0, 4])
const LIST_CONFIG_RESOURCES = defineApi(ListConfigResourcesRequest, ListConfigResourcesResponse, [0, 1])
const CLIENT_METRICS: readonly ConfigResourceType[] = ['client-metrics']

export interface ResourceToDescribe extends ConfigResource {
  /** The names of the settings wanted; default: all. */
  readonly keys?: readonly string[] | undefined
}

export interface DescribeConfigsOptions extends AdminCallOptions {
  readonly includeSynonyms?: boolean | undefined
  readonly includeDocumentation?: boolean | undefined
}

export interface ResourceConfigs {
  readonly type: ConfigResourceType
  readonly name: string
  readonly configs: readonly ConfigEntry[]
}

export interface ConfigResourceListing {
  readonly type: ConfigResourceType | 'unknown'
  readonly name: string
}

export async function describeConfigs(
  requester: Requester,
  resources: readonly ResourceToDescribe[],
  { includeSynonyms = false, includeDocumentation = false, timeoutMs }: DescribeConfigsOptions,
): Promise<ResourceConfigs[]> {
  checkConfigResources(resources)
  return requester.each<ResourceToDescribe, ResourceConfigs>({
    what: 'describeConfigs',
    things: resources,
    nameOf: nameOfResource,
    route: brokerById(requester.cluster, homeOf),
    timeoutMs,
    call: async (connection, things) => {
      const { results } = await connection.call(DESCRIBE_CONFIGS, {
        resources: things.map(({ type, name, keys }) => ({
          resourceType: configResourceTypes.numberOf('type', type),
          resourceName: String(name),
          configurationKeys: keys ?? null,
        })),
        includeSynonyms,
        includeDocumentation,
      })
      const described = new Map<string, Outcome<ResourceConfigs>>()
      for (const result of results) {
        const type = configResourceTypes.wordOf(result.resourceType) as ConfigResourceType
        const name = result.resourceName
        const key = nameOfResource({ type, name })
        described.set(
          key,
          outcomeOf(key, result, () => ({ type, name, configs: result.configs.map(plainConfigEntry) })),
        )
      }
      return inOrder(things, nameOfResource, described)
    },
  })
}

export async function listConfigResources(
  requester: Requester,
  types: readonly ConfigResourceType[] | undefined,
  { timeoutMs }: AdminCallOptions,
): Promise<ConfigResourceListing[]> {
  const resourceTypes = (types ?? []).map((type) => configResourceTypes.numberOf('types', type))
  const onlyMetrics = types?.every((type) => CLIENT_METRICS.includes(type))
  const { configResources } = await requester.one({
    what: 'listConfigResources',
    route: anyBroker(),
    timeoutMs,
    call: async (connection) => {
      // The first version knows of nothing but metrics of clients.
      const version = connection.apis!.versionOf(LIST_CONFIG_RESOURCES, { min: onlyMetrics ? 0 : 1 })
      const body = version === 0 ? {} : { resourceTypes }
      const answer = await connection.call(LIST_CONFIG_RESOURCES, body, { version })
      checkAnswer('listConfigResources', answer)
      return answer
    },
  })
  return configResources.map(({ resourceType, resourceName }) => ({
    type: configResourceTypes.wordOf(resourceType),
    name: resourceName,
  }))
}
