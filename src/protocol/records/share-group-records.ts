/**
 * Keys and values of __consumer_offsets for share groups (KIP-932). A key begins with an int16 which is both its
 * type and its version; a null value deletes what stands under the key.
 */
import type { Infer } from '../schema.ts'
import { array, int8, int32, payload, string, struct, uuid } from '../schema.ts'

const topicPartitions = {
  topicId: uuid(),
  partitions: array(int32()),
}

const topicPartitionsInfo = {
  topicId: uuid(),
  topicName: string(),
  partitions: array(int32()),
}

const topicInfo = {
  topicId: uuid(),
  topicName: string(),
}

export const ShareGroupCurrentMemberAssignmentKey = payload(
  'ShareGroupCurrentMemberAssignmentKey',
  { versions: '14', flexible: 'none' },
  {
    groupId: string('14'),
    memberId: string('14'),
  },
)
export type ShareGroupCurrentMemberAssignmentKey = Infer<typeof ShareGroupCurrentMemberAssignmentKey>

export const ShareGroupCurrentMemberAssignmentValue = payload(
  'ShareGroupCurrentMemberAssignmentValue',
  { versions: '0', flexible: '0+' },
  {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: array(struct(topicPartitions)),
  },
)
export type ShareGroupCurrentMemberAssignmentValue = Infer<typeof ShareGroupCurrentMemberAssignmentValue>

export const ShareGroupMemberMetadataKey = payload(
  'ShareGroupMemberMetadataKey',
  { versions: '10', flexible: 'none' },
  {
    groupId: string('10'),
    memberId: string('10'),
  },
)
export type ShareGroupMemberMetadataKey = Infer<typeof ShareGroupMemberMetadataKey>

export const ShareGroupMemberMetadataValue = payload(
  'ShareGroupMemberMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    rackId: string({ nullable: '0+' }),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
  },
)
export type ShareGroupMemberMetadataValue = Infer<typeof ShareGroupMemberMetadataValue>

export const ShareGroupMetadataKey = payload(
  'ShareGroupMetadataKey',
  { versions: '11', flexible: 'none' },
  {
    groupId: string('11'),
  },
)
export type ShareGroupMetadataKey = Infer<typeof ShareGroupMetadataKey>

export const ShareGroupMetadataValue = payload(
  'ShareGroupMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    epoch: int32(),
  },
)
export type ShareGroupMetadataValue = Infer<typeof ShareGroupMetadataValue>

export const ShareGroupPartitionMetadataKey = payload(
  'ShareGroupPartitionMetadataKey',
  { versions: '9', flexible: 'none' },
  {
    groupId: string('9'),
  },
)
export type ShareGroupPartitionMetadataKey = Infer<typeof ShareGroupPartitionMetadataKey>

export const ShareGroupPartitionMetadataValue = payload(
  'ShareGroupPartitionMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    topics: array(
      struct({
        topicId: uuid(),
        topicName: string(),
        numPartitions: int32(),
        partitionMetadata: array(
          struct({
            partition: int32(),
            racks: array(string()),
          }),
        ),
      }),
    ),
  },
)
export type ShareGroupPartitionMetadataValue = Infer<typeof ShareGroupPartitionMetadataValue>

export const ShareGroupStatePartitionMetadataKey = payload(
  'ShareGroupStatePartitionMetadataKey',
  { versions: '15', flexible: 'none' },
  {
    groupId: string('15'),
  },
)
export type ShareGroupStatePartitionMetadataKey = Infer<typeof ShareGroupStatePartitionMetadataKey>

export const ShareGroupStatePartitionMetadataValue = payload(
  'ShareGroupStatePartitionMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    initializedTopics: array(struct(topicPartitionsInfo)),
    deletingTopics: array(struct(topicInfo)),
  },
)
export type ShareGroupStatePartitionMetadataValue = Infer<typeof ShareGroupStatePartitionMetadataValue>

export const ShareGroupTargetAssignmentMemberKey = payload(
  'ShareGroupTargetAssignmentMemberKey',
  { versions: '13', flexible: 'none' },
  {
    groupId: string('13'),
    memberId: string('13'),
  },
)
export type ShareGroupTargetAssignmentMemberKey = Infer<typeof ShareGroupTargetAssignmentMemberKey>

export const ShareGroupTargetAssignmentMemberValue = payload(
  'ShareGroupTargetAssignmentMemberValue',
  { versions: '0', flexible: '0+' },
  {
    topicPartitions: array(
      struct({
        topicId: uuid(),
        partitions: array(int32()),
      }),
    ),
  },
)
export type ShareGroupTargetAssignmentMemberValue = Infer<typeof ShareGroupTargetAssignmentMemberValue>

export const ShareGroupTargetAssignmentMetadataKey = payload(
  'ShareGroupTargetAssignmentMetadataKey',
  { versions: '12', flexible: 'none' },
  {
    groupId: string('12'),
  },
)
export type ShareGroupTargetAssignmentMetadataKey = Infer<typeof ShareGroupTargetAssignmentMetadataKey>

export const ShareGroupTargetAssignmentMetadataValue = payload(
  'ShareGroupTargetAssignmentMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    assignmentEpoch: int32(),
  },
)
export type ShareGroupTargetAssignmentMetadataValue = Infer<typeof ShareGroupTargetAssignmentMetadataValue>
