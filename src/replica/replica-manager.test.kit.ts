import assert from 'node:assert/strict'
import { silentLogger } from '../base/logger.ts'
import type { AppendOutcome } from '../log/append-outcome.ts'
import type { FetchIsolation } from '../log/fetch-data-info.ts'
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../log/log-config.ts'
import { LogDirs } from '../log/log-dirs.ts'
import { LogManager } from '../log/log-manager.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { type BatchOptions, buildBatch } from '../records/record-batch-builder.ts'
import { SimClock } from '../simulator/sim-clock.ts'
import { SimDisk } from '../simulator/sim-disk.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import type { Partition } from './partition.ts'
import { PendingAppends } from './pending-appends.ts'
import type { FetchEntry, FetchParams, FetchRead } from './replica-fetch.ts'
import { ReplicaManager } from './replica-manager.ts'

/** A replica manager of broker 1 on a simulated disk, with one partition or several of topic `t`. */

export const BROKER = 1
export const TOPIC_ID = 'AAAAAAAAQACAAAAAAAAAAQ'

export interface KitOptions {
  readonly disk?: SimDisk
  readonly clock?: SimClock
  readonly config?: Partial<LogConfig>
  readonly dirs?: readonly string[]
}

export function start(options: KitOptions = {}) {
  const disk = options.disk ?? new SimDisk({ seed: 1 })
  const clock = options.clock ?? new SimClock()
  const config: LogConfig = { ...DEFAULT_LOG_CONFIG, ...options.config }
  const failures: string[] = []
  const logDirs = LogDirs.open({ paths: options.dirs ?? ['/data'], disk, clock, logger: silentLogger })
  logDirs.claim({ brokerId: BROKER, clusterId: 'cluster' })
  let replicas: ReplicaManager | undefined
  const logManager = LogManager.start({
    logDirs,
    disk,
    clock,
    random: new SimRandom(1),
    loggers: () => silentLogger,
    defaultConfig: config,
    topicConfig: () => config,
    producerIdExpirationMs: () => 86_400_000,
    producerIdExpirationCheckIntervalMs: 600_000,
    flushSchedulerIntervalMs: Number.MAX_SAFE_INTEGER,
    flushRecoveryOffsetCheckpointMs: 60_000,
    flushStartOffsetCheckpointMs: 60_000,
    retentionCheckMs: 300_000,
    onLogDirFailure: (directory, partitions) => {
      failures.push(directory)
      replicas?.onLogDirFailure(partitions)
    },
    onAllLogDirsFailed: (message) => void failures.push(message),
  })
  const manager = new ReplicaManager({
    brokerId: BROKER,
    logManager,
    disk,
    clock,
    logger: silentLogger,
    highWatermarkCheckpointIntervalMs: 5000,
  })
  replicas = manager
  return { disk, clock, logManager, manager, failures }
}

export type Kit = ReturnType<typeof start>

/** The same with partition 0 led here, by this broker alone. */
export async function startLeader(options: KitOptions = {}) {
  const kit = start(options)
  await lead(kit.manager)
  kit.clock.tick()
  return { ...kit, partition: partitionOf(kit.manager) }
}

export function partitionOf(manager: ReplicaManager, index = 0): Partition {
  const partition = manager.partition('t', index)
  assert.ok(partition, `partition ${index} is here`)
  return partition
}

interface Leadership {
  readonly indexes?: readonly number[]
  readonly controllerEpoch?: number
  readonly leader?: number
  readonly leaderEpoch?: number
  readonly isr?: readonly number[]
  readonly replicas?: readonly number[]
  readonly topicId?: string
}

/** Sends LeaderAndIsr; the outcome of the whole, and of the partitions. */
export async function lead(
  manager: ReplicaManager,
  options: Leadership = {},
): Promise<[number, ...number[]]> {
  const {
    indexes = [0],
    controllerEpoch = 1,
    leader = BROKER,
    leaderEpoch = 0,
    replicas = [BROKER],
  } = options
  const { isr = replicas, topicId = TOPIC_ID } = options
  const state = { controllerEpoch, leader, leaderEpoch, isr, replicas, partitionEpoch: 0, isNew: true }
  const partitionStates = indexes.map((partitionIndex) => ({ ...state, partitionIndex }))
  const topicStates = [{ topicName: 't', topicId, partitionStates }]
  const { errorCode, topics } = await manager.becomeLeaderOrFollower({ controllerEpoch, topicStates })
  return [errorCode, ...topics.flat().map((each) => each.errorCode)]
}

