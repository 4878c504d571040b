/**
 * Who of a group reads what: computed by one of its members, its leader, for the classic protocol. Assignors of one's own
 * implement `PartitionAssignor`; those of Kafka are in this folder.
 */
import type { TopicPartition } from '../topic-partition.ts'

/** `eager`: members give up all partitions before each rebalance; `cooperative`: only those that move (KIP-429). */
export type RebalanceProtocol = 'eager' | 'cooperative'

/** A member of the group with what it has told of itself. */
export interface GroupMemberSubscription {
  readonly memberId: string
  readonly groupInstanceId: string | undefined
  readonly topics: readonly string[]
  /** What it had when it joined; empty with the eager protocol. */
  readonly ownedPartitions: readonly TopicPartition[]
  /** Of what it had; -1: not known. */
  readonly generationId: number
  readonly rackId: string | undefined
  /** From its assignor's `subscriptionUserData`. */
  readonly userData: Buffer | null
}

/** A topic that some member wants, and that exists. */
export interface AssignableTopic {
  readonly topic: string
  readonly partitionCount: number
  /** By partition: the racks of the brokers with replicas; empty where none is known. */
  readonly racks: readonly (readonly string[])[]
}

export interface AssignmentInput {
  readonly topics: readonly AssignableTopic[]
  readonly members: readonly GroupMemberSubscription[]
}

/** By member. Members that are not named get nothing. */
export type GroupAssignment = ReadonlyMap<string, readonly TopicPartition[]>

export interface PartitionAssignor {
  /** The same for all that can work together. */
  readonly name: string
  /** Default: eager alone. */
  readonly protocols?: readonly RebalanceProtocol[]
  assign(input: AssignmentInput): GroupAssignment
  /** What the leader is to know of this member. */
  subscriptionUserData?(topics: readonly string[]): Uint8Array | null
  /** What this member got. */
  onAssignment?(partitions: readonly TopicPartition[], generationId: number): void
}
