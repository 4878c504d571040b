/**
 * The configuration of a broker that runs: server.properties with what was set since over it, for this broker
 * (/config/brokers/ID) or for all (/config/brokers/<default>), as KIP-226 has it.
 *
 * Invariants
 * - `current` is one object, and what it says is in force: whoever keeps it and reads a setting when it is needed goes
 *   by the newest. Who copies a setting, listens.
 * - What the store holds and can't be in force (written by others, or before server.properties changed) is left out
 *   and logged. It neither stops a start nor takes other settings with it.
 */
import type { Logger } from '../base/logger.ts'
import type { BrokerConfig } from './config/broker-config.ts'
import {
  type BrokerConfigLayers,
  type BrokerConfigSources,
  brokerConfigSources,
} from './config/broker-config-sources.ts'
import { ConfigError } from './config/config-def.ts'
import {
  type BrokerConfigLevel,
  refuseBrokerValue,
  refuseStep,
  undynamicEntries,
} from './config/dynamic-broker-checks.ts'
import type { ConfigRepository, RawConfig } from './config-repository.ts'
import { DEFAULT_ENTITY } from './sanitizer.ts'

export interface DynamicBrokerConfigOptions {
  /** Of server.properties. */
  readonly config: BrokerConfig
  readonly brokerId: number
  /** Started: its configs are there. */
  readonly configRepository: ConfigRepository
  /** kafka.server.DynamicBrokerConfig */
  readonly logger: Logger
}

export class DynamicBrokerConfig {
  readonly current: BrokerConfig
  readonly #options: DynamicBrokerConfigOptions
  readonly #listeners: (() => void)[] = []
  #sources: BrokerConfigSources

  constructor(options: DynamicBrokerConfigOptions) {
    const { config, configRepository, brokerId } = options
    this.#options = options
    this.current = { ...config }
    this.#sources = brokerConfigSources({ static: config })
    this.#reload()
    configRepository.onChange((type, name) => {
      if (type === 'brokers' && (name === DEFAULT_ENTITY || name === String(brokerId))) this.#reload()
    })
  }

  /** For DescribeConfigs. */
  get sources(): BrokerConfigSources {
    return this.#sources
  }

  /** Called after each change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Why these can't be all the configs of this level, or undefined. */
  refuse(level: BrokerConfigLevel, entries: RawConfig): string | undefined {
    const [undynamic] = undynamicEntries(entries, level)
    if (undynamic !== undefined) return `${undynamic.reason}: Set(${undynamic.names.join(', ')})`
    for (const [name, text] of entries) {
      const problem = refuseBrokerValue(name, text)
      if (problem !== undefined) return problem
    }
    try {
      const { effective } = brokerConfigSources({ ...this.#sources, [layerOf[level]]: entries })
      const problem = refuseStep(this.current, effective)
      return problem === undefined ? undefined : `Invalid dynamic configuration: ${problem}`
    } catch (error) {
      if (error instanceof ConfigError) return error.message
      throw error
    }
  }

  #reload(): void {
    const { configRepository, brokerId, config, logger } = this.#options
    const dynamicDefault = this.#usable('default', configRepository.get('brokers', DEFAULT_ENTITY))
    const dynamicBroker = this.#usable('broker', configRepository.get('brokers', String(brokerId)))
    const layers = { static: config, dynamicDefault, dynamicBroker }
    if (isSame(layers, this.#sources)) return
    try {
      this.#sources = brokerConfigSources(layers)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      logger.error(`Dynamic configs could not be applied: ${error.message}`)
      return
    }
    Object.assign(this.current, this.#sources.effective)
    for (const listener of this.#listeners) listener()
  }

  #usable(level: BrokerConfigLevel, entries: RawConfig): RawConfig {
    const usable = new Map(entries)
    for (const { names, reason } of undynamicEntries(entries, level)) {
      for (const name of names) usable.delete(name)
      this.#options.logger.error(`${reason}: ${names.join(', ')}; what the store has of them is ignored`)
    }
    for (const [name, text] of [...usable]) {
      const problem = refuseBrokerValue(name, text)
      if (problem === undefined) continue
      usable.delete(name)
      this.#options.logger.error(`A dynamic ${level} config is ignored: ${problem}`)
    }
    return usable
  }
}

const layerOf = { broker: 'dynamicBroker', default: 'dynamicDefault' } as const

function isSame(a: BrokerConfigLayers, b: BrokerConfigLayers): boolean {
  const text = ({ dynamicBroker, dynamicDefault }: BrokerConfigLayers): string =>
    JSON.stringify([dynamicBroker, dynamicDefault].map((layer) => [...(layer ?? [])].sort()))
  return text(a) === text(b)
}
