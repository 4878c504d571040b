/**
 * ListOffsets: finds offsets by timestamp, or the ends of a partition by special timestamps: -1 latest, -2
 * earliest, -3 the record with the largest timestamp (version 7), -4 earliest local (8), -5 latest tiered (9), -6
 * earliest not yet tiered (11).
 * Version 0 asks for a number of segment base offsets and gets a list; from 1 on it is one offset and its
 * timestamp (KIP-79). 2 isolation level, 4 leader epochs (KIP-320), 6 flexible, 10 a timeout for lookups in tiered
 * storage (KIP-1075).
 * Errors by partition: UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, FENCED_LEADER_EPOCH,
 * UNKNOWN_LEADER_EPOCH, OFFSET_NOT_AVAILABLE, UNSUPPORTED_FOR_MESSAGE_FORMAT. Nothing found is no error: offset
 * and timestamp are -1.
 */
import type { Infer } from '../schema.ts'
import { array, int8, int16, int32, int64, int64Rounded, message, string, struct } from '../schema.ts'

export const ListOffsetsRequest = message(
  'ListOffsetsRequest',
  2,
  { versions: '0-11', flexible: '6+' },
  {
    replicaId: int32(),
    isolationLevel: int8('2+'),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            currentLeaderEpoch: int32('4+', { default: -1, ignorable: true }),
            /** Record timestamps may be in any unit: the full range is legal. */
            timestamp: int64Rounded(),
            maxNumOffsets: int32('0', { default: 1 }),
          }),
        ),
      }),
    ),
    timeoutMs: int32('10+', { ignorable: true }),
  },
)
export type ListOffsetsRequest = Infer<typeof ListOffsetsRequest>

export const ListOffsetsResponse = message(
  'ListOffsetsResponse',
  2,
  { versions: '0-11', flexible: '6+' },
  {
    throttleTimeMs: int32('2+', { ignorable: true }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            oldStyleOffsets: array(int64(), '0'),
            timestamp: int64Rounded('1+', { default: -1 }),
            offset: int64('1+', { default: -1 }),
            leaderEpoch: int32('4+', { default: -1 }),
          }),
        ),
      }),
    ),
  },
)
export type ListOffsetsResponse = Infer<typeof ListOffsetsResponse>
