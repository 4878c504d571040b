/**
 * The settings of consumer groups of the new protocol (KIP-848), checked with each other. Where nothing is given, what
 * decides about the protocol itself has the default of Kafka 4.1: in 3.9 the protocol was a preview.
 */
import { brokerConfigKeys } from './broker-config-definitions.ts'
import { ConfigError, invalidValue } from './config-def.ts'
import type { ConfigValues } from './config-values.ts'

export type ConsumerGroupAssignorName = 'uniform' | 'range'

/** Which groups may change between the protocols while they have members. */
export type ConsumerGroupMigrationPolicy = 'disabled' | 'upgrade' | 'downgrade' | 'bidirectional'

/** 4.x has short names, 3.9 classes. */
const ASSIGNORS = new Map<string, ConsumerGroupAssignorName>([
  ['uniform', 'uniform'],
  ['range', 'range'],
  ['org.apache.kafka.coordinator.group.assignor.UniformAssignor', 'uniform'],
  ['org.apache.kafka.coordinator.group.assignor.RangeAssignor', 'range'],
])

/** Throws ConfigError. */
export function readConsumerGroupSettings(values: ConfigValues, originals: ReadonlyMap<string, string>) {
  const textOf = (name: string): string =>
    (originals.has(name) ? values.get(name).text : brokerConfigKeys.get(name)!.defaultText41) ?? ''
  const protocols = textOf('group.coordinator.rebalance.protocols').split(',')
  const policy = textOf('group.consumer.migration.policy').toLowerCase() as ConsumerGroupMigrationPolicy
  return {
    groupCoordinatorRebalanceProtocols: protocols.map((name) => name.trim()) as readonly string[],
    groupConsumerMigrationPolicy: policy,
    /** The default first. */
    groupConsumerAssignors: readAssignors(values),
    groupConsumerMaxSize: values.number('group.consumer.max.size'),
    groupConsumerHeartbeatIntervalMs: readBounded(values, 'heartbeat.interval.ms'),
    groupConsumerSessionTimeoutMs: readBounded(values, 'session.timeout.ms'),
  }
}

function readAssignors(values: ConfigValues): readonly ConsumerGroupAssignorName[] {
  const key = 'group.consumer.assignors'
  const assignors = values.list(key).map((name) => {
    const assignor = ASSIGNORS.get(name)
    if (assignor === undefined) throw invalidValue(key, values.get(key).text, `there is no assignor ${name}`)
    return assignor
  })
  if (assignors.length === 0) throw invalidValue(key, values.get(key).text, 'it must name an assignor')
  return [...new Set(assignors)]
}

/** With its min and max. */
function readBounded(values: ConfigValues, name: string): number {
  const [key, minKey, maxKey] = ['', 'min.', 'max.'].map((bound) => `group.consumer.${bound}${name}`)
  const [value, min, max] = [key!, minKey!, maxKey!].map((each) => values.number(each))
  const require = (condition: boolean, problem: string): void => {
    if (!condition) throw new ConfigError(problem)
  }
  require(max! >= min!, `${maxKey} must be greater than or equal to ${minKey}`)
  require(value! >= min!, `${key} must be greater than or equal to ${minKey}`)
  require(value! <= max!, `${key} must be less than or equal to ${maxKey}`)
  return value!
}
