/** What consumers and the transactions of producers both say of a group and its offsets. */

/** Who consumed what is committed, so that a member that was left behind can't commit for its successor (KIP-447). */
export interface ConsumerGroupMetadata {
  readonly groupId: string
  readonly generationId?: number
  readonly memberId?: string
  readonly groupInstanceId?: string | null
}

export interface OffsetToCommit {
  readonly topic: string
  readonly partition: number
  /** Of the next record to be read. */
  readonly offset: number
  /** Of the leader that wrote the record before it, where that is known. */
  readonly leaderEpoch?: number | undefined
  readonly metadata?: string | null | undefined
}
