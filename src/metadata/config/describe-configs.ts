/**
 * What DescribeConfigs says about a topic or a broker: every config with its value, where the value comes from,
 * and the values it hides (its synonyms, the one that wins first).
 *
 * Listed are the keys of Kafka 3.9 that are not internal, plus whatever else was given: an unknown key of
 * server.properties is shown as sensitive and without its value, since nothing is known about it. Entries come in
 * alphabetical order.
 */
import { brokerConfigKey, brokerConfigKeys } from './broker-config-definitions.ts'
import { type BrokerConfigSources, brokerSynonyms } from './broker-config-sources.ts'
import type { ConfigKey } from './config-def.ts'
import {
  askedNames,
  configSource,
  type DescribedConfig,
  type DescribeOptions,
  describedConfig,
  isSensitive as isSensitiveKey,
} from './described-config.ts'
import { type TopicConfigEntries, topicValues } from './topic-config.ts'
import { topicConfigKeys } from './topic-config-definitions.ts'

/** The configs of a topic with these values of its own. */
export function describeTopicConfigs(
  entries: TopicConfigEntries,
  broker: BrokerConfigSources,
  options: DescribeOptions,
): readonly DescribedConfig[] {
  const values = topicValues(entries, broker.effective)
  const names = new Set([...listedNames(topicConfigKeys), ...entries.keys()])
  return askedNames(names, options).map((name) => {
    const key = topicConfigKeys.get(name)
    const isSensitive = isSensitiveKey(key)
    const value = isSensitive || key === undefined ? null : values.get(name).text
    const serverName = key?.serverName
    const synonyms = serverName === undefined ? [] : brokerSynonyms(serverName, broker, isSensitive)
    const own = entries.get(name)
    if (own !== undefined && own !== null) {
      synonyms.unshift({ name, value, source: configSource.dynamicTopic })
    }
    return describedConfig({ name, value, key, isSensitive, isReadOnly: false, synonyms, options })
  })
}

/** The configs of this broker. */
export function describeBrokerConfigs(
  broker: BrokerConfigSources,
  options: DescribeOptions,
): readonly DescribedConfig[] {
  const { effective } = broker
  const names = new Set([...listedNames(brokerConfigKeys), ...effective.originals.keys()])
  return askedNames(names, options).map((name) => {
    const key = brokerConfigKey(name)
    const isSensitive = isSensitiveKey(key)
    const text = brokerConfigKeys.has(name) ? effective.values.get(name).text : effective.originals.get(name)
    const value = isSensitive ? null : (text ?? null)
    const synonyms = brokerSynonyms(name, broker, isSensitive)
    return describedConfig({
      name,
      value,
      key,
      isSensitive,
      isReadOnly: isReadOnly(name),
      synonyms,
      options,
    })
  })
}

/** The dynamic defaults of all brokers: what the empty broker name asks for. */
export function describeDefaultBrokerConfigs(
  broker: BrokerConfigSources,
  options: DescribeOptions,
): readonly DescribedConfig[] {
  const defaults = broker.dynamicDefault ?? new Map<string, string>()
  return askedNames(new Set(defaults.keys()), options).map((name) => {
    const key = brokerConfigKey(name)
    const isSensitive = isSensitiveKey(key)
    const synonyms = brokerSynonyms(name, broker, isSensitive).filter(
      ({ source }) => source === configSource.dynamicDefaultBroker,
    )
    const value = isSensitive ? null : (defaults.get(name) ?? null)
    return describedConfig({
      name,
      value,
      key,
      isSensitive,
      isReadOnly: isReadOnly(name),
      synonyms,
      options,
    })
  })
}

function listedNames(keys: ReadonlyMap<string, ConfigKey>): readonly string[] {
  return [...keys.values()]
    .filter((key) => !key.internal && key.releases.includes('3.9'))
    .map((key) => key.name)
}

function isReadOnly(name: string): boolean {
  return (brokerConfigKeys.get(name)?.updateMode ?? 'read-only') === 'read-only'
}
