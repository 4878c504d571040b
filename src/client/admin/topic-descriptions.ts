/**
 * Which topics there are, and what they are made of. Of single topics a broker that can tells page by page, with the
 * replicas that may become leaders (KIP-966); others by Metadata.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
} from '../../protocol/messages/75-describe-topic-partitions.ts'
import { ZERO_UUID } from '../../wire/text.ts'
import { KafkaError } from '../kafka-error.ts'
import { defineApi } from '../network/api.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import { METADATA } from '../network/cluster.ts'
import type { Outcome } from '../outcomes.ts'
import { type AclOperation, authorizedOperations } from './acl-words.ts'
import { inOrder, outcomeOf } from './answers.ts'
import { checkList, checkNames } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { anyBroker } from './routes.ts'
import { isTopicId, nameOfReference, type TopicReference } from './topic-reference.ts'

const DESCRIBE_TOPIC_PARTITIONS = defineApi(DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse)
const FIRST_VERSION_WITH_TOPIC_IDS = 12

export interface ListTopicsOptions extends AdminCallOptions {
  /** Those of Kafka's own too, as `__consumer_offsets`. */
  readonly listInternal?: boolean | undefined
}

export interface TopicListing {
  readonly name: string
  /** Null: the broker gives topics no ids. */
  readonly topicId: string | null
  readonly isInternal: boolean
}

export interface DescribeTopicsOptions extends AdminCallOptions {
  readonly includeAuthorizedOperations?: boolean | undefined
}

export interface PartitionDescription {
  readonly partition: number
  /** The broker's id; null: none. */
  readonly leader: number | null
  /** -1: not known. */
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly offlineReplicas: readonly number[]
  /** Null: not known. */
  readonly eligibleLeaderReplicas: readonly number[] | null
  readonly lastKnownEligibleLeaderReplicas: readonly number[] | null
}

export interface TopicDescription extends TopicListing {
  readonly partitions: readonly PartitionDescription[]
  /** What the one who asks may do; null: not asked for. */
  readonly authorizedOperations: readonly AclOperation[] | null
}

export async function listTopics(
  requester: Requester,
  { listInternal = false, timeoutMs }: ListTopicsOptions,
): Promise<TopicListing[]> {
  const topics = await requester.one({
    what: 'listTopics',
    route: anyBroker(),
    timeoutMs,
    call: async (connection) => (await connection.call(METADATA, { topics: null })).topics,
  })
  return topics
    .filter(({ isInternal }) => listInternal || !isInternal)
    .map(({ name, topicId, isInternal }) => ({ name: name!, topicId: idOf(topicId), isInternal }))
}

export async function describeTopics(
  requester: Requester,
  topics: readonly TopicReference[],
  { includeAuthorizedOperations = false, timeoutMs }: DescribeTopicsOptions,
): Promise<TopicDescription[]> {
  checkList('topics', topics)
  checkNames('topics', topics.map(nameOfReference))
  return requester.each<TopicReference, TopicDescription>({
    what: 'describeTopics',
    things: topics,
    nameOf: nameOfReference,
    route: anyBroker(),
    timeoutMs,
    call: async (connection, things) => {
      const isPaged =
        !things.some(isTopicId) && connection.apis!.newest(DESCRIBE_TOPIC_PARTITIONS) !== undefined
      const answers = isPaged
        ? await describePaged(connection, things as string[])
        : await describeAtOnce(connection, things, includeAuthorizedOperations)
      const described = new Map<string, Outcome<TopicDescription>>()
      for (const topic of answers) {
        const outcome = outcomeOf(`topic ${topic.name ?? topic.topicId}`, topic, () =>
          descriptionOf(topic, includeAuthorizedOperations),
        )
        for (const name of [topic.name, topic.topicId]) if (name !== null) described.set(name, outcome)
      }
      return inOrder(things, nameOfReference, described)
    },
  })
}

