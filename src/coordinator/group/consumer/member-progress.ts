/**
 * What follows when a member was heard of, by a heartbeat or by JoinGroup: what it says of itself is taken in, the group
 * rebalances if subscriptions or topics have changed, and the member goes a step towards its target assignment.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ShardContext } from '../../runtime/coordinator-shard.ts'
import type { Assignors } from './assignors/assignors.ts'
import { targetOf } from './consumer-group.ts'
import { type ConsumerGroupMember, haveSameNames, type MemberMetadata } from './consumer-group-member.ts'
import type { GroupDraft } from './group-draft.ts'
import type { GroupTopics } from './group-topics.ts'
import { reconcile } from './reconciliation.ts'
import type { Refusal } from './refusal.ts'
import { updateTarget } from './target-assignment.ts'
import type { TopicPartitions } from './topic-partitions.ts'

export interface ProgressOptions {
  readonly metadata: MemberMetadata
  /** What the member says it holds; null: it doesn't say. */
  readonly owned: TopicPartitions | null
  readonly shard: ShardContext
  readonly groupTopics: GroupTopics
  readonly assignors: Assignors
}

/** @returns the member as it is after the changes in the draft. */
export function progress(
  draft: GroupDraft,
  before: ConsumerGroupMember,
  { metadata, owned, shard, groupTopics, assignors }: ProgressOptions,
): ConsumerGroupMember | Refusal {
  const { memberId, assignment } = before
  draft.update(before, { memberId, metadata, assignment })
  const isResubscribed =
    !haveSameNames(before.metadata.subscribedTopicNames, metadata.subscribedTopicNames) ||
    before.metadata.subscribedTopicRegex !== metadata.subscribedTopicRegex
  if (isResubscribed) draft.dropUnusedRegexes()
  const haveTopicsChanged = groupTopics.refresh(draft, { isResubscribed })
  const isNewGroup = draft.group.groupEpoch === 0
  if (isNewGroup || isResubscribed || haveTopicsChanged) {
    draft.bumpGroupEpoch()
    shard.logger.info(`[GroupId ${draft.group.groupId}] Bumped group epoch to ${draft.group.groupEpoch}.`)
  }
  if (draft.group.groupEpoch > draft.group.targetEpoch) updateTarget(draft, assignors, shard)

  const { group } = draft
  const next = reconcile(assignment, {
    target: { epoch: group.targetEpoch, partitions: targetOf(group, memberId) },
    isFree: (topicId, partition) => group.isFree(topicId, partition),
    owned,
  })
  if (next === 'fenced') {
    return {
      errorCode: ErrorCode.FENCED_MEMBER_EPOCH,
      errorMessage:
        'The consumer group member is in a unknown state. The member must abandon all its partitions and rejoin.',
    }
  }
  const member = { memberId, metadata, assignment }
  const after = { ...member, assignment: next }
  draft.update(member, after)
  return after
}
