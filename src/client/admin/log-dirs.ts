/** The directories in which brokers keep logs: what lies there, and moving replicas between them (KIP-113). */

import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  AlterReplicaLogDirsRequest,
  AlterReplicaLogDirsResponse,
} from '../../protocol/messages/34-alter-replica-log-dirs.ts'
import {
  DescribeLogDirsRequest,
  DescribeLogDirsResponse,
} from '../../protocol/messages/35-describe-log-dirs.ts'
import { byTopic, nameOf, type TopicPartition } from '../consumer/topic-partition.ts'
import { KafkaError } from '../kafka-error.ts'
import { defineApi } from '../network/api.ts'
import { checkAnswer, outcomeOf, partitionsInOrder } from './answers.ts'
import { checkList, checkNames, checkText, checkWhole } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { brokerById } from './routes.ts'

const DESCRIBE_LOG_DIRS = defineApi(DescribeLogDirsRequest, DescribeLogDirsResponse, [0, 4])
const ALTER_REPLICA_LOG_DIRS = defineApi(AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse, [0, 2])

export interface DescribeLogDirsOptions extends AdminCallOptions {
  /** Only these partitions; default: all. */
  readonly partitions?: readonly TopicPartition[] | undefined
}

export interface LogDirReplica extends TopicPartition {
  readonly sizeBytes: number
  /** How far it is behind: the high watermark of the partition, or the replica that it will take the place of. */
  readonly offsetLag: number
  /** It is on its way here, and takes the place of the present replica once it has caught up. */
  readonly isFuture: boolean
}

export interface LogDirDescription {
  readonly path: string
  /** Why it is out of use (KAFKA_STORAGE_ERROR); null: it is in use. */
  readonly error: KafkaError | null
  /** Of the volume; null, also below: not known. */
  readonly totalBytes: number | null
  readonly usableBytes: number | null
  readonly replicas: readonly LogDirReplica[]
}

export interface BrokerLogDirs {
  readonly brokerId: number
  readonly logDirs: readonly LogDirDescription[]
}

export interface ReplicaReference extends TopicPartition {
  readonly brokerId: number
}

export interface ReplicaLogDir {
  readonly path: string
  readonly offsetLag: number
}

export interface ReplicaLogDirs extends ReplicaReference {
  /** Null: the broker has no such replica. */
  readonly current: ReplicaLogDir | null
  /** Null: it does not move. */
  readonly future: ReplicaLogDir | null
}

export interface ReplicaMove extends ReplicaReference {
  /** One of the broker's `log.dirs`. */
  readonly logDir: string
}

export async function describeLogDirs(
  requester: Requester,
  brokerIds: readonly number[] | undefined,
  { partitions, timeoutMs }: DescribeLogDirsOptions,
): Promise<BrokerLogDirs[]> {
  const remainingMs = requester.countdown(timeoutMs)
  if (brokerIds !== undefined) checkBrokerIds(brokerIds)
  const things = brokerIds ?? (await requester.brokerIds('describeLogDirs', timeoutMs))
  const topics = partitions === undefined ? null : namedTopics(partitions)
  return requester.each<number, BrokerLogDirs>({
    what: 'describeLogDirs',
    things,
    nameOf: (id) => `broker ${id}`,
    route: brokerById(requester.cluster, (id) => id),
    timeoutMs: remainingMs(),
    call: async (connection, open) => {
      const answer = await connection.call(DESCRIBE_LOG_DIRS, { topics })
      checkAnswer(`the log dirs of broker ${connection.nodeId}`, answer)
      const logDirs = answer.results.map(descriptionOf)
      return open.map((brokerId) => ({ brokerId, logDirs }))
    },
  })
}

function checkBrokerIds(brokerIds: readonly number[]): void {
  checkList('brokerIds', brokerIds)
  for (const id of brokerIds) checkWhole('brokerIds', id, { min: 0 })
  checkNames('brokerIds', brokerIds.map(String))
}

function namedTopics(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  return Array.from(byTopic(partitions), ([topic, all]) => ({
    topic,
    partitions: all.map(({ partition }) => partition),
  }))
}

