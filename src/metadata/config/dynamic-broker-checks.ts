/**
 * What a broker refuses to change while it runs, in Kafka's words: settings that are not dynamic or belong to one
 * broker or listener, and steps that are too large.
 */
import type { BrokerConfig } from './broker-config.ts'
import { baseOfListenerKey, brokerConfigKey, brokerConfigKeys } from './broker-config-definitions.ts'
import { ConfigError, parseValue } from './config-def.ts'

type Entries = ReadonlyMap<string, string>

/** Whose settings these are: one broker's, or those of all brokers without their own. */
export type BrokerConfigLevel = 'broker' | 'default'

/** Only a listener's own may change: `listener.name.NAME.ssl.keystore.location`. */
const securityKeys: ReadonlySet<string> = new Set([
  'ssl.keystore.type',
  'ssl.keystore.location',
  'ssl.keystore.password',
  'ssl.key.password',
  'ssl.keystore.certificate.chain',
  'ssl.keystore.key',
  'ssl.truststore.type',
  'ssl.truststore.location',
  'ssl.truststore.password',
  'ssl.truststore.certificates',
])

const poolKeys = [
  'num.io.threads',
  'num.replica.fetchers',
  'num.recovery.threads.per.data.dir',
  'background.threads',
  'num.network.threads',
]

/** The one reporter of Kafka's own; its class has nothing to do here. */
const JMX_REPORTER = 'org.apache.kafka.common.metrics.JmxReporter'

/** What may not be set on this level, each group of names with the reason. Of names without a definition nothing is known. */
export function undynamicEntries(
  entries: Entries,
  level: BrokerConfigLevel,
): readonly { readonly names: readonly string[]; readonly reason: string }[] {
  const names = [...entries.keys()]
  const groups = [
    {
      names: names.filter((name) => brokerConfigKeys.get(name)?.updateMode === 'read-only'),
      reason: 'Cannot update these configs dynamically',
    },
    {
      names: names.filter((name) => securityKeys.has(name)),
      reason: 'These security configs can be dynamically updated only per-listener using the listener prefix',
    },
    {
      names: level === 'broker' ? [] : names.filter(isOfOneBroker),
      reason: 'Cannot update these configs at default cluster level, broker id must be specified',
    },
  ]
  return groups.filter((group) => group.names.length > 0)
}

function isOfOneBroker(name: string): boolean {
  const base = baseOfListenerKey(name)
  if (base !== undefined) return brokerConfigKeys.get(base)?.updateMode !== 'cluster-wide'
  return brokerConfigKeys.get(name)?.updateMode === 'per-broker'
}

/** What is wrong with a text under this name, or undefined. */
export function refuseBrokerValue(name: string, text: string): string | undefined {
  const key = brokerConfigKey(name)
  if (key === undefined) return undefined
  try {
    // A message names the base of a listener's key, as Kafka's does.
    parseValue(key, text)
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

/** Why a broker that runs does not go from one configuration to the other, or undefined. */
export function refuseStep(before: BrokerConfig, after: BrokerConfig): string | undefined {
  for (const name of poolKeys) {
    const [current, wanted] = [before.values.number(name), after.values.number(name)]
    if (wanted === current) continue
    const failure = `Dynamic thread count update validation failed for ${name}=${wanted}`
    if (wanted < 1) return `${failure}, value should be at least 1`
    if (wanted < Math.floor(current / 2)) {
      return `${failure}, value should be at least half the current value ${current}`
    }
    if (wanted > current * 2) {
      return `${failure}, value should not be greater than double the current value ${current}`
    }
  }
  return refuseCleanerStep(before, after) ?? refuseOtherStep(before, after)
}

function refuseCleanerStep(before: BrokerConfig, after: BrokerConfig): string | undefined {
  const [current, wanted] = [before.logCleaner.threads, after.logCleaner.threads]
  if (wanted < 1) return 'Log cleaner threads should be at least 1'
  if (wanted < Math.floor(current / 2)) {
    return `Log cleaner threads cannot be reduced to less than half the current value ${current}`
  }
  if (wanted > current * 2) {
    return `Log cleaner threads cannot be increased to more than double the current value ${current}`
  }
  return undefined
}

function refuseOtherStep(before: BrokerConfig, after: BrokerConfig): string | undefined {
  const endpoints = (config: BrokerConfig): string =>
    JSON.stringify([config.listeners, config.advertisedListeners])
  if (endpoints(before) !== endpoints(after)) {
    return 'Listeners and advertised listeners change with a restart only'
  }
  const reporter = after.values.list('metric.reporters').find((each) => each !== JMX_REPORTER)
  return reporter === undefined ? undefined : `there is no metrics reporter ${reporter}`
}
