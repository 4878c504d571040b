/**
 * Server-side assignors (KIP-848): who of a group is to hold which partitions. Pure functions of what the members are
 * subscribed to, what exists, and the last assignment, which the sticky ones keep where they can.
 *
 * Every assignor keeps these: a partition of a subscribed topic has exactly one member; a member gets partitions only
 * of topics that it is subscribed to; the same members, topics and last assignment give the same result, in whatever
 * order they are listed.
 */
import type { TopicPartitions } from '../topic-partitions.ts'

export interface MemberToAssign {
  readonly memberId: string
  readonly instanceId: string | null
  /** Of topics that exist. */
  readonly topicIds: ReadonlySet<string>
  /** What the last assignment gave to it. */
  readonly assigned: TopicPartitions
}

export interface AssignmentProblem {
  readonly members: readonly MemberToAssign[]
  /** Of every topic that a member is subscribed to. */
  readonly partitionCounts: ReadonlyMap<string, number>
}

/** By member id; a member that gets nothing may be missing. */
export type GroupAssignment = ReadonlyMap<string, TopicPartitions>

export interface Assignor {
  readonly name: string
  readonly assign: (problem: AssignmentProblem) => GroupAssignment
}

/** Code unit by code unit, as Java compares strings. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
