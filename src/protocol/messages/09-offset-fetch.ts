/**
 * OffsetFetch: reads a group's committed offsets; from version 2 on null topics ask for all of them, from 8 on the
 * request names several groups (KIP-709). An offset of -1 says that nothing is committed.
 * Versions: 2 an error for the whole; 5 leader epoch; 6 flexible; 7 requireStable, which waits out open
 * transactions (KIP-447); 9 member epoch (KIP-848); 10 topic ids.
 * Errors: COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR, GROUP_AUTHORIZATION_FAILED,
 * UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH; by partition UNSTABLE_OFFSET_COMMIT.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int16, int32, int64Rounded, message, string, struct, uuid } from '../schema.ts'

export const OffsetFetchRequest = message(
  'OffsetFetchRequest',
  9,
  { versions: '0-10', flexible: '6+' },
  {
    groupId: string('0-7'),
    topics: array(
      struct({
        name: string(),
        partitionIndexes: array(int32()),
      }),
      '0-7',
      { nullable: '2-7' },
    ),
    groups: array(
      struct({
        groupId: string(),
        memberId: string('9+', { nullable: '9+', default: null, ignorable: true }),
        memberEpoch: int32('9+', { default: -1, ignorable: true }),
        topics: array(
          struct({
            name: string('8-9', { ignorable: true }),
            topicId: uuid('10+', { ignorable: true }),
            partitionIndexes: array(int32()),
          }),
          { nullable: '8+' },
        ),
      }),
      '8+',
    ),
    requireStable: bool('7+'),
  },
)
export type OffsetFetchRequest = Infer<typeof OffsetFetchRequest>

export const OffsetFetchResponse = message(
  'OffsetFetchResponse',
  9,
  { versions: '0-10', flexible: '6+' },
  {
    throttleTimeMs: int32('3+', { ignorable: true }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            committedOffset: int64Rounded(),
            committedLeaderEpoch: int32('5-7', { default: -1, ignorable: true }),
            metadata: string({ nullable: '0-7' }),
            errorCode: int16(),
          }),
        ),
      }),
      '0-7',
    ),
    errorCode: int16('2-7', { ignorable: true }),
    groups: array(
      struct({
        groupId: string(),
        topics: array(
          struct({
            name: string('8-9', { ignorable: true }),
            topicId: uuid('10+', { ignorable: true }),
            partitions: array(
              struct({
                partitionIndex: int32(),
                committedOffset: int64Rounded(),
                committedLeaderEpoch: int32({ default: -1, ignorable: true }),
                metadata: string({ nullable: '8+' }),
                errorCode: int16(),
              }),
            ),
          }),
        ),
        errorCode: int16(),
      }),
      '8+',
    ),
  },
)
export type OffsetFetchResponse = Infer<typeof OffsetFetchResponse>