function descriptionOf(result: DescribeLogDirsResponse['results'][number]): LogDirDescription {
  const { errorCode, logDir, topics, totalBytes, usableBytes } = result
  return {
    path: logDir,
    error: errorCode === ErrorCode.NONE ? null : KafkaError.of(errorCode, `log dir ${logDir}`),
    totalBytes: totalBytes < 0 ? null : totalBytes,
    usableBytes: usableBytes < 0 ? null : usableBytes,
    replicas: topics.flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partitionIndex: partition, partitionSize: sizeBytes, offsetLag, isFutureKey }) => ({
        topic,
        partition,
        sizeBytes,
        offsetLag,
        isFuture: isFutureKey,
      })),
    ),
  }
}

export async function describeReplicaLogDirs(
  requester: Requester,
  replicas: readonly ReplicaReference[],
  { timeoutMs }: AdminCallOptions,
): Promise<ReplicaLogDirs[]> {
  checkReplicas(replicas)
  return requester.each<ReplicaReference, ReplicaLogDirs>({
    what: 'describeReplicaLogDirs',
    things: replicas,
    nameOf: nameOfReplica,
    route: brokerById(requester.cluster, ({ brokerId }) => brokerId),
    timeoutMs,
    call: async (connection, things) => {
      const answer = await connection.call(DESCRIBE_LOG_DIRS, { topics: namedTopics(things) })
      checkAnswer(`the log dirs of broker ${connection.nodeId}`, answer)
      const dirs = answer.results.map(descriptionOf)
      return things.map(({ topic, partition, brokerId }) => ({
        topic,
        partition,
        brokerId,
        current: whereIs({ topic, partition }, dirs, false),
        future: whereIs({ topic, partition }, dirs, true),
      }))
    },
  })
}

function whereIs(
  { topic, partition }: TopicPartition,
  dirs: readonly LogDirDescription[],
  isFuture: boolean,
): ReplicaLogDir | null {
  for (const { path, replicas } of dirs) {
    const found = replicas.find(
      (each) => each.topic === topic && each.partition === partition && each.isFuture === isFuture,
    )
    if (found !== undefined) return { path, offsetLag: found.offsetLag }
  }
  return null
}

/** Resolves when the brokers have taken it up; `describeReplicaLogDirs` tells how far it is. */
export async function alterReplicaLogDirs(
  requester: Requester,
  moves: readonly ReplicaMove[],
  { timeoutMs }: AdminCallOptions,
): Promise<void> {
  checkReplicas(moves)
  for (const move of moves) checkText(`${nameOfReplica(move)}: logDir`, move.logDir)
  await requester.each<ReplicaMove, void>({
    what: 'alterReplicaLogDirs',
    things: moves,
    nameOf: nameOfReplica,
    route: brokerById(requester.cluster, ({ brokerId }) => brokerId),
    timeoutMs,
    call: async (connection, things) => {
      const paths = [...new Set(things.map(({ logDir }) => logDir))]
      const dirs = paths.map((path) => ({
        path,
        topics: Array.from(byTopic(things.filter(({ logDir }) => logDir === path)), ([name, all]) => ({
          name,
          partitions: all.map(({ partition }) => partition),
        })),
      }))
      const { results } = await connection.call(ALTER_REPLICA_LOG_DIRS, { dirs })
      const answers = results.map(({ topicName, partitions }) => [topicName, partitions] as const)
      return partitionsInOrder(things, answers, (answer, topic) => {
        const replica = { topic, partition: answer.partitionIndex, brokerId: connection.nodeId }
        return [answer.partitionIndex, outcomeOf(`replica ${nameOfReplica(replica)}`, answer, () => {})]
      })
    },
  })
}

function checkReplicas(replicas: readonly ReplicaReference[]): void {
  checkList('replicas', replicas)
  for (const [i, { topic, partition, brokerId }] of replicas.entries()) {
    checkText(`replicas[${i}].topic`, topic)
    checkWhole(`replicas[${i}].partition`, partition, { min: 0 })
    checkWhole(`replicas[${i}].brokerId`, brokerId, { min: 0 })
  }
  checkNames('replicas', replicas.map(nameOfReplica))
}

function nameOfReplica(replica: ReplicaReference): string {
  return `${nameOf(replica)} on broker ${replica.brokerId}`
}
