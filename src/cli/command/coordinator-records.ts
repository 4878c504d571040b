/** What the records of __consumer_offsets and __transaction_state are: a key's type is its version, and says what the value is. */
import { decode } from '../../protocol/codec.ts'
import * as consumer from '../../protocol/records/consumer-group-records.ts'
import * as classic from '../../protocol/records/group-records.ts'
import * as share from '../../protocol/records/share-group-records.ts'
import { TransactionLogKey, TransactionLogValue } from '../../protocol/records/transaction-records.ts'
import type { Message } from '../../protocol/schema.ts'
import { DecodeError, Reader } from '../../wire/reader.ts'

const VERSION_BYTES = 2

export interface RecordKind {
  readonly key: Message
  readonly value: Message
}

/** A payload behind its version. */
interface Versioned {
  readonly schema: Message
  readonly version: number
  readonly value: unknown
}

const OFFSET_KINDS: readonly RecordKind[] = [
  { key: classic.OffsetCommitKey, value: classic.OffsetCommitValue },
  { key: classic.GroupMetadataKey, value: classic.GroupMetadataValue },
  { key: consumer.ConsumerGroupMetadataKey, value: consumer.ConsumerGroupMetadataValue },
  { key: consumer.ConsumerGroupPartitionMetadataKey, value: consumer.ConsumerGroupPartitionMetadataValue },
  { key: consumer.ConsumerGroupMemberMetadataKey, value: consumer.ConsumerGroupMemberMetadataValue },
  {
    key: consumer.ConsumerGroupTargetAssignmentMetadataKey,
    value: consumer.ConsumerGroupTargetAssignmentMetadataValue,
  },
  {
    key: consumer.ConsumerGroupTargetAssignmentMemberKey,
    value: consumer.ConsumerGroupTargetAssignmentMemberValue,
  },
  {
    key: consumer.ConsumerGroupCurrentMemberAssignmentKey,
    value: consumer.ConsumerGroupCurrentMemberAssignmentValue,
  },
  { key: consumer.ConsumerGroupRegularExpressionKey, value: consumer.ConsumerGroupRegularExpressionValue },
  { key: share.ShareGroupPartitionMetadataKey, value: share.ShareGroupPartitionMetadataValue },
  { key: share.ShareGroupMemberMetadataKey, value: share.ShareGroupMemberMetadataValue },
  { key: share.ShareGroupMetadataKey, value: share.ShareGroupMetadataValue },
  { key: share.ShareGroupTargetAssignmentMetadataKey, value: share.ShareGroupTargetAssignmentMetadataValue },
  { key: share.ShareGroupTargetAssignmentMemberKey, value: share.ShareGroupTargetAssignmentMemberValue },
  { key: share.ShareGroupCurrentMemberAssignmentKey, value: share.ShareGroupCurrentMemberAssignmentValue },
  { key: share.ShareGroupStatePartitionMetadataKey, value: share.ShareGroupStatePartitionMetadataValue },
]

const TRANSACTION_KINDS: readonly RecordKind[] = [{ key: TransactionLogKey, value: TransactionLogValue }]

export type InternalTopic = 'offsets' | 'transactions'

/** Undefined: nobody knows a record of this type. */
export function recordKind(topic: InternalTopic, type: number): RecordKind | undefined {
  const kinds = topic === 'offsets' ? OFFSET_KINDS : TRANSACTION_KINDS
  return kinds.find(({ key }) => type >= key.minVersion && type <= key.maxVersion)
}

/** Throws DecodeError. */
export function versionOf(bytes: Buffer): number {
  if (bytes.length < VERSION_BYTES) throw new DecodeError(`a record of ${bytes.length} bytes has no version`)
  return bytes.readInt16BE()
}

/** Undefined: a version that nobody knows. Throws DecodeError. */
export function readVersioned(schema: Message, bytes: Buffer): Versioned | undefined {
  const version = versionOf(bytes)
  if (version < schema.minVersion || version > schema.maxVersion) return undefined
  return { schema, version, value: decode(schema, version, new Reader(bytes.subarray(VERSION_BYTES))) }
}