/** As both answers have it. */
interface AnsweredTopic {
  readonly errorCode: number
  readonly name: string | null
  readonly topicId: string
  readonly isInternal: boolean
  readonly partitions: readonly AnsweredPartition[]
  readonly topicAuthorizedOperations: number
}

interface AnsweredPartition {
  readonly partitionIndex: number
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly replicaNodes: readonly number[]
  readonly isrNodes: readonly number[]
  readonly offlineReplicas: readonly number[]
  readonly eligibleLeaderReplicas?: readonly number[] | null
  readonly lastKnownElr?: readonly number[] | null
}

/** A topic may be told of in several pages. */
async function describePaged(
  connection: BrokerConnection,
  names: readonly string[],
): Promise<AnsweredTopic[]> {
  const found = new Map<string, AnsweredTopic>()
  // Pages come in the order of the names.
  let left = [...names].sort()
  let cursor: DescribeTopicPartitionsRequest['cursor'] = null
  do {
    const topics = left.map((name) => ({ name }))
    const answer: DescribeTopicPartitionsResponse = await connection.call(DESCRIBE_TOPIC_PARTITIONS, {
      topics,
      cursor,
    })
    for (const topic of answer.topics) {
      const before = found.get(topic.name!)?.partitions ?? []
      found.set(topic.name!, { ...topic, partitions: [...before, ...topic.partitions] })
    }
    const next = answer.nextCursor
    if (next !== null && !isBeyond(next, cursor))
      throw new KafkaError('PROTOCOL', 'the broker turns in a circle with DescribeTopicPartitions')
    left = next === null ? [] : left.filter((name) => name >= next.topicName)
    cursor = next
  } while (cursor !== null && left.length > 0)
  return [...found.values()]
}

type Cursor = NonNullable<DescribeTopicPartitionsRequest['cursor']>

function isBeyond(next: Cursor, before: Cursor | null): boolean {
  if (before === null || next.topicName > before.topicName) return true
  return next.topicName === before.topicName && next.partitionIndex > before.partitionIndex
}

async function describeAtOnce(
  connection: BrokerConnection,
  things: readonly TopicReference[],
  includeTopicAuthorizedOperations: boolean,
): Promise<AnsweredTopic[]> {
  const version = connection.apis!.versionOf(METADATA, {
    min: things.some(isTopicId) ? FIRST_VERSION_WITH_TOPIC_IDS : 0,
  })
  const answer = await connection.call(
    METADATA,
    {
      topics: things.map((thing) =>
        isTopicId(thing) ? { topicId: thing.topicId, name: null } : { name: thing },
      ),
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations,
    },
    { version },
  )
  // A topic whose leaders are missing is there all the same.
  return answer.topics.map((topic) =>
    topic.errorCode === ErrorCode.LEADER_NOT_AVAILABLE && topic.partitions.length > 0
      ? { ...topic, errorCode: ErrorCode.NONE }
      : topic,
  )
}

function descriptionOf(topic: AnsweredTopic, includeAuthorizedOperations: boolean): TopicDescription {
  return {
    name: topic.name!,
    topicId: idOf(topic.topicId),
    isInternal: topic.isInternal,
    partitions: topic.partitions
      .map((each) => ({
        partition: each.partitionIndex,
        leader: each.leaderId < 0 ? null : each.leaderId,
        leaderEpoch: each.leaderEpoch,
        replicas: each.replicaNodes,
        isr: each.isrNodes,
        offlineReplicas: each.offlineReplicas,
        eligibleLeaderReplicas: each.eligibleLeaderReplicas ?? null,
        lastKnownEligibleLeaderReplicas: each.lastKnownElr ?? null,
      }))
      .sort((a, b) => a.partition - b.partition),
    authorizedOperations: includeAuthorizedOperations
      ? authorizedOperations(topic.topicAuthorizedOperations)
      : null,
  }
}

function idOf(topicId: string): string | null {
  return topicId === ZERO_UUID ? null : topicId
}
