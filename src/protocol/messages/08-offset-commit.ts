/**
 * OffsetCommit: stores a group's offsets. A generation of -1 with an empty member id comes from a consumer without
 * group management.
 * Versions: 1 generation and commit timestamp; 2 retention in place of the timestamp, until 4; 6 leader epoch of
 * the offset (KIP-320); 7 static members (KIP-345); 8 flexible; 9 allows members of the new protocol (KIP-848); 10
 * topic ids.
 * Errors: by partition OFFSET_METADATA_TOO_LARGE, ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS,
 * INVALID_COMMIT_OFFSET_SIZE, COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR,
 * FENCED_INSTANCE_ID, STALE_MEMBER_EPOCH, UNKNOWN_TOPIC_ID.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64Rounded, message, string, struct, uuid } from '../schema.ts'

export const OffsetCommitRequest = message(
  'OffsetCommitRequest',
  8,
  { versions: '0-10', flexible: '8+' },
  {
    groupId: string(),
    generationIdOrMemberEpoch: int32('1+', { default: -1, ignorable: true }),
    memberId: string('1+', { ignorable: true }),
    groupInstanceId: string('7+', { nullable: '7+', default: null }),
    /** -1: as the broker is configured. Any other value held only up to version 4. */
    retentionTimeMs: int64Rounded('2-4', { default: -1, ignorable: true }),
    topics: array(
      struct({
        name: string('0-9', { ignorable: true }),
        topicId: uuid('10+', { ignorable: true }),
        partitions: array(
          struct({
            partitionIndex: int32(),
            committedOffset: int64Rounded(),
            committedLeaderEpoch: int32('6+', { default: -1, ignorable: true }),
            commitTimestamp: int64Rounded('1', { default: -1 }),
            committedMetadata: string({ nullable: '0+' }),
          }),
        ),
      }),
    ),
  },
)
export type OffsetCommitRequest = Infer<typeof OffsetCommitRequest>

export const OffsetCommitResponse = message(
  'OffsetCommitResponse',
  8,
  { versions: '0-10', flexible: '8+' },
  {
    throttleTimeMs: int32('3+', { ignorable: true }),
    topics: array(
      struct({
        name: string('0-9', { ignorable: true }),
        topicId: uuid('10+', { ignorable: true }),
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
export type OffsetCommitResponse = Infer<typeof OffsetCommitResponse>
