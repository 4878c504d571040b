/**
 * Produce (0), versions 0-13.
 *
 * Records are staged on their logs in the order of the request and written together with everything else of this
 * tick; the answer waits for the write (acks=1) or for the high watermark (acks=-1), and acks=0 has none. The frame
 * that holds the records is given back as soon as they are written, however long the answer waits.
 *
 * - Up to version 2 the records may be message sets of magic 0 and 1: they become one batch of magic 2 (KIP-98).
 * - From 3 on there is exactly one batch of magic 2 for each partition; zstd needs version 7 (KIP-110).
 * - 10 adds the leader to NOT_LEADER_OR_FOLLOWER (KIP-951); 13 names topics by id (KIP-516).
 * - The bytes of the request count for its client's quota when it is answered, acks=0 or not (KIP-13).
 * - A failed append with acks=0 closes the connection: there is no other way to tell the client.
 * - Before the first batch of a transaction on a partition its coordinator is asked (KIP-890, produce-permits.ts); what
 *   comes behind on the connection waits too, so that batches keep their order. The frame is kept meanwhile, and given
 *   back with nothing appended if the connection goes.
 * - Transactional batches without a transactional id, or of several producers, refuse the whole request.
 */
import { AssertionError } from '../../base/assert.ts'
import { throwUncaught } from '../../base/uncaught.ts'
import { type AppendOutcome, appendFailure } from '../../log/append-outcome.ts'
import { isInternalTopic } from '../../metadata/topic-names.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ProduceRequest, ProduceResponse } from '../../protocol/messages/00-produce.ts'
import type { Draft } from '../../protocol/schema.ts'
import { zstd } from '../../records/compression/zstd.ts'
import { isMessageSet, toBatches } from '../../records/message-set.ts'
import { compressionId, HEADER_BYTES } from '../../records/record-batch.ts'
import type { Partition } from '../../replica/partition.ts'
import { PendingAppends } from '../../replica/pending-appends.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler, LATER } from '../handler.ts'
import type { RequestContext } from '../request-context.ts'
import { RequestOrder } from '../request-order.ts'
import { advertisedBrokers } from './endpoints.ts'
import { currentLeaderOf, missingPartitionError, topicNameOf } from './partition-lookup.ts'
import { type Permit, type ProducePermits, permitsFor } from './produce-permits.ts'

type Response = Draft<typeof ProduceResponse>
type TopicData = ProduceRequest['topicData'][number]
type PartitionData = TopicData['partitionData'][number]
type PartitionResponse = NonNullable<NonNullable<Response['responses']>[number]['partitionResponses']>[number]

/** The one client that may write to internal topics, as in Kafka. */
const ADMIN_CLIENT_ID = '__admin_client'
const FIRST_VERSION_OF_MAGIC_V2 = 3
const FIRST_VERSION_OF_ZSTD = 7
const FIRST_VERSION_WITH_LEADERS = 10

/** One partition's part of the request, from staging to the answer. */
interface Append {
  readonly topic: TopicData
  readonly index: number
  readonly partition: Partition | undefined
  readonly outcome: AppendOutcome
  /** The partition's term in which the records were staged. */
  readonly term: number
}

interface StageTarget {
  readonly partition: Partition | undefined
  readonly topic: string | undefined
  readonly data: PartitionData
  readonly permits: ProducePermits | undefined
}

export function produceHandler(services: BrokerServices): Handler<ProduceRequest, Response> {
  const order = new RequestOrder()
  return defineHandler(ProduceRequest, ProduceResponse, [0, 13], (request, context) => {
    if (order.isHeld(context.connection)) {
      context.whenAbandoned(() => context.respond(undefined))
      order.defer(context.connection, () => {
        if (!context.responded) begin(services, order, request, context)
      })
    } else begin(services, order, request, context)
    return LATER
  })
}

function begin(
  services: BrokerServices,
  order: RequestOrder,
  request: ProduceRequest,
  context: RequestContext<Response>,
): void {
  const permits = permitsFor(services, request, context.apiVersion)
  if (typeof permits === 'number') refuseAll(services, request, context, permits)
  else if (permits === undefined || permits.isComplete) append(services, request, context, permits)
  else {
    order.hold(context.connection)
    context.whenAbandoned(() => context.respond(undefined))
    permits.complete().then(
      () => {
        if (!context.responded) append(services, request, context, permits)
        order.release(context.connection)
      },
      (error: unknown) => throwUncaught(services.clock, error),
    )
  }
}

