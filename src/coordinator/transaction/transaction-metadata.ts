/**
 * What the coordinator knows of a transactional id, as one record of __transaction_state says it. Values never change;
 * a transition makes a new one.
 */
import type { TopicPartition } from '../../log/log-manager-options.ts'
import type { ProducerIdentity } from '../runtime/coordinator-log.ts'
import type { TransactionState } from './transaction-state.ts'

export const NO_PRODUCER_ID = -1
/**
 * A producer never gets a higher epoch than the one before the highest, so there is always one left to fence it with.
 */
export const PRODUCER_EPOCH_MAX = 32_767

/** By topic. */
export type TransactionPartitions = ReadonlyMap<string, ReadonlySet<number>>

export const NO_PARTITIONS: TransactionPartitions = new Map()

export interface TransactionMetadata extends ProducerIdentity {
  readonly transactionalId: string
  readonly state: TransactionState
  /** The producer id before this one, which was used up; NO_PRODUCER_ID: there was none. */
  readonly previousProducerId: number
  /** The producer id that takes over once the markers are written; NO_PRODUCER_ID: it stays. */
  readonly nextProducerId: number
  readonly timeoutMs: number
  readonly partitions: TransactionPartitions
  /** -1: none was started under this epoch. */
  readonly startTimestampMs: number
  readonly lastUpdateTimestampMs: number
  /** 2: the producer gets a new epoch with the end of each transaction (KIP-890); 0: an older one. */
  readonly clientTransactionVersion: number
}

/** From here on a producer needs a new id to go on. */
export function isEpochExhausted(producerEpoch: number): boolean {
  return producerEpoch >= PRODUCER_EPOCH_MAX - 1
}

export function isSameProducer(one: ProducerIdentity, other: ProducerIdentity): boolean {
  return one.producerId === other.producerId && one.producerEpoch === other.producerEpoch
}

export function hasPartition(
  partitions: TransactionPartitions,
  { topic, partition }: TopicPartition,
): boolean {
  return partitions.get(topic)?.has(partition) ?? false
}

export function withPartitions(
  partitions: TransactionPartitions,
  added: readonly TopicPartition[],
): TransactionPartitions {
  const all = new Map<string, Set<number>>()
  for (const [topic, numbers] of partitions) all.set(topic, new Set(numbers))
  for (const { topic, partition } of added) {
    const numbers = all.get(topic)
    if (numbers === undefined) all.set(topic, new Set([partition]))
    else numbers.add(partition)
  }
  return all
}

export function partitionList(partitions: TransactionPartitions): TopicPartition[] {
  return [...partitions].flatMap(([topic, numbers]) =>
    [...numbers].map((partition) => ({ topic, partition })),
  )
}
