/** What administrators see of transactions: DescribeTransactions and ListTransactions (KIP-664, KIP-994). */
import type { TopicPartition } from '../../log/log-manager-options.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { NO_PARTITIONS, type TransactionMetadata, withPartitions } from './transaction-metadata.ts'
import { isStateName } from './transaction-state.ts'

export interface TransactionDescription {
  readonly errorCode: number
  readonly transactionalId: string
  readonly transactionState: string
  readonly transactionTimeoutMs: number
  readonly transactionStartTimeMs: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
}

/** What is empty filters nothing. */
export interface TransactionFilter {
  readonly stateNames: readonly string[]
  readonly producerIds: readonly number[]
  /** Only those that were started longer ago than this; negative: all. */
  readonly durationMs: number
}

export interface TransactionListing {
  readonly errorCode: number
  readonly unknownStateNames: readonly string[]
  readonly transactions: readonly TransactionMetadata[]
}

/** `remaining`: of an end under way, the partitions that wait for their markers. */
export function describeTransaction(
  transactionalId: string,
  metadata: TransactionMetadata | undefined,
  remaining: readonly TopicPartition[] | undefined,
): TransactionDescription {
  if (metadata === undefined) return undescribed(transactionalId, ErrorCode.TRANSACTIONAL_ID_NOT_FOUND)
  const topics = remaining === undefined ? metadata.partitions : withPartitions(NO_PARTITIONS, remaining)
  return {
    errorCode: ErrorCode.NONE,
    transactionalId,
    transactionState: metadata.state,
    transactionTimeoutMs: metadata.timeoutMs,
    transactionStartTimeMs: metadata.startTimestampMs,
    producerId: metadata.producerId,
    producerEpoch: metadata.producerEpoch,
    topics: [...topics].map(([topic, partitions]) => ({ topic, partitions: [...partitions] })),
  }
}

export function undescribed(transactionalId: string, errorCode: number): TransactionDescription {
  return {
    errorCode,
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0,
    producerId: 0,
    producerEpoch: 0,
    topics: [],
  }
}

export function unknownStateNames({ stateNames }: TransactionFilter): string[] {
  return stateNames.filter((name) => !isStateName(name))
}

export function isListed(metadata: TransactionMetadata, filter: TransactionFilter, nowMs: number): boolean {
  const { stateNames, producerIds, durationMs } = filter
  if (producerIds.length > 0 && !producerIds.includes(metadata.producerId)) return false
  if (stateNames.length > 0 && !stateNames.includes(metadata.state)) return false
  // What was never started has a start of -1, and counts as very old.
  return durationMs < 0 || nowMs - metadata.startTimestampMs > durationMs
}
