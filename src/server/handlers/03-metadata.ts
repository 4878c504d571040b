/**
 * Metadata (3), versions 0-13.
 *
 * - 0 has no null list: an empty one asks for all topics. From 1 on null does, and empty asks for none.
 * - Unknown topics are created where `auto.create.topics.enable` and the client (4+) allow it. The answer that orders
 *   a topic says LEADER_NOT_AVAILABLE, and the client asks again. A name that can't be created says why.
 * - 10 shows topic ids; from 12 on topics are also asked for by id. Who does so earlier gets INVALID_REQUEST.
 */
import type { TopicMetadata } from '../../metadata/metadata-cache.ts'
import { isInternalTopic, topicNameProblem } from '../../metadata/topic-names.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { MetadataRequest, MetadataResponse } from '../../protocol/messages/03-metadata.ts'
import type { Draft } from '../../protocol/schema.ts'
import { ZERO_UUID } from '../../wire/text.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import type { RequestContext } from '../request-context.ts'
import { advertisedBrokers } from './endpoints.ts'
import {
  ALL_CLUSTER_OPERATIONS,
  ALL_TOPIC_OPERATIONS,
  OPERATIONS_NOT_ASKED_FOR,
  partitionView,
  sortedPartitions,
} from './topic-metadata.ts'

type Response = Draft<typeof MetadataResponse>
type TopicResponse = NonNullable<Response['topics']>[number]

const FIRST_VERSION_BY_ID = 12

/** What is said of the topics that this request has ordered, by name. */
type CreationErrors = ReadonlyMap<string, number>
const NO_ERRORS: CreationErrors = new Map()

export function metadataHandler(services: BrokerServices): Handler<MetadataRequest, Response> {
  return defineHandler(MetadataRequest, MetadataResponse, [0, 13], (request, context) => {
    if (asksByIdTooEarly(request, context.apiVersion)) return refusal(request)
    const missing = topicsToCreate(services, request)
    if (missing.length === 0) return response(services, request, context, NO_ERRORS)
    return services.autoTopicCreation
      .order(missing, services.quotas.controllerMutation.forRequest(context, false))
      .then((errors) => response(services, request, context, errors))
  })
}

/** Versions 10 and 11 have the fields to ask by id, but only 12 means it. */
function asksByIdTooEarly({ topics }: MetadataRequest, apiVersion: number): boolean {
  if (topics === null || apiVersion >= FIRST_VERSION_BY_ID) return false
  return topics.some(({ name, topicId }) => name === null || topicId !== ZERO_UUID)
}

/** The request as a whole makes no sense: nothing else is told, as in Kafka. */
function refusal({ topics }: MetadataRequest): Response {
  return {
    brokers: [],
    topics: (topics ?? []).map(({ name, topicId }) => ({
      errorCode: ErrorCode.INVALID_REQUEST,
      name: name ?? '',
      topicId,
    })),
  }
}

function topicsToCreate(services: BrokerServices, request: MetadataRequest): string[] {
  if (request.topics === null || !request.allowAutoTopicCreation) return []
  const names = new Set<string>()
  for (const { name, topicId } of request.topics) {
    if (name === null || topicId !== ZERO_UUID || topicNameProblem(name) !== undefined) continue
    if (services.metadataCache.topic(name) !== undefined) continue
    if (services.config.autoCreateTopicsEnable || isInternalTopic(name)) names.add(name)
  }
  return [...names]
}

function response(
  services: BrokerServices,
  request: MetadataRequest,
  context: RequestContext,
  errors: CreationErrors,
): Response {
  const { metadataCache } = services
  const operations = request.includeTopicAuthorizedOperations
    ? ALL_TOPIC_OPERATIONS
    : OPERATIONS_NOT_ASKED_FOR
  return {
    brokers: advertisedBrokers(services, context),
    clusterId: metadataCache.clusterId,
    controllerId: metadataCache.controllerId,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
      ? ALL_CLUSTER_OPERATIONS
      : OPERATIONS_NOT_ASKED_FOR,
    topics: requestedTopics(services, request, context.apiVersion).map((asked) => ({
      topicAuthorizedOperations: operations,
      ...topicResponse(services, context, asked, errors),
    })),
  }
}

interface AskedTopic {
  readonly name: string | null
  readonly topicId: string
}

function requestedTopics(
  services: BrokerServices,
  request: MetadataRequest,
  apiVersion: number,
): AskedTopic[] {
  const { topics } = request
  if (topics === null || (apiVersion === 0 && topics.length === 0)) {
    return Array.from(services.metadataCache.topicNames(), (name) => ({ name, topicId: ZERO_UUID }))
  }
  // A topic that is asked for twice is told once.
  return [
    ...new Map(
      topics.map((topic) => [topic.topicId === ZERO_UUID ? topic.name : topic.topicId, topic]),
    ).values(),
  ]
}

function topicResponse(
  services: BrokerServices,
  context: RequestContext,
  { name, topicId }: AskedTopic,
  errors: CreationErrors,
): TopicResponse {
  if (topicId !== ZERO_UUID) {
    const byId = services.metadataCache.topicById(topicId)
    return byId === undefined
      ? {
          errorCode: ErrorCode.UNKNOWN_TOPIC_ID,
          name: null,
          topicId,
          topicAuthorizedOperations: OPERATIONS_NOT_ASKED_FOR,
        }
      : knownTopic(services, context, byId)
  }
  if (name === null) return { errorCode: ErrorCode.INVALID_REQUEST, name: null }
  const topic = services.metadataCache.topic(name)
  // Even if an ordered topic is there already: the client sees one answer, however fast the controller was.
  if (topic !== undefined && !errors.has(name)) return knownTopic(services, context, topic)
  const isBadName = topicNameProblem(name) !== undefined
  const missing = isBadName ? ErrorCode.INVALID_TOPIC_EXCEPTION : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  return { errorCode: errors.get(name) ?? missing, name, isInternal: isInternalTopic(name) }
}

function knownTopic(services: BrokerServices, context: RequestContext, topic: TopicMetadata): TopicResponse {
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.topicId,
    isInternal: isInternalTopic(topic.name),
    partitions: sortedPartitions(topic).map((partition) => partitionView(services, context, partition)),
  }
}
