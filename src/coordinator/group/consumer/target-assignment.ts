/** Computes the target assignment of a group for its epoch: the assignor that most members ask for decides. */
import type { ShardContext } from '../../runtime/coordinator-shard.ts'
import type { Assignor, GroupAssignment, MemberToAssign } from './assignors/assignor.ts'
import type { Assignors } from './assignors/assignors.ts'
import { type ConsumerGroup, targetOf } from './consumer-group.ts'
import type { ConsumerGroupMember } from './consumer-group-member.ts'
import type { GroupDraft } from './group-draft.ts'
import { areEqual, NO_PARTITIONS } from './topic-partitions.ts'

/** Writes the targets that are new. The draft's subscription metadata is current. */
export function updateTarget(
  draft: GroupDraft,
  assignors: Assignors,
  { clock, logger }: Pick<ShardContext, 'clock' | 'logger'>,
): void {
  const { group } = draft
  const startMs = clock.monotonicMs()
  const assignor = preferredAssignor(group, assignors)
  const assignment = assign(group, assignor)
  const elapsedMs = Math.round(clock.monotonicMs() - startMs)
  logger.info(
    `[GroupId ${group.groupId}] Computed a new target assignment for epoch ${group.groupEpoch} with '${assignor.name}' assignor in ${elapsedMs}ms.`,
  )
  for (const memberId of group.members.keys()) {
    const partitions = assignment.get(memberId) ?? NO_PARTITIONS
    const former = group.target(memberId)
    if (former === undefined || !areEqual(former, partitions))
      draft.emit({ kind: 'target', memberId, partitions })
  }
  draft.emit({ kind: 'targetEpoch', epoch: group.groupEpoch })
}

/** The one that most members ask for; of equally many the one that is configured first; the first if nobody asks. */
export function preferredAssignor(group: ConsumerGroup, assignors: Assignors): Assignor {
  const votes = new Map([...assignors.keys()].map((name) => [name, 0]))
  for (const { metadata } of group.members.values()) {
    const { serverAssignor } = metadata
    if (serverAssignor === null) continue
    const count = votes.get(serverAssignor)
    // An assignor that was taken out of the configuration since.
    if (count !== undefined) votes.set(serverAssignor, count + 1)
  }
  const [name] = [...votes].reduce((best, next) => (next[1] > best[1] ? next : best))
  return assignors.get(name)!
}

function assign(group: ConsumerGroup, assignor: Assignor): GroupAssignment {
  const topics = group.subscriptionMetadata
  const sameTopicIds = new Map<string, ReadonlySet<string>>()
  const topicIdsOf = ({ metadata }: ConsumerGroupMember): ReadonlySet<string> => {
    const { subscribedTopicNames, subscribedTopicRegex } = metadata
    const names = [...subscribedTopicNames, ...(group.regexes.get(subscribedTopicRegex)?.topics ?? [])]
    const ids = new Set(names.flatMap((name) => topics.get(name)?.topicId ?? []))
    // Members of the same subscription share one set: assignors then see at once that they are alike.
    const key = [...ids].sort().join()
    const known = sameTopicIds.get(key)
    if (known !== undefined) return known
    sameTopicIds.set(key, ids)
    return ids
  }
  const members: MemberToAssign[] = [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    instanceId: member.metadata.instanceId,
    topicIds: topicIdsOf(member),
    assigned: targetOf(group, member.memberId),
  }))
  const partitionCounts = new Map(
    [...topics.values()].map(({ topicId, partitionCount }) => [topicId, partitionCount]),
  )
  return assignor.assign({ members, partitionCounts })
}
