/**
 * Configs as clients see them: of topics, of this broker and all brokers, of its loggers, of groups and of client
 * metrics. They are checked here, kept by the config repository, and in force on this broker once they are answered.
 *
 * Invariant: of a resource either everything that is asked for is changed, or nothing.
 */
import type { Logger, LoggerLevels } from '../base/logger.ts'
import { isStoreError } from '../coordination/metadata-store.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { brokerConfigKey } from './config/broker-config-definitions.ts'
import { describeClientMetrics, refuseClientMetrics } from './config/client-metrics-configs.ts'
import {
  applyOperations,
  type ConfigOperation,
  type ConfigRefusal,
  invalidConfig,
  invalidRequest,
  isConfigRefusal,
  refuseEntries,
} from './config/config-alteration.ts'
import type { ConfigKey } from './config/config-def.ts'
import {
  describeBrokerConfigs,
  describeDefaultBrokerConfigs,
  describeTopicConfigs,
} from './config/describe-configs.ts'
import { type DescribedConfig, type DescribeOptions, isSensitive } from './config/described-config.ts'
import { describeGroupConfigs, groupConfigKeys, refuseGroupConfigs } from './config/group-configs.ts'
import { alterLoggers, describeLoggers } from './config/logger-levels.ts'
import { validateTopicConfig } from './config/topic-config.ts'
import { topicConfigKeys } from './config/topic-config-definitions.ts'
import type { ConfigRepository, RawConfig } from './config-repository.ts'
import type { DynamicBrokerConfig } from './dynamic-broker-config.ts'
import type { MetadataCache } from './metadata-cache.ts'
import { DEFAULT_ENTITY, desanitize, sanitize } from './sanitizer.ts'
import { topicNameProblem } from './topic-names.ts'
import { type ConfigEntityType, ZnodeFormatError } from './znodes.ts'

/** ConfigResource.Type */
const TOPIC = 2
const BROKER = 4
const BROKER_LOGGER = 8
const CLIENT_METRICS = 16
const GROUP = 32

export interface ConfigResource {
  readonly resourceType: number
  readonly resourceName: string
}

export interface ConfigAdminOptions {
  readonly brokerId: number
  readonly brokerConfig: DynamicBrokerConfig
  readonly configRepository: ConfigRepository
  readonly metadataCache: MetadataCache
  /** Undefined: this process logs by other means, and has no levels to show. */
  readonly loggers: LoggerLevels | undefined
  /** kafka.server.ZkAdminManager */
  readonly logger: Logger
}

/** A resource that the store holds, and what it takes. */
interface ConfigEntity {
  readonly type: ConfigEntityType
  readonly name: string
  /** What lists may be appended to; what is a secret. */
  keyOf(name: string): ConfigKey | undefined
  refuse(configs: RawConfig): ConfigRefusal | undefined
  /** What is said of an append to something else, if not the usual. */
  notAList?: (operation: string, name: string) => string
}

export class ConfigAdmin {
  readonly #options: ConfigAdminOptions

  constructor(options: ConfigAdminOptions) {
    this.#options = options
  }

  /** Undefined: done. */
  async alter(
    resource: ConfigResource,
    operations: readonly ConfigOperation[],
    { validateOnly }: { validateOnly: boolean },
  ): Promise<ConfigRefusal | undefined> {
    const refusal = refuseEntries(operations)
    if (refusal !== undefined) return refusal
    if (resource.resourceType === BROKER_LOGGER) {
      return (
        this.#refuseBroker(resource.resourceName, 'node') ??
        alterLoggers(this.#options.loggers ?? NO_LOGGERS, operations, validateOnly)
      )
    }
    return await this.#change(resource, validateOnly, (configs, { keyOf, notAList }) =>
      applyOperations(configs, operations, keyOf, notAList),
    )
  }

