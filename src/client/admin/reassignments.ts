/** Who holds and leads partitions: moving them to other brokers (KIP-455), and electing leaders (KIP-460). */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ElectLeadersRequest, ElectLeadersResponse } from '../../protocol/messages/43-elect-leaders.ts'
import {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
} from '../../protocol/messages/45-alter-partition-reassignments.ts'
import {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '../../protocol/messages/46-list-partition-reassignments.ts'
import { byTopic, nameOf, type TopicPartition } from '../consumer/topic-partition.ts'
import { defineApi } from '../network/api.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import { type Outcome, settle } from '../outcomes.ts'
import { checkAnswer, outcomeOf, partitionsInOrder, topicsOf } from './answers.ts'
import { checkList, checkPartitions, checkWhole, Words } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { controller } from './routes.ts'

const ALTER_REASSIGNMENTS = defineApi(
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
  [0, 1],
)
const LIST_REASSIGNMENTS = defineApi(ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse)
const ELECT_LEADERS = defineApi(ElectLeadersRequest, ElectLeadersResponse, [0, 2])

const ELECTION_TYPES = { preferred: 0, unclean: 1 } as const
/** The first of the replicas; or any that lives, at the cost of the records that it does not have. */
export type ElectionType = keyof typeof ELECTION_TYPES
const electionTypes = new Words<ElectionType>(ELECTION_TYPES)

export interface Reassignment extends TopicPartition {
  /** The brokers, the preferred leader first; null: what is under way is called off. */
  readonly replicas: readonly number[] | null
}

export interface AlterReassignmentsOptions extends AdminCallOptions {
  /** False: it is refused where there would be more or fewer replicas than now (KIP-860). Default: true. */
  readonly allowReplicationFactorChange?: boolean | undefined
}

export interface OngoingReassignment extends TopicPartition {
  readonly replicas: readonly number[]
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
}

export interface Election extends TopicPartition {
  /** False: the leader was the right one before. */
  readonly isElected: boolean
}

/** Resolves when the moves have begun; `listPartitionReassignments` tells what is still on its way. */
export async function alterPartitionReassignments(
  requester: Requester,
  reassignments: readonly Reassignment[],
  { allowReplicationFactorChange = true, timeoutMs }: AlterReassignmentsOptions,
): Promise<void> {
  checkPartitions('reassignments', reassignments)
  for (const each of reassignments) {
    if (each.replicas === null) continue
    checkList(`${nameOf(each)}: replicas`, each.replicas)
    for (const id of each.replicas) checkWhole(`${nameOf(each)}: replicas`, id)
  }
  await requester.each<Reassignment, void>({
    what: 'alterPartitionReassignments',
    things: reassignments,
    nameOf,
    route: controller(requester.cluster),
    timeoutMs,
    call: async (connection, things, brokerTimeoutMs) => {
      const topics = topicsOf(things, ({ partition, replicas }) => ({ partitionIndex: partition, replicas }))
      const body = { timeoutMs: brokerTimeoutMs, allowReplicationFactorChange, topics }
      const answer = await connection.call(ALTER_REASSIGNMENTS, body)
      checkAnswer('alterPartitionReassignments', answer)
      const answers = answer.responses.map(({ name, partitions }) => [name, partitions] as const)
      return partitionsInOrder(things, answers, (each, topic) => [
        each.partitionIndex,
        outcomeOf(`partition ${topic}-${each.partitionIndex}`, each, () => {}),
      ])
    },
  })
}

/** Partitions that stay where they are, are not in the answer. */
export async function listPartitionReassignments(
  requester: Requester,
  partitions: readonly TopicPartition[] | undefined,
  { timeoutMs }: AdminCallOptions,
): Promise<OngoingReassignment[]> {
  if (partitions !== undefined) checkPartitions('partitions', partitions)
  const topics =
    partitions === undefined
      ? null
      : Array.from(byTopic(partitions), ([name, all]) => ({
          name,
          partitionIndexes: all.map(({ partition }) => partition),
        }))
  return requester.one({
    what: 'listPartitionReassignments',
    route: controller(requester.cluster),
    timeoutMs,
    call: async (connection, brokerTimeoutMs) => {
      const answer = await connection.call(LIST_REASSIGNMENTS, { timeoutMs: brokerTimeoutMs, topics })
      checkAnswer('listPartitionReassignments', answer)
      return answer.topics.flatMap(({ name: topic, partitions: moving }) =>
        moving.map(({ partitionIndex: partition, replicas, addingReplicas, removingReplicas }) => ({
          topic,
          partition,
          replicas,
          addingReplicas,
          removingReplicas,
        })),
      )
    },
  })
}

/** Of all partitions where none are named: then those are told of that got another leader, or could get none. */
export async function electLeaders(
  requester: Requester,
  type: ElectionType,
  partitions: readonly TopicPartition[] | undefined,
  { timeoutMs }: AdminCallOptions,
): Promise<Election[]> {
  const electionType = electionTypes.numberOf('type', type)
  if (partitions === undefined) return electAll(requester, electionType, timeoutMs)
  checkPartitions('partitions', partitions)
  return requester.each<TopicPartition, Election>({
    what: 'electLeaders',
    things: partitions,
    nameOf,
    route: controller(requester.cluster),
    timeoutMs,
    call: async (connection, things, brokerTimeoutMs) => {
      const answers = await elect(connection, electionType, things, brokerTimeoutMs)
      return partitionsInOrder(things, answers, (each, topic) => [each.partitionId, electionOf(topic, each)])
    },
  })
}

async function electAll(
  requester: Requester,
  electionType: number,
  timeoutMs: number | undefined,
): Promise<Election[]> {
  const answers = await requester.one({
    what: 'electLeaders',
    route: controller(requester.cluster),
    timeoutMs,
    call: (connection, brokerTimeoutMs) => elect(connection, electionType, null, brokerTimeoutMs),
  })
  const names: string[] = []
  const outcomes: Outcome<Election>[] = []
  for (const [topic, results] of answers) {
    for (const each of results) {
      names.push(nameOf({ topic, partition: each.partitionId }))
      outcomes.push(electionOf(topic, each))
    }
  }
  return settle('electLeaders', outcomes, (index) => names[index]!)
}

type AnsweredElection = ElectLeadersResponse['replicaElectionResults'][number]['partitionResult'][number]

async function elect(
  connection: BrokerConnection,
  electionType: number,
  partitions: readonly TopicPartition[] | null,
  timeoutMs: number,
): Promise<(readonly [string, AnsweredElection[]])[]> {
  const topicPartitions =
    partitions === null
      ? null
      : Array.from(byTopic(partitions), ([topic, all]) => ({
          topic,
          partitions: all.map(({ partition }) => partition),
        }))
  const answer = await connection.call(ELECT_LEADERS, { electionType, topicPartitions, timeoutMs })
  checkAnswer('electLeaders', answer)
  return answer.replicaElectionResults.map(({ topic, partitionResult }) => [topic, partitionResult] as const)
}

function electionOf(topic: string, answer: AnsweredElection): Outcome<Election> {
  const { partitionId: partition, errorCode } = answer
  if (errorCode === ErrorCode.ELECTION_NOT_NEEDED) return { topic, partition, isElected: false }
  return outcomeOf(`partition ${topic}-${partition}`, answer, () => ({ topic, partition, isElected: true }))
}
