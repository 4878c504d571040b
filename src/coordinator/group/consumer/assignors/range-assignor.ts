/**
 * `range`: each topic is cut into contiguous ranges, one for each of its subscribers, the first ones larger by one if
 * it doesn't come out even. Topics with the same subscribers and the same number of partitions are cut alike, so that a
 * member gets the same numbers of each (co-partitioning, for joins).
 *
 * Static members come first, by their instance ids, then the dynamic ones by their member ids: a static member that
 * comes back under a new member id has its ranges again. The last assignment is not looked at.
 */
import type { AssignmentProblem, Assignor, GroupAssignment, MemberToAssign } from './assignor.ts'
import { compareText } from './assignor.ts'

export const RangeAssignor: Assignor = { name: 'range', assign }

function assign({ members, partitionCounts }: AssignmentProblem): GroupAssignment {
  const result = new Map<string, Map<string, readonly number[]>>()
  const subscribers = new Map<string, MemberToAssign[]>()
  for (const member of [...members].sort(compareMembers)) {
    result.set(member.memberId, new Map())
    for (const topicId of member.topicIds) {
      const known = subscribers.get(topicId)
      if (known === undefined) subscribers.set(topicId, [member])
      else known.push(member)
    }
  }
  for (const [topicId, ofTopic] of subscribers) {
    const partitionCount = partitionCounts.get(topicId)!
    const shortLength = Math.floor(partitionCount / ofTopic.length)
    const longCount = partitionCount % ofTopic.length
    let start = 0
    ofTopic.forEach(({ memberId }, i) => {
      const length = i < longCount ? shortLength + 1 : shortLength
      const range = Array.from({ length }, (_, at) => start + at)
      if (length > 0) result.get(memberId)!.set(topicId, range)
      start += length
    })
  }
  return result
}

function compareMembers(a: MemberToAssign, b: MemberToAssign): number {
  if (a.instanceId !== null && b.instanceId !== null) return compareText(a.instanceId, b.instanceId)
  if (a.instanceId !== null) return -1
  if (b.instanceId !== null) return 1
  return compareText(a.memberId, b.memberId)
}
