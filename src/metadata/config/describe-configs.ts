/**
 * What DescribeConfigs says about a topic or a broker: every config with its value, where the value comes from,
 * and the values it hides (its synonyms, the one that wins first).
 *
 * Listed are the keys of Kafka 3.9 that are not internal, plus whatever else was given: an unknown key of
 * server.properties is shown as sensitive and without its value, since nothing is known about it. Entries come in
 * alphabetical order.
 */
import { BrokerConfig } from './broker-config.ts'
import { brokerConfigKeys, brokerConfigSynonyms } from './broker-config-definitions.ts'
import type { ConfigKey, ConfigType } from './config-def.ts'
import { type TopicConfigEntries, topicValues } from './topic-config.ts'
import { topicConfigKeys } from './topic-config-definitions.ts'

/** DescribeConfigsResponse.ConfigSource. */
export const configSource = {
  dynamicTopic: 1,
  dynamicBroker: 2,
  dynamicDefaultBroker: 3,
  staticBroker: 4,
  default: 5,
} as const
export type ConfigSource = (typeof configSource)[keyof typeof configSource]

/** DescribeConfigsResponse.ConfigType; 0 is unknown. */
const typeCodes: Readonly<Record<ConfigType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
}

export interface ConfigSynonym {
  readonly name: string
  readonly value: string | null
  readonly source: ConfigSource
}

/** One entry of the response, with its field names. */
export interface DescribedConfig {
  readonly name: string
  /** Null also where the value is sensitive. */
  readonly value: string | null
  readonly readOnly: boolean
  readonly isDefault: boolean
  readonly configSource: ConfigSource
  readonly isSensitive: boolean
  readonly synonyms: readonly ConfigSynonym[]
  readonly configType: number
  readonly documentation: null
}

/** Broker configs by where they were set. The dynamic ones are texts from /config/brokers. */
export interface BrokerConfigSources {
  /** As parsed at start. */
  readonly static: BrokerConfig
  readonly dynamicBroker?: ReadonlyMap<string, string>
  readonly dynamicDefault?: ReadonlyMap<string, string>
}

export interface DescribeOptions {
  /** The keys asked for; null or empty asks for all. Names that don't exist are passed over. */
  readonly configurationKeys: readonly string[] | null
  readonly includeSynonyms: boolean
}

/** The configs of a topic with these values of its own. */
export function describeTopicConfigs(
  entries: TopicConfigEntries,
  broker: BrokerConfigSources,
  options: DescribeOptions,
): readonly DescribedConfig[] {
  const effective = effectiveBrokerConfig(broker)
  const values = topicValues(entries, effective)
  const names = new Set([...listedNames(topicConfigKeys), ...entries.keys()])
  return selected(names, options).map((name) => {
    const key = topicConfigKeys.get(name)
    const sensitive = isSensitive(key)
    const value = sensitive || key === undefined ? null : values.get(name).text
    const serverName = key?.serverName
    const synonyms = serverName === undefined ? [] : brokerSynonyms(serverName, broker, sensitive)
    const own = entries.get(name)
    if (own !== undefined && own !== null) {
      synonyms.unshift({ name, value, source: configSource.dynamicTopic })
    }
    return describe({ name, value, key, sensitive, readOnly: false, synonyms, options })
  })
}

/** The configs of this broker. */
export function describeBrokerConfigs(
  broker: BrokerConfigSources,
  options: DescribeOptions,
): readonly DescribedConfig[] {
  const effective = effectiveBrokerConfig(broker)
  const names = new Set([...listedNames(brokerConfigKeys), ...effective.originals.keys()])
  return selected(names, options).map((name) => {
    const key = brokerConfigKeys.get(name)
    const sensitive = isSensitive(key)
    const value = sensitive || key === undefined ? null : effective.values.get(name).text
    const synonyms = brokerSynonyms(name, broker, sensitive)
    const readOnly = key === undefined || key.updateMode === 'read-only'
    return describe({ name, value, key, sensitive, readOnly, synonyms, options })
  })
}

