/**
 * Every broker config of Kafka 3.9, and the newcomers of 4.1, as data; and the other names that a value may come
 * under. The tables are in definitions/.
 */
import { atLeast, type ConfigKey } from './config-def.ts'
import { coordinatorsRows } from './definitions/broker-coordinators.ts'
import { logRows } from './definitions/broker-log.ts'
import { metadataRows } from './definitions/broker-metadata.ts'
import { remoteStorageRows } from './definitions/broker-remote-storage.ts'
import { securityRows } from './definitions/broker-security.ts'
import { serverRows } from './definitions/broker-server.ts'
import { keyOf, type UpdateMode } from './definitions/rows.ts'

export interface BrokerConfigKey extends ConfigKey {
  readonly updateMode: UpdateMode
}

export const brokerConfigKeys: ReadonlyMap<string, BrokerConfigKey> = new Map(
  [serverRows, logRows, coordinatorsRows, metadataRows, securityRows, remoteStorageRows].flatMap((rows) =>
    rows.map(([name, type, defaultText, importance, updateMode, validator, notes]) => [
      name,
      { ...keyOf(name, type, defaultText, importance, validator, notes), updateMode },
    ]),
  ),
)

/**
 * What reassignments are held to. Not of server.properties: these exist while they are set on a broker that runs, and
 * DescribeConfigs calls them read-only all the same.
 */
const throttleKeys: ReadonlyMap<string, ConfigKey> = new Map(
  [
    'leader.replication.throttled.rate',
    'follower.replication.throttled.rate',
    'replica.alter.log.dirs.io.max.bytes.per.second',
  ].map((name) => [name, keyOf(name, 'long', '9223372036854775807', 'medium', atLeast(0), undefined)]),
)

/** Keys for one setting in several units, the one that wins first. */
const synonymGroups: readonly (readonly string[])[] = [
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
]

/** `listener.name.internal.ssl.key.password` overrides ssl.key.password on one listener. */
const listenerPrefix = /^listener\.name\.[^.]*\.(.*)$/

/** Kafka allows these for each SASL mechanism: listener.name.<listener>.<mechanism>.<key>. */
const mechanismKeys = [
  'sasl.jaas.config',
  'sasl.login.callback.handler.class',
  'sasl.login.class',
  'sasl.server.callback.handler.class',
  'connections.max.reauth.ms',
]

/** The keys that can give `name` its value, `name`'s own first where Kafka ranks it so. */
export function brokerConfigSynonyms(name: string): readonly string[] {
  if (name === 'log.flush.interval.ms') return ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms']
  const group = synonymGroups.find((names) => names.includes(name))
  if (group !== undefined) return group
  const base = baseOfListenerKey(name)
  return base === undefined ? [name] : [name, base]
}

/** What says how to read a value under this name, be it of one listener or known to running brokers only. */
export function brokerConfigKey(name: string): ConfigKey | undefined {
  const base = baseOfListenerKey(name)
  return brokerConfigKeys.get(base ?? name) ?? throttleKeys.get(name)
}

/** The plain key behind a `listener.name.` key, or undefined for a key without that prefix. */
export function baseOfListenerKey(name: string): string | undefined {
  const base = listenerPrefix.exec(name)?.[1]
  return base === undefined ? undefined : (mechanismKeys.find((key) => base.endsWith(key)) ?? base)
}