/** Sends StopReplica; the outcome of the whole, and of the partition. */
export async function stop(
  manager: ReplicaManager,
  options: { controllerEpoch?: number; leaderEpoch?: number; deletePartition?: boolean } = {},
): Promise<[number, ...number[]]> {
  const { controllerEpoch = 1, leaderEpoch = -2, deletePartition = true } = options
  const partitionStates = [{ partitionIndex: 0, leaderEpoch, deletePartition }]
  const topicStates = [{ topicName: 't', partitionStates }]
  const { errorCode, topics } = await manager.stopReplicas({ controllerEpoch, topicStates })
  return [errorCode, ...topics.flat().map((each) => each.errorCode)]
}

export function batch(value: string, options: BatchOptions = {}): Buffer {
  return buildBatch([{ value, timestampMs: Date.UTC(2024, 0, 1) }], options)
}

/** A batch of producer 7. */
export function idempotent(value: string, baseSequence: number): Buffer {
  return batch(value, { producerId: 7, producerEpoch: 0, baseSequence })
}

/** What became of one produce: `done` is undefined until it is answered. */
export interface Produced {
  readonly outcome: AppendOutcome
  done: number | undefined
}

/** One batch as the Produce handler appends it. */
export function produce(
  { manager }: Pick<Kit, 'manager'>,
  records: Buffer,
  options: { acks?: 1 | -1; index?: number; timeoutMs?: number; onDone?: () => void } = {},
): Produced {
  const { acks = 1, index = 0, timeoutMs = 1000 } = options
  const partition = partitionOf(manager, index)
  const answer = (): void => {
    produced.done = produced.outcome.errorCode
    options.onDone?.()
  }
  const pending = new PendingAppends(() => {
    if (acks === 1 || produced.outcome.errorCode !== 0) answer()
    else manager.awaitReplication([{ partition, outcome, term }], timeoutMs, answer)
  })
  const { term } = partition
  const outcome = manager.append(partition, records, { origin: 'client', waiter: pending })
  const produced: Produced = { outcome, done: undefined }
  if (outcome.errorCode === 0) pending.expect()
  pending.seal()
  return produced
}

/** A Fetch of one partition; `read` is undefined while it waits. */
export function fetch(
  { manager }: Pick<Kit, 'manager'>,
  offset: number,
  options: Partial<FetchParams & Omit<FetchEntry, 'partition'>> & { index?: number } = {},
): { read: FetchRead | undefined } {
  const entry: FetchEntry = {
    partition: partitionOf(manager, options.index ?? 0),
    errorCode: 0,
    fetchOffset: offset,
    logStartOffset: -1,
    maxBytes: options.maxBytes ?? 1 << 20,
    currentLeaderEpoch: options.currentLeaderEpoch ?? -1,
    lastFetchedEpoch: options.lastFetchedEpoch ?? -1,
  }
  const replicaId = options.replicaId ?? -1
  const isolation: FetchIsolation = replicaId >= 0 ? 'log-end' : 'high-watermark'
  const waiting: { read: FetchRead | undefined } = { read: undefined }
  const { maxWaitMs = 500, minBytes = 1, maxBytes = 1 << 20, minOneMessage = true } = options
  const params: FetchParams = { replicaId, maxWaitMs, minBytes, maxBytes, minOneMessage, isolation }
  manager.fetch([entry], params, (read) => {
    waiting.read = read
  })
  return waiting
}

/** The one result of a fetch that was answered: its error, and the first offsets of its batches. */
export function told({ read }: { read: FetchRead | undefined }): { errorCode: number; offsets: number[] } {
  const result = read?.results[0]
  assert.ok(result, 'the fetch was answered')
  const { slice, errorCode } = result
  if (slice === null) return { errorCode, offsets: [] }
  const bytes = Buffer.alloc(slice.byteLength)
  assert.equal(slice.file.read(bytes, 0, bytes.length, slice.position), bytes.length)
  slice.release()
  return {
    errorCode,
    offsets: Array.from(RecordBatch.positions(bytes), (at) => RecordBatch.baseOffset(bytes, at)),
  }
}

/** Lets promises that can settle do so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

/** Ends the turn, and lets syncs that it began end. */
export async function turn({ clock }: Pick<Kit, 'clock'>): Promise<void> {
  clock.tick()
  await settled()
  clock.tick()
}
