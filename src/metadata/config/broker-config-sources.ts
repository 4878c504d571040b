/**
 * Where a broker's settings come from, and what they amount to: its own dynamic values win over those of all brokers,
 * these over server.properties, and that over the defaults (KIP-226).
 */
import { BrokerConfig } from './broker-config.ts'
import { baseOfListenerKey, brokerConfigKeys, brokerConfigSynonyms } from './broker-config-definitions.ts'
import { type ConfigSynonym, configSource } from './described-config.ts'

/** The dynamic ones are texts from /config/brokers, without what can't be in force. */
export interface BrokerConfigLayers {
  /** As parsed at start. */
  readonly static: BrokerConfig
  readonly dynamicBroker?: ReadonlyMap<string, string>
  readonly dynamicDefault?: ReadonlyMap<string, string>
}

export interface BrokerConfigSources extends BrokerConfigLayers {
  /** All layers together. */
  readonly effective: BrokerConfig
}

/** Throws ConfigError where the layers contradict each other. */
export function brokerConfigSources(layers: BrokerConfigLayers): BrokerConfigSources {
  return { ...layers, effective: effectiveBrokerConfig(layers) }
}

/** A dynamic value also hides the static ones of its synonyms. */
function effectiveBrokerConfig(layers: BrokerConfigLayers): BrokerConfig {
  const dynamic = [layers.dynamicDefault, layers.dynamicBroker].filter((layer) => layer !== undefined)
  if (dynamic.every((layer) => layer.size === 0)) return layers.static
  const merged = new Map(layers.static.originals)
  for (const layer of dynamic) {
    for (const [name, value] of layer) {
      // The base of a listener's key stays: other listeners may go by that.
      const hidden = baseOfListenerKey(name) === undefined ? brokerConfigSynonyms(name) : []
      for (const synonym of hidden) merged.delete(synonym)
      merged.set(name, value)
    }
  }
  return BrokerConfig.parse(merged).config
}

/** All values that `name` could take, the winning one first. */
export function brokerSynonyms(
  name: string,
  broker: BrokerConfigLayers,
  isSensitive: boolean,
): ConfigSynonym[] {
  const synonyms: ConfigSynonym[] = []
  const names = brokerConfigSynonyms(name)
  const add = (
    source: ConfigSynonym['source'],
    textOf: (name: string) => string | null | undefined,
  ): void => {
    for (const each of names) {
      const text = textOf(each)
      if (text !== undefined && text !== null) {
        synonyms.push({ name: each, value: isSensitive ? null : text, source })
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
