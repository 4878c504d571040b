/**
 * What a request to create or grow a topic comes to: the replicas of its new partitions, or the error that the client
 * gets. Pure; the texts are those of Apache Kafka 3.9, which clients print and tests compare. Where 3.9 with
 * ZooKeeper accepts an assignment that can never get a leader (unknown brokers, no brokers), this refuses it in the
 * words of 3.9 with KRaft.
 */
import type { Random } from '../base/random.ts'
import { type AssignableBroker, assignReplicas } from '../metadata/replica-assignment.ts'
import { hasCollisionCharacters, topicNameProblem, topicNamesCollide } from '../metadata/topic-names.ts'
import type { TopicAssignment } from '../metadata/znodes.ts'
import { ErrorCode } from '../protocol/error-codes.ts'

/** An entry of a CreateTopics request. */
export interface CreatableTopic {
  readonly name: string
  /** -1: the broker's default, or the assignments tell. */
  readonly numPartitions: number
  /** -1: the broker's default, or the assignments tell. */
  readonly replicationFactor: number
  readonly assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[]
  readonly configs: readonly { readonly name: string; readonly value: string | null }[]
}

/** An entry of a CreatePartitions request. */
export interface CreatablePartitions {
  readonly name: string
  /** Partitions the topic shall have in the end. */
  readonly count: number
  /** For each new partition, or null: the controller assigns. */
  readonly assignments: readonly { readonly brokerIds: readonly number[] }[] | null
}

export interface TopicError {
  readonly ok: false
  readonly errorCode: number
  /** Null: clients have a text for the code. */
  readonly errorMessage: string | null
  /** Of the topic that comes to be in spite of the error, after the client's time is over. */
  readonly topicId?: string
}

export type Plan =
  | { readonly ok: true; readonly partitions: ReadonlyMap<number, readonly number[]> }
  | TopicError

export interface PlanContext {
  /** Live, in order of their ids. */
  readonly brokers: readonly AssignableBroker[]
  readonly defaults: { readonly numPartitions: number; readonly replicationFactor: number }
  readonly random: Random
}

/** What one request may add, so that no number in it picks how much is allocated; KRaft's controller has the same. */
const PARTITIONS_PER_REQUEST_MAX = 10_000

export function topicError(errorCode: number, errorMessage: string | null = null): TopicError {
  return { ok: false, errorCode, errorMessage }
}

/** POLICY_VIOLATION if the partitions that a request adds, counted without making them, are too many together. */
export function checkPartitionsPerRequest(added: Iterable<number>): TopicError | undefined {
  let total = 0
  for (const count of added) total += Math.max(0, count)
  if (total <= PARTITIONS_PER_REQUEST_MAX) return undefined
  return topicError(ErrorCode.POLICY_VIOLATION, 'Excessively large number of partitions per request.')
}

/** How many partitions a topic asks for. */
export function requestedPartitions(topic: CreatableTopic, defaults: PlanContext['defaults']): number {
  if (topic.assignments.length > 0) return topic.assignments.length
  return topic.numPartitions === -1 ? defaults.numPartitions : topic.numPartitions
}

