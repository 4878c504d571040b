/**
 * DescribeQuorum: leader, voters and observers of the metadata quorum (KIP-595). Version 1 adds times of contact
 * (KIP-836), 2 directories and endpoints (KIP-853).
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, message, string, struct, uint16, uuid } from '../schema.ts'

const replicaState = {
  replicaId: int32(),
  replicaDirectoryId: uuid('2+'),
  logEndOffset: int64(),
  lastFetchTimestamp: int64('1+', { default: -1, ignorable: true }),
  lastCaughtUpTimestamp: int64('1+', { default: -1, ignorable: true }),
}

export const DescribeQuorumRequest = message(
  'DescribeQuorumRequest',
  55,
  { versions: '0-2', flexible: '0+' },
  {
    topics: array(
      struct({
        topicName: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
          }),
        ),
      }),
    ),
  },
)
export type DescribeQuorumRequest = Infer<typeof DescribeQuorumRequest>

export const DescribeQuorumResponse = message(
  'DescribeQuorumResponse',
  55,
  { versions: '0-2', flexible: '0+' },
  {
    errorCode: int16(),
    errorMessage: string('2+', { nullable: '2+', ignorable: true }),
    topics: array(
      struct({
        topicName: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            errorMessage: string('2+', { nullable: '2+', ignorable: true }),
            leaderId: int32(),
            leaderEpoch: int32(),
            highWatermark: int64(),
            currentVoters: array(struct(replicaState)),
            observers: array(struct(replicaState)),
          }),
        ),
      }),
    ),
    nodes: array(
      struct({
        nodeId: int32({ mapKey: true }),
        listeners: array(
          struct({
            name: string({ mapKey: true }),
            host: string(),
            port: uint16(),
          }),
        ),
      }),
      '2+',
    ),
  },
)
export type DescribeQuorumResponse = Infer<typeof DescribeQuorumResponse>
