/**
 * The configs that a single group may have (KIP-848): what it sets itself wins over what the broker has for all groups,
 * and stays within the bounds that the broker sets.
 */
import type { BrokerConfig } from './broker-config.ts'
import { atLeast, ConfigError, type ConfigKey } from './config-def.ts'
import { ConfigValues } from './config-values.ts'
import { keyOf } from './definitions/rows.ts'
import {
  askedNames,
  configSource,
  type DescribedConfig,
  type DescribeOptions,
  describedConfig,
} from './described-config.ts'

type Entries = ReadonlyMap<string, string>

const SESSION_TIMEOUT = 'consumer.session.timeout.ms'
const HEARTBEAT_INTERVAL = 'consumer.heartbeat.interval.ms'

export const groupConfigKeys: ReadonlyMap<string, ConfigKey> = new Map(
  [
    keyOf(HEARTBEAT_INTERVAL, 'int', '5000', 'medium', atLeast(1), undefined),
    keyOf(SESSION_TIMEOUT, 'int', '45000', 'medium', atLeast(1), undefined),
  ].map((key) => [key.name, key]),
)

export interface ConsumerGroupTimes {
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
}

/** What a group with these configs goes by. A text that is no time, which only others can have written, counts as none. */
export function consumerGroupTimes(
  entries: Entries,
  config: Pick<BrokerConfig, 'groupConsumerSessionTimeoutMs' | 'groupConsumerHeartbeatIntervalMs'>,
): ConsumerGroupTimes {
  return {
    sessionTimeoutMs: ownTime(entries, SESSION_TIMEOUT) ?? config.groupConsumerSessionTimeoutMs,
    heartbeatIntervalMs: ownTime(entries, HEARTBEAT_INTERVAL) ?? config.groupConsumerHeartbeatIntervalMs,
  }
}

function ownTime(entries: Entries, name: string): number | undefined {
  const text = entries.get(name)
  if (text === undefined || !/^[0-9]{1,10}$/.test(text.trim())) return undefined
  return Number(text)
}

function groupValues(entries: Entries, broker: BrokerConfig): ConfigValues {
  const inherited = new Map([...groupConfigKeys.keys()].map((name) => [name, brokerText(name, broker)]))
  return new ConfigValues(groupConfigKeys, new Map([...inherited, ...entries]))
}

function brokerText(name: string, broker: BrokerConfig): string {
  return broker.values.get(`group.${name}`).text ?? ''
}

/** What is wrong with these configs of a group, or undefined. */
export function refuseGroupConfigs(entries: Entries, broker: BrokerConfig): string | undefined {
  for (const name of entries.keys()) {
    if (!groupConfigKeys.has(name)) return `Unknown group config name: ${name}`
  }
  try {
    const values = groupValues(entries, broker)
    for (const name of groupConfigKeys.keys()) {
      const [minKey, maxKey] = ['min', 'max'].map((bound) =>
        name.replace('consumer.', `group.consumer.${bound}.`),
      )
      const value = values.number(name)
      if (value < broker.values.number(minKey!)) return `${name} must be greater than or equal to ${minKey}`
      if (value > broker.values.number(maxKey!)) return `${name} must be less than or equal to ${maxKey}`
    }
    if (values.number(SESSION_TIMEOUT) <= values.number(HEARTBEAT_INTERVAL)) {
      return `${SESSION_TIMEOUT} must be greater than ${HEARTBEAT_INTERVAL}`
    }
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

export function describeGroupConfigs(
  entries: Entries,
  broker: BrokerConfig,
  options: DescribeOptions,
): readonly DescribedConfig[] {
  return askedNames(new Set(groupConfigKeys.keys()), options).map((name) => {
    const own = entries.get(name)
    const value = own ?? brokerText(name, broker)
    const source = own === undefined ? configSource.default : configSource.group
    return describedConfig({
      name,
      value,
      key: groupConfigKeys.get(name),
      isSensitive: false,
      isReadOnly: false,
      synonyms: [{ name, value, source }],
      options,
    })
  })
}
