/**
 * Fetch (1), versions 0-18, for consumers and followers.
 *
 * The partitions come from the request or from its session (KIP-227); they are read at once, and if there is too
 * little the request waits on the purgatory until an append, or its time, brings the answer. Records leave as slices
 * of segment files: their bytes pass through here unread.
 *
 * - Up to version 2 a batch larger than the limits is not returned; from 3 on the first one always is (KIP-74).
 * - Up to version 3 records are converted down to message sets of magic 0 (0-1) or 1 (2-3), which reads them.
 * - Below 10 a topic that is compressed with zstd by its own setting is refused (KIP-110).
 * - A consumer over its quota gets an empty answer, and its session stays as it was (KIP-13, KIP-219).
 * - 13 names topics by id (KIP-516); 16 adds where the leader is now (KIP-951).
 */
import type { FetchIsolation } from '../../log/fetch-data-info.ts'
import { encodeToBuffer } from '../../protocol/codec.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { FetchRequest, FetchResponse } from '../../protocol/messages/01-fetch.ts'
import type { Draft } from '../../protocol/schema.ts'
import { downConvert } from '../../records/message-set.ts'
import type { FetchEntry, FetchParams, FetchRead, FetchResult } from '../../replica/replica-fetch.ts'
import type { BrokerServices } from '../broker-services.ts'
import type { FetchPartition } from '../fetch-session.ts'
import type { FetchContext } from '../fetch-session-manager.ts'
import { defineHandler, type Handler, LATER } from '../handler.ts'
import type { RequestContext } from '../request-context.ts'
import { advertisedBrokers } from './endpoints.ts'
import { withholdsFetch } from './fetch-throttle.ts'
import { currentLeaderOf, missingPartitionError } from './partition-lookup.ts'

type Response = Draft<typeof FetchResponse>
type TopicResponse = NonNullable<Response['responses']>[number]
type PartitionResponse = NonNullable<TopicResponse['partitions']>[number]

const FIRST_VERSION_WITH_BATCHES = 4
const FIRST_VERSION_WITH_ZSTD = 10
const FIRST_VERSION_WITH_CURRENT_LEADER = 12
const FIRST_FLEXIBLE_VERSION = 12
const FIRST_VERSION_WITH_TOPIC_IDS = 13
const FIRST_VERSION_WITH_MAX_BYTES = 3
const FIRST_VERSION_WITH_LEADERS = 16
const READ_COMMITTED = 1
const CONSUMER = -1
const NO_EPOCH = -1
const CORRELATION_ID_BYTES = 4

/** A result with what the session looks at. */
interface Answered {
  readonly partition: FetchPartition
  readonly topic: string
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly recordsBytes: number
  readonly mustReturn: boolean
  readonly result: FetchResult
}

/** What has been read for a request. */
interface ReadFetch {
  readonly session: FetchContext
  /** The names of the session's partitions; undefined: of an unknown id. */
  readonly topics: readonly (string | undefined)[]
  readonly read: FetchRead
  readonly params: FetchParams
}

export function fetchHandler(services: BrokerServices): Handler<FetchRequest, Response> {
  return defineHandler(FetchRequest, FetchResponse, [0, 18], (request, context) => {
    const session = services.fetchSessions.newContext(request, context.apiVersion)
    if (session.errorCode !== ErrorCode.NONE) return { errorCode: session.errorCode, responses: [] }
    const params = paramsOf(services, request, context)
    if (params.replicaId !== CONSUMER) context.exemptFromQuotas()
    const topics = session.partitions.map((partition) => topicOf(services, partition, context.apiVersion))
    const entries = session.partitions.map((partition, i) => entryOf(services, context, partition, topics[i]))
    // What the request holds is decoded: its bytes need not wait with it.
    context.release()
    const waiting = services.replicaManager.fetch(entries, params, (read) => {
      context.respond(response(services, context, { session, topics, read, params }))
    })
    // A client that has gone must not keep its long poll, whose time it chose itself.
    if (waiting !== undefined) context.whenAbandoned(() => waiting.forceComplete())
    return LATER
  })
}

