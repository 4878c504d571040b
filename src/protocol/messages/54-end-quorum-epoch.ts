/**
 * EndQuorumEpoch: the leader of the metadata quorum steps down and names its preferred successors (KIP-595).
 * Version 1 names directories (KIP-853).
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, message, string, struct, uint16, uuid } from '../schema.ts'

export const EndQuorumEpochRequest = message(
  'EndQuorumEpochRequest',
  54,
  { versions: '0-1', flexible: '1+' },
  {
    clusterId: string({ nullable: '0+', default: null }),
    topics: array(
      struct({
        topicName: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            leaderId: int32(),
            leaderEpoch: int32(),
            preferredSuccessors: array(int32(), '0', { ignorable: true }),
            preferredCandidates: array(
              struct({
                candidateId: int32(),
                candidateDirectoryId: uuid(),
              }),
              '1+',
              { ignorable: true },
            ),
          }),
        ),
      }),
    ),
    leaderEndpoints: array(
      struct({
        name: string({ mapKey: true }),
        host: string(),
        port: uint16(),
      }),
      '1+',
      { ignorable: true },
    ),
  },
)
export type EndQuorumEpochRequest = Infer<typeof EndQuorumEpochRequest>

export const EndQuorumEpochResponse = message(
  'EndQuorumEpochResponse',
  54,
  { versions: '0-1', flexible: '1+' },
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
export type EndQuorumEpochResponse = Infer<typeof EndQuorumEpochResponse>
