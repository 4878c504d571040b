/**
 * What a coordinator needs of the partition that it keeps its state in. The broker puts the replica manager behind it,
 * tests a list of batches.
 */

/** The records are part of a transaction, as a consumer's offsets are that a transactional producer commits. */
export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

/** Of an append: with NONE, where its first record will lie; else nothing was staged. */
export interface AppendAnswer {
  readonly errorCode: number
  readonly firstOffset: number
}

export interface CoordinatorLog {
  readonly leaderEpoch: number
  /** The largest batch that the log takes. */
  readonly batchBytesMax: number
  readonly logStartOffset: number
  readonly logEndOffset: number

  /**
   * Stages one batch of magic 2; it is written at the end of the tick. After an answer of NONE `onSettled` is called
   * once, later than this call and in the order of the appends: NONE when the records are written and replicated,
   * REQUEST_TIMED_OUT when they are written and not known to be replicated, any other code when they may not be in the
   * log.
   */
  append(batch: Buffer, onSettled: (errorCode: number) => void): AppendAnswer

  /** Whole batches from `offset` on: `maxBytes` or fewer, but one at least; empty at the end. Rejects with DiskError. */
  read(offset: number, maxBytes: number): Promise<Buffer>
}
