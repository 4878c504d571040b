/** The options of a consumer, with Kafka's names and defaults. */
import type { PartitionAssignor } from '../consumer/assignors/assignor.ts'
import { COMMON_FORMER_NAMES, COMMON_OPTIONS } from './common-options.ts'
import { parseIsoDuration } from './iso-duration.ts'
import {
  boolean,
  type FormerNames,
  type FormerOptionsOf,
  integer,
  invalid,
  isObject,
  isOption,
  type Option,
  type OptionsOf,
  oneOf,
  parseOptions,
  type SettingsOf,
  text,
} from './option.ts'
import { deserializer } from './serializers.ts'

/** Where to begin in a partition that has no offset, or one that is gone; `durationMs`: that long before now. */
export type OffsetReset =
  | { readonly to: 'earliest' | 'latest' | 'none' }
  | { readonly to: 'by_duration'; readonly durationMs: number }

export type AutoOffsetReset =
  | 'earliest'
  | 'latest'
  | 'none'
  | 'smallest'
  | 'largest'
  | `by_duration:${string}`

const DURATION = 'by_duration:'
const autoOffsetReset: Option<AutoOffsetReset, OffsetReset> = {
  parse: (given, name) => {
    if (given === 'earliest' || given === 'smallest') return { to: 'earliest' }
    if (given === 'latest' || given === 'largest') return { to: 'latest' }
    if (given === 'none') return { to: 'none' }
    if (typeof given === 'string' && given.startsWith(DURATION)) {
      return { to: 'by_duration', durationMs: parseIsoDuration(given.slice(DURATION.length), name) }
    }
    throw invalid(
      `${name} must be one of earliest, latest, none, by_duration:<duration>, not ${JSON.stringify(given)}`,
    )
  },
  fallback: { to: 'latest' },
}

export type AssignorName = 'range' | 'roundrobin' | 'sticky' | 'cooperative-sticky'
const ASSIGNOR_CLASSES: Readonly<Record<string, AssignorName>> = {
  'org.apache.kafka.clients.consumer.RangeAssignor': 'range',
  'org.apache.kafka.clients.consumer.RoundRobinAssignor': 'roundrobin',
  'org.apache.kafka.clients.consumer.StickyAssignor': 'sticky',
  'org.apache.kafka.clients.consumer.CooperativeStickyAssignor': 'cooperative-sticky',
}
const ASSIGNOR_NAMES: readonly AssignorName[] = ['range', 'roundrobin', 'sticky', 'cooperative-sticky']
type AssignorInput = AssignorName | PartitionAssignor | (string & {})

const assignors: Option<
  AssignorInput | readonly AssignorInput[],
  readonly (AssignorName | PartitionAssignor)[]
> = {
  parse: (given, name) => {
    const each = Array.isArray(given) ? (given as readonly AssignorInput[]) : [given as AssignorInput]
    const all = each.flatMap((one): AssignorInput[] => (typeof one === 'string' ? one.split(',') : [one]))
    if (all.length === 0) throw invalid(`${name} names no assignor`)
    return all.map((one) => parseAssignor(one, name))
  },
  fallback: ['range', 'cooperative-sticky'],
}

export const CONSUMER_OPTIONS = {
  ...COMMON_OPTIONS,
  'group.id': text(undefined),
  'group.instance.id': text(undefined),
  'group.protocol': oneOf('classic', ['classic', 'consumer'], { CLASSIC: 'classic', CONSUMER: 'consumer' }),
  'group.remote.assignor': text(undefined),
  'partition.assignment.strategy': assignors,
  'session.timeout.ms': integer(45_000, { min: 1 }),
  'heartbeat.interval.ms': integer(3000, { min: 1 }),
  'max.poll.interval.ms': integer(300_000, { min: 1 }),
  'max.poll.records': integer(500, { min: 1 }),
  'auto.offset.reset': autoOffsetReset,
  'enable.auto.commit': boolean(true),
  'auto.commit.interval.ms': integer(5000, { min: 0 }),
  'isolation.level': oneOf('read_uncommitted', ['read_uncommitted', 'read_committed']),
  'check.crcs': boolean(true),
  'fetch.min.bytes': integer(1, { min: 0 }),
  'fetch.max.bytes': integer(52_428_800, { min: 0 }),
  'fetch.max.wait.ms': integer(500, { min: 0 }),
  'max.partition.fetch.bytes': integer(1_048_576, { min: 0 }),
  'client.rack': text(''),
  'default.api.timeout.ms': integer(60_000, { min: 0 }),
  'allow.auto.create.topics': boolean(true),
  'exclude.internal.topics': boolean(true),
  'key.deserializer': deserializer,
  'value.deserializer': deserializer,
}

