/**
 * FetchSnapshot: reads a part of a metadata snapshot (KIP-630). Version 1 names the replica's directory (KIP-853).
 * Errors by partition: SNAPSHOT_NOT_FOUND, POSITION_OUT_OF_RANGE, FENCED_LEADER_EPOCH, NOT_LEADER_OR_FOLLOWER.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, message, records, string, struct, uint16, uuid } from '../schema.ts'

export const FetchSnapshotRequest = message(
  'FetchSnapshotRequest',
  59,
  { versions: '0-1', flexible: '0+' },
  {
    clusterId: string({ nullable: '0+', default: null, tag: 0, tagged: '0+' }),
    replicaId: int32({ default: -1 }),
    maxBytes: int32({ default: 0x7fffffff }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partition: int32(),
            currentLeaderEpoch: int32(),
            snapshotId: struct({
              endOffset: int64(),
              epoch: int32(),
            }),
            position: int64(),
            replicaDirectoryId: uuid('1+', { tag: 0, tagged: '1+', ignorable: true }),
          }),
        ),
      }),
    ),
  },
)
export type FetchSnapshotRequest = Infer<typeof FetchSnapshotRequest>

export const FetchSnapshotResponse = message(
  'FetchSnapshotResponse',
  59,
  { versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32({ ignorable: true }),
    errorCode: int16(),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            index: int32(),
            errorCode: int16(),
            snapshotId: struct({
              endOffset: int64(),
              epoch: int32(),
            }),
            currentLeader: struct(
              {
                leaderId: int32(),
                leaderEpoch: int32(),
              },
              { tag: 0, tagged: '0+' },
            ),
            size: int64(),
            position: int64(),
            unalignedRecords: records(),
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
export type FetchSnapshotResponse = Infer<typeof FetchSnapshotResponse>
