/**
 * All partitions on this broker: what the controller says of them, what is appended and read, and who waits.
 *
 * Appends of one tick are committed together: the first append of a tick asks the clock for its end, and there each
 * log that got records writes them in one call. High watermarks are checkpointed now and then and at the end, so
 * that a restart knows what was readable.
 *
 * Invariants
 * - A request of an older controller changes nothing (STALE_CONTROLLER_EPOCH).
 * - Only the controller's requests create, move or delete partitions; clients find what is here.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import type { Logger } from '../base/logger.ts'
import type { AppendOrigin, AppendOutcome } from '../log/append-outcome.ts'
import type { LogManager, TopicPartition } from '../log/log-manager.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { DelayedProduce, type ReplicatedAppend } from './delayed-produce.ts'
import { HighWatermarkCheckpoints } from './high-watermark-checkpoints.ts'
import { type AppendWaiter, type LeadershipState, Partition } from './partition.ts'
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
}

export interface PartitionError {
  readonly topic: string
  readonly index: number
  readonly errorCode: number
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
    readonly partitionStates: readonly { readonly partitionIndex: number; readonly deletePartition: boolean }[]
  }[]
}

export class ReplicaManager {
  readonly #brokerId: number
  readonly #logManager: LogManager
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #highWatermarks: HighWatermarkCheckpoints
  readonly #checkpointIntervalMs: number
  readonly #partitions = new Map<string, (Partition | undefined)[]>()
  readonly #produces: Purgatory<DelayedProduce>
  readonly #fetches: Purgatory<DelayedFetch>
  #staged: Partition[] = []
  #controllerEpoch = -1
  #checkpointTimer: Timer | undefined

  constructor(options: ReplicaManagerOptions) {
    this.#brokerId = options.brokerId
    this.#logManager = options.logManager
    this.#clock = options.clock
    this.#logger = options.logger
    this.#highWatermarks = new HighWatermarkCheckpoints(options.disk, options.logger)
    this.#checkpointIntervalMs = options.highWatermarkCheckpointIntervalMs
    this.#produces = new Purgatory(options.clock)
    this.#fetches = new Purgatory(options.clock)
  }

  partition(topic: string, index: number): Partition | undefined {
    return this.#partitions.get(topic)?.[index]
  }

  *partitions(): Iterable<Partition> {
    for (const partitions of this.#partitions.values()) {
      for (const partition of partitions) if (partition !== undefined) yield partition
    }
  }

  /** Writes high watermarks from now on, every so often. */
  start(): void {
    this.#checkpointTimer = this.#clock.after(this.#checkpointIntervalMs, () => {
      this.checkpointHighWatermarks()
      this.start()
    })
  }

  /** Answers everyone who waits with what there is: the broker is about to stop. */
  answerWaiting(): void {
    this.#fetches.completeAll()
    this.#produces.completeAll()
  }

  /** No more requests come; the logs are the log manager's to close. */
  shutdown(): void {
    this.#checkpointTimer?.cancel()
    this.answerWaiting()
    this.checkpointHighWatermarks()
  }

  checkpointHighWatermarks(): void {
    this.#highWatermarks.write(this.#logManager.liveLogDirs, this.partitions())
  }

  /**
   * Stages records on a leader's log; they are written at the end of this tick. The waiter is told then, if the
   * outcome carries no error now.
   */
  append(partition: Partition, records: Buffer, options: { origin: AppendOrigin; waiter: AppendWaiter }): AppendOutcome {
    const outcome = partition.append(records, options)
    if (outcome.errorCode !== ErrorCode.NONE) return outcome
    if (this.#staged.length === 0) this.#clock.endOfTick(() => this.#commitStaged())
    if (this.#staged.at(-1) !== partition) this.#staged.push(partition)
    return outcome
  }

  /** Responds once the high watermark has passed every append, or when the time is over. */
  awaitReplication(
    appends: readonly { partition: Partition; outcome: AppendOutcome }[],
    timeoutMs: number,
    respond: () => void,
  ): void {
    const replicated: ReplicatedAppend[] = appends.map(({ partition, outcome }) => ({
      partition,
      outcome,
      leaderEpoch: partition.leaderEpoch,
    }))
    const operation = new DelayedProduce(replicated, timeoutMs, respond)
    this.#produces.tryCompleteElseWatch(
      operation,
      replicated.map(({ partition }) => partition),
    )
  }

  /** Responds once the entries hold `minBytes`, one of them fails, or the time is over. */
  fetch(entries: readonly FetchEntry[], params: FetchParams, respond: (read: FetchRead) => void): void {
    const read = readEntries(entries, params)
    if (params.maxWaitMs <= 0 || entries.length === 0 || read.byteCount >= params.minBytes || read.isUrgent) {
      respond(read)
      return
    }
    releaseSlices(read)
    const partitions = new Set<Partition>()
    for (const { partition } of entries) if (partition !== undefined) partitions.add(partition)
    this.#fetches.tryCompleteElseWatch(new DelayedFetch(entries, params, respond), [...partitions])
  }

  /** LeaderAndIsr: partitions that are led or followed here from now on. */
  becomeLeaderOrFollower(request: LeadershipUpdate): { errorCode: number; partitions: PartitionError[] } {
    if (request.controllerEpoch < this.#controllerEpoch) {
      return { errorCode: ErrorCode.STALE_CONTROLLER_EPOCH, partitions: [] }
    }
    this.#controllerEpoch = request.controllerEpoch
    const partitions: PartitionError[] = []
    for (const { topicName: topic, topicId, partitionStates } of request.topicStates) {
      for (const state of partitionStates) {
        const errorCode = this.#become(topic, topicId, state)
        partitions.push({ topic, index: state.partitionIndex, errorCode })
      }
    }
    return { errorCode: ErrorCode.NONE, partitions }
  }

  /** StopReplica: partitions that leave this broker, with their logs if they are to be deleted. */
  stopReplicas(request: ReplicaStop): { errorCode: number; partitions: PartitionError[] } {
    if (request.controllerEpoch < this.#controllerEpoch) {
      return { errorCode: ErrorCode.STALE_CONTROLLER_EPOCH, partitions: [] }
    }
    this.#controllerEpoch = request.controllerEpoch
    const partitions: PartitionError[] = []
    for (const { topicName: topic, partitionStates } of request.topicStates) {
      for (const { partitionIndex: index, deletePartition } of partitionStates) {
        const errorCode = this.#stop(topic, index, deletePartition)
        partitions.push({ topic, index, errorCode })
      }
    }
    return { errorCode: ErrorCode.NONE, partitions }
  }

  /** A log directory failed: its partitions are served no more. */
  onLogDirFailure(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition: index } of partitions) {
      const partition = this.partition(topic, index)
      if (partition !== undefined) this.#takeOffline(partition)
    }
  }

  #commitStaged(): void {
    const staged = this.#staged
    this.#staged = []
    for (const partition of staged) partition.commit()
  }

  #become(topic: string, topicId: string, state: PartitionState): number {
    const partition = this.#getOrCreate(topic, state.partitionIndex)
    if (partition.role === 'offline') return ErrorCode.KAFKA_STORAGE_ERROR
    if (partition.topicId !== undefined && partition.topicId !== topicId) return ErrorCode.INCONSISTENT_TOPIC_ID
    if (!state.replicas.includes(this.#brokerId)) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    const opened = this.#logManager.getOrCreateLog(topic, state.partitionIndex, { topicId, isNew: state.isNew })
    if (opened.log === undefined) {
      this.#logger.error(opened.message)
      if (opened.errorCode === ErrorCode.KAFKA_STORAGE_ERROR) this.#takeOffline(partition)
      return opened.errorCode
    }
    const { log } = opened
    if (partition.log === undefined) log.updateHighWatermark(this.#highWatermarks.of(log))
    const isLeader = state.leader === this.#brokerId
    const isNews = isLeader ? partition.makeLeader(state, log) : partition.makeFollower(state, log)
    // Whoever waited on the old role or epoch is answered accordingly.
    this.#wake(partition)
    return isNews ? ErrorCode.NONE : ErrorCode.STALE_CONTROLLER_EPOCH
  }

  #stop(topic: string, index: number, deletesLog: boolean): number {
    const partition = this.partition(topic, index)
    if (partition?.role === 'offline') return ErrorCode.KAFKA_STORAGE_ERROR
    if (partition !== undefined) {
      partition.commit()
      this.#partitions.get(topic)![index] = undefined
      if (this.#partitions.get(topic)!.every((each) => each === undefined)) this.#partitions.delete(topic)
      this.#takeOffline(partition)
    }
    const log = this.#logManager.get(topic, index)
    if (!deletesLog || log === undefined) return ErrorCode.NONE
    this.#highWatermarks.forget(log)
    return this.#logManager.asyncDelete(topic, index)
  }

  #getOrCreate(topic: string, index: number): Partition {
    const existing = this.partition(topic, index)
    if (existing !== undefined) return existing
    const partition = new Partition({
      topic,
      index,
      localId: this.#brokerId,
      clock: this.#clock,
      onHighWatermark: (advanced) => this.#wake(advanced),
    })
    const partitions = this.#partitions.get(topic)
    if (partitions === undefined) {
      const fresh: (Partition | undefined)[] = []
      fresh[index] = partition
      this.#partitions.set(topic, fresh)
    } else partitions[index] = partition
    return partition
  }

  #takeOffline(partition: Partition): void {
    partition.takeOffline()
    this.#wake(partition)
  }

  #wake(partition: Partition): void {
    this.#produces.checkAndComplete(partition)
    this.#fetches.checkAndComplete(partition)
  }
}