/** Nothing of the request is looked at any further. */
function refuseAll(
  services: BrokerServices,
  request: ProduceRequest,
  context: RequestContext<Response>,
  errorCode: number,
): void {
  const appends: Append[] = []
  for (const topic of request.topicData) {
    for (const { index } of topic.partitionData) {
      const outcome = failure(errorCode)
      appends.push({ topic, index, partition: undefined, outcome, term: 0 })
    }
  }
  onWritten(services, request, appends, context)
}

function append(
  services: BrokerServices,
  request: ProduceRequest,
  context: RequestContext<Response>,
  permits: ProducePermits | undefined,
): void {
  // From here on the records are the log's to read, until they are written.
  context.whenAbandoned(undefined)
  services.replicaManager.relieve()
  const appends: Append[] = []
  const pending = new PendingAppends(() => onWritten(services, request, appends, context))
  for (const topic of request.topicData) {
    const name = topicNameOf(services, topic)
    for (const data of topic.partitionData) {
      const partition = name === undefined ? undefined : services.replicaManager.partition(name, data.index)
      const target = { partition, topic: name, data, permits }
      const outcome = stageOrFail(services, request, context, target, pending)
      appends.push({ topic, index: data.index, partition, outcome, term: partition?.term ?? 0 })
    }
  }
  pending.seal()
}

/**
 * A bug in one partition's append must not be thrown out of the handler: the frame would be given back, and other
 * partitions' records, already staged, be written from memory that holds something else by then.
 */
function stageOrFail(
  services: BrokerServices,
  request: ProduceRequest,
  context: RequestContext,
  target: StageTarget,
  pending: PendingAppends,
): AppendOutcome {
  try {
    return stage(services, request, context, target, pending)
  } catch (error) {
    if (error instanceof AssertionError) throw error
    services.logger.error(`Error processing append operation on ${target.topic}-${target.data.index}`, error)
    return failure(ErrorCode.UNKNOWN_SERVER_ERROR)
  }
}

