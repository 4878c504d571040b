/**
 * Reading for a Fetch: the partitions in the order asked for, until the response is full. Also the operation that
 * waits for `min.bytes`.
 *
 * Every slice that a read returns is owned by the caller, who sends or releases it.
 */
import type { FileSlice } from '../base/payload.ts'
import type { AbortedTransaction, FetchIsolation } from '../log/fetch-data-info.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { Partition } from './partition.ts'
import { DelayedOperation } from './purgatory.ts'

/** One partition that a client or a follower wants to read. */
export interface FetchEntry {
  /** undefined with an `errorCode`: known to fail before anything is read. */
  readonly partition: Partition | undefined
  readonly errorCode: number
  readonly fetchOffset: number
  /** The follower's own start of the log; -1 from consumers. */
  readonly logStartOffset: number
  readonly maxBytes: number
  /** -1: the client has no idea. */
  readonly currentLeaderEpoch: number
  /** The epoch of the last record that the follower has; -1 from consumers. */
  readonly lastFetchedEpoch: number
}

export interface FetchParams {
  /** -1 for consumers. */
  readonly replicaId: number
  readonly maxWaitMs: number
  readonly minBytes: number
  /** Over all partitions. */
  readonly maxBytes: number
  readonly isolation: FetchIsolation
  /** Versions up to 2 return nothing rather than one message larger than the limits. */
  readonly minOneMessage: boolean
}

export interface FetchResult {
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly abortedTransactions: readonly AbortedTransaction[] | null
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number } | undefined
  readonly slice: FileSlice | null
}

export interface FetchRead {
  /** Parallel to the entries. */
  readonly results: readonly FetchResult[]
  readonly byteCount: number
  /** An error or a diverging epoch: the answer does not wait for more bytes. */
  readonly isUrgent: boolean
}

export function readEntries(entries: readonly FetchEntry[], params: FetchParams): FetchRead {
  const results: FetchResult[] = []
  let byteCount = 0
  let isUrgent = false
  for (const entry of entries) {
    const result = readEntry(entry, params, params.maxBytes - byteCount, byteCount === 0)
    results.push(result)
    byteCount += result.slice?.byteLength ?? 0
    isUrgent ||= result.errorCode !== ErrorCode.NONE || result.divergingEpoch !== undefined
  }
  return { results, byteCount, isUrgent }
}

export function releaseSlices({ results }: FetchRead): void {
  for (const { slice } of results) slice?.release()
}

function readEntry(entry: FetchEntry, params: FetchParams, bytesLeft: number, isFirst: boolean): FetchResult {
  const { partition } = entry
  if (partition === undefined) return failed(entry.errorCode)
  if (partition.role === 'offline') return failed(ErrorCode.KAFKA_STORAGE_ERROR)
  const epochError = partition.checkLeaderEpoch(entry.currentLeaderEpoch)
  if (epochError !== ErrorCode.NONE) return failed(epochError)
  if (!partition.isLeader) return failed(ErrorCode.NOT_LEADER_OR_FOLLOWER)
  const diverging = divergence(partition, entry)
  if (diverging !== undefined) return diverging

  if (params.replicaId >= 0) {
    partition.updateRemoteReplica(params.replicaId, entry.fetchOffset, entry.logStartOffset)
  }
  const read = partition.read(entry.fetchOffset, {
    maxBytes: Math.max(0, Math.min(entry.maxBytes, bytesLeft)),
    minOneMessage: isFirst && params.minOneMessage,
    isolation: params.isolation,
  })
  if (read.errorCode !== ErrorCode.NONE) return { ...failed(read.errorCode), logStartOffset: read.logStartOffset }
  return {
    errorCode: ErrorCode.NONE,
    highWatermark: read.highWatermark,
    lastStableOffset: read.lastStableOffset,
    logStartOffset: read.logStartOffset,
    abortedTransactions: read.abortedTransactions,
    divergingEpoch: undefined,
    slice: read.slice,
  }
}

/** A follower whose last epoch ends elsewhere here must truncate before it reads on (KIP-595). */
function divergence(partition: Partition, entry: FetchEntry): FetchResult | undefined {
  if (entry.lastFetchedEpoch < 0) return undefined
  const log = partition.onlineLog
  const end = log.endOffsetForEpoch(entry.lastFetchedEpoch)
  if (end.endOffset < 0) return failed(ErrorCode.OFFSET_OUT_OF_RANGE)
  if (end.leaderEpoch >= entry.lastFetchedEpoch && end.endOffset >= entry.fetchOffset) return undefined
  return {
    ...failed(ErrorCode.NONE),
    highWatermark: log.highWatermark,
    lastStableOffset: log.lastStableOffset,
    logStartOffset: log.logStartOffset,
    divergingEpoch: { epoch: end.leaderEpoch, endOffset: end.endOffset },
  }
}

function failed(errorCode: number): FetchResult {
  return {
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions: null,
    divergingEpoch: undefined,
    slice: null,
  }
}

/** Waits until the entries hold `minBytes`, one of them fails, or `maxWaitMs` have passed. */
export class DelayedFetch extends DelayedOperation {
  readonly #entries: readonly FetchEntry[]
  readonly #params: FetchParams
  readonly #respond: (read: FetchRead) => void
  #read: FetchRead | undefined

  constructor(entries: readonly FetchEntry[], params: FetchParams, respond: (read: FetchRead) => void) {
    super(params.maxWaitMs)
    this.#entries = entries
    this.#params = params
    this.#respond = respond
  }

  override tryComplete(): boolean {
    const read = readEntries(this.#entries, this.#params)
    if (read.byteCount < this.#params.minBytes && !read.isUrgent) {
      releaseSlices(read)
      return false
    }
    this.#read = read
    return this.forceComplete()
  }

  override onComplete(): void {
    this.#respond(this.#read ?? readEntries(this.#entries, this.#params))
  }
}
