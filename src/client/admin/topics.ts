/** Making topics, deleting them, giving them more partitions: all by the controller. */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../protocol/messages/19-create-topics.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../../protocol/messages/20-delete-topics.ts'
import {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from '../../protocol/messages/37-create-partitions.ts'
import { KafkaError } from '../kafka-error.ts'
import { defineApi } from '../network/api.ts'
import { retrying } from '../network/backoff.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import { METADATA } from '../network/cluster.ts'
import type { Outcome } from '../outcomes.ts'
import { inOrder, outcomeOf } from './answers.ts'
import type { ConfigEntry } from './config-entries.ts'
import { plainConfigEntry } from './config-entries.ts'
import { checkList, checkNames, checkText, checkWhole, INT16_MAX, refuse } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { controller } from './routes.ts'
import { isTopicId, nameOfReference, type TopicReference } from './topic-reference.ts'

const CREATE_TOPICS = defineApi(CreateTopicsRequest, CreateTopicsResponse, [0, 7])
const DELETE_TOPICS = defineApi(DeleteTopicsRequest, DeleteTopicsResponse, [0, 6])
const CREATE_PARTITIONS = defineApi(CreatePartitionsRequest, CreatePartitionsResponse, [0, 3])
const FIRST_VERSION_WITH_DEFAULTS = 4
const FIRST_VERSION_WITH_CONFIGS = 5
const FIRST_VERSION_WITH_TOPIC_IDS = 6
/** How often a broker is asked whether it knows the leaders of a new topic. */
const LEADER_BACKOFF = { minMs: 10, maxMs: 200 }
const BROKERS_CHOICE = -1

export interface NewTopic {
  readonly name: string
  /** Default: the broker's `num.partitions`. */
  readonly partitions?: number | undefined
  /** Default: the broker's `default.replication.factor`. */
  readonly replicationFactor?: number | undefined
  /** The brokers of each partition, by its number, the preferred leader first; instead of the two before. */
  readonly assignments?: readonly (readonly number[])[] | undefined
  readonly configs?: Readonly<Record<string, string>> | undefined
}

export interface CreateTopicsOptions extends AdminCallOptions {
  /** Everything is checked, nothing is done. */
  readonly validateOnly?: boolean | undefined
}

/** What is known of a topic that was made just now; null: the broker is too old to tell, or may not. */
export interface CreatedTopic {
  readonly name: string
  readonly topicId: string
  readonly partitions: number | null
  readonly replicationFactor: number | null
  readonly configs: readonly ConfigEntry[] | null
}

export interface NewPartitions {
  readonly name: string
  /** How many there shall be in all. */
  readonly partitions: number
  /** The brokers of each partition that is added. */
  readonly assignments?: readonly (readonly number[])[] | undefined
}

export async function createTopics(
  requester: Requester,
  topics: readonly NewTopic[],
  { validateOnly = false, timeoutMs }: CreateTopicsOptions,
): Promise<CreatedTopic[]> {
  checkNewTopics(topics)
  const remainingMs = requester.countdown(timeoutMs)
  const usesDefaults = topics.some(
    ({ assignments, partitions, replicationFactor }) =>
      assignments === undefined && (partitions === undefined || replicationFactor === undefined),
  )
  return requester.each<NewTopic, CreatedTopic>({
    what: 'createTopics',
    things: topics,
    nameOf: ({ name }) => name,
    route: controller(requester.cluster),
    timeoutMs,
    call: async (connection, things, brokerTimeoutMs) => {
      const version = connection.apis!.versionOf(CREATE_TOPICS, {
        min: usesDefaults ? FIRST_VERSION_WITH_DEFAULTS : 0,
      })
      const body = { topics: things.map(newTopicOf), timeoutMs: brokerTimeoutMs, validateOnly }
      const answer = await connection.call(CREATE_TOPICS, body, { version })
      const created = new Map<string, Outcome<CreatedTopic>>()
      for (const each of answer.topics) {
        const told = version >= FIRST_VERSION_WITH_CONFIGS
        created.set(
          each.name,
          outcomeOf(`topic ${each.name}`, each, () => createdTopicOf(each, told)),
        )
      }
      const outcomes = inOrder(things, ({ name }) => name, created)
      return validateOnly ? outcomes : awaitLeaders(requester, connection, outcomes, remainingMs())
    },
  })
}

function checkNewTopics(topics: readonly NewTopic[]): void {
  checkList('topics', topics)
  for (const [i, { name, partitions, replicationFactor, assignments, configs = {} }] of topics.entries()) {
    checkText(`topics[${i}].name`, name)
    if (assignments !== undefined) {
      if (partitions !== undefined || replicationFactor !== undefined)
        refuse(`topic ${name}: assignments say how many partitions and replicas there are, nothing else may`)
      checkAssignments(`topic ${name}: assignments`, assignments)
    }
    if (partitions !== undefined) checkWhole(`topic ${name}: partitions`, partitions)
    if (replicationFactor !== undefined)
      checkWhole(`topic ${name}: replicationFactor`, replicationFactor, { max: INT16_MAX })
    for (const [key, value] of Object.entries(configs)) checkText(`topic ${name}: config ${key}`, value)
  }
  checkNames(
    'topics',
    topics.map(({ name }) => name),
  )
}

export function checkAssignments(what: string, assignments: readonly (readonly number[])[]): void {
  checkList(what, assignments)
  for (const [i, brokerIds] of assignments.entries()) {
    checkList(`${what}[${i}]`, brokerIds)
    for (const id of brokerIds) checkWhole(`${what}[${i}]`, id)
  }
}

function newTopicOf({
  name,
  partitions = BROKERS_CHOICE,
  replicationFactor = BROKERS_CHOICE,
  assignments = [],
  configs = {},
}: NewTopic) {
  return {
    name,
    numPartitions: partitions,
    replicationFactor,
    assignments: assignments.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  }
}

function createdTopicOf(topic: CreateTopicsResponse['topics'][number], isTold: boolean): CreatedTopic {
  const { name, topicId, numPartitions, replicationFactor, configs } = topic
  return {
    name,
    topicId,
    partitions: isTold && numPartitions >= 0 ? numPartitions : null,
    replicationFactor: isTold && replicationFactor >= 0 ? replicationFactor : null,
    configs: isTold && configs !== null ? configs.map(plainConfigEntry) : null,
  }
}

/** Until the broker that answered knows the leader of every partition: whoever asks it next finds the topic whole. */
async function awaitLeaders(
  { cluster }: Requester,
  connection: BrokerConnection,
  outcomes: Outcome<CreatedTopic>[],
  timeoutMs: number,
): Promise<Outcome<CreatedTopic>[]> {
  const waiting = new Set<string>()
  for (const outcome of outcomes) if (!(outcome instanceof KafkaError)) waiting.add(outcome.name)
  if (waiting.size === 0) return outcomes
  const options = { ...cluster.retryOptions(timeoutMs), backoff: LEADER_BACKOFF }
  await retrying('createTopics', options, async () => {
    const topics = [...waiting].map((name) => ({ name }))
    const answer = await connection.call(METADATA, { topics, allowAutoTopicCreation: false })
    for (const { name, errorCode, partitions } of answer.topics) {
      const isLed = partitions.length > 0 && partitions.every(({ leaderId }) => leaderId >= 0)
      if (errorCode === ErrorCode.NONE && isLed) waiting.delete(name!)
    }
    const [name] = waiting
    if (name !== undefined) throw KafkaError.of(ErrorCode.LEADER_NOT_AVAILABLE, `topic ${name}`)
  })
  return outcomes
}

export async function deleteTopics(
  requester: Requester,
  topics: readonly TopicReference[],
  { timeoutMs }: AdminCallOptions,
): Promise<void> {
  checkList('topics', topics)
  checkNames('topics', topics.map(nameOfReference))
  const usesIds = topics.some(isTopicId)
  await requester.each<TopicReference, void>({
    what: 'deleteTopics',
    things: topics,
    nameOf: nameOfReference,
    route: controller(requester.cluster),
    timeoutMs,
    call: async (connection, things, brokerTimeoutMs) => {
      const version = connection.apis!.versionOf(DELETE_TOPICS, {
        min: usesIds ? FIRST_VERSION_WITH_TOPIC_IDS : 0,
      })
      const body =
        version >= FIRST_VERSION_WITH_TOPIC_IDS
          ? { topics: things.map((thing) => (isTopicId(thing) ? thing : { name: thing })) }
          : { topicNames: things as string[] }
      const answer = await connection.call(
        DELETE_TOPICS,
        { ...body, timeoutMs: brokerTimeoutMs },
        { version },
      )
      const deleted = new Map<string, Outcome<void>>()
      for (const each of answer.responses) {
        // An answer has both where the broker knew them; things were asked for by one or the other.
        const outcome = outcomeOf(`topic ${each.name ?? each.topicId}`, each, () => {})
        for (const name of [each.name, each.topicId]) if (name !== null) deleted.set(name, outcome)
        if (each.name !== null) requester.cluster.metadata.forget(each.name)
      }
      return inOrder(things, nameOfReference, deleted)
    },
  })
}

export async function createPartitions(
  requester: Requester,
  topics: readonly NewPartitions[],
  { validateOnly = false, timeoutMs }: CreateTopicsOptions,
): Promise<void> {
  checkList('topics', topics)
  for (const { name, partitions, assignments } of topics) {
    checkWhole(`topic ${name}: partitions`, partitions)
    if (assignments !== undefined) checkAssignments(`topic ${name}: assignments`, assignments)
  }
  checkNames(
    'topics',
    topics.map(({ name }) => name),
  )
  await requester.each<NewPartitions, void>({
    what: 'createPartitions',
    things: topics,
    nameOf: ({ name }) => name,
    route: controller(requester.cluster),
    timeoutMs,
    call: async (connection, things, brokerTimeoutMs) => {
      const { results } = await connection.call(CREATE_PARTITIONS, {
        topics: things.map(({ name, partitions, assignments }) => ({
          name,
          count: partitions,
          assignments: assignments?.map((brokerIds) => ({ brokerIds })) ?? null,
        })),
        timeoutMs: brokerTimeoutMs,
        validateOnly,
      })
      for (const { name } of things) requester.cluster.metadata.forget(name)
      const added = new Map(
        results.map((each) => [each.name, outcomeOf(`topic ${each.name}`, each, () => {})]),
      )
      return inOrder(things, ({ name }) => name, added)
    },
  })
}
