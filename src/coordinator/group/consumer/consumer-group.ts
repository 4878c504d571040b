/**
 * A group of the consumer protocol (KIP-848): the members say what they are subscribed to, the coordinator decides who
 * gets what, and leads each member there by itself.
 *
 * Three numbers drive it. The group epoch grows when members or topics change. The target assignment is computed for a
 * group epoch. Each member is on its way from its own epoch to the target's.
 *
 *   Empty (no members)   Assigning (target older than the group)   Reconciling (some member not there yet)   Stable
 *
 * Only `apply` changes what is kept; what a change needs may come in any order, as compaction leaves it.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { CoordinatorRecord } from '../../runtime/coordinator-record.ts'
import type { Committer, Group, OffsetExpiryBase } from '../group.ts'
import type { ConsumerGroupChange, ResolvedRegex, SubscriptionMetadata } from './consumer-group-change.ts'
import {
  type ConsumerGroupMember,
  isReconciledTo,
  LEAVING_EPOCH,
  type MemberAssignment,
  type MemberMetadata,
  NO_ASSIGNMENT,
  newMember,
} from './consumer-group-member.ts'
import { recordOf } from './consumer-group-records.ts'
import { PartitionHolders } from './partition-holders.ts'
import { NO_PARTITIONS, type TopicPartitions } from './topic-partitions.ts'

export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable'

/** OffsetCommit carries member epochs from here on. */
const FIRST_COMMIT_WITH_MEMBER_EPOCH = 9

const NO_TOPICS: SubscriptionMetadata = new Map()

const LEAVING: MemberAssignment = {
  ...NO_ASSIGNMENT,
  memberEpoch: LEAVING_EPOCH,
  previousMemberEpoch: LEAVING_EPOCH,
}

export class ConsumerGroup implements Group {
  readonly groupId: string
  readonly type = 'consumer'
  readonly protocolType = 'consumer'
  #groupEpoch = 0
  #members = new Map<string, ConsumerGroupMember>()
  /** Member ids by instance id. */
  #staticMembers = new Map<string, string>()
  #subscriptionMetadata = NO_TOPICS
  #regexes = new Map<string, ResolvedRegex>()
  /** -1: there is none. */
  #targetEpoch = -1
  #targets = new Map<string, TopicPartitions>()
  #holders = new PartitionHolders()

  constructor(groupId: string) {
    this.groupId = groupId
  }

  // --- State ---------------------------------------------------------------------------------------------------------

  get groupEpoch(): number {
    return this.#groupEpoch
  }

  get targetEpoch(): number {
    return this.#targetEpoch
  }

  get members(): ReadonlyMap<string, ConsumerGroupMember> {
    return this.#members
  }

  /** What the group last knew of the topics that it is subscribed to. */
  get subscriptionMetadata(): SubscriptionMetadata {
    return this.#subscriptionMetadata
  }

  get regexes(): ReadonlyMap<string, ResolvedRegex> {
    return this.#regexes
  }

  staticMember(instanceId: string): ConsumerGroupMember | undefined {
    const memberId = this.#staticMembers.get(instanceId)
    return memberId === undefined ? undefined : this.#members.get(memberId)
  }

  /** Undefined: the target was computed before the member came. */
  target(memberId: string): TopicPartitions | undefined {
    return this.#targets.get(memberId)
  }

  isFree(topicId: string, partition: number): boolean {
    return this.#holders.isFree(topicId, partition)
  }

