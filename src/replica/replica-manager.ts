/**
 * All partitions on this broker: what the controller says of them, what is appended and read, and who waits.
 *
 * Appends of one tick are committed together: the first append of a tick asks the clock for its end, and there each
 * log that got records writes them in one call. A tick that brings megabytes is written in several pieces. High watermarks are checkpointed now and then and at the end, so
 * that a restart knows what was readable.
 *
 * Invariants
 * - A request of an older controller changes nothing (STALE_CONTROLLER_EPOCH), and none does after `shutdown`.
 * - Only the controller's requests create, move or delete partitions; clients find what is here. Such a request may
 *   be about thousands of partitions: it lets the loop turn in between, each partition being changed in one piece.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import type { Logger } from '../base/logger.ts'
import type { AppendOutcome } from '../log/append-outcome.ts'
import type { LogManager, TopicPartition } from '../log/log-manager.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { DelayedProduce, type ReplicatedAppend } from './delayed-produce.ts'
import { HighWatermarkCheckpoints } from './high-watermark-checkpoints.ts'
import { type LeadershipState, Partition, type PartitionAppendOptions } from './partition.ts'
import { Purgatory } from './purgatory.ts'
import {
  DelayedFetch,
  type FetchEntry,
  type FetchParams,
  type FetchRead,
  readEntries,
  releaseSlices,
} from './replica-fetch.ts'

export interface ReplicaManagerOptions {
  readonly brokerId: number
  readonly logManager: LogManager
  readonly disk: Disk
  readonly clock: Clock
  readonly logger: Logger
  readonly highWatermarkCheckpointIntervalMs: number
  /** A partition has another role than before, or leads in a new epoch: whoever keeps state in it looks anew. */
  readonly onRoleChange?: (partition: Partition) => void
}

/** The parts of LeaderAndIsr and StopReplica that are read; the protocol's own types fit. */
export interface LeadershipUpdate {
  readonly controllerEpoch: number
  readonly topicStates: readonly {
    readonly topicName: string
    readonly topicId: string
    readonly partitionStates: readonly PartitionState[]
  }[]
}

interface PartitionState extends LeadershipState {
  readonly partitionIndex: number
  readonly isNew: boolean
}

export interface ReplicaStop {
  readonly controllerEpoch: number
  readonly topicStates: readonly {
    readonly topicName: string
    readonly partitionStates: readonly StopState[]
  }[]
}

interface TopicStates {
  readonly partitionStates: readonly { readonly partitionIndex: number }[]
}

interface StopState {
  readonly partitionIndex: number
  readonly leaderEpoch: number
  readonly deletePartition: boolean
}

/** Topics and partitions are those of the request, in its order; none with an error of the whole. */
export interface ControlOutcome {
  readonly errorCode: number
  readonly topics: readonly (readonly PartitionError[])[]
}

export interface PartitionError {
  readonly partitionIndex: number
  readonly errorCode: number
}

/** In StopReplica, in place of a leader epoch: the topic is being deleted, or the controller is too old to know it. */
const EPOCH_DURING_DELETE = -2
const NO_EPOCH = -1
const STAGED_BYTES_MAX = 2 * 1024 * 1024
/** How long a request of the controller may hold the loop. */
const SLICE_MS_MAX = 10

export class ReplicaManager {
  readonly #brokerId: number
  readonly #logManager: LogManager
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #highWatermarks: HighWatermarkCheckpoints
  readonly #checkpointIntervalMs: number
  readonly #onRoleChange: ((partition: Partition) => void) | undefined
  readonly #partitions = new Map<string, Map<number, Partition>>()
  readonly #produces: Purgatory<DelayedProduce>
  readonly #fetches: Purgatory<DelayedFetch>
  #staged: Partition[] = []
  #stagedBytes = 0
  #controllerEpoch = -1
  #checkpointTimer: Timer | undefined
  #isStopped = false

  constructor(options: ReplicaManagerOptions) {
    this.#brokerId = options.brokerId
    this.#logManager = options.logManager
    this.#clock = options.clock
    this.#logger = options.logger
    this.#highWatermarks = new HighWatermarkCheckpoints(options.disk, options.logger)
    this.#checkpointIntervalMs = options.highWatermarkCheckpointIntervalMs
    this.#onRoleChange = options.onRoleChange
    this.#produces = new Purgatory(options.clock)
    this.#fetches = new Purgatory(options.clock)
  }

  partition(topic: string, index: number): Partition | undefined {
    return this.#partitions.get(topic)?.get(index)
  }

