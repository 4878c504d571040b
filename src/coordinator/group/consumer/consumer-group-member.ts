/**
 * A member of a consumer group, as the log knows it: what it said of itself (its metadata), and what it holds (its
 * assignment). Members are values; a change makes a new one.
 */
import { areEqual, NO_PARTITIONS, type TopicPartitions } from './topic-partitions.ts'

/** A member that joined by JoinGroup: what the classic protocol needs of it (KIP-848, migration). */
export interface ClassicMemberMetadata {
  readonly sessionTimeoutMs: number
  /** As the member prefers them. */
  readonly supportedProtocols: readonly { readonly name: string; readonly metadata: Buffer }[]
}

export interface MemberMetadata {
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly clientId: string
  readonly clientHost: string
  /** Sorted, each once. */
  readonly subscribedTopicNames: readonly string[]
  /** '' for none. */
  readonly subscribedTopicRegex: string
  readonly rebalanceTimeoutMs: number
  readonly serverAssignor: string | null
  /** Null: the member speaks the consumer protocol. */
  readonly classic: ClassicMemberMetadata | null
}

/**
 * Where a member stands on its way to the target assignment:
 *
 *   STABLE ──target is newer, something to give up──> UNREVOKED_PARTITIONS ──given up──> (the next epoch)
 *      │  ^                                                                                  │
 *      │  └────────────────── all that it is to get was let go by others ──────────┐         │
 *      └──target is newer, something still held by others──> UNRELEASED_PARTITIONS ┘ <───────┘
 *
 * UNKNOWN: written by a version that knows more states.
 */
export type MemberState = 'STABLE' | 'UNREVOKED_PARTITIONS' | 'UNRELEASED_PARTITIONS' | 'UNKNOWN'

export interface MemberAssignment {
  readonly memberEpoch: number
  readonly previousMemberEpoch: number
  readonly state: MemberState
  /** What it may use. */
  readonly assigned: TopicPartitions
  /** What it was told to give up, and has not yet: nobody else may have it. */
  readonly pendingRevocation: TopicPartitions
}

export interface ConsumerGroupMember {
  readonly memberId: string
  readonly metadata: MemberMetadata
  readonly assignment: MemberAssignment
}

/** Of a static member that left for a while: it keeps its partitions until its session ends. */
export const LEFT_FOR_A_WHILE_EPOCH = -2
/** Of a member that leaves for good. */
export const LEAVING_EPOCH = -1

export const NO_METADATA: MemberMetadata = {
  instanceId: null,
  rackId: null,
  clientId: '',
  clientHost: '',
  subscribedTopicNames: [],
  subscribedTopicRegex: '',
  rebalanceTimeoutMs: -1,
  serverAssignor: null,
  classic: null,
}

export const NO_ASSIGNMENT: MemberAssignment = {
  memberEpoch: 0,
  previousMemberEpoch: 0,
  state: 'STABLE',
  assigned: NO_PARTITIONS,
  pendingRevocation: NO_PARTITIONS,
}

export function newMember(memberId: string): ConsumerGroupMember {
  return { memberId, metadata: NO_METADATA, assignment: NO_ASSIGNMENT }
}

/** Topic names as metadata holds them. */
export function normalNames(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort()
}

export function isReconciledTo({ assignment }: ConsumerGroupMember, targetEpoch: number): boolean {
  return assignment.state === 'STABLE' && assignment.memberEpoch === targetEpoch
}

export function haveSameMetadata(a: MemberMetadata, b: MemberMetadata): boolean {
  return (
    a.instanceId === b.instanceId &&
    a.rackId === b.rackId &&
    a.clientId === b.clientId &&
    a.clientHost === b.clientHost &&
    a.subscribedTopicRegex === b.subscribedTopicRegex &&
    a.rebalanceTimeoutMs === b.rebalanceTimeoutMs &&
    a.serverAssignor === b.serverAssignor &&
    haveSameNames(a.subscribedTopicNames, b.subscribedTopicNames) &&
    haveSameClassicMetadata(a.classic, b.classic)
  )
}

export function haveSameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => b[i] === name)
}

function haveSameClassicMetadata(a: ClassicMemberMetadata | null, b: ClassicMemberMetadata | null): boolean {
  if (a === null || b === null) return a === b
  return (
    a.sessionTimeoutMs === b.sessionTimeoutMs &&
    a.supportedProtocols.length === b.supportedProtocols.length &&
    a.supportedProtocols.every(({ name, metadata }, i) => {
      const other = b.supportedProtocols[i]!
      return other.name === name && other.metadata.equals(metadata)
    })
  )
}

export function areSameAssignments(a: MemberAssignment, b: MemberAssignment): boolean {
  return (
    a.memberEpoch === b.memberEpoch &&
    a.previousMemberEpoch === b.previousMemberEpoch &&
    a.state === b.state &&
    areEqual(a.assigned, b.assigned) &&
    areEqual(a.pendingRevocation, b.pendingRevocation)
  )
}
