/**
 * What can happen to a consumer group, one change for each kind of record. `undefined` as the new value takes away what
 * was there. An operation makes changes, `consumer-group-records.ts` turns them into records and back, and
 * `ConsumerGroup.apply` carries them out: nothing else changes what is kept of a group.
 */
import type { MemberAssignment, MemberMetadata } from './consumer-group-member.ts'
import type { TopicPartitions } from './topic-partitions.ts'

/** A topic as the group last saw it. */
export interface SubscribedTopic {
  readonly topicId: string
  readonly partitionCount: number
}

export type SubscriptionMetadata = ReadonlyMap<string, SubscribedTopic>

/** The topics that a regular expression stood for when it was last looked at. */
export interface ResolvedRegex {
  /** Sorted. */
  readonly topics: readonly string[]
  readonly timestampMs: number
}

export type ConsumerGroupChange =
  | { readonly kind: 'groupEpoch'; readonly epoch: number | undefined }
  | { readonly kind: 'subscriptionMetadata'; readonly topics: SubscriptionMetadata | undefined }
  | { readonly kind: 'regex'; readonly regex: string; readonly resolved: ResolvedRegex | undefined }
  | { readonly kind: 'member'; readonly memberId: string; readonly metadata: MemberMetadata | undefined }
  | { readonly kind: 'targetEpoch'; readonly epoch: number | undefined }
  | { readonly kind: 'target'; readonly memberId: string; readonly partitions: TopicPartitions | undefined }
  | {
      readonly kind: 'assignment'
      readonly memberId: string
      readonly assignment: MemberAssignment | undefined
    }