/** Undefined: the id is unknown. */
function topicOf(
  services: BrokerServices,
  partition: FetchPartition,
  apiVersion: number,
): string | undefined {
  if (apiVersion < FIRST_VERSION_WITH_TOPIC_IDS) return partition.topic
  return services.metadataCache.topicById(partition.topicId)?.name
}

function entryOf(
  services: BrokerServices,
  context: RequestContext,
  asked: FetchPartition,
  topic: string | undefined,
): FetchEntry {
  const partition =
    topic === undefined ? undefined : services.replicaManager.partition(topic, asked.partition)
  let errorCode: number = ErrorCode.NONE
  if (topic === undefined) errorCode = ErrorCode.UNKNOWN_TOPIC_ID
  else if (partition === undefined) errorCode = missingPartitionError(services, topic, asked.partition)
  else if (context.apiVersion < FIRST_VERSION_WITH_ZSTD && partition.log?.config.compressionType === 'zstd') {
    errorCode = ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
  }
  return {
    partition: errorCode === ErrorCode.NONE ? partition : undefined,
    errorCode,
    fetchOffset: asked.fetchOffset,
    logStartOffset: asked.logStartOffset,
    maxBytes: asked.partitionMaxBytes,
    // Any negative epoch is none here; ListOffsets and OffsetForLeaderEpoch know -1 alone.
    currentLeaderEpoch: Math.max(NO_EPOCH, asked.currentLeaderEpoch),
    lastFetchedEpoch: asked.lastFetchedEpoch,
  }
}

function paramsOf(services: BrokerServices, request: FetchRequest, context: RequestContext): FetchParams {
  // KIP-903 moved the follower's id into a tagged struct in version 15.
  const replicaId = context.apiVersion >= 15 ? request.replicaState.replicaId : request.replicaId
  const isConsumer = replicaId === CONSUMER
  let isolation: FetchIsolation = 'log-end'
  if (isConsumer) isolation = request.isolationLevel === READ_COMMITTED ? 'last-stable' : 'high-watermark'
  const maxBytes = isConsumer
    ? Math.min(request.maxBytes, services.config.fetchMaxBytes, services.quotas.fetch.valueMax(context))
    : request.maxBytes
  return {
    replicaId,
    isolation,
    maxWaitMs: request.maxWaitMs,
    minBytes: Math.min(request.minBytes, maxBytes),
    maxBytes,
    minOneMessage: context.apiVersion >= FIRST_VERSION_WITH_MAX_BYTES,
  }
}

function response(
  services: BrokerServices,
  context: RequestContext,
  { session, topics, read, params }: ReadFetch,
): Response {
  const answered = session.partitions.map((partition, i) =>
    answer(partition, topics[i] ?? '', read.results[i]!),
  )
  const isThrottled =
    params.replicaId === CONSUMER &&
    withholdsFetch(services, context, () => bytesOf(services, context, session, answered))
  if (isThrottled) {
    for (const { result } of answered) result.slice?.release()
    return { ...session.withhold(), responses: [] }
  }
  const { errorCode, sessionId, results } = session.respond(answered)
  const told = new Set(results)
  for (const each of answered) if (!told.has(each)) each.result.slice?.release()
  const showsLeaders =
    context.apiVersion >= FIRST_VERSION_WITH_LEADERS && results.some((each) => isAboutLeader(each.errorCode))
  return {
    errorCode,
    sessionId,
    responses: groupByTopic(services, context, results),
    ...(showsLeaders ? { nodeEndpoints: advertisedBrokers(services, context) } : undefined),
  }
}

function answer(partition: FetchPartition, topic: string, result: FetchResult): Answered {
  return {
    partition,
    topic,
    errorCode: result.errorCode,
    highWatermark: result.highWatermark,
    lastStableOffset: result.lastStableOffset,
    logStartOffset: result.logStartOffset,
    recordsBytes: result.slice?.byteLength ?? 0,
    mustReturn: result.divergingEpoch !== undefined,
    result,
  }
}

