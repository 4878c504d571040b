/**
 * What an operation is about to do to a group: changes are gathered, and tried on a copy as soon as somebody looks. So
 * each step of an operation sees what the steps before it came to, by the very code that will replay them.
 *
 * Most heartbeats change nothing, and copy nothing.
 */
import type { CoordinatorRecord } from '../../runtime/coordinator-record.ts'
import type { ClusterTopics } from './cluster-topics.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { targetOf } from './consumer-group.ts'
import type { ConsumerGroupChange, SubscribedTopic, SubscriptionMetadata } from './consumer-group-change.ts'
import { areSameAssignments, type ConsumerGroupMember, haveSameMetadata } from './consumer-group-member.ts'
import { recordOf } from './consumer-group-records.ts'

export class GroupDraft {
  #group: ConsumerGroup
  #isCopy = false
  readonly #changes: ConsumerGroupChange[] = []
  #triedCount = 0

  /** The group is not touched. */
  constructor(group: ConsumerGroup) {
    this.#group = group
  }

  /** As it will be after the changes so far. */
  get group(): ConsumerGroup {
    if (this.#triedCount < this.#changes.length) {
      if (!this.#isCopy) this.#group = this.#group.copy()
      this.#isCopy = true
      for (const change of this.#changes.slice(this.#triedCount)) this.#group.apply(change)
      this.#triedCount = this.#changes.length
    }
    return this.#group
  }

  get isChanged(): boolean {
    return this.#changes.length > 0
  }

  emit(...changes: readonly ConsumerGroupChange[]): void {
    this.#changes.push(...changes)
  }

  records(): CoordinatorRecord[] {
    return this.#changes.map((change) => recordOf(this.#group.groupId, change))
  }

  // --- Members -------------------------------------------------------------------------------------------------------

  /** Writes what is new about a member. */
  update(before: ConsumerGroupMember, { memberId, metadata, assignment }: ConsumerGroupMember): void {
    if (!haveSameMetadata(before.metadata, metadata)) this.emit({ kind: 'member', memberId, metadata })
    if (!areSameAssignments(before.assignment, assignment)) {
      this.emit({ kind: 'assignment', memberId, assignment })
    }
  }

  /** What the member held is free from then on. */
  remove({ memberId }: ConsumerGroupMember): void {
    this.emit(
      { kind: 'assignment', memberId, assignment: undefined },
      { kind: 'target', memberId, partitions: undefined },
      { kind: 'member', memberId, metadata: undefined },
    )
  }

  /** A static member is back under another id: it takes over what the former one had. */
  replace(former: ConsumerGroupMember, memberId: string): ConsumerGroupMember {
    const partitions = targetOf(this.group, former.memberId)
    const assignment = { ...former.assignment, memberEpoch: 0, previousMemberEpoch: 0 }
    const member = { ...former, memberId, assignment }
    this.remove(former)
    this.emit(
      { kind: 'member', memberId, metadata: member.metadata },
      { kind: 'target', memberId, partitions },
      { kind: 'assignment', memberId, assignment },
    )
    return member
  }

  // --- The group -----------------------------------------------------------------------------------------------------

  /** Forgets what regular expressions stand for that no member subscribes with any more. */
  dropUnusedRegexes(): void {
    if (this.group.regexes.size === 0) return
    const used = new Set(
      [...this.group.members.values()].map(({ metadata }) => metadata.subscribedTopicRegex),
    )
    for (const regex of this.group.regexes.keys()) {
      if (!used.has(regex)) this.emit({ kind: 'regex', regex, resolved: undefined })
    }
  }

  /** @returns whether the topics of the group are not what it knew of them. */
  refreshSubscriptionMetadata(topics: ClusterTopics): boolean {
    const known = this.group.subscriptionMetadata
    const current = new Map<string, SubscribedTopic>()
    for (const name of this.group.subscribedTopics()) {
      const topic = topics.topic(name)
      if (topic !== undefined) current.set(name, topic)
    }
    if (isSameMetadata(known, current)) return false
    this.emit({ kind: 'subscriptionMetadata', topics: current })
    return true
  }

  bumpGroupEpoch(): void {
    this.emit({ kind: 'groupEpoch', epoch: this.group.groupEpoch + 1 })
  }
}

function isSameMetadata(a: SubscriptionMetadata, b: SubscriptionMetadata): boolean {
  if (a.size !== b.size) return false
  for (const [name, { topicId, partitionCount }] of a) {
    const other = b.get(name)
    if (other?.topicId !== topicId || other.partitionCount !== partitionCount) return false
  }
  return true
}