/** The name's own problems, its collisions, and whether it is taken. */
export function checkTopicName(name: string, existing: readonly string[]): TopicError | undefined {
  const problem = topicNameProblem(name)
  if (problem !== undefined) return topicError(ErrorCode.INVALID_TOPIC_EXCEPTION, problem)
  if (existing.includes(name))
    return topicError(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
  const colliding = hasCollisionCharacters(name)
    ? existing.filter((each) => topicNamesCollide(each, name))
    : []
  if (colliding.length === 0) return undefined
  const message = `Topic '${name}' collides with existing topics: ${colliding.join(', ')}`
  return topicError(ErrorCode.INVALID_TOPIC_EXCEPTION, message)
}

/** The assignment of a new topic. Name and configs are checked elsewhere. */
export function planTopic(topic: CreatableTopic, context: PlanContext): Plan {
  if (topic.assignments.length > 0) return planManually(topic, context)
  const partitionCount = topic.numPartitions === -1 ? context.defaults.numPartitions : topic.numPartitions
  const replicationFactor =
    topic.replicationFactor === -1 ? context.defaults.replicationFactor : topic.replicationFactor
  if (partitionCount <= 0) {
    return topicError(ErrorCode.INVALID_PARTITIONS, 'Number of partitions must be larger than 0.')
  }
  const problem = replicationFactorProblem(replicationFactor, context.brokers.length)
  if (problem !== undefined) return problem
  const { brokers, random } = context
  return { ok: true, partitions: assignReplicas({ brokers, partitionCount, replicationFactor }, random) }
}

/** The partitions to add to a topic. */
export function planPartitions(
  request: CreatablePartitions,
  existing: TopicAssignment,
  context: PlanContext,
): Plan {
  const { name, count, assignments } = request
  const oldCount = existing.partitions.size
  for (const { addingReplicas, removingReplicas } of existing.partitions.values()) {
    if (addingReplicas.length === 0 && removingReplicas.length === 0) continue
    const message = `A partition reassignment is in progress for the topic '${name}'.`
    return topicError(ErrorCode.REASSIGNMENT_IN_PROGRESS, message)
  }
  if (count < oldCount) {
    const message = `Topic currently has ${oldCount} partitions, which is higher than the requested ${count}.`
    return topicError(ErrorCode.INVALID_PARTITIONS, message)
  }
  if (count === oldCount) {
    return topicError(ErrorCode.INVALID_PARTITIONS, `Topic already has ${oldCount} partitions.`)
  }
  const first = existing.partitions.get(0)
  if (first === undefined)
    return topicError(ErrorCode.UNKNOWN_SERVER_ERROR, `Topic '${name}' has no partition 0`)
  const replicationFactor = first.replicas.length
  if (assignments !== null) {
    return planAddedManually(
      assignments,
      { oldCount, added: count - oldCount, replicationFactor },
      context.brokers,
    )
  }
  const problem = replicationFactorProblem(replicationFactor, context.brokers.length)
  if (problem !== undefined) return problem
  // Going on where the topic began, so that the leaders of old and new partitions spread as if made together.
  const start = context.brokers.findIndex((each) => each.id >= first.replicas[0]!)
  const partitions = assignReplicas(
    {
      brokers: context.brokers,
      partitionCount: count - oldCount,
      replicationFactor,
      firstPartition: oldCount,
      startIndex: Math.max(0, start),
    },
    context.random,
  )
  return { ok: true, partitions }
}

function replicationFactorProblem(replicationFactor: number, brokerCount: number): TopicError | undefined {
  if (replicationFactor <= 0) {
    return topicError(ErrorCode.INVALID_REPLICATION_FACTOR, 'Replication factor must be larger than 0.')
  }
  if (replicationFactor <= brokerCount) return undefined
  const message = `Replication factor: ${replicationFactor} larger than available brokers: ${brokerCount}.`
  return topicError(ErrorCode.INVALID_REPLICATION_FACTOR, message)
}

function planManually(topic: CreatableTopic, context: PlanContext): Plan {
  if (topic.numPartitions !== -1 || topic.replicationFactor !== -1) {
    return topicError(
      ErrorCode.INVALID_REQUEST,
      'Both numPartitions or replicationFactor and replicasAssignments were set. Both cannot be used at the same time.',
    )
  }
  const partitions = new Map<number, readonly number[]>()
  for (const { partitionIndex, brokerIds } of topic.assignments) {
    if (partitions.has(partitionIndex))
      return inconsistent('partitions should be a consecutive 0-based integer sequence')
    partitions.set(partitionIndex, brokerIds)
  }
  const lists = [...partitions.values()]
  if (new Set(lists.map((each) => each.length)).size !== 1) {
    return inconsistent('All partitions should have the same number of replicas')
  }
  for (const brokerIds of lists) {
    if (brokerIds.length === 0)
      return inconsistent('The manual partition assignment includes an empty replica list.')
    const twice = brokerIds.find((each, index) => brokerIds.indexOf(each) !== index)
    if (twice !== undefined) {
      return inconsistent(`The manual partition assignment includes the broker ${twice} more than once.`)
    }
    const unknown = brokerIds.find((id) => !context.brokers.some((each) => each.id === id))
    if (unknown !== undefined) {
      return inconsistent(
        `The manual partition assignment includes broker ${unknown}, but no such broker is registered.`,
      )
    }
  }
  for (let partition = 0; partition < partitions.size; partition++) {
    if (!partitions.has(partition))
      return inconsistent('partitions should be a consecutive 0-based integer sequence')
  }
  return { ok: true, partitions }
}

function planAddedManually(
  assignments: readonly { readonly brokerIds: readonly number[] }[],
  counts: { readonly oldCount: number; readonly added: number; readonly replicationFactor: number },
  brokers: readonly AssignableBroker[],
): Plan {
  const known = new Set(brokers.map((each) => each.id))
  const unknown = new Set(assignments.flatMap((each) => each.brokerIds.filter((id) => !known.has(id))))
  if (unknown.size > 0)
    return inconsistent(`Unknown broker(s) in replica assignment: ${[...unknown].join(', ')}.`)
  if (assignments.length !== counts.added) {
    return inconsistent(
      `Increasing the number of partitions by ${counts.added} but ${assignments.length} assignments provided.`,
    )
  }
  const partitions = new Map<number, readonly number[]>()
  for (const [index, { brokerIds }] of assignments.entries()) {
    const partition = counts.oldCount + index
    if (brokerIds.length === 0)
      return inconsistent(`Cannot have replication factor of 0 for partition id ${partition}.`)
    if (new Set(brokerIds).size !== brokerIds.length) {
      return inconsistent(
        `Duplicate brokers not allowed in replica assignment: ${brokerIds.join(', ')} for partition id ${partition}.`,
      )
    }
    partitions.set(partition, brokerIds)
  }
  const odd = [...partitions].filter(([, replicas]) => replicas.length !== counts.replicationFactor)
  if (odd.length > 0) {
    return inconsistent(
      `Inconsistent replication factor between partitions, partition 0 has ${counts.replicationFactor} while ` +
        `partitions [${odd.map(([p]) => p).join(', ')}] have replication factors ` +
        `[${odd.map(([, replicas]) => replicas.length).join(', ')}], respectively.`,
    )
  }
  return { ok: true, partitions }
}

function inconsistent(message: string): TopicError {
  return topicError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message)
}
