/**
 * What any kind of group is to the rest of the coordinator: to the offsets that are committed in its name, and to the
 * requests that list, describe and delete groups. Classic groups and those of the consumer protocol (KIP-848) are such
 * groups.
 */
import type { CoordinatorRecord } from '../runtime/coordinator-record.ts'

export type GroupType = 'classic' | 'consumer'

/** Who commits, or asks for offsets, and what of the group they believe in. */
export interface Committer {
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** The generation of a classic group, the member epoch of a consumer group; negative: from outside the group. */
  readonly generationIdOrMemberEpoch: number
}

/** From when on offsets of a group age: those without a reader expire `offsets.retention.minutes` later. */
export type OffsetExpiryBase =
  /** All of an empty group, since it became empty. */
  | { readonly kind: 'since'; readonly timestampMs: number }
  /** Each offset since its own commit, but for topics that the members are subscribed to. */
  | { readonly kind: 'commit' }
  /** Nothing expires. */
  | { readonly kind: 'never' }

export interface Group {
  readonly groupId: string
  readonly type: GroupType
  /** As ListGroups prints it: `Stable`, `Empty`, ... */
  readonly stateName: string
  /** Of classic groups what their members say (`consumer`, `connect`); '' for a group that only holds offsets. */
  readonly protocolType: string
  /** NONE, or why this commit is refused. `isTransactional`: TxnOffsetCommit, which old clients send without a member. */
  validateOffsetCommit(
    committer: Committer,
    options: { isTransactional: boolean; apiVersion: number },
  ): number
  /** OffsetFetch from version 9 on names a member and its epoch; others pass `undefined`. */
  validateOffsetFetch(committer: { memberId: string | null; memberEpoch: number }): number
  validateOffsetDelete(): number
  /** NONE where DeleteGroups may delete it: NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND. */
  validateDelete(): number
  /** The records that take the group itself away; its offsets have their own (`OffsetManager.tombstonesOfGroup`). */
  tombstones(): CoordinatorRecord[]
  /** Whether any member is subscribed to the topic: its offsets are not deleted. */
  isSubscribedTo(topic: string): boolean
  readonly offsetExpiryBase: OffsetExpiryBase
  /** A commit from a member counts as a sign of life (classic groups; others do nothing). */
  onOffsetCommitted(memberId: string): void
}
