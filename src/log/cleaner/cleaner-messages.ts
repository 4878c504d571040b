/**
 * What the event loop and a cleaner's thread say to each other. All of it is plain data, copied on the way.
 *
 *   clean(job) -> log*, cleaned (swap) swapped, cleaned (swap) swapped, ..., done | stopped | failed
 *
 * A thread works on one job at a time and waits with each cleaned segment until it has been swapped in. `stop` may come
 * at any time and is answered by `stopped`, or crosses with another end of the job.
 */
import type { AbortedTxn } from '../transaction-index.ts'
import type { CleanerStats } from './cleaner-stats.ts'

export interface SourceSegment {
  readonly baseOffset: number
  readonly sizeBytes: number
  readonly lastModifiedMs: number
  readonly hasTransactionIndex: boolean
}

export interface CleanJob {
  /** `topic-partition` */
  readonly name: string
  readonly directory: string
  /** All segments from the log's first one up to `endOffset`, sealed. */
  readonly segments: readonly SourceSegment[]
  readonly firstDirtyOffset: number
  /** The first uncleanable offset: where a segment starts. */
  readonly endOffset: number
  /** Transactions that begin below `endOffset` and whose abort marker lies at or above it. */
  readonly abortedAbove: readonly AbortedTxn[]
  /** As `encodeActiveProducers` packs them. */
  readonly activeProducers: Float64Array
  readonly nowMs: number
  readonly config: CleanJobConfig
  /** For the hashes of keys. */
  readonly secret: Uint8Array
}

/** Of the topic, and a thread's share of the cleaner's. */
export interface CleanJobConfig {
  readonly segmentBytes: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  readonly maxMessageBytes: number
  readonly deleteRetentionMs: number
  readonly offsetMapBytes: number
  readonly offsetMapLoadFactor: number
  readonly ioBufferBytes: number
  readonly ioBytesPerSecondMax: number
}

/** Lies on the device as `.cleaned` files beside the segments that it is to replace. */
export interface CleanedSegment {
  readonly baseOffset: number
  readonly sizeBytes: number
  readonly hasTransactionIndex: boolean
  /** Neighbours, ascending; the first one's is that of the cleaned segment. */
  readonly sourceBaseOffsets: readonly number[]
}

export type CleanFailure =
  | { readonly kind: 'disk'; readonly code: string; readonly path: string; readonly message: string }
  | { readonly kind: 'corrupt'; readonly message: string }

export type ToCleaner =
  | { readonly kind: 'clean'; readonly job: CleanJob }
  | { readonly kind: 'swapped' }
  | { readonly kind: 'stop' }

export type FromCleaner =
  | { readonly kind: 'log'; readonly level: 'debug' | 'info' | 'warn'; readonly line: string }
  | { readonly kind: 'cleaned'; readonly segment: CleanedSegment }
  | { readonly kind: 'done'; readonly nextDirtyOffset: number; readonly stats: CleanerStats }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly failure: CleanFailure }
