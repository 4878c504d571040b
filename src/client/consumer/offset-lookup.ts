/** Finds offsets by time, and the ends of partitions (ListOffsets), wherever their leaders are. */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from '../../protocol/messages/02-list-offsets.ts'
import { KafkaError } from '../kafka-error.ts'
import { defineApi } from '../network/api.ts'
import { retrying } from '../network/backoff.ts'
import type { Cluster } from '../network/cluster.ts'
import { byTopic, nameOf, PartitionMap, type TopicPartition } from './topic-partition.ts'

const LIST_OFFSETS = defineApi(ListOffsetsRequest, ListOffsetsResponse, [1, 10])
const CONSUMER = -1

/** In place of a time. */
export const LATEST = -1
export const EARLIEST = -2

export interface OffsetQuery extends TopicPartition {
  /** Milliseconds since the Unix epoch: the first record of that time or later; or EARLIEST, LATEST. */
  readonly timestamp: number
}

export interface FoundOffset extends TopicPartition {
  /** -1: there is none. */
  readonly offset: number
  /** Of the record there; -1: none, or one of the ends was asked for. */
  readonly timestamp: number
  readonly leaderEpoch: number | undefined
}

export interface OffsetLookupOptions {
  readonly cluster: Cluster
  /** The end is where open transactions begin. */
  readonly isReadCommitted: boolean
  readonly timeoutMs: number
}

type PartitionAnswer = ListOffsetsResponse['topics'][number]['partitions'][number]

/** In the order of the queries. Rejects with KafkaError: TIMEOUT, TOPIC_AUTHORIZATION_FAILED, ... */
export async function lookUpOffsets(
  queries: readonly OffsetQuery[],
  options: OffsetLookupOptions,
): Promise<FoundOffset[]> {
  const { cluster, timeoutMs } = options
  const found = new PartitionMap<FoundOffset>()
  await retrying('ListOffsets', cluster.retryOptions(timeoutMs), async (remainingMs) => {
    const open = queries.filter(({ topic, partition }) => !found.has(topic, partition))
    const answers = await lookUpOnce(open, { ...options, timeoutMs: remainingMs })
    let failure: KafkaError | undefined
    for (const answer of answers) {
      if (!(answer instanceof KafkaError)) found.set(answer.topic, answer.partition, answer)
      else if (failure === undefined || !answer.retriable) failure = answer
    }
    if (failure === undefined) return
    if (failure.retriable) await cluster.refresh(open.map(({ topic }) => topic))
    throw failure
  })
  return queries.map(({ topic, partition }) => found.get(topic, partition)!)
}

/** What can be had at once; in the order of the queries. */
export async function lookUpOnce(
  queries: readonly OffsetQuery[],
  options: OffsetLookupOptions,
): Promise<(FoundOffset | KafkaError)[]> {
  const answers = new PartitionMap<FoundOffset | KafkaError>()
  const byLeader = new Map<number, OffsetQuery[]>()
  for (const query of queries) {
    const leader = await leaderOf(query, options.cluster)
    if (leader instanceof KafkaError) answers.set(query.topic, query.partition, leader)
    else byLeader.set(leader, [...(byLeader.get(leader) ?? []), query])
  }
  const asked = [...byLeader].map(async ([leader, all]) => {
    const outcome = await askLeader(leader, all, options).catch(asKafkaError)
    for (const [i, { topic, partition }] of all.entries()) {
      answers.set(topic, partition, outcome instanceof KafkaError ? outcome : outcome[i]!)
    }
  })
  await Promise.all(asked)
  return queries.map(({ topic, partition }) => answers.get(topic, partition)!)
}

async function leaderOf(query: OffsetQuery, cluster: Cluster): Promise<number | KafkaError> {
  try {
    const { partitions } = await cluster.topic(query.topic, { allowAutoCreation: false })
    const info = partitions[query.partition]
    if (info !== undefined && info.leader >= 0) return info.leader
    const code = info === undefined ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.LEADER_NOT_AVAILABLE
    return KafkaError.of(code, `partition ${nameOf(query)}`)
  } catch (error) {
    return asKafkaError(error)
  }
}

function asKafkaError(error: unknown): KafkaError {
  if (error instanceof KafkaError) return error
  throw error
}

/** In the order of the queries. */
async function askLeader(
  leader: number,
  queries: readonly OffsetQuery[],
  { cluster, isReadCommitted, timeoutMs }: OffsetLookupOptions,
): Promise<(FoundOffset | KafkaError)[]> {
  const response = await cluster.callNode(leader, LIST_OFFSETS, {
    replicaId: CONSUMER,
    isolationLevel: isReadCommitted ? 1 : 0,
    timeoutMs: Math.max(0, Math.min(0x7fffffff, Math.ceil(timeoutMs))),
    topics: [...byTopic(queries)].map(([name, partitions]) => ({
      name,
      partitions: partitions.map(({ topic, partition, timestamp }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: cluster.metadata.topic(topic)?.partitions[partition]?.leaderEpoch ?? -1,
        timestamp,
      })),
    })),
  })
  const answers = new PartitionMap<PartitionAnswer>()
  for (const { name, partitions } of response.topics) {
    for (const answer of partitions) answers.set(name, answer.partitionIndex, answer)
  }
  return queries.map((query) => foundOf(query, answers.get(query.topic, query.partition)))
}

function foundOf(
  { topic, partition }: TopicPartition,
  answer: PartitionAnswer | undefined,
): FoundOffset | KafkaError {
  const errorCode = answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
  if (answer !== undefined && errorCode === ErrorCode.NONE) {
    const { offset, timestamp, leaderEpoch } = answer
    return { topic, partition, offset, timestamp, leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch }
  }
  // A log of an old format has no index of times: nothing is found in it.
  if (errorCode === ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT) {
    return { topic, partition, offset: -1, timestamp: -1, leaderEpoch: undefined }
  }
  return KafkaError.of(errorCode, `the offsets of ${nameOf({ topic, partition })}`)
}
