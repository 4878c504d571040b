/**
 * Records of the topic that holds the metadata of tiered storage (KIP-405).
 */
import type { Infer } from '../schema.ts'
import { array, bytes, int8, int32, int64, message, string, struct, uuid } from '../schema.ts'

export const RemoteLogSegmentMetadataRecord = message(
  'RemoteLogSegmentMetadataRecord',
  0,
  { versions: '0', flexible: '0+' },
  {
    remoteLogSegmentId: struct({
      topicIdPartition: struct({
        name: string(),
        id: uuid(),
        partition: int32(),
      }),
      id: uuid(),
    }),
    startOffset: int64(),
    endOffset: int64(),
    brokerId: int32(),
    maxTimestampMs: int64(),
    eventTimestampMs: int64(),
    segmentLeaderEpochs: array(
      struct({
        leaderEpoch: int32(),
        offset: int64(),
      }),
    ),
    segmentSizeInBytes: int32(),
    customMetadata: bytes({ nullable: '0+', default: null }),
    remoteLogSegmentState: int8(),
  },
)
export type RemoteLogSegmentMetadataRecord = Infer<typeof RemoteLogSegmentMetadataRecord>

export const RemoteLogSegmentMetadataUpdateRecord = message(
  'RemoteLogSegmentMetadataUpdateRecord',
  1,
  { versions: '0', flexible: '0+' },
  {
    remoteLogSegmentId: struct({
      topicIdPartition: struct({
        name: string(),
        id: uuid(),
        partition: int32(),
      }),
      id: uuid(),
    }),
    brokerId: int32(),
    eventTimestampMs: int64(),
    customMetadata: bytes({ nullable: '0+', default: null }),
    remoteLogSegmentState: int8(),
  },
)
export type RemoteLogSegmentMetadataUpdateRecord = Infer<typeof RemoteLogSegmentMetadataUpdateRecord>

export const RemotePartitionDeleteMetadataRecord = message(
  'RemotePartitionDeleteMetadataRecord',
  2,
  { versions: '0', flexible: '0+' },
  {
    topicIdPartition: struct({
      name: string(),
      id: uuid(),
      partition: int32(),
    }),
    brokerId: int32(),
    eventTimestampMs: int64(),
    remotePartitionDeleteState: int8(),
  },
)
export type RemotePartitionDeleteMetadataRecord = Infer<typeof RemotePartitionDeleteMetadataRecord>

export const RemoteLogSegmentMetadataSnapshotRecord = message(
  'RemoteLogSegmentMetadataSnapshotRecord',
  3,
  { versions: '0', flexible: '0+' },
  {
    segmentId: uuid(),
    startOffset: int64(),
    endOffset: int64(),
    brokerId: int32(),
    maxTimestampMs: int64(),
    eventTimestampMs: int64(),
    segmentLeaderEpochs: array(
      struct({
        leaderEpoch: int32(),
        offset: int64(),
      }),
    ),
    segmentSizeInBytes: int32(),
    customMetadata: bytes({ nullable: '0+', default: null }),
    remoteLogSegmentState: int8(),
  },
)
export type RemoteLogSegmentMetadataSnapshotRecord = Infer<typeof RemoteLogSegmentMetadataSnapshotRecord>
