/**
 * TxnOffsetCommit: stores offsets that become visible when the transaction commits. Version 2 adds leader epochs,
 * 3 the member's identity and is flexible (KIP-447); 5 adds the group to the transaction without AddOffsetsToTxn
 * (KIP-890).
 * Errors by partition: those of OffsetCommit, and INVALID_PRODUCER_EPOCH, TRANSACTION_ABORTABLE.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, int64Rounded, message, string, struct } from '../schema.ts'

export const TxnOffsetCommitRequest = message(
  'TxnOffsetCommitRequest',
  28,
  { versions: '0-5', flexible: '3+' },
  {
    transactionalId: string(),
    groupId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    generationId: int32('3+', { default: -1 }),
    memberId: string('3+'),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            committedOffset: int64Rounded(),
            committedLeaderEpoch: int32('2+', { default: -1, ignorable: true }),
            committedMetadata: string({ nullable: '0+' }),
          }),
        ),
      }),
    ),
  },
)
export type TxnOffsetCommitRequest = Infer<typeof TxnOffsetCommitRequest>

export const TxnOffsetCommitResponse = message(
  'TxnOffsetCommitResponse',
  28,
  { versions: '0-5', flexible: '3+' },
  {
    throttleTimeMs: int32(),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
          }),
        ),
      }),
    ),
  },
)
export type TxnOffsetCommitResponse = Infer<typeof TxnOffsetCommitResponse>