  *partitions(): Iterable<Partition> {
    for (const partitions of this.#partitions.values()) yield* partitions.values()
  }

  /** All partitions are known: writes high watermarks from now on, every so often, and moves what is to be moved. */
  start(): void {
    this.#scheduleCheckpoint()
    // Where a log lies now its high watermark is looked for by the next start.
    this.#logManager.startMoves(() => this.checkpointHighWatermarks())
  }

  /** Answers everyone who waits with what there is: the broker is about to stop. */
  answerWaiting(): void {
    this.#fetches.completeAll()
    this.#produces.completeAll()
  }

  /** No more requests come; the logs are the log manager's to close. Idempotent. */
  shutdown(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#checkpointTimer?.cancel()
    this.#commitStaged()
    this.answerWaiting()
    this.checkpointHighWatermarks()
  }

  checkpointHighWatermarks(): void {
    this.#highWatermarks.write(this.#logManager.liveLogDirs, this.partitions())
  }

  /**
   * Stages records on a leader's log; they are written at the end of this tick. The waiter is told then, or when they
   * are synced, if the outcome carries no error now. The bytes are read until the write and not after.
   */
  append(partition: Partition, records: Buffer, options: PartitionAppendOptions): AppendOutcome {
    const outcome = partition.append(records, options)
    if (outcome.errorCode !== ErrorCode.NONE) return outcome
    if (this.#staged.length === 0) this.#clock.endOfTick(() => this.#commitStaged())
    this.#stagedBytes += records.length
    if (this.#staged.at(-1) !== partition) this.#staged.push(partition)
    return outcome
  }

  /**
   * Writes what this tick has staged so far, if that is much: then it is still in the processor's cache, and its memory
   * is free for what comes. To be called before a request looks at partitions, since a failed write takes them offline.
   */
  relieve(): void {
    if (this.#stagedBytes >= STAGED_BYTES_MAX) this.#commitStaged()
  }

  /** Responds once the high watermark has passed every append, or when the time is over. */
  awaitReplication(appends: readonly ReplicatedAppend[], timeoutMs: number, respond: () => void): void {
    this.#produces.tryCompleteElseWatch(
      new DelayedProduce(appends, timeoutMs, respond),
      appends.map(({ partition }) => partition),
    )
  }

  /** Responds once the entries hold `minBytes`, one of them fails, or the time is over. */
  fetch(
    entries: readonly FetchEntry[],
    params: FetchParams,
    respond: (read: FetchRead) => void,
  ): DelayedFetch | undefined {
    const read = readEntries(entries, params)
    const isAllMissing = entries.every(({ partition }) => partition === undefined)
    if (params.maxWaitMs <= 0 || isAllMissing || read.isEnough) {
      respond(read)
      return undefined
    }
    releaseSlices(read)
    const partitions = new Set<Partition>()
    for (const { partition } of entries) if (partition !== undefined) partitions.add(partition)
    const operation = new DelayedFetch(entries, params, respond)
    return this.#fetches.watch(operation, [...partitions]) ? undefined : operation
  }

  /** LeaderAndIsr: partitions that are led or followed here from now on. */
  becomeLeaderOrFollower(request: LeadershipUpdate): Promise<ControlOutcome> {
    return this.#control(request.controllerEpoch, request.topicStates, ({ topicName, topicId }, state) =>
      this.#become(topicName, topicId, state),
    )
  }

  /** StopReplica: partitions that leave this broker, with their logs if they are to be deleted. */
  stopReplicas(request: ReplicaStop): Promise<ControlOutcome> {
    return this.#control(request.controllerEpoch, request.topicStates, ({ topicName }, state) =>
      this.#stop(topicName, state),
    )
  }

  /**
   * AlterReplicaLogDirs: the replica moves to another log directory of this broker. REPLICA_NOT_AVAILABLE: there is
   * none here yet, and it will be made there. For the other codes see LogManager.
   */
  alterLogDir(topic: string, index: number, path: string): number {
    if (this.partition(topic, index)?.role === 'offline') {
      const isKnown = this.#logManager.hasLogDir(path)
      return isKnown ? ErrorCode.KAFKA_STORAGE_ERROR : ErrorCode.LOG_DIR_NOT_FOUND
    }
    return this.#logManager.alterLogDir(topic, index, path)
  }

  /** A log directory failed: its partitions are served no more. Comes before their logs are closed. */
  onLogDirFailure(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition: index } of partitions) {
      const partition = this.partition(topic, index)
      if (partition !== undefined) this.#leave(partition, 'offline')
    }
  }

  #scheduleCheckpoint(): void {
    this.#checkpointTimer = this.#clock.after(this.#checkpointIntervalMs, () => {
      this.checkpointHighWatermarks()
      this.#scheduleCheckpoint()
    })
  }

  #commitStaged(): void {
    const staged = this.#staged
    this.#staged = []
    this.#stagedBytes = 0
    for (const partition of staged) partition.commit()
  }

  async #control<Topic extends TopicStates>(
    controllerEpoch: number,
    topicStates: readonly Topic[],
    change: (topic: Topic, state: Topic['partitionStates'][number]) => number,
  ): Promise<ControlOutcome> {
    const topics: PartitionError[][] = []
    let untilMs = this.#clock.monotonicMs() + SLICE_MS_MAX
    for (const topic of topicStates) {
      const errors: PartitionError[] = []
      topics.push(errors)
      for (const state of topic.partitionStates) {
        if (this.#clock.monotonicMs() >= untilMs) {
          await new Promise<void>((resolve) => void this.#clock.after(0, resolve))
          untilMs = this.#clock.monotonicMs() + SLICE_MS_MAX
        }
        // Looked at each time: another controller, or the end, may have come during a turn.
        const refusal = this.#refusal(controllerEpoch)
        if (refusal !== ErrorCode.NONE) return { errorCode: refusal, topics: [] }
        errors.push({ partitionIndex: state.partitionIndex, errorCode: change(topic, state) })
      }
    }
    return { errorCode: this.#refusal(controllerEpoch), topics }
  }

  #refusal(controllerEpoch: number): number {
    if (this.#isStopped) return ErrorCode.BROKER_NOT_AVAILABLE
    if (controllerEpoch < this.#controllerEpoch) return ErrorCode.STALE_CONTROLLER_EPOCH
    this.#controllerEpoch = controllerEpoch
    return ErrorCode.NONE
  }

  #become(topic: string, topicId: string, state: PartitionState): number {
    const partition = this.#getOrCreate(topic, state.partitionIndex)
    if (partition.topicId !== undefined && partition.topicId !== topicId)
      return ErrorCode.INCONSISTENT_TOPIC_ID
    if (state.leaderEpoch < partition.leaderEpoch) return ErrorCode.STALE_CONTROLLER_EPOCH
    if (!state.replicas.includes(this.#brokerId)) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    // The log of a partition that went offline lies in a directory that failed; a new one must not take its place.
    const isNew = state.isNew && partition.role !== 'offline'
    const opened = this.#logManager.getOrCreateLog(topic, state.partitionIndex, { topicId, isNew })
    if (opened.log === undefined) {
      this.#logger.error(opened.message)
      if (opened.errorCode === ErrorCode.KAFKA_STORAGE_ERROR) this.#leave(partition, 'offline')
      return opened.errorCode
    }
    const { log } = opened
    if (partition.log === undefined) log.updateHighWatermark(this.#highWatermarks.of(log))
    const isLeader = state.leader === this.#brokerId
    const isNews = isLeader ? partition.makeLeader(state, log) : partition.makeFollower(state, log)
    // Whoever waited on the old role or epoch is answered accordingly.
    this.#wake(partition)
    if (isNews) this.#onRoleChange?.(partition)
    return isNews ? ErrorCode.NONE : ErrorCode.STALE_CONTROLLER_EPOCH
  }

  #stop(topic: string, { partitionIndex: index, leaderEpoch, deletePartition }: StopState): number {
    const partition = this.partition(topic, index)
    const isOffline = partition?.role === 'offline'
    if (isOffline && !deletePartition) return ErrorCode.KAFKA_STORAGE_ERROR
    const isForAnyEpoch = leaderEpoch === EPOCH_DURING_DELETE || leaderEpoch === NO_EPOCH
    if (partition !== undefined && !isForAnyEpoch && leaderEpoch < partition.leaderEpoch) {
      return ErrorCode.FENCED_LEADER_EPOCH
    }
    if (partition !== undefined && !isOffline)
      this.#remove(partition, deletePartition ? 'deleted' : 'stopped')
    if (!deletePartition) return ErrorCode.NONE
    const log = this.#logManager.get(topic, index)
    if (log !== undefined) this.#highWatermarks.forget(log)
    // Also where there is no log: it may lie in a directory that is out of service.
    const errorCode = this.#logManager.asyncDelete(topic, index)
    if (isOffline && errorCode === ErrorCode.NONE) this.#remove(partition, 'deleted')
    return errorCode
  }

  #remove(partition: Partition, role: 'stopped' | 'deleted'): void {
    const partitions = this.#partitions.get(partition.topic)
    partitions?.delete(partition.index)
    if (partitions?.size === 0) this.#partitions.delete(partition.topic)
    this.#leave(partition, role)
  }

  #getOrCreate(topic: string, index: number): Partition {
    let partitions = this.#partitions.get(topic)
    if (partitions === undefined) {
      partitions = new Map()
      this.#partitions.set(topic, partitions)
    }
    let partition = partitions.get(index)
    if (partition === undefined) {
      const onProgress = (advanced: Partition): void => this.#wake(advanced)
      partition = new Partition({ topic, index, localId: this.#brokerId, clock: this.#clock, onProgress })
      partitions.set(index, partition)
    }
    return partition
  }

  #leave(partition: Partition, role: 'offline' | 'stopped' | 'deleted'): void {
    partition.leave(role)
    this.#wake(partition)
    this.#onRoleChange?.(partition)
  }

  #wake(partition: Partition): void {
    this.#produces.checkAndComplete(partition)
    this.#fetches.checkAndComplete(partition)
  }
}
