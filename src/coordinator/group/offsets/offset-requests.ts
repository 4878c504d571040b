/** What is asked of committed offsets, and answered, free of the versions of the protocol. */
import type { ProducerIdentity } from '../../runtime/coordinator-log.ts'
import type { Committer } from '../group.ts'

export interface OffsetToCommit {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** -1: not known. */
  readonly leaderEpoch: number
  readonly metadata: string | null
  /** Absent or -1: now. */
  readonly commitTimestampMs?: number
}

export interface OffsetCommit {
  readonly groupId: string
  readonly committer: Committer
  readonly apiVersion: number
  /** -1: as the broker is configured. */
  readonly retentionTimeMs: number
  readonly offsets: readonly OffsetToCommit[]
}

export interface TransactionalOffsetCommit {
  readonly groupId: string
  readonly committer: Committer
  readonly apiVersion: number
  readonly transactionalId: string
  readonly producer: ProducerIdentity
  readonly offsets: readonly OffsetToCommit[]
}

/** An error code for each offset, in the order of the request. */
export type CommitErrors = readonly number[]

export interface OffsetFetch {
  readonly groupId: string
  /** Null and -1: not from a member. */
  readonly memberId: string | null
  readonly memberEpoch: number
  /** Null: all that the group has. */
  readonly topics: readonly { readonly name: string; readonly partitionIndexes: readonly number[] }[] | null
  /** An offset that an open transaction may change is not told. */
  readonly requireStable: boolean
}

export interface FetchedOffset {
  readonly partitionIndex: number
  /** -1: nothing is committed, or there is an error. */
  readonly committedOffset: number
  readonly committedLeaderEpoch: number
  readonly metadata: string
  readonly errorCode: number
}

export interface FetchedOffsets {
  /** With an error there are no topics. */
  readonly errorCode: number
  readonly topics: readonly { readonly name: string; readonly partitions: readonly FetchedOffset[] }[]
}

export interface OffsetDelete {
  readonly groupId: string
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
}

export interface DeletedOffsets {
  /** With an error there are no partition errors. */
  readonly errorCode: number
  /** In the order of the request. */
  readonly partitionErrors: readonly number[]
}

export function failedFetch(errorCode: number): FetchedOffsets {
  return { errorCode, topics: [] }
}

/** A partition that has no offset, or whose offset isn't told. */
export function noOffset(partitionIndex: number, errorCode: number): FetchedOffset {
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode }
}
