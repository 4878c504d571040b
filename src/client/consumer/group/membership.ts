/** What a consumer's membership in a group is to the consumer, whichever protocol it speaks. */
import type { Backoff } from '../../network/backoff.ts'
import type { Cluster } from '../../network/cluster.ts'
import type { ConsumerSettings } from '../../options/consumer-options.ts'
import type { Subscription } from '../subscription.ts'
import type { GroupMember } from './group-offsets.ts'
import type { Handover } from './handover.ts'

export interface Membership {
  /** `poll` has something to do: no more records are handed out before. */
  readonly isDue: boolean
  /** As who we commit. Throws KafkaError while we are in no group. */
  member(): GroupMember
  /** In the user's turn: lets partitions go, takes those that are given, and joins where need be. */
  poll(): Promise<void>
  /** The subscription is another one, or topics that it means have come or gone. */
  onSubscription(): void
  /** Topics have changed. */
  onMetadata(): void
  onMemberError(errorCode: number, member: GroupMember): void
  /** In the user's turn: lets all partitions go and tells the group, as far as it can be told. Never rejects. */
  leave(timeoutMs: number): Promise<void>
}

export interface MembershipContext {
  readonly cluster: Cluster
  readonly groupId: string
  readonly settings: ConsumerSettings
  readonly backoff: Backoff
  readonly handover: Handover
  readonly subscription: () => Subscription
  /** How long the user has not asked for records; 0 while he waits for them. */
  readonly pollAgeMs: () => number
  /** `isDue` may be true now. */
  readonly onDue: () => void
  /** For the user to know. */
  readonly onError: (error: unknown) => void
}