/** The dynamic defaults of all brokers: what the empty broker name asks for. */
export function describeDefaultBrokerConfigs(
  broker: BrokerConfigSources,
  options: DescribeOptions,
): readonly DescribedConfig[] {
  const defaults = broker.dynamicDefault ?? new Map<string, string>()
  return selected(new Set(defaults.keys()), options).map((name) => {
    const key = brokerConfigKeys.get(name)
    const sensitive = isSensitive(key)
    const synonyms = brokerSynonyms(name, broker, sensitive).filter(
      ({ source }) => source === configSource.dynamicDefaultBroker,
    )
    const readOnly = key === undefined || key.updateMode === 'read-only'
    const value = sensitive ? null : (defaults.get(name) ?? null)
    return describe({ name, value, key, sensitive, readOnly, synonyms, options })
  })
}

/** Static configs with the dynamic ones over them; a dynamic value also hides the static ones of its synonyms. */
export function effectiveBrokerConfig(broker: BrokerConfigSources): BrokerConfig {
  const layers = [broker.dynamicDefault, broker.dynamicBroker].filter((layer) => layer !== undefined)
  if (layers.every((layer) => layer.size === 0)) return broker.static
  const merged = new Map(broker.static.originals)
  for (const layer of layers) {
    for (const [name, value] of layer) {
      for (const synonym of brokerConfigSynonyms(name)) merged.delete(synonym)
      merged.set(name, value)
    }
  }
  return BrokerConfig.parse(merged).config
}

function listedNames(keys: ReadonlyMap<string, ConfigKey>): readonly string[] {
  return [...keys.values()]
    .filter((key) => !key.internal && key.releases.includes('3.9'))
    .map((key) => key.name)
}

function selected(names: ReadonlySet<string>, { configurationKeys }: DescribeOptions): readonly string[] {
  const all = [...names].sort()
  if (configurationKeys === null || configurationKeys.length === 0) return all
  const wanted = new Set(configurationKeys)
  return all.filter((name) => wanted.has(name))
}

/** An unknown type may hide a password. */
function isSensitive(key: ConfigKey | undefined): boolean {
  return key === undefined || key.type === 'password'
}

/** All values that `name` could take, the winning one first. */
function brokerSynonyms(name: string, broker: BrokerConfigSources, sensitive: boolean): ConfigSynonym[] {
  const synonyms: ConfigSynonym[] = []
  const names = brokerConfigSynonyms(name)
  const add = (source: ConfigSource, textOf: (name: string) => string | null | undefined): void => {
    for (const each of names) {
      const text = textOf(each)
      if (text !== undefined && text !== null) {
        synonyms.push({ name: each, value: sensitive ? null : text, source })
      }
    }
  }
  add(configSource.dynamicBroker, (each) => broker.dynamicBroker?.get(each))
  add(configSource.dynamicDefaultBroker, (each) => broker.dynamicDefault?.get(each))
  add(configSource.staticBroker, (each) => broker.static.originals.get(each))
  add(configSource.default, (each) => brokerConfigKeys.get(each)?.defaultText)
  // Kafka lists from the first value under the asked name on: log.retention.ms without a value has no synonyms.
  const first = synonyms.findIndex((synonym) => synonym.name === name)
  return first < 0 ? [] : synonyms.slice(first)
}

function describe(entry: {
  name: string
  value: string | null
  key: ConfigKey | undefined
  sensitive: boolean
  readOnly: boolean
  synonyms: readonly ConfigSynonym[]
  options: DescribeOptions
}): DescribedConfig {
  const source = entry.synonyms[0]?.source ?? configSource.default
  return {
    name: entry.name,
    value: entry.value,
    readOnly: entry.readOnly,
    isDefault: source === configSource.default,
    configSource: source,
    isSensitive: entry.sensitive,
    synonyms: entry.options.includeSynonyms ? entry.synonyms : [],
    configType: entry.key === undefined ? 0 : typeCodes[entry.key.type],
    documentation: null,
  }
}
