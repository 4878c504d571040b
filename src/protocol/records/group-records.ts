/**
 * Keys and values of __consumer_offsets for the classic group protocol. A key begins with an int16 which is both
 * its type and its version: 0 and 1 offsets, 2 group metadata. A null value deletes what stands under the key.
 */
import type { Infer } from '../schema.ts'
import { array, bytes, int32, int64, int64Rounded, payload, string, struct } from '../schema.ts'

const memberMetadata = {
  memberId: string(),
  groupInstanceId: string('3+', { nullable: '3+', default: null, ignorable: true }),
  clientId: string(),
  clientHost: string(),
  rebalanceTimeout: int32('1+', { default: -1, ignorable: true }),
  sessionTimeout: int32(),
  subscription: bytes(),
  assignment: bytes(),
}

export const GroupMetadataKey = payload(
  'GroupMetadataKey',
  { versions: '2', flexible: 'none' },
  {
    group: string('2'),
  },
)
export type GroupMetadataKey = Infer<typeof GroupMetadataKey>

export const GroupMetadataValue = payload(
  'GroupMetadataValue',
  { versions: '0-4', flexible: '4+' },
  {
    protocolType: string(),
    generation: int32(),
    protocol: string({ nullable: '0+' }),
    leader: string({ nullable: '0+' }),
    currentStateTimestamp: int64('2+', { default: -1, ignorable: true }),
    members: array(struct(memberMetadata)),
  },
)
export type GroupMetadataValue = Infer<typeof GroupMetadataValue>

export const OffsetCommitKey = payload(
  'OffsetCommitKey',
  { versions: '0-1', flexible: 'none' },
  {
    group: string('0-1'),
    topic: string('0-1'),
    partition: int32('0-1'),
  },
)
export type OffsetCommitKey = Infer<typeof OffsetCommitKey>

export const OffsetCommitValue = payload(
  'OffsetCommitValue',
  { versions: '0-4', flexible: '4+' },
  {
    offset: int64Rounded(),
    leaderEpoch: int32('3+', { default: -1, ignorable: true }),
    metadata: string(),
    commitTimestamp: int64Rounded(),
    expireTimestamp: int64Rounded('1', { default: -1, ignorable: true }),
  },
)
export type OffsetCommitValue = Infer<typeof OffsetCommitValue>
