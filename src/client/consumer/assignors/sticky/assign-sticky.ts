/** The sticky assignment, in its two forms. */
import { PartitionMap, type TopicPartition } from '../../topic-partition.ts'
import type { AssignmentInput, GroupMemberSubscription } from '../assignor.ts'
import { type MemberClaim, readClaims } from './claims.ts'
import { MixedAssignment } from './mixed-assignment.ts'
import { RackMatches } from './rack-matches.ts'
import { UniformAssignment } from './uniform-assignment.ts'

export interface StickyAssignment {
  readonly assigned: Map<string, TopicPartition[]>
  /** Partitions that somebody has and somebody else is to get, by the latter. */
  readonly moved: PartitionMap<{ readonly partition: TopicPartition; readonly memberId: string }>
}

export function assignSticky(
  { topics, members }: AssignmentInput,
  readClaim: (member: GroupMemberSubscription) => MemberClaim,
): StickyAssignment {
  const claims = readClaims(members, topics, readClaim)
  const racks = new RackMatches(members, topics)
  if (claims.isUniform) return new UniformAssignment(topics, claims, racks)
  const { assigned } = new MixedAssignment(topics, claims, racks)
  return { assigned, moved: movedBetween(members, assigned) }
}

function movedBetween(
  members: readonly GroupMemberSubscription[],
  assigned: ReadonlyMap<string, readonly TopicPartition[]>,
): StickyAssignment['moved'] {
  const moved: StickyAssignment['moved'] = new PartitionMap()
  const taken = new PartitionMap<true>()
  for (const { memberId, ownedPartitions } of members) {
    const mine = new PartitionMap<true>()
    for (const { topic, partition } of assigned.get(memberId)!) mine.set(topic, partition, true)
    for (const { topic, partition } of ownedPartitions) {
      if (!mine.has(topic, partition)) taken.set(topic, partition, true)
    }
  }
  for (const { memberId, ownedPartitions } of members) {
    const owned = new PartitionMap<true>()
    for (const { topic, partition } of ownedPartitions) owned.set(topic, partition, true)
    for (const each of assigned.get(memberId)!) {
      const { topic, partition } = each
      if (owned.has(topic, partition) || !taken.has(topic, partition)) continue
      moved.set(topic, partition, { partition: each, memberId })
    }
  }
  return moved
}