function stage(
  services: BrokerServices,
  request: ProduceRequest,
  context: RequestContext,
  { partition, topic, data, permits }: StageTarget,
  pending: PendingAppends,
): AppendOutcome {
  const permit = data.records === null ? undefined : permits?.of(data.records)
  if (isOutcome(permit)) return permit
  const { acks } = request
  if (acks !== 0 && acks !== 1 && acks !== -1) return failure(ErrorCode.INVALID_REQUIRED_ACKS)
  if (topic === undefined) return failure(ErrorCode.UNKNOWN_TOPIC_ID)
  const missing =
    partition === undefined ? missingPartitionError(services, topic, data.index) : ErrorCode.NONE
  // What the cluster doesn't know is not here, whatever its name.
  if (missing === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return failure(missing)
  if (isInternalTopic(topic) && context.clientId !== ADMIN_CLIENT_ID) {
    return failure(ErrorCode.INVALID_TOPIC_EXCEPTION, `Cannot append to internal topic ${topic}`)
  }
  if (partition === undefined) return failure(missing)
  if (partition.role === 'offline') return failure(ErrorCode.KAFKA_STORAGE_ERROR)
  if (!partition.isLeader) return failure(ErrorCode.NOT_LEADER_OR_FOLLOWER)
  if (acks === -1 && partition.isUnderMinIsr) return failure(ErrorCode.NOT_ENOUGH_REPLICAS)

  const batch = batchOf(data.records, context.apiVersion)
  if (!Buffer.isBuffer(batch)) return batch
  const outcome = services.replicaManager.append(partition, batch, {
    origin: 'client',
    waiter: pending,
    verification: permit,
  })
  if (outcome.errorCode === ErrorCode.NONE) pending.expect()
  return outcome
}

/** The batch that a partition's records are, or become if they are an old message set; the log checks the rest. */
function batchOf(records: Buffer | null, apiVersion: number): Buffer | AppendOutcome {
  if (records === null)
    return failure(ErrorCode.INVALID_RECORD, 'the request holds no records for the partition')
  if (apiVersion < FIRST_VERSION_OF_MAGIC_V2 && isMessageSet(records)) {
    const converted = toBatches(records)
    return 'batch' in converted ? converted.batch : failure(ErrorCode[converted.error], converted.message)
  }
  if (records.length >= HEADER_BYTES) {
    if (compressionId(records) === zstd.id && apiVersion < FIRST_VERSION_OF_ZSTD) {
      return failure(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)
    }
  }
  return records
}

function isOutcome(permit: Permit): permit is AppendOutcome {
  return typeof permit === 'object' && 'errorCode' in permit
}

function failure(errorCode: number, message: string | null = null): AppendOutcome {
  return appendFailure(errorCode, message, -1)
}

/** The records are on disk, or failed: from here on the request's bytes are not read any more. */
function onWritten(
  services: BrokerServices,
  request: ProduceRequest,
  appends: readonly Append[],
  context: RequestContext<Response>,
): void {
  context.release()
  if (request.acks === 0) {
    const failed = appends.some((append) => append.outcome.errorCode !== ErrorCode.NONE)
    if (failed) context.closeConnection()
    else respond(services, context, undefined)
    return
  }
  if (request.acks === 1) {
    respond(services, context, response(services, appends, context))
    return
  }
  services.replicaManager.awaitReplication(appends.filter(isWritten), request.timeoutMs, () =>
    respond(services, context, response(services, appends, context)),
  )
}

function respond(
  services: BrokerServices,
  context: RequestContext<Response>,
  response: Response | undefined,
): void {
  const { produce } = services.quotas
  if (produce.isEnabled) context.throttle(produce.record(context, context.requestBytes))
  context.respond(response)
}

function isWritten(append: Append): append is Append & { readonly partition: Partition } {
  return append.partition !== undefined && append.outcome.errorCode === ErrorCode.NONE
}

/** Partitions of a topic stand side by side, as in the request. */
function response(services: BrokerServices, appends: readonly Append[], context: RequestContext): Response {
  const responses: { name: string; topicId: string; partitionResponses: PartitionResponse[] }[] = []
  let topic: TopicData | undefined
  for (const append of appends) {
    if (append.topic !== topic) {
      topic = append.topic
      responses.push({ name: topic.name, topicId: topic.topicId, partitionResponses: [] })
    }
    responses.at(-1)!.partitionResponses.push(partitionResponse(services, context, append))
  }
  return {
    responses,
    ...(appends.some((append) => showsLeader(append, context))
      ? { nodeEndpoints: advertisedBrokers(services, context) }
      : undefined),
  }
}

/** The client is told where the leader is now. */
function showsLeader({ partition, outcome }: Append, { apiVersion }: RequestContext): boolean {
  return (
    partition !== undefined &&
    apiVersion >= FIRST_VERSION_WITH_LEADERS &&
    outcome.errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER
  )
}

/** Kafka tells the start of the log with the errors that the log itself finds, but for these. */
function hidesLogStart(errorCode: number): boolean {
  switch (errorCode) {
    case ErrorCode.CORRUPT_MESSAGE:
    case ErrorCode.MESSAGE_TOO_LARGE:
    case ErrorCode.RECORD_LIST_TOO_LARGE:
    case ErrorCode.KAFKA_STORAGE_ERROR:
      return true
    default:
      return false
  }
}

const NO_RECORD_ERRORS: PartitionResponse['recordErrors'] = []

function partitionResponse(
  services: BrokerServices,
  context: RequestContext,
  append: Append,
): PartitionResponse {
  const { index, partition, outcome } = append
  const { errorCode } = outcome
  const failed = errorCode !== ErrorCode.NONE
  return {
    index,
    errorCode,
    errorMessage: outcome.errorMessage,
    baseOffset: failed ? -1 : outcome.firstOffset,
    logAppendTimeMs: failed ? -1 : outcome.logAppendTimeMs,
    logStartOffset: hidesLogStart(errorCode) ? -1 : outcome.logStartOffset,
    recordErrors:
      outcome.recordErrors.length === 0
        ? NO_RECORD_ERRORS
        : outcome.recordErrors.map(({ batchIndex, message }) => ({
            batchIndex,
            batchIndexErrorMessage: message,
          })),
    ...(showsLeader(append, context)
      ? { currentLeader: currentLeaderOf(services, partition!.topic, index) }
      : undefined),
  }
}