  get state(): ConsumerGroupState {
    if (this.#members.size === 0) return 'Empty'
    if (this.#groupEpoch > this.#targetEpoch) return 'Assigning'
    for (const member of this.#members.values()) {
      if (!isReconciledTo(member, this.#targetEpoch)) return 'Reconciling'
    }
    return 'Stable'
  }

  /** Those that some member is subscribed to by name, or by a regular expression that was resolved. */
  subscribedTopics(): Set<string> {
    const topics = new Set<string>()
    const regexes = new Set<string>()
    for (const { metadata } of this.#members.values()) {
      for (const name of metadata.subscribedTopicNames) topics.add(name)
      regexes.add(metadata.subscribedTopicRegex)
    }
    for (const regex of regexes) {
      for (const name of this.#regexes.get(regex)?.topics ?? []) topics.add(name)
    }
    return topics
  }

  // --- Changes -------------------------------------------------------------------------------------------------------

  apply(change: ConsumerGroupChange): void {
    switch (change.kind) {
      case 'groupEpoch':
        this.#groupEpoch = change.epoch ?? 0
        return
      case 'subscriptionMetadata':
        this.#subscriptionMetadata = change.topics ?? NO_TOPICS
        return
      case 'regex':
        if (change.resolved === undefined) this.#regexes.delete(change.regex)
        else this.#regexes.set(change.regex, change.resolved)
        return
      case 'member':
        this.#applyMember(change.memberId, change.metadata)
        return
      case 'targetEpoch':
        this.#targetEpoch = change.epoch ?? -1
        return
      case 'target':
        if (change.partitions === undefined) this.#targets.delete(change.memberId)
        else this.#targets.set(change.memberId, change.partitions)
        return
      case 'assignment':
        this.#applyAssignment(change.memberId, change.assignment)
    }
  }

  #applyMember(memberId: string, metadata: MemberMetadata | undefined): void {
    const known = this.#members.get(memberId)
    const formerInstanceId = known?.metadata.instanceId ?? null
    if (formerInstanceId !== null && this.#staticMembers.get(formerInstanceId) === memberId) {
      this.#staticMembers.delete(formerInstanceId)
    }
    if (metadata === undefined) {
      if (known !== undefined) this.#letGo(known)
      this.#members.delete(memberId)
      return
    }
    this.#members.set(memberId, { ...(known ?? newMember(memberId)), metadata })
    if (metadata.instanceId !== null) this.#staticMembers.set(metadata.instanceId, memberId)
  }

  #applyAssignment(memberId: string, assignment: MemberAssignment | undefined): void {
    const known = this.#members.get(memberId)
    if (known !== undefined) this.#letGo(known)
    if (assignment !== undefined) {
      this.#members.set(memberId, { ...(known ?? newMember(memberId)), assignment })
      this.#holders.take(memberId, assignment.assigned)
      this.#holders.take(memberId, assignment.pendingRevocation)
    } else if (known !== undefined) this.#members.set(memberId, { ...known, assignment: LEAVING })
  }

  #letGo({ memberId, assignment }: ConsumerGroupMember): void {
    this.#holders.letGo(memberId, assignment.assigned)
    this.#holders.letGo(memberId, assignment.pendingRevocation)
  }

  /** For an operation to try its changes on. */
  copy(): ConsumerGroup {
    const copy = new ConsumerGroup(this.groupId)
    copy.#groupEpoch = this.#groupEpoch
    copy.#members = new Map(this.#members)
    copy.#staticMembers = new Map(this.#staticMembers)
    copy.#subscriptionMetadata = this.#subscriptionMetadata
    copy.#regexes = new Map(this.#regexes)
    copy.#targetEpoch = this.#targetEpoch
    copy.#targets = new Map(this.#targets)
    copy.#holders = this.#holders.copy()
    return copy
  }

  // --- As any group --------------------------------------------------------------------------------------------------

  get stateName(): string {
    return this.state
  }

  validateOffsetCommit(
    { memberId, generationIdOrMemberEpoch: memberEpoch }: Committer,
    { isTransactional, apiVersion }: { isTransactional: boolean; apiVersion: number },
  ): number {
    // An admin client, or a consumer that does without group management.
    if (memberEpoch < 0 && this.#members.size === 0) return ErrorCode.NONE
    const member = this.#members.get(memberId)
    if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
    const isClassic = member.metadata.classic !== null
    if (!isTransactional && !isClassic && apiVersion < FIRST_COMMIT_WITH_MEMBER_EPOCH) {
      return ErrorCode.UNSUPPORTED_VERSION
    }
    return validateEpoch(member, memberEpoch)
  }

  validateOffsetFetch({ memberId, memberEpoch }: { memberId: string | null; memberEpoch: number }): number {
    if (memberId === null && memberEpoch < 0) return ErrorCode.NONE
    const member = memberId === null ? undefined : this.#members.get(memberId)
    return member === undefined ? ErrorCode.UNKNOWN_MEMBER_ID : validateEpoch(member, memberEpoch)
  }

  validateOffsetDelete(): number {
    return ErrorCode.NONE
  }

  validateDelete(): number {
    return this.#members.size === 0 ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP
  }

  tombstones(): CoordinatorRecord[] {
    return this.tombstoneChanges().map((change) => recordOf(this.groupId, change))
  }

  /** Members before the epochs that they belong to: at every point in between, what is left can be loaded. */
  tombstoneChanges(): ConsumerGroupChange[] {
    const memberIds = [...this.#members.keys()]
    return [
      ...memberIds.map((memberId) => ({ kind: 'assignment', memberId, assignment: undefined }) as const),
      ...[...new Set([...memberIds, ...this.#targets.keys()])].map(
        (memberId) => ({ kind: 'target', memberId, partitions: undefined }) as const,
      ),
      { kind: 'targetEpoch', epoch: undefined },
      ...memberIds.map((memberId) => ({ kind: 'member', memberId, metadata: undefined }) as const),
      ...[...this.#regexes.keys()].map((regex) => ({ kind: 'regex', regex, resolved: undefined }) as const),
      { kind: 'subscriptionMetadata', topics: undefined },
      { kind: 'groupEpoch', epoch: undefined },
    ]
  }

  isSubscribedTo(topic: string): boolean {
    for (const { metadata } of this.#members.values()) {
      if (metadata.subscribedTopicNames.includes(topic)) return true
      if (this.#regexes.get(metadata.subscribedTopicRegex)?.topics.includes(topic) === true) return true
    }
    return false
  }

  get offsetExpiryBase(): OffsetExpiryBase {
    return { kind: 'commit' }
  }

  onOffsetCommitted(): void {}
}

function validateEpoch({ metadata, assignment }: ConsumerGroupMember, receivedEpoch: number): number {
  if (receivedEpoch === assignment.memberEpoch) return ErrorCode.NONE
  return metadata.classic === null ? ErrorCode.STALE_MEMBER_EPOCH : ErrorCode.ILLEGAL_GENERATION
}

/** What a member is to have; nothing, before a target was computed for it. */
export function targetOf(group: ConsumerGroup, memberId: string): TopicPartitions {
  return group.target(memberId) ?? NO_PARTITIONS
}
