/**
 * Runs the shards of one internal topic: loads a shard when this broker becomes the leader of its partition, gives it
 * operations one at a time, appends what they produce, and answers when that is safe.
 *
 *   (none) ──elected──> loading ──log replayed──> active ──resigned──> (none)
 *                          │                         │
 *                          └──can't be read──> failed└──an append was lost──> loading, from the log
 *
 * An operation runs at once: it looks at the state and gives records; these are staged on the log, and if the log takes
 * them they are replayed, so the next operation of the same tick sees their effect. The response is parked until they
 * are written and replicated. The response of an operation without records is parked behind those that it may have
 * seen the effect of: nobody is told of a state that could still be lost.
 *
 * Invariants
 * - The state of an active shard is what its log replays to, up to what is staged. If a staged append fails (a disk
 *   error), the shard is thrown away and loaded anew; undoing is not needed.
 * - A record that the log refuses (too large, a fenced producer) has changed nothing.
 * - After an await, and in every callback, it is checked that the shard is still the one that was meant.
 */
import { assert } from '../../base/assert.ts'
import type { Clock } from '../../base/clock.ts'
import { DiskError } from '../../base/disk.ts'
import type { Logger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import { throwUncaught } from '../../base/uncaught.ts'
import { ErrorCode, errorName } from '../../protocol/error-codes.ts'
import type { CompressionName } from '../../records/compression/codec.ts'
import { buildBatch, buildEndTransactionMarker } from '../../records/record-batch-builder.ts'
import { loadShard } from './coordinator-loader.ts'
import type { AppendAnswer, CoordinatorLog, ProducerIdentity } from './coordinator-log.ts'
import type { CoordinatorRecord } from './coordinator-record.ts'
import type { CoordinatorShard, ShardContext, ShardResult } from './coordinator-shard.ts'
import { inBatches } from './record-batching.ts'
import { ShardTimers, type TimerOutcome } from './shard-timers.ts'

export interface CoordinatorRuntimeOptions<Shard extends CoordinatorShard> {
  /** The internal topic. */
  readonly topic: string
  readonly newShard: (context: ShardContext) => Shard
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly loadBufferBytes: number
  /** What batches of records are compressed with. */
  readonly compression: CompressionName
}

/** Before a shard whose append was lost is loaded anew: what broke the append may not have passed at once. */
const RELOAD_DELAY_MS = 1000

type SlotState = 'loading' | 'active' | 'failed'

/** One partition that this broker leads. */
interface Slot<Shard> {
  readonly partition: number
  readonly log: CoordinatorLog
  readonly shard: Shard
  readonly timers: ShardTimers
  state: SlotState
  /** Appends that are not safe yet, the oldest first. */
  pending: PendingAppend[]
  isOperating: boolean
}

/** An append with those whose answers hang on it: told NONE when it is safe, or why it isn't. */
interface PendingAppend {
  readonly waiting: ((errorCode: number) => void)[]
}

export class CoordinatorRuntime<Shard extends CoordinatorShard> {
  readonly #options: CoordinatorRuntimeOptions<Shard>
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #slots = new Map<number, Slot<Shard>>()
  #isStopped = false

  constructor(options: CoordinatorRuntimeOptions<Shard>) {
    this.#options = options
    this.#clock = options.clock
    this.#logger = options.logger
  }

  // --- Leadership ----------------------------------------------------------------------------------------------------

  /** This broker leads the partition from now on: its state is loaded. Called again with a newer epoch, it is anew. */
  onElection(partition: number, log: CoordinatorLog): void {
    if (this.#isStopped) return
    const former = this.#slots.get(partition)
    if (former !== undefined && former.log.leaderEpoch >= log.leaderEpoch) return
    this.#unload(partition, ErrorCode.NOT_COORDINATOR)
    this.#logger.info(
      `Scheduling loading of metadata from ${this.#name(partition)} with epoch ${log.leaderEpoch}`,
    )
    this.#load(this.#newSlot(partition, log))
  }

  /** Somebody else leads the partition, or nobody. */
  onResignation(partition: number): void {
    if (!this.#slots.has(partition)) return
    this.#logger.info(`Scheduling unloading of metadata for ${this.#name(partition)}`)
    this.#unload(partition, ErrorCode.NOT_COORDINATOR)
  }

  /** Everyone who waits is answered; nothing is served afterwards. */
  shutdown(): void {
    this.#isStopped = true
    for (const partition of [...this.#slots.keys()]) this.#unload(partition, ErrorCode.NOT_COORDINATOR)
  }

  /** NONE, or what a client is told that comes to this broker for the partition. */
  availability(partition: number): number {
    const slot = this.#slots.get(partition)
    if (slot === undefined || slot.state === 'failed') return ErrorCode.NOT_COORDINATOR
    return slot.state === 'loading' ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : ErrorCode.NONE
  }

  /** Partitions that this broker is the coordinator of, loaded or not. */
  partitions(): number[] {
    return [...this.#slots.keys()]
  }

  // --- Operations ----------------------------------------------------------------------------------------------------

  /**
   * Runs an operation that may have records. `refuse` makes the response where there is none of the shard's:
   * NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, or the log's word for records it didn't
   * take (MESSAGE_TOO_LARGE, INVALID_PRODUCER_EPOCH, ...).
   */
  write<Response>(
    partition: number,
    operation: (shard: Shard) => ShardResult<Response>,
    refuse: (errorCode: number) => Response,
  ): Promise<Response> {
    const slot = this.#slots.get(partition)
    const unavailable = this.availability(partition)
    if (unavailable !== ErrorCode.NONE) return Promise.resolve(refuse(unavailable))
    return new Promise((resolve) => {
      const result = this.#operate(slot!, () => operation(slot!.shard))
      this.#apply(slot!, result, (errorCode) =>
        resolve(errorCode === ErrorCode.NONE ? result.response : refuse(errorCode)),
      )
    })
  }

  /** Runs an operation that only looks. */
  read<Response>(
    partition: number,
    operation: (shard: Shard) => Response,
    refuse: (errorCode: number) => Response,
  ): Promise<Response> {
    const slot = this.#slots.get(partition)
    const unavailable = this.availability(partition)
    if (unavailable !== ErrorCode.NONE) return Promise.resolve(refuse(unavailable))
    return new Promise((resolve) => {
      const response = this.#operate(slot!, () => operation(slot!.shard))
      this.#park(slot!, (errorCode) => resolve(errorCode === ErrorCode.NONE ? response : refuse(errorCode)))
    })
  }

  /** Looks at the shard as it is, staged records included, and waits for nothing; undefined where it doesn't serve. */
  peek<Response>(partition: number, operation: (shard: Shard) => Response): Response | undefined {
    const slot = this.#slots.get(partition)
    return slot?.state === 'active' ? this.#operate(slot, () => operation(slot.shard)) : undefined
  }

  /**
   * Writes the marker that ends a producer's transaction on this partition, and tells the shard.
   * @returns an error code: NONE once the marker is safe.
   */
  completeTransaction(
    partition: number,
    marker: ProducerIdentity & { readonly coordinatorEpoch: number; readonly isCommit: boolean },
  ): Promise<number> {
    const slot = this.#slots.get(partition)
    const unavailable = this.availability(partition)
    if (slot === undefined || unavailable !== ErrorCode.NONE) return Promise.resolve(unavailable)
    return new Promise((resolve) => {
      const batch = buildEndTransactionMarker({
        committed: marker.isCommit,
        producerId: marker.producerId,
        producerEpoch: marker.producerEpoch,
        coordinatorEpoch: marker.coordinatorEpoch,
        timestampMs: this.#clock.nowMs(),
      })
      const { errorCode } = this.#append(slot, batch)
      if (errorCode !== ErrorCode.NONE) return resolve(coordinatorError(errorCode))
      slot.shard.replayEndTransaction(marker, marker.isCommit)
      this.#park(slot, resolve)
    })
  }

  #operate<Result>(slot: Slot<Shard>, run: () => Result): Result {
    assert(!slot.isOperating, 'an operation on a shard runs within another')
    slot.isOperating = true
    try {
      return run()
    } finally {
      slot.isOperating = false
    }
  }

  /** Appends and replays an operation's records; `settled` is told when they, and all before them, are safe. */
  #apply(slot: Slot<Shard>, result: ShardResult<unknown>, settled: (errorCode: number) => void): void {
    const { records, onSettled } = result
    const settle = (errorCode: number): void => {
      settled(errorCode)
      if (this.#isCurrent(slot)) onSettled?.(errorCode)
    }
    const refusal = records.length === 0 ? ErrorCode.NONE : this.#appendRecords(slot, result)
    if (refusal === ErrorCode.NONE) this.#park(slot, settle)
    else settle(refusal)
  }

  #appendRecords(slot: Slot<Shard>, { records, isAtomic, producer }: ShardResult<unknown>): number {
    const groups = isAtomic === false ? inBatches(records, slot.log.batchBytesMax) : [records]
    for (const group of groups) {
      const { errorCode, firstOffset } = this.#append(slot, this.#batchOf(group, producer))
      if (errorCode !== ErrorCode.NONE) return coordinatorError(errorCode)
      group.forEach((record, i) => void slot.shard.replay(record, { offset: firstOffset + i, producer }))
    }
    return ErrorCode.NONE
  }

  #batchOf(records: readonly CoordinatorRecord[], producer: ProducerIdentity | undefined): Buffer {
    const timestampMs = this.#clock.nowMs()
    const drafts = records.map(({ key, value }) => ({ key, value, timestampMs }))
    return buildBatch(drafts, {
      compression: this.#options.compression,
      ...(producer === undefined ? undefined : { ...producer, isTransactional: true }),
    })
  }

  #append(slot: Slot<Shard>, batch: Buffer): AppendAnswer {
    const pending: PendingAppend = { waiting: [] }
    const answer = slot.log.append(batch, (errorCode) => this.#onAppendSettled(slot, pending, errorCode))
    if (answer.errorCode === ErrorCode.NONE) slot.pending.push(pending)
    return answer
  }

  /** Once everything staged so far is safe, or lost. */
  #park(slot: Slot<Shard>, settled: (errorCode: number) => void): void {
    const last = slot.pending.at(-1)
    if (last === undefined) settled(ErrorCode.NONE)
    else last.waiting.push(settled)
  }

  #onAppendSettled(slot: Slot<Shard>, pending: PendingAppend, errorCode: number): void {
    if (!this.#isCurrent(slot)) return
    if (errorCode !== ErrorCode.NONE && errorCode !== ErrorCode.REQUEST_TIMED_OUT) {
      this.#onLost(slot, errorCode)
      return
    }
    assert(slot.pending[0] === pending, 'appends settle in their order')
    slot.pending.shift()
    for (const settled of pending.waiting) settled(coordinatorError(errorCode))
  }

  /** What was replayed may not be in the log: the state is read from it anew. */
  #onLost(slot: Slot<Shard>, errorCode: number): void {
    const { partition, log } = slot
    this.#logger.error(
      `Records for ${this.#name(partition)} were lost with ${errorName(errorCode)}; its state is loaded anew`,
    )
    this.#unload(partition, coordinatorError(errorCode))
    const next = this.#newSlot(partition, log)
    this.#clock.after(RELOAD_DELAY_MS, () => {
      if (this.#isCurrent(next)) this.#load(next)
    })
  }

  // --- Loading and unloading -----------------------------------------------------------------------------------------

  #newSlot(partition: number, log: CoordinatorLog): Slot<Shard> {
    const { clock, random, newShard } = this.#options
    const timers = new ShardTimers(clock, (run) => this.#runTimer(slot, run))
    const context = { partition, leaderEpoch: log.leaderEpoch, clock, random, logger: this.#logger, timers }
    const slot: Slot<Shard> = {
      partition,
      log,
      shard: newShard(context),
      timers,
      state: 'loading',
      pending: [],
      isOperating: false,
    }
    this.#slots.set(partition, slot)
    return slot
  }

  #load(slot: Slot<Shard>): void {
    const load = loadShard({
      name: this.#name(slot.partition),
      log: slot.log,
      shard: slot.shard,
      clock: this.#clock,
      logger: this.#logger,
      bufferBytes: this.#options.loadBufferBytes,
      isCurrent: () => this.#isCurrent(slot),
    })
    load.then(
      (isComplete) => {
        if (!isComplete || !this.#isCurrent(slot)) return
        slot.state = 'active'
        slot.shard.onLoaded()
      },
      (error: unknown) => {
        if (!(error instanceof DiskError)) throwUncaught(this.#clock, error)
        if (!this.#isCurrent(slot)) return
        slot.state = 'failed'
        this.#logger.error(`Failed to load metadata from ${this.#name(slot.partition)}`, error)
      },
    )
  }

  #unload(partition: number, errorCode: number): void {
    const slot = this.#slots.get(partition)
    if (slot === undefined) return
    this.#slots.delete(partition)
    slot.timers.end()
    slot.shard.onUnloaded(errorCode)
    for (const { waiting } of slot.pending) for (const settled of waiting) settled(errorCode)
    slot.pending = []
  }

  #runTimer(slot: Slot<Shard>, run: () => TimerOutcome): void {
    const outcome = this.#operate(slot, run)
    if (outcome !== undefined) this.#apply(slot, outcome, () => {})
  }

  #isCurrent(slot: Slot<Shard>): boolean {
    return this.#slots.get(slot.partition) === slot
  }

  #name(partition: number): string {
    return `${this.#options.topic}-${partition}`
  }
}

/** What a client is told of an append that failed: to look for the coordinator anew, or to ask it again. */
function coordinatorError(errorCode: number): number {
  switch (errorCode) {
    case ErrorCode.NONE:
      return ErrorCode.NONE
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.KAFKA_STORAGE_ERROR:
      return ErrorCode.NOT_COORDINATOR
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
    case ErrorCode.NOT_ENOUGH_REPLICAS:
    case ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case ErrorCode.REQUEST_TIMED_OUT:
      return ErrorCode.COORDINATOR_NOT_AVAILABLE
    default:
      return errorCode
  }
}
