/**
 * BeginQuorumEpoch: the new leader of the metadata quorum announces itself (KIP-595). Version 1 names endpoints
 * and directories (KIP-853).
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, message, string, struct, uint16, uuid } from '../schema.ts'

export const BeginQuorumEpochRequest = message(
  'BeginQuorumEpochRequest',
  53,
  { versions: '0-1', flexible: '1+' },
  {
    clusterId: string({ nullable: '0+', default: null }),
    voterId: int32('1+', { default: -1, ignorable: true }),
    topics: array(
      struct({
        topicName: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            voterDirectoryId: uuid('1+', { ignorable: true }),
            leaderId: int32(),
            leaderEpoch: int32(),
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
export type BeginQuorumEpochRequest = Infer<typeof BeginQuorumEpochRequest>

export const BeginQuorumEpochResponse = message(
  'BeginQuorumEpochResponse',
  53,
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
export type BeginQuorumEpochResponse = Infer<typeof BeginQuorumEpochResponse>
