/** The options of a producer, with Kafka's names and defaults. */
import type { Partitioner } from '../producer/partitioner.ts'
import { COMMON_FORMER_NAMES, COMMON_OPTIONS } from './common-options.ts'
import {
  boolean,
  type FormerNames,
  type FormerOptionsOf,
  integer,
  invalid,
  isFunction,
  isOption,
  type Option,
  type OptionsOf,
  oneOf,
  parseOptions,
  type SettingsOf,
  text,
} from './option.ts'
import { serializer } from './serializers.ts'

const acks: Option<'all' | '0' | '1' | '-1' | 0 | 1 | -1, number> = {
  parse: (given, name) => {
    const known = { all: -1, '-1': -1, '0': 0, '1': 1 }[String(given)]
    if (known === undefined) throw invalid(`${name} must be all, 1 or 0, not ${given}`)
    return known
  },
  fallback: -1,
}

export type PartitionerName = 'default' | 'sticky' | 'round-robin'
const PARTITIONER_NAMES: readonly PartitionerName[] = ['default', 'sticky', 'round-robin']
const PARTITIONER_CLASSES: Readonly<Record<string, PartitionerName>> = {
  'org.apache.kafka.clients.producer.internals.DefaultPartitioner': 'default',
  'org.apache.kafka.clients.producer.UniformStickyPartitioner': 'sticky',
  'org.apache.kafka.clients.producer.RoundRobinPartitioner': 'round-robin',
  'kafka.producer.DefaultPartitioner': 'default',
}
const partitioner: Option<Partitioner | PartitionerName | (string & {}), Partitioner | PartitionerName> = {
  parse: (given, name) => {
    if (typeof given !== 'string') {
      if (isFunction(given)) return given
    } else {
      const known = PARTITIONER_NAMES.find((each) => each === given) ?? PARTITIONER_CLASSES[given]
      if (known !== undefined) return known
    }
    throw invalid(
      `${name} must be a function or one of default, sticky, round-robin, not ${JSON.stringify(given)}`,
    )
  },
  fallback: 'default',
}

export const PRODUCER_OPTIONS = {
  ...COMMON_OPTIONS,
  acks,
  'batch.size': integer(16_384, { min: 0 }),
  'linger.ms': integer(0, { min: 0 }),
  'buffer.memory': integer(33_554_432, { min: 0 }),
  'max.block.ms': integer(60_000, { min: 0 }),
  'max.request.size': integer(1_048_576, { min: 0 }),
  'max.in.flight.requests.per.connection': integer(5, { min: 1 }),
  'delivery.timeout.ms': integer(120_000, { min: 0 }),
  retries: integer(2_147_483_647, { min: 0, max: 2_147_483_647 }),
  'compression.type': oneOf('none', ['none', 'gzip', 'snappy', 'lz4', 'zstd']),
  'compression.gzip.level': integer(-1, { min: -1, max: 9 }),
  'compression.lz4.level': integer(9, { min: 1, max: 17 }),
  'compression.zstd.level': integer(3, { min: -131_072, max: 22 }),
  'enable.idempotence': boolean(true),
  'transactional.id': text(undefined),
  'transaction.timeout.ms': integer(60_000, { min: 1 }),
  'partitioner.class': partitioner,
  'partitioner.ignore.keys': boolean(false),
  'key.serializer': serializer,
  'value.serializer': serializer,
}

/** Of Kafka 0.8's producer, and of Java's what means nothing here. */
const FORMER_NAMES = {
  ...COMMON_FORMER_NAMES,
  'request.required.acks': 'acks',
  'compression.codec': 'compression.type',
  'serializer.class': 'value.serializer',
  'key.serializer.class': 'key.serializer',
  'message.send.max.retries': 'retries',
  'queue.buffering.max.ms': 'linger.ms',
  'topic.metadata.refresh.interval.ms': 'metadata.max.age.ms',
  partitioner: 'partitioner.class',
  'producer.type': null,
  'zookeeper.connect': null,
  'batch.num.messages': null,
  'compressed.topics': null,
  'interceptor.classes': null,
  'partitioner.adaptive.partitioning.enable': null,
  'partitioner.availability.timeout.ms': null,
  'queue.buffering.max.messages': null,
  'queue.enqueue.timeout.ms': null,
} as const satisfies FormerNames

export type ProducerOptions = OptionsOf<typeof PRODUCER_OPTIONS> &
  FormerOptionsOf<typeof FORMER_NAMES, typeof PRODUCER_OPTIONS>
export type ProducerSettings = SettingsOf<typeof PRODUCER_OPTIONS>

/** Whether a producer has the option, by whichever of its names. */
export function isProducerOption(name: string): boolean {
  return isOption(PRODUCER_OPTIONS, FORMER_NAMES, name)
}

/** Where idempotence was not asked for by name it gives way to settings that it can't have, as in Kafka. Throws KafkaError. */
export function parseProducerOptions(options: ProducerOptions): ProducerSettings {
  const settings = parseOptions(PRODUCER_OPTIONS, FORMER_NAMES, options as Record<string, unknown>)
  if (isGiven(options, 'interceptor.classes', 'interceptorClasses')) {
    throw invalid('interceptor.classes are classes of Java: subscribe to sluice:client:produce instead')
  }
  const isAskedFor = 'enable.idempotence' in options || 'enableIdempotence' in options
  const conflict = conflictOf(settings)
  if (
    settings.lingerMs + settings.requestTimeoutMs > settings.deliveryTimeoutMs &&
    isGiven(options, 'delivery.timeout.ms', 'deliveryTimeoutMs')
  ) {
    throw invalid('delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms')
  }
  if (!settings.enableIdempotence || conflict !== undefined) {
    if (settings.transactionalId !== undefined) {
      throw invalid(conflict ?? 'Cannot set a transactional.id without also enabling idempotence.')
    }
    if (isAskedFor && settings.enableIdempotence) throw invalid(conflict!)
    return { ...settings, enableIdempotence: false }
  }
  return settings
}

function isGiven(options: object, ...names: string[]): boolean {
  return names.some((name) => name in options)
}

function conflictOf(settings: ProducerSettings): string | undefined {
  if (settings.acks !== -1)
    return 'Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.'
  if (settings.retries === 0) return 'Must set retries to non-zero when using the idempotent producer.'
  if (settings.maxInFlightRequestsPerConnection > 5) {
    return 'Must set max.in.flight.requests.per.connection to at most 5 to use the idempotent producer.'
  }
  return undefined
}
