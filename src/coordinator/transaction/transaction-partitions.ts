/** The partitions of a transaction: added before the producer writes to them, or looked for when it does (KIP-890). */
import type { TopicPartition } from '../../log/log-manager-options.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { ProducerIdentity } from '../runtime/coordinator-log.ts'
import { hasPartition, type TransactionMetadata, withPartitions } from './transaction-metadata.ts'
import { isPrepared } from './transaction-state.ts'
import { AS_ASKED, move, refuse, type Transaction, type Transition } from './transition.ts'

export interface PartitionsToAdd extends ProducerIdentity {
  readonly partitions: readonly TopicPartition[]
  /** 2: the broker that is written to asks, for a producer that leaves it to the brokers. */
  readonly clientTransactionVersion: number
  readonly nowMs: number
}

export function addPartitions(current: Transaction | undefined, add: PartitionsToAdd): Transition {
  const errorCode = mayWrite(current?.metadata, add)
  if (current === undefined || errorCode !== ErrorCode.NONE) return refuse(errorCode)
  const { metadata } = current
  const isOngoing = metadata.state === 'Ongoing'
  const { partitions } = metadata
  if (isOngoing && add.partitions.every((partition) => hasPartition(partitions, partition))) return AS_ASKED
  return move({
    ...metadata,
    state: 'Ongoing',
    partitions: withPartitions(partitions, add.partitions),
    startTimestampMs: isOngoing ? metadata.startTimestampMs : add.nowMs,
    lastUpdateTimestampMs: add.nowMs,
    clientTransactionVersion: add.clientTransactionVersion,
  })
}

/** An error code for each partition, in their order. */
export function verifyPartitions(
  current: Transaction | undefined,
  producer: ProducerIdentity,
  partitions: readonly TopicPartition[],
): number[] {
  const errorCode = mayWrite(current?.metadata, producer)
  if (current === undefined || errorCode !== ErrorCode.NONE) return partitions.map(() => errorCode)
  const known = current.metadata.partitions
  return partitions.map((partition) =>
    hasPartition(known, partition) ? ErrorCode.NONE : ErrorCode.TRANSACTION_ABORTABLE,
  )
}

function mayWrite(metadata: TransactionMetadata | undefined, producer: ProducerIdentity): number {
  if (metadata?.producerId !== producer.producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING
  if (metadata.producerEpoch !== producer.producerEpoch) return ErrorCode.PRODUCER_FENCED
  return isPrepared(metadata.state) ? ErrorCode.CONCURRENT_TRANSACTIONS : ErrorCode.NONE
}
