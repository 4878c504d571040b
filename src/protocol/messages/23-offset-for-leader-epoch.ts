/**
 * OffsetForLeaderEpoch: where a leader epoch ends in the leader's log, for followers and consumers that look for
 * divergence (KIP-101, KIP-320). Epoch and offset of -1 say that the epoch is not known.
 * Versions: 1 leader epoch in the response; 2 current leader epoch; 3 replica id, -2 for debugging consumers; 4
 * flexible.
 * Errors by partition: UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, FENCED_LEADER_EPOCH,
 * UNKNOWN_LEADER_EPOCH.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, message, string, struct } from '../schema.ts'

export const OffsetForLeaderEpochRequest = message(
  'OffsetForLeaderEpochRequest',
  23,
  { versions: '0-4', flexible: '4+' },
  {
    /** -2: a debugging consumer, which is the default because old clients had no field for it. */
    replicaId: int32('3+', { default: -2, ignorable: true }),
    topics: array(
      struct({
        topic: string({ mapKey: true }),
        partitions: array(
          struct({
            partition: int32(),
            currentLeaderEpoch: int32('2+', { default: -1, ignorable: true }),
            leaderEpoch: int32(),
          }),
        ),
      }),
    ),
  },
)
export type OffsetForLeaderEpochRequest = Infer<typeof OffsetForLeaderEpochRequest>

export const OffsetForLeaderEpochResponse = message(
  'OffsetForLeaderEpochResponse',
  23,
  { versions: '0-4', flexible: '4+' },
  {
    throttleTimeMs: int32('2+', { ignorable: true }),
    topics: array(
      struct({
        topic: string({ mapKey: true }),
        partitions: array(
          struct({
            errorCode: int16(),
            partition: int32(),
            leaderEpoch: int32('1+', { default: -1, ignorable: true }),
            endOffset: int64({ default: -1 }),
          }),
        ),
      }),
    ),
  },
)
export type OffsetForLeaderEpochResponse = Infer<typeof OffsetForLeaderEpochResponse>
