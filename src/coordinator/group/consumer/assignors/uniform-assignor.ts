/**
 * `uniform`, the default: members get equally many partitions, and as few as possible change hands.
 *
 * Balance goes before stickiness. Where all members are subscribed to the same topics, sizes differ by one at most; a
 * member that has to give up partitions keeps those that it lists first. For mixed subscriptions see
 * `mixed-subscriptions.ts`.
 */
import { filtered, partitionCountOf } from '../topic-partitions.ts'
import {
  type AssignmentProblem,
  type Assignor,
  compareText,
  type GroupAssignment,
  type MemberToAssign,
} from './assignor.ts'
import { Distribution } from './distribution.ts'
import { assignMixedSubscriptions } from './mixed-subscriptions.ts'

export const UniformAssignor: Assignor = { name: 'uniform', assign }

function assign(problem: AssignmentProblem): GroupAssignment {
  const members = problem.members
    .map((member) => ({ ...member, assigned: stillValid(member, problem.partitionCounts) }))
    .sort((a, b) => compareText(a.memberId, b.memberId))
  const distribution = new Distribution(members, problem.partitionCounts)
  if (haveSameTopics(members)) assignSameSubscriptions(members, distribution)
  else assignMixedSubscriptions(members, distribution)
  return distribution.toAssignment()
}

/** What a member has and may keep: of topics that it is subscribed to, partitions that exist. */
function stillValid({ topicIds, assigned }: MemberToAssign, partitionCounts: ReadonlyMap<string, number>) {
  return filtered(assigned, (topicId) => {
    const partitionCount = topicIds.has(topicId) ? partitionCounts.get(topicId)! : 0
    return (partition) => partition < partitionCount
  })
}

function haveSameTopics(members: readonly MemberToAssign[]): boolean {
  const first = members[0]?.topicIds
  return members.every(
    ({ topicIds }) =>
      topicIds === first ||
      (topicIds.size === first!.size && [...topicIds].every((topicId) => first!.has(topicId))),
  )
}

function assignSameSubscriptions(members: readonly MemberToAssign[], distribution: Distribution): void {
  if (members.length === 0) return
  const shortSize = Math.floor(distribution.partitionCount / members.length)
  const longCount = distribution.partitionCount % members.length
  // The larger shares go to those who have the most already.
  const byHeld = members
    .map(({ memberId, assigned }, index) => ({ memberId, assigned, index, held: partitionCountOf(assigned) }))
    .sort((a, b) => b.held - a.held || a.index - b.index)
  const quotas = new Map(byHeld.map(({ index }, i) => [index, i < longCount ? shortSize + 1 : shortSize]))
  for (const { assigned, index } of byHeld) {
    const quota = quotas.get(index)!
    for (const [topicId, partitions] of assigned) {
      for (const partition of partitions) {
        if (distribution.sizeOf(index) < quota) distribution.takeIfFree(topicId, partition, index)
      }
    }
  }
  const unassigned = distribution
    .topicIds()
    .flatMap((topicId) => distribution.unassigned(topicId).map((partition) => ({ topicId, partition })))
  let next = 0
  members.forEach((_, index) => {
    for (; distribution.sizeOf(index) < quotas.get(index)!; next++) {
      const { topicId, partition } = unassigned[next]!
      distribution.takeIfFree(topicId, partition, index)
    }
  })
}