  /** What is left out goes back to its default. Undefined: done. */
  async replace(
    resource: ConfigResource,
    entries: readonly { readonly name: string; readonly value: string | null }[],
    { validateOnly }: { validateOnly: boolean },
  ): Promise<ConfigRefusal | undefined> {
    const refusal = refuseEntries(entries)
    if (refusal !== undefined) return refusal
    const configs = new Map(entries.map(({ name, value }) => [name, value ?? '']))
    return await this.#change(resource, validateOnly, () => configs)
  }

  describe(resource: ConfigResource, options: DescribeOptions): readonly DescribedConfig[] | ConfigRefusal {
    const { brokerId, brokerConfig, configRepository, metadataCache, loggers } = this.#options
    const { resourceType, resourceName: name } = resource
    switch (resourceType) {
      case TOPIC: {
        const problem = topicNameProblem(name)
        if (problem !== undefined) {
          return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: problem }
        }
        if (metadataCache.topic(name) === undefined) {
          return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: '' }
        }
        return describeTopicConfigs(configRepository.get('topics', name), brokerConfig.sources, options)
      }
      case BROKER:
        if (name === '') return describeDefaultBrokerConfigs(brokerConfig.sources, options)
        if (name === String(brokerId)) return describeBrokerConfigs(brokerConfig.sources, options)
        return isInteger(name)
          ? invalidRequest(`Unexpected broker id, expected ${brokerId} or empty string, but received ${name}`)
          : invalidRequest(`Broker id must be an integer, but it is: ${name}`)
      case BROKER_LOGGER:
        if (name === '') return invalidRequest('Broker id must not be empty')
        if (!isInteger(name)) return invalidRequest(`Broker id must be an integer, but it is: ${name}`)
        if (name === String(brokerId)) return describeLoggers(loggers ?? NO_LOGGERS, options)
        return invalidRequest(`Unexpected broker id, expected ${brokerId} but received ${name}`)
      case CLIENT_METRICS:
        if (name === '') return invalidRequest('Client metrics subscription name must not be empty')
        return describeClientMetrics(configRepository.get('client-metrics', sanitize(name)), options)
      case GROUP:
        if (name === '') return invalidRequest('Group name must not be empty')
        return describeGroupConfigs(
          configRepository.get('groups', sanitize(name)),
          brokerConfig.current,
          options,
        )
      default:
        return invalidRequest(`Unsupported resource type: ${resourceType}`)
    }
  }

  /** The resources of these types, or of all types if none is given; undefined if one of them isn't known. */
  list(types: readonly number[]): readonly ConfigResource[] | undefined {
    const { metadataCache, configRepository } = this.#options
    const namesByType = new Map<number, () => Iterable<string>>([
      [TOPIC, () => metadataCache.topicNames()],
      [BROKER, () => [...metadataCache.brokerIds()].map(String)],
      [BROKER_LOGGER, () => [...metadataCache.brokerIds()].map(String)],
      [CLIENT_METRICS, () => entityNames(configRepository, 'client-metrics')],
      [GROUP, () => entityNames(configRepository, 'groups')],
    ])
    if (!types.every((type) => namesByType.has(type))) return undefined
    const wanted = types.length === 0 ? namesByType.keys() : new Set(types)
    return [...wanted].flatMap((resourceType) =>
      [...(namesByType.get(resourceType)?.() ?? [])].map((resourceName) => ({ resourceType, resourceName })),
    )
  }

  async #change(
    resource: ConfigResource,
    validateOnly: boolean,
    alter: (configs: RawConfig, entity: ConfigEntity) => RawConfig | ConfigRefusal,
  ): Promise<ConfigRefusal | undefined> {
    const entity = this.#entityOf(resource)
    if (isConfigRefusal(entity)) return entity
    let refusal: ConfigRefusal | undefined
    try {
      await this.#options.configRepository.update(entity.type, entity.name, (configs) => {
        const altered = alter(configs, entity)
        refusal = isConfigRefusal(altered) ? altered : entity.refuse(altered)
        if (isConfigRefusal(altered) || refusal !== undefined || validateOnly) return undefined
        if (isSame(configs, altered)) return undefined
        this.#log(entity, altered)
        return altered
      })
    } catch (error) {
      if (!isStoreError(error) && !(error instanceof ZnodeFormatError)) throw error
      return { errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, errorMessage: error.message }
    }
    return refusal
  }

  #entityOf({ resourceType, resourceName: name }: ConfigResource): ConfigEntity | ConfigRefusal {
    switch (resourceType) {
      case TOPIC:
        return this.#topic(name)
      case BROKER:
        return this.#broker(name)
      case CLIENT_METRICS:
        if (name === '') return invalidRequest("Subscription name can't be empty")
        // Kafka doesn't let these lists be appended to either.
        return {
          type: 'client-metrics',
          name: sanitize(name),
          keyOf: () => undefined,
          refuse: refuseClientMetrics,
        }
      case GROUP:
        if (name === '') return invalidRequest('Default group resources are not allowed.')
        return {
          type: 'groups',
          name: sanitize(name),
          keyOf: (key) => groupConfigKeys.get(key),
          refuse: (configs) => {
            const problem = refuseGroupConfigs(configs, this.#options.brokerConfig.current)
            return problem === undefined ? undefined : invalidConfig(problem)
          },
        }
      default:
        return invalidRequest(`Unknown resource type ${resourceType}`)
    }
  }

  #topic(name: string): ConfigEntity | ConfigRefusal {
    const { brokerConfig, metadataCache } = this.#options
    if (name === '') return invalidRequest('Default topic resources are not allowed.')
    const problem = topicNameProblem(name)
    if (problem !== undefined) return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: problem }
    return {
      type: 'topics',
      name,
      keyOf: (key) => topicConfigKeys.get(key),
      refuse: (configs) => {
        const check = validateTopicConfig(configs, brokerConfig.current)
        if (!check.ok) return { errorCode: check.errorCode, errorMessage: check.message }
        if (metadataCache.topic(name) !== undefined) return undefined
        const errorMessage = `The topic '${name}' does not exist.`
        return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage }
      },
    }
  }

  #broker(name: string): ConfigEntity | ConfigRefusal {
    const level = name === '' ? 'default' : 'broker'
    const refusal = level === 'broker' ? this.#refuseBroker(name, 'broker') : undefined
    if (refusal !== undefined) return refusal
    return {
      type: 'brokers',
      name: level === 'broker' ? name : DEFAULT_ENTITY,
      keyOf: brokerConfigKey,
      notAList: (operation, key) =>
        `Config value ${operation.toLowerCase()} is not allowed for config key: ${key}`,
      refuse: (configs) => {
        const problem = this.#options.brokerConfig.refuse(level, configs)
        return problem === undefined ? undefined : invalidRequest(problem)
      },
    }
  }

  /** Each broker takes changes of its own configs only. */
  #refuseBroker(name: string, what: 'broker' | 'node'): ConfigRefusal | undefined {
    const { brokerId } = this.#options
    if (name === String(brokerId)) return undefined
    if (!isInteger(name)) return invalidRequest(`Node id must be an integer, but it is: ${name}`)
    const [unexpected, separator] = what === 'broker' ? ['broker', ', expected'] : ['node', '. Expected']
    return invalidRequest(`Unexpected ${unexpected} id${separator} ${brokerId}, but received ${name}`)
  }

  #log({ type, name, keyOf }: ConfigEntity, configs: RawConfig): void {
    const isSecret = (key: string): boolean => type === 'brokers' && isSensitive(keyOf(key))
    const shown = [...configs].map(([key, value]) => `${key} -> ${isSecret(key) ? '[hidden]' : value}`)
    this.#options.logger.info(`Updating ${type}/${name} with new configuration : ${shown.join(',')}`)
  }
}

const NO_LOGGERS: LoggerLevels = { levels: () => new Map(), setLevel: () => {}, unsetLevel: () => {} }

function entityNames(configRepository: ConfigRepository, type: ConfigEntityType): string[] {
  return [...configRepository.all(type)].map(([name]) => desanitize(name))
}

function isInteger(text: string): boolean {
  return /^-?\d+$/.test(text)
}

function isSame(a: RawConfig, b: RawConfig): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value)
}
