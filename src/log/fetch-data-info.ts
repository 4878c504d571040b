/**
 * What a read of a log returns: a slice of a segment's file, and how far the log is readable.
 */
import type { FileSlice } from '../base/payload.ts'

/** How far a reader may see: replicas to the log's end, consumers to the high watermark or the last stable offset. */
export type FetchIsolation = 'log-end' | 'high-watermark' | 'last-stable'

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

export interface FetchDataInfo {
  /** Kafka's code: 0, OFFSET_OUT_OF_RANGE, KAFKA_STORAGE_ERROR. */
  readonly errorCode: number
  /** null: nothing to read at this offset yet. Whoever takes it releases it, once. */
  readonly slice: FileSlice | null
  /** Readable from here on, whether or not the limits let it be returned; infinite if that goes on in another segment. */
  readonly availableBytes: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  /** Transactions aborted within the slice; null unless the isolation is 'last-stable'. */
  readonly abortedTransactions: readonly AbortedTransaction[] | null
  /** The slice is null because the first batch is larger than `maxBytes`, and one message at least was not asked for. */
  readonly firstEntryIncomplete: boolean
}
