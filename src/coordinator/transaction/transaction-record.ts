/**
 * The records of __transaction_state. A value is written in version 0, which every broker since 0.11 reads, unless it
 * holds something that only version 1 can say: what transaction version 2 added (KIP-890).
 */
import { TransactionLogKey, TransactionLogValue } from '../../protocol/records/transaction-records.ts'
import { DecodeError } from '../../wire/reader.ts'
import { type CoordinatorRecord, decodeVersioned, encodeVersioned } from '../runtime/coordinator-record.ts'
import {
  NO_PARTITIONS,
  NO_PRODUCER_ID,
  type TransactionMetadata,
  type TransactionPartitions,
} from './transaction-metadata.ts'
import { stateId, stateOfId } from './transaction-state.ts'

const KEY_VERSION = 0

export function transactionRecord(metadata: TransactionMetadata): CoordinatorRecord {
  const { state, previousProducerId, nextProducerId, clientTransactionVersion } = metadata
  const needsTags =
    previousProducerId !== NO_PRODUCER_ID ||
    nextProducerId !== NO_PRODUCER_ID ||
    clientTransactionVersion !== 0
  return {
    key: keyOf(metadata.transactionalId),
    value: encodeVersioned(TransactionLogValue, needsTags ? 1 : 0, {
      producerId: metadata.producerId,
      previousProducerId,
      nextProducerId,
      producerEpoch: metadata.producerEpoch,
      transactionTimeoutMs: metadata.timeoutMs,
      transactionStatus: stateId(state),
      transactionPartitions:
        state === 'Empty'
          ? null
          : [...metadata.partitions].map(([topic, partitions]) => ({ topic, partitionIds: [...partitions] })),
      transactionLastUpdateTimestampMs: metadata.lastUpdateTimestampMs,
      transactionStartTimestampMs: metadata.startTimestampMs,
      clientTransactionVersion,
    }),
  }
}

/** Takes the transactional id away. */
export function transactionTombstone(transactionalId: string): CoordinatorRecord {
  return { key: keyOf(transactionalId), value: null }
}

/** Without metadata: a tombstone. Throws DecodeError. */
export function readTransactionRecord(record: CoordinatorRecord): {
  transactionalId: string
  metadata: TransactionMetadata | undefined
} {
  const { transactionalId } = decodeVersioned(TransactionLogKey, record.key)
  if (record.value === null) return { transactionalId, metadata: undefined }
  const value = decodeVersioned(TransactionLogValue, record.value)
  const state = stateOfId(value.transactionStatus)
  if (state === undefined) throw new DecodeError(`a transaction has no state ${value.transactionStatus}`)
  const metadata: TransactionMetadata = {
    transactionalId,
    producerId: value.producerId,
    producerEpoch: value.producerEpoch,
    state,
    previousProducerId: value.previousProducerId,
    nextProducerId: value.nextProducerId,
    timeoutMs: value.transactionTimeoutMs,
    partitions: partitionsOf(value.transactionPartitions),
    startTimestampMs: value.transactionStartTimestampMs,
    lastUpdateTimestampMs: value.transactionLastUpdateTimestampMs,
    clientTransactionVersion: value.clientTransactionVersion,
  }
  return { transactionalId, metadata }
}

function keyOf(transactionalId: string): Buffer {
  return encodeVersioned(TransactionLogKey, KEY_VERSION, { transactionalId })
}

function partitionsOf(topics: TransactionLogValue['transactionPartitions']): TransactionPartitions {
  if (topics === null || topics.length === 0) return NO_PARTITIONS
  return new Map(topics.map(({ topic, partitionIds }) => [topic, new Set(partitionIds)]))
}