/** Of Kafka 0.8's consumers, and of Java's what means nothing here. */
const FORMER_NAMES = {
  ...COMMON_FORMER_NAMES,
  'auto.commit.enable': 'enable.auto.commit',
  'fetch.message.max.bytes': 'max.partition.fetch.bytes',
  'fetch.wait.max.ms': 'fetch.max.wait.ms',
  'socket.timeout.ms': 'request.timeout.ms',
  'interceptor.classes': null,
  'zookeeper.connect': null,
  'consumer.id': null,
  'consumer.timeout.ms': null,
  'num.consumer.fetchers': null,
  'queued.max.message.chunks': null,
  'rebalance.max.retries': null,
  'rebalance.backoff.ms': null,
  'refresh.leader.backoff.ms': null,
  'socket.receive.buffer.bytes': null,
  'offsets.storage': null,
  'offsets.channel.backoff.ms': null,
  'offsets.channel.socket.timeout.ms': null,
  'offsets.commit.max.retries': null,
  'dual.commit.enabled': null,
} as const satisfies FormerNames

export type ConsumerOptions = OptionsOf<typeof CONSUMER_OPTIONS> &
  FormerOptionsOf<typeof FORMER_NAMES, typeof CONSUMER_OPTIONS>
export type ConsumerSettings = SettingsOf<typeof CONSUMER_OPTIONS>

/** Whether a consumer has the option, by whichever of its names. */
export function isConsumerOption(name: string): boolean {
  return isOption(CONSUMER_OPTIONS, FORMER_NAMES, name)
}

/** Throws KafkaError. */
export function parseConsumerOptions(options: ConsumerOptions): ConsumerSettings {
  const settings = parseOptions(CONSUMER_OPTIONS, FORMER_NAMES, options as Record<string, unknown>)
  if (isGiven(options, 'zookeeper.connect', 'zookeeperConnect') && settings.bootstrapServers.length === 0) {
    throw invalid(
      'consumers ask the brokers, not ZooKeeper: give bootstrap.servers in place of zookeeper.connect',
    )
  }
  if (isGiven(options, 'interceptor.classes', 'interceptorClasses')) {
    throw invalid('interceptor.classes are classes of Java: subscribe to sluice:client:consume instead')
  }
  if (settings.groupId === '') throw invalid('group.id must not be empty')
  if (settings.groupInstanceId === '') throw invalid('group.instance.id must not be empty')
  if (settings.groupProtocol === 'consumer') refuseClassicOptions(options)
  else if (settings.heartbeatIntervalMs >= settings.sessionTimeoutMs) {
    throw invalid('heartbeat.interval.ms must be lower than session.timeout.ms')
  }
  if (settings.groupId !== undefined) return settings
  if (isAutoCommitAskedFor(options) && settings.enableAutoCommit) {
    throw invalid('enable.auto.commit cannot be set to true when default group id (null) is used.')
  }
  return { ...settings, enableAutoCommit: false }
}

/** What the broker decides in the new protocol (KIP-848). */
function refuseClassicOptions(options: ConsumerOptions): void {
  const names: [string, string][] = [
    ['partition.assignment.strategy', 'partitionAssignmentStrategy'],
    ['session.timeout.ms', 'sessionTimeoutMs'],
    ['heartbeat.interval.ms', 'heartbeatIntervalMs'],
  ]
  for (const [name, camelCase] of names) {
    if (isGiven(options, name, camelCase)) {
      throw invalid(`${name} cannot be set when group.protocol=CONSUMER`)
    }
  }
}

function isAutoCommitAskedFor(options: ConsumerOptions): boolean {
  return isGiven(options, 'enable.auto.commit', 'enableAutoCommit', 'auto.commit.enable', 'autoCommitEnable')
}

function isGiven(options: ConsumerOptions, ...names: string[]): boolean {
  const given = options as Readonly<Record<string, unknown>>
  return names.some((name) => given[name] !== undefined)
}

function parseAssignor(given: AssignorInput, name: string): AssignorName | PartitionAssignor {
  if (isObject(given)) {
    const own = given as PartitionAssignor
    if (typeof own.name === 'string' && typeof own.assign === 'function') return own
  }
  const wanted = typeof given === 'string' ? given.trim() : ''
  const known = ASSIGNOR_NAMES.find((each) => each === wanted) ?? ASSIGNOR_CLASSES[wanted]
  if (known !== undefined) return known
  throw invalid(`${name} must be of ${ASSIGNOR_NAMES.join(', ')}, or an object with name and assign`)
}
