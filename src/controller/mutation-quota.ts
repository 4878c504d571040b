/** How many partitions whoever asks may create and delete for now (KIP-599). */
export interface MutationQuota {
  /** False: no more, THROTTLING_QUOTA_EXCEEDED. */
  take(partitionCount: number): boolean
}
