/** The files of kafka-reassign-partitions: what is to be moved where, read and written. All reading throws UsageError. */
import type { ReplicaMove } from '../../client/admin/log-dirs.ts'
import { nameOf, type TopicPartition } from '../../client/consumer/topic-partition.ts'
import { UsageError } from '../command/command.ts'
import {
  checkVersion,
  duplicates,
  type JsonObject,
  objectsIn,
  partitionIn,
  readJsonFile,
  textIn,
} from '../command/json-file.ts'

/** Wherever the broker puts it. */
const ANY_LOG_DIR = 'any'

export interface AssignedPartition extends TopicPartition {
  readonly replicas: readonly number[]
}

interface ReassignmentPlan {
  readonly partitions: readonly AssignedPartition[]
  /** Replicas whose directory matters. */
  readonly moves: readonly ReplicaMove[]
}

/** As the file has it: partitions may be named twice, and replicas too. */
export function readReassignment(path: string): ReassignmentPlan {
  const file = readJsonFile(path, 'The input string is not a valid JSON')
  checkVersion(file)
  const entries = file.partitions === undefined ? [] : objectsIn(file, 'partitions')
  const partitions: AssignedPartition[] = []
  const moves: ReplicaMove[] = []
  for (const entry of entries) {
    const { topic, partition } = partitionIn(entry)
    const replicas = idsIn(entry)
    const logDirs = logDirsIn(entry, replicas.length)
    if (replicas.length !== logDirs.length) {
      throw new UsageError(
        `Size of replicas list [${replicas.join(', ')}] is different from size of log dirs list [${logDirs.join(', ')}] for partition ${topic}-${partition}`,
      )
    }
    partitions.push({ topic, partition, replicas })
    for (const [i, logDir] of logDirs.entries())
      if (logDir !== ANY_LOG_DIR) moves.push({ topic, partition, brokerId: replicas[i]!, logDir })
  }
  return { partitions: partitions.sort(byPartition), moves: moves.sort(byReplica) }
}

/** That can be done: everything is named once. */
export function readExecutable(path: string): ReassignmentPlan {
  const plan = readReassignment(path)
  const { partitions } = plan
  if (partitions.length === 0) throw new UsageError('Partition reassignment list cannot be empty')
  if (partitions.some(({ replicas }) => replicas.length === 0))
    throw new UsageError('Partition replica list cannot be empty')
  const repeated = duplicates(partitions.map(nameOf))
  if (repeated.length > 0)
    throw new UsageError(`Partition reassignment contains duplicate topic partitions: ${repeated.join(',')}`)
  const repetitions = partitions
    .map((each) => ({ name: nameOf(each), ids: duplicates(each.replicas.map(String)) }))
    .filter(({ ids }) => ids.length > 0)
  if (repetitions.length > 0) {
    const told = repetitions.map(({ name, ids }) => `${name} contains multiple entries for ${ids.join(',')}`)
    throw new UsageError(`Partition replica lists may not contain duplicate entries: ${told.join('. ')}`)
  }
  return plan
}

export function readTopicsToMove(path: string): string[] {
  const file = readJsonFile(path, 'The input string is not a valid JSON')
  checkVersion(file)
  const topics =
    file.topics === undefined ? [] : objectsIn(file, 'topics').map((each) => textIn(each, 'topic'))
  const repeated = duplicates(topics)
  if (repeated.length > 0)
    throw new UsageError(`List of topics to reassign contains duplicate entries: [${repeated.join(', ')}]`)
  return topics
}

/** One line of JSON, that `readReassignment` reads. */
export function formatReassignment(partitions: readonly AssignedPartition[]): string {
  const sorted = [...partitions].sort(byPartition)
  return JSON.stringify({
    version: 1,
    partitions: sorted.map(({ topic, partition, replicas }) => ({
      topic,
      partition,
      replicas,
      log_dirs: replicas.map(() => ANY_LOG_DIR),
    })),
  })
}

export function byPartition(a: TopicPartition, b: TopicPartition): number {
  return a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1
}

function byReplica(a: ReplicaMove, b: ReplicaMove): number {
  return a.brokerId - b.brokerId || byPartition(a, b)
}

function idsIn(entry: JsonObject): number[] {
  const { replicas } = entry
  if (replicas === undefined) throw new UsageError('No such field exists: `replicas`')
  const isId = (value: unknown): boolean =>
    Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 0x7fffffff
  if (!Array.isArray(replicas) || !replicas.every(isId))
    throw new UsageError(`\`replicas\` must be a list of the ids of brokers, not ${JSON.stringify(replicas)}`)
  return replicas as number[]
}

function logDirsIn(entry: JsonObject, count: number): string[] {
  const dirs = entry.log_dirs
  if (dirs === undefined) return new Array<string>(count).fill(ANY_LOG_DIR)
  if (!Array.isArray(dirs) || !dirs.every((dir) => typeof dir === 'string'))
    throw new UsageError(`\`log_dirs\` must be a list of texts, not ${JSON.stringify(dirs)}`)
  return dirs as string[]
}