/** The bytes of the response, before any conversion for old clients. */
function bytesOf(
  services: BrokerServices,
  context: RequestContext,
  session: FetchContext,
  answered: readonly Answered[],
): number {
  // A session is told of partitions with news alone.
  const told = answered.filter(
    (each) => session.kind !== 'incremental' || each.recordsBytes > 0 || each.errorCode !== ErrorCode.NONE,
  )
  const withoutRecords = told.map((each) => ({ ...each, result: { ...each.result, slice: null } }))
  const responses = groupByTopic(services, context, withoutRecords)
  let byteCount =
    CORRELATION_ID_BYTES + encodeToBuffer(FetchResponse, context.apiVersion, { responses }).length
  for (const { recordsBytes } of told) {
    byteCount += recordsBytes
    if (context.apiVersion >= FIRST_FLEXIBLE_VERSION) byteCount += lengthBytes(recordsBytes) - lengthBytes(0)
  }
  return byteCount
}

/** Of a field of so many bytes in a flexible version. */
function lengthBytes(byteCount: number): number {
  return Math.ceil((32 - Math.clz32(byteCount + 1)) / 7)
}

/** Neighbours of one topic share an entry; the order of the partitions stays. */
function groupByTopic(
  services: BrokerServices,
  context: RequestContext,
  results: readonly Answered[],
): TopicResponse[] {
  const topics: { topic: string; topicId: string; partitions: PartitionResponse[] }[] = []
  for (const each of results) {
    const { topic, topicId } = each.partition
    let last = topics.at(-1)
    if (last === undefined || last.topic !== topic || last.topicId !== topicId) {
      last = { topic, topicId, partitions: [] }
      topics.push(last)
    }
    last.partitions.push(partitionResponse(services, context, each))
  }
  return topics
}

function partitionResponse(
  services: BrokerServices,
  context: RequestContext,
  each: Answered,
): PartitionResponse {
  const { partition, topic, result } = each
  const records =
    context.apiVersion >= FIRST_VERSION_WITH_BATCHES
      ? (result.slice ?? NO_RECORDS)
      : convertedRecords(services, context.apiVersion, each)
  return {
    partitionIndex: partition.partition,
    errorCode: typeof records === 'number' ? records : each.errorCode,
    highWatermark: typeof records === 'number' ? -1 : each.highWatermark,
    lastStableOffset: each.lastStableOffset,
    logStartOffset: each.logStartOffset,
    abortedTransactions: isRefused(each.errorCode) ? [] : result.abortedTransactions,
    records:
      typeof records === 'number' || each.errorCode === ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
        ? null
        : records,
    ...(result.divergingEpoch === undefined ? undefined : { divergingEpoch: result.divergingEpoch }),
    ...(context.apiVersion >= FIRST_VERSION_WITH_CURRENT_LEADER &&
    isAboutLeader(each.errorCode) &&
    topic !== ''
      ? { currentLeader: currentLeaderOf(services, topic, partition.partition) }
      : undefined),
  }
}

/** Refused before anything was read: Kafka then has an empty list where others have none. */
function isRefused(errorCode: number): boolean {
  return (
    errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION ||
    errorCode === ErrorCode.UNKNOWN_TOPIC_ID ||
    errorCode === ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
  )
}

function isAboutLeader(errorCode: number): boolean {
  return errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER || errorCode === ErrorCode.FENCED_LEADER_EPOCH
}

const NO_RECORDS = new Uint8Array(0)

/** For old clients: what the slice converts to, or the error of that. */
function convertedRecords(
  services: BrokerServices,
  apiVersion: number,
  { partition: { partition, fetchOffset }, topic, result: { slice } }: Answered,
): Uint8Array | number {
  if (slice === null) return NO_RECORDS
  const log = services.replicaManager.partition(topic, partition)?.log
  if (log?.config.messageDownconversionEnable === false) {
    slice.release()
    return ErrorCode.UNSUPPORTED_VERSION
  }
  const batches = Buffer.allocUnsafe(slice.byteLength)
  slice.file.read(batches, 0, slice.byteLength, slice.position)
  slice.release()
  const { messageSet, failure } = downConvert(batches, {
    toMagic: apiVersion <= 1 ? 0 : 1,
    fromOffset: fetchOffset,
  })
  return failure === undefined ? messageSet : ErrorCode[failure.error]
}
