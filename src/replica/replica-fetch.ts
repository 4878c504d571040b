/**
 * Reading for a Fetch: the partitions in the order asked for, until the response is full. Also the operation that
 * waits for `min.bytes`.
 *
 * A slice holds whole batches of one segment, so it may be shorter than what there is. What counts towards
 * `min.bytes` is what there is, up to the partition's limit; and a reader that has come to the end of an older
 * segment does not wait at all.
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
  /** There is no reason to wait: enough to read, or something that the client should know now. */
  readonly isEnough: boolean
}

/** A result, and how many bytes there are to read at its offset: infinite for what must not wait. */
interface EntryRead {
  readonly result: FetchResult
  readonly availableBytes: number
}

export function readEntries(entries: readonly FetchEntry[], params: FetchParams): FetchRead {
  const results: FetchResult[] = []
  let takenBytes = 0
  let availableBytes = 0
  for (const entry of entries) {
    const maxBytes = Math.max(0, Math.min(entry.maxBytes, params.maxBytes - takenBytes))
    const minOneMessage = takenBytes === 0 && params.minOneMessage
    const read = readEntry(entry, params, { maxBytes, minOneMessage })
    results.push(read.result)
    takenBytes += read.result.slice?.byteLength ?? 0
    availableBytes += read.availableBytes
  }
  return { results, isEnough: availableBytes >= params.minBytes }
}

export function releaseSlices({ results }: FetchRead): void {
  for (const { slice } of results) slice?.release()
}

function readEntry(
  entry: FetchEntry,
  params: FetchParams,
  limits: { maxBytes: number; minOneMessage: boolean },
): EntryRead {
  const { partition } = entry
  // What isn't here at all does not hurry those who wait for what is.
  if (partition === undefined) return { ...failed(entry.errorCode), availableBytes: 0 }
  if (partition.role === 'offline') return failed(ErrorCode.KAFKA_STORAGE_ERROR)
  const epochError = partition.checkLeaderEpoch(entry.currentLeaderEpoch)
  if (epochError !== ErrorCode.NONE) return failed(epochError)
  if (!partition.isLeader) return failed(partition.unavailability)
  const diverging = divergence(partition, entry)
  if (diverging !== undefined) return diverging

  const read = partition.read(entry.fetchOffset, { ...limits, isolation: params.isolation })
  if (read.errorCode !== ErrorCode.NONE) return failed(read.errorCode)
  if (params.replicaId >= 0) {
    const isReplica = partition.updateRemoteReplica(params.replicaId, entry.fetchOffset, entry.logStartOffset)
    if (!isReplica) {
      read.slice?.release()
      return failed(
        entry.currentLeaderEpoch >= 0 ? ErrorCode.UNKNOWN_LEADER_EPOCH : ErrorCode.NOT_LEADER_OR_FOLLOWER,
      )
    }
  }
  const { highWatermark, lastStableOffset, logStartOffset, abortedTransactions, slice } = read
  return {
    result: {
      errorCode: ErrorCode.NONE,
      highWatermark,
      lastStableOffset,
      logStartOffset,
      abortedTransactions,
      divergingEpoch: undefined,
      slice,
    },
    // Bytes beyond the limit don't count; but a reader at the end of an older segment gets no more by waiting.
    availableBytes:
      read.availableBytes === Number.POSITIVE_INFINITY
        ? read.availableBytes
        : Math.max(Math.min(read.availableBytes, limits.maxBytes), slice?.byteLength ?? 0),
  }
}

/** A follower whose last epoch ends elsewhere here must truncate before it reads on (KIP-595). */
function divergence(partition: Partition, entry: FetchEntry): EntryRead | undefined {
  if (entry.lastFetchedEpoch < 0) return undefined
  const log = partition.onlineLog
  const end = log.endOffsetForEpoch(entry.lastFetchedEpoch)
  if (end.endOffset < 0 || end.leaderEpoch < 0) return failed(ErrorCode.OFFSET_OUT_OF_RANGE)
  if (entry.fetchOffset < log.logStartOffset) return failed(ErrorCode.OFFSET_OUT_OF_RANGE)
  if (end.leaderEpoch >= entry.lastFetchedEpoch && end.endOffset >= entry.fetchOffset) return undefined
  const { highWatermark, lastStableOffset, logStartOffset } = log
  const divergingEpoch = { epoch: end.leaderEpoch, endOffset: end.endOffset }
  const result = { ...NOTHING, highWatermark, lastStableOffset, logStartOffset, divergingEpoch }
  return { result, availableBytes: Number.POSITIVE_INFINITY }
}

const NOTHING: FetchResult = {
  errorCode: ErrorCode.NONE,
  highWatermark: -1,
  lastStableOffset: -1,
  logStartOffset: -1,
  abortedTransactions: null,
  divergingEpoch: undefined,
  slice: null,
}

function failed(errorCode: number): EntryRead {
  return { result: { ...NOTHING, errorCode }, availableBytes: Number.POSITIVE_INFINITY }
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
    if (!read.isEnough) {
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
