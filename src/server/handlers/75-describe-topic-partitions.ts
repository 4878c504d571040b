/**
 * DescribeTopicPartitions (75), version 0: topics page by page (KIP-966). Topics come in the order of their names; a
 * page ends after `responsePartitionLimit` partitions (at most `max.request.partition.size.limit`), and its cursor
 * names where the next one starts. No topics asked for means all. A cursor that can't be one is INVALID_REQUEST.
 */
import { isInternalTopic, topicNameProblem } from '../../metadata/topic-names.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
} from '../../protocol/messages/75-describe-topic-partitions.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { ALL_TOPIC_OPERATIONS, partitionView, sortedPartitions } from './topic-metadata.ts'

type Response = Draft<typeof DescribeTopicPartitionsResponse>
type TopicResponse = NonNullable<Response['topics']>[number]

export function describeTopicPartitionsHandler(
  services: BrokerServices,
): Handler<DescribeTopicPartitionsRequest, Response> {
  return defineHandler(
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    [0, 0],
    (request, context) => {
      const { cursor } = request
      if (cursor !== null && !isUsable(cursor, request)) {
        return { topics: request.topics.map(({ name }) => ({ errorCode: ErrorCode.INVALID_REQUEST, name })) }
      }
      let partitionsLeft = Math.min(
        Math.max(1, request.responsePartitionLimit),
        services.config.maxRequestPartitionSizeLimit,
      )
      const topics: TopicResponse[] = []
      for (const name of askedNames(services, request)) {
        if (cursor !== null && name < cursor.topicName) continue
        const topic = services.metadataCache.topic(name)
        if (topic === undefined) {
          topics.push({
            errorCode: unknownTopicError(name),
            name,
            isInternal: isInternalTopic(name),
            topicAuthorizedOperations: ALL_TOPIC_OPERATIONS,
          })
          continue
        }
        const first = cursor?.topicName === name ? cursor.partitionIndex : 0
        const partitions = sortedPartitions(topic).filter(({ partition }) => partition >= first)
        if (partitionsLeft === 0) return page(topics, name, first)
        topics.push({
          errorCode: ErrorCode.NONE,
          name,
          topicId: topic.topicId,
          isInternal: isInternalTopic(name),
          partitions: partitions.slice(0, partitionsLeft).map((partition) => ({
            ...partitionView(services, context, partition),
            eligibleLeaderReplicas: [],
            lastKnownElr: [],
          })),
          topicAuthorizedOperations: ALL_TOPIC_OPERATIONS,
        })
        const next = partitions[partitionsLeft]
        if (next !== undefined) return page(topics, name, next.partition)
        partitionsLeft -= partitions.length
      }
      return { topics, nextCursor: null }
    },
  )
}

/** A cursor points at a partition of a topic that is asked for; all topics are asked for by none. */
function isUsable(
  { topicName, partitionIndex }: { readonly topicName: string; readonly partitionIndex: number },
  { topics }: DescribeTopicPartitionsRequest,
): boolean {
  return partitionIndex >= 0 && (topics.length === 0 || topics.some(({ name }) => name === topicName))
}

function askedNames(services: BrokerServices, { topics }: DescribeTopicPartitionsRequest): string[] {
  const names = topics.length > 0 ? topics.map(({ name }) => name) : services.metadataCache.topicNames()
  return [...new Set(names)].sort()
}

function unknownTopicError(name: string): number {
  return topicNameProblem(name) === undefined
    ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    : ErrorCode.INVALID_TOPIC_EXCEPTION
}

function page(topics: readonly TopicResponse[], topicName: string, partitionIndex: number): Response {
  return { topics, nextCursor: { topicName, partitionIndex } }
}
