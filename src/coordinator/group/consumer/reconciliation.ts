/**
 * The next step of a member towards its target assignment (KIP-848): a member first gives up what it is not to keep,
 * then gets what others have let go. It goes to the target's epoch only when it has nothing more to give up, so a member
 * of that epoch holds nothing that somebody else is to have.
 */
import type { MemberAssignment } from './consumer-group-member.ts'
import {
  difference,
  filtered,
  intersection,
  NO_PARTITIONS,
  type TopicPartitions,
  union,
} from './topic-partitions.ts'

export interface ReconciliationTarget {
  readonly epoch: number
  readonly partitions: TopicPartitions
}

export interface Reconciliation {
  readonly target: ReconciliationTarget
  readonly isFree: (topicId: string, partition: number) => boolean
  /** What the member says it holds; null: it said nothing, so it may hold anything that it had. */
  readonly owned: TopicPartitions | null
}

/** @returns the same object where nothing changes; 'fenced' for a member that is to begin anew, with nothing. */
export function reconcile(current: MemberAssignment, options: Reconciliation): MemberAssignment | 'fenced' {
  const { target, owned } = options
  switch (current.state) {
    case 'STABLE':
      if (current.memberEpoch === target.epoch) return current
      return next(current, current.memberEpoch, options)
    case 'UNREVOKED_PARTITIONS':
      if (mayHold(owned, current.pendingRevocation)) return current
      return next(current, current.memberEpoch + 1, options)
    case 'UNRELEASED_PARTITIONS':
      return next(current, current.memberEpoch, options)
    case 'UNKNOWN':
      if (owned === null || owned.size > 0) return 'fenced'
      return next(current, target.epoch, options)
  }
}

function next(
  current: MemberAssignment,
  epochReached: number,
  { target, isFree, owned }: Reconciliation,
): MemberAssignment {
  const kept = intersection(current.assigned, target.partitions)
  const toRevoke = difference(current.assigned, kept)
  if (toRevoke.size > 0 && mayHold(owned, toRevoke)) {
    return {
      memberEpoch: epochReached,
      previousMemberEpoch: current.memberEpoch,
      state: 'UNREVOKED_PARTITIONS',
      assigned: kept,
      pendingRevocation: toRevoke,
    }
  }
  const wanted = difference(target.partitions, kept)
  const free = filtered(wanted, (topicId) => (partition) => isFree(topicId, partition))
  const hasUnreleased = difference(wanted, free).size > 0
  return {
    memberEpoch: target.epoch,
    previousMemberEpoch: current.memberEpoch,
    state: hasUnreleased ? 'UNRELEASED_PARTITIONS' : 'STABLE',
    assigned: union(kept, free),
    pendingRevocation: NO_PARTITIONS,
  }
}

function mayHold(owned: TopicPartitions | null, partitions: TopicPartitions): boolean {
  return owned === null || intersection(owned, partitions).size > 0
}
