/**
 * Vote: a candidate of the metadata quorum asks for a vote (KIP-595). Version 1 names voters by directory
 * (KIP-853).
 * Errors: INCONSISTENT_CLUSTER_ID; by partition FENCED_LEADER_EPOCH, INCONSISTENT_VOTER_SET, INVALID_VOTER_KEY.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int16, int32, int64, message, string, struct, uint16, uuid } from '../schema.ts'

export const VoteRequest = message(
  'VoteRequest',
  52,
  { versions: '0-1', flexible: '0+' },
  {
    clusterId: string({ nullable: '0+', default: null }),
    voterId: int32('1+', { default: -1, ignorable: true }),
    topics: array(
      struct({
        topicName: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            candidateEpoch: int32(),
            candidateId: int32(),
            candidateDirectoryId: uuid('1+', { ignorable: true }),
            voterDirectoryId: uuid('1+', { ignorable: true }),
            lastOffsetEpoch: int32(),
            lastOffset: int64(),
          }),
        ),
      }),
    ),
  },
)
export type VoteRequest = Infer<typeof VoteRequest>

export const VoteResponse = message(
  'VoteResponse',
  52,
  { versions: '0-1', flexible: '0+' },
  {
    errorCode: int16(),
    topics: array(
      struct({
        topicName: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            leaderId: int32(),
            leaderEpoch: int32(),
            voteGranted: bool(),
          }),
        ),
      }),
    ),
    nodeEndpoints: array(
      struct({
        nodeId: int32({ mapKey: true }),
        host: string(),
        port: uint16(),
      }),
      '1+',
      { tag: 0, tagged: '1+' },
    ),
  },
)
export type VoteResponse = Infer<typeof VoteResponse>
