/**
 * Keys and values of __consumer_offsets for the consumer protocol of KIP-848. A key begins with an int16 which is
 * both its type and its version; a null value deletes what stands under the key. Kafka 3.9 keeps what a group knows of
 * its topics in ConsumerGroupPartitionMetadata, 4.1 a hash of it in a tagged field of ConsumerGroupMetadata; 4.0 added
 * what regular expressions stand for.
 */
import type { Infer } from '../schema.ts'
import { array, bytes, int8, int32, int64Rounded, payload, string, struct, uuid } from '../schema.ts'

const topicPartitions = {
  topicId: uuid(),
  partitions: array(int32()),
}

export const ConsumerGroupCurrentMemberAssignmentKey = payload(
  'ConsumerGroupCurrentMemberAssignmentKey',
  { versions: '8', flexible: 'none' },
  {
    groupId: string('8'),
    memberId: string('8'),
  },
)
export type ConsumerGroupCurrentMemberAssignmentKey = Infer<typeof ConsumerGroupCurrentMemberAssignmentKey>

export const ConsumerGroupCurrentMemberAssignmentValue = payload(
  'ConsumerGroupCurrentMemberAssignmentValue',
  { versions: '0', flexible: '0+' },
  {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: array(struct(topicPartitions)),
    partitionsPendingRevocation: array(struct(topicPartitions)),
  },
)
export type ConsumerGroupCurrentMemberAssignmentValue = Infer<
  typeof ConsumerGroupCurrentMemberAssignmentValue
>

export const ConsumerGroupMemberMetadataKey = payload(
  'ConsumerGroupMemberMetadataKey',
  { versions: '5', flexible: 'none' },
  {
    groupId: string('5'),
    memberId: string('5'),
  },
)
export type ConsumerGroupMemberMetadataKey = Infer<typeof ConsumerGroupMemberMetadataKey>

export const ConsumerGroupMemberMetadataValue = payload(
  'ConsumerGroupMemberMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    instanceId: string({ nullable: '0+' }),
    rackId: string({ nullable: '0+' }),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
    subscribedTopicRegex: string({ nullable: '0+' }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    serverAssignor: string({ nullable: '0+' }),
    classicMemberMetadata: struct(
      {
        sessionTimeoutMs: int32(),
        supportedProtocols: array(
          struct({
            name: string(),
            metadata: bytes(),
          }),
        ),
      },
      { nullable: '0+', default: null, tag: 0, tagged: '0+' },
    ),
  },
)
export type ConsumerGroupMemberMetadataValue = Infer<typeof ConsumerGroupMemberMetadataValue>

export const ConsumerGroupMetadataKey = payload(
  'ConsumerGroupMetadataKey',
  { versions: '3', flexible: 'none' },
  {
    groupId: string('3'),
  },
)
export type ConsumerGroupMetadataKey = Infer<typeof ConsumerGroupMetadataKey>

export const ConsumerGroupMetadataValue = payload(
  'ConsumerGroupMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    epoch: int32(),
  },
)
export type ConsumerGroupMetadataValue = Infer<typeof ConsumerGroupMetadataValue>

export const ConsumerGroupPartitionMetadataKey = payload(
  'ConsumerGroupPartitionMetadataKey',
  { versions: '4', flexible: 'none' },
  {
    groupId: string('4'),
  },
)
export type ConsumerGroupPartitionMetadataKey = Infer<typeof ConsumerGroupPartitionMetadataKey>

export const ConsumerGroupPartitionMetadataValue = payload(
  'ConsumerGroupPartitionMetadataValue',
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
export type ConsumerGroupPartitionMetadataValue = Infer<typeof ConsumerGroupPartitionMetadataValue>

export const ConsumerGroupRegularExpressionKey = payload(
  'ConsumerGroupRegularExpressionKey',
  { versions: '16', flexible: 'none' },
  {
    groupId: string('16'),
    regularExpression: string('16'),
  },
)
export type ConsumerGroupRegularExpressionKey = Infer<typeof ConsumerGroupRegularExpressionKey>

export const ConsumerGroupRegularExpressionValue = payload(
  'ConsumerGroupRegularExpressionValue',
  { versions: '0', flexible: '0+' },
  {
    topics: array(string()),
    version: int64Rounded(),
    timestamp: int64Rounded(),
  },
)
export type ConsumerGroupRegularExpressionValue = Infer<typeof ConsumerGroupRegularExpressionValue>

export const ConsumerGroupTargetAssignmentMemberKey = payload(
  'ConsumerGroupTargetAssignmentMemberKey',
  { versions: '7', flexible: 'none' },
  {
    groupId: string('7'),
    memberId: string('7'),
  },
)
export type ConsumerGroupTargetAssignmentMemberKey = Infer<typeof ConsumerGroupTargetAssignmentMemberKey>

export const ConsumerGroupTargetAssignmentMemberValue = payload(
  'ConsumerGroupTargetAssignmentMemberValue',
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
export type ConsumerGroupTargetAssignmentMemberValue = Infer<typeof ConsumerGroupTargetAssignmentMemberValue>

export const ConsumerGroupTargetAssignmentMetadataKey = payload(
  'ConsumerGroupTargetAssignmentMetadataKey',
  { versions: '6', flexible: 'none' },
  {
    groupId: string('6'),
  },
)
export type ConsumerGroupTargetAssignmentMetadataKey = Infer<typeof ConsumerGroupTargetAssignmentMetadataKey>

export const ConsumerGroupTargetAssignmentMetadataValue = payload(
  'ConsumerGroupTargetAssignmentMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    assignmentEpoch: int32(),
  },
)
export type ConsumerGroupTargetAssignmentMetadataValue = Infer<
  typeof ConsumerGroupTargetAssignmentMetadataValue
>
