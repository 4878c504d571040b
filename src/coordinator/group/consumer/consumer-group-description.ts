/** What ConsumerGroupDescribe tells of a group. */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ConsumerGroupDescribeResponse } from '../../../protocol/messages/69-consumer-group-describe.ts'
import type { Draft } from '../../../protocol/schema.ts'
import type { Assignors } from './assignors/assignors.ts'
import type { ClusterTopics } from './cluster-topics.ts'
import { type ConsumerGroup, targetOf } from './consumer-group.ts'
import type { ConsumerGroupMember } from './consumer-group-member.ts'
import { preferredAssignor } from './target-assignment.ts'
import type { TopicPartitions } from './topic-partitions.ts'

export type DescribedConsumerGroup = NonNullable<
  Draft<typeof ConsumerGroupDescribeResponse>['groups']
>[number]

const MEMBER_TYPE = { classic: 0, consumer: 1 }

export function describeGroup(
  group: ConsumerGroup,
  { assignors, topics }: { assignors: Assignors; topics: ClusterTopics },
): DescribedConsumerGroup {
  return {
    errorCode: ErrorCode.NONE,
    groupId: group.groupId,
    groupState: group.state,
    groupEpoch: group.groupEpoch,
    assignmentEpoch: group.targetEpoch,
    assignorName: preferredAssignor(group, assignors).name,
    members: [...group.members.values()].map((member) => describeMember(member, group, topics)),
  }
}

function describeMember(
  { memberId, metadata, assignment }: ConsumerGroupMember,
  group: ConsumerGroup,
  topics: ClusterTopics,
) {
  return {
    memberId,
    instanceId: metadata.instanceId,
    rackId: metadata.rackId,
    memberEpoch: assignment.memberEpoch,
    clientId: metadata.clientId,
    clientHost: metadata.clientHost,
    subscribedTopicNames: [...metadata.subscribedTopicNames],
    subscribedTopicRegex: metadata.subscribedTopicRegex,
    assignment: { topicPartitions: named(assignment.assigned, topics) },
    targetAssignment: { topicPartitions: named(targetOf(group, memberId), topics) },
    memberType: metadata.classic === null ? MEMBER_TYPE.consumer : MEMBER_TYPE.classic,
  }
}

/** Topics that were deleted have no names any more, and are left out. */
function named(topicPartitions: TopicPartitions, topics: ClusterTopics) {
  return [...topicPartitions].flatMap(([topicId, partitions]) => {
    const topicName = topics.nameOf(topicId)
    return topicName === undefined ? [] : [{ topicId, topicName, partitions: [...partitions] }]
  })
}
