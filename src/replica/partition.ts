/**
 * One partition on this broker: its log, who leads it, and how far its records are safe.
 *
 * A record's way through here: `append` stages it on the log (checked, offsets assigned, nothing written); at the
 * end of the tick `commit` writes all that was staged in one call; when `flush.messages` or `flush.ms` says so, it is
 * synced; then the leader's own end offset counts towards the high watermark, and whoever waits is told.
 *
 *   none | stopped ──LeaderAndIsr──> leader <──LeaderAndIsr──> follower
 *   any ──StopReplica──> stopped | deleted          any ──its log directory failed──> offline
 *
 * Invariants
 * - The high watermark never passes what is written here (and synced, where the topic asks for it), nor any
 *   in-sync replica's end.
 * - Appends are answered in the order in which they were staged, each by what became of its own records.
 * - Role and epoch change only in `makeLeader`, `makeFollower` and `leave`, and never between an append and its
 *   commit; what resumes later (a finished sync, a waiting produce) compares the term in which it began.
 */
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { DiskError } from '../base/disk.ts'
import { throwUncaught } from '../base/uncaught.ts'
import type { AppendOrigin, AppendOutcome } from '../log/append-outcome.ts'
import type { FetchDataInfo, FetchIsolation } from '../log/fetch-data-info.ts'
import type { ProducerClaims } from '../log/producer-append-checks.ts'
import type { UnifiedLog } from '../log/unified-log.ts'
import { ErrorCode } from '../protocol/error-codes.ts'

export type PartitionRole = 'none' | 'leader' | 'follower' | 'offline' | 'stopped' | 'deleted'

/** What the controller says of a partition, in LeaderAndIsr. */
export interface LeadershipState {
  readonly controllerEpoch: number
  readonly leader: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  readonly replicas: readonly number[]
  readonly partitionEpoch: number
}

/** Told once for every staged append, in order: written (and synced if it had to be), or failed. */
export interface AppendWaiter {
  onAppendDone(): void
}

export interface PartitionAppendOptions extends ProducerClaims {
  readonly origin: AppendOrigin
  readonly waiter: AppendWaiter
}

/** What one commit wrote, and who waits for it. */
interface CommitGroup {
  readonly term: number
  readonly endOffset: number
  readonly outcomes: readonly AppendOutcome[]
  readonly waiters: readonly AppendWaiter[]
}

/** What a replica elsewhere is known to hold. */
interface RemoteReplica {
  logEndOffset: number
  logStartOffset: number
}

const NOBODY = { outcomes: [], waiters: [] }

export class Partition {
  readonly topic: string
  readonly index: number
  readonly #localId: number
  readonly #clock: Clock
  readonly #onProgress: (partition: Partition) => void
  #role: PartitionRole = 'none'
  #log: UnifiedLog | undefined
  #state: LeadershipState | undefined
  #term = 0
  #remotes = new Map<number, RemoteReplica>()
  /** The leader's own end offset for the high watermark: written, and synced where the topic asks for it. */
  #safeEndOffset = 0
  #stagedOutcomes: AppendOutcome[] = []
  #stagedWaiters: AppendWaiter[] = []

  constructor(options: {
    topic: string
    index: number
    localId: number
    clock: Clock
    /** There is more to read: the high watermark has moved, or followers can fetch more. */
    onProgress: (partition: Partition) => void
  }) {
    this.topic = options.topic
    this.index = options.index
    this.#localId = options.localId
    this.#clock = options.clock
    this.#onProgress = options.onProgress
  }

  get role(): PartitionRole {
    return this.#role
  }

  get isLeader(): boolean {
    return this.#role === 'leader'
  }

  /** Counts the times this broker began to lead the partition: within one term nothing is cut off its log. */
  get term(): number {
    return this.#term
  }

  /** What a client is told that finds no leader here; NONE on the leader. */
  get unavailability(): number {
    switch (this.#role) {
      case 'leader':
        return ErrorCode.NONE
      case 'offline':
        return ErrorCode.KAFKA_STORAGE_ERROR
      case 'deleted':
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
      default:
        return ErrorCode.NOT_LEADER_OR_FOLLOWER
    }
  }

  get log(): UnifiedLog | undefined {
    return this.#log
  }

  /** The log of a partition that is led or followed here. */
  get onlineLog(): UnifiedLog {
    assert(this.#log !== undefined, `${this.topic}-${this.index} has no log`)
    return this.#log
  }

  get topicId(): string | undefined {
    return this.#log?.topicId
  }

  get leadership(): LeadershipState | undefined {
    return this.#state
  }

  get leaderEpoch(): number {
    return this.#state?.leaderEpoch ?? -1
  }

  get inSyncCount(): number {
    return this.#state?.isr.length ?? 0
  }

  get isUnderMinIsr(): boolean {
    return (
      this.inSyncCount < Math.min(this.onlineLog.config.minInsyncReplicas, this.#state?.replicas.length ?? 1)
    )
  }

  /** @returns false for a state that is not newer than the present one. */
  makeLeader(state: LeadershipState, log: UnifiedLog): boolean {
    assert(state.leader === this.#localId, 'a leader leads its own partition')
    if (state.leaderEpoch <= this.leaderEpoch) return false
    this.commit()
    const isNewTerm = this.#role !== 'leader' || this.#log !== log
    this.#log = log
    this.#state = state
    this.#role = 'leader'
    log.assignEpochStartOffset(state.leaderEpoch, log.logEndOffset)
    this.#remotes.clear()
    for (const replica of state.replicas) {
      if (replica !== this.#localId) this.#remotes.set(replica, { logEndOffset: -1, logStartOffset: -1 })
    }
    if (isNewTerm) this.#beginTerm(log)
    this.#advanceHighWatermark()
    return true
  }

  /** @returns false for a state that is not newer than the present one. */
  makeFollower(state: LeadershipState, log: UnifiedLog): boolean {
    if (state.leaderEpoch <= this.leaderEpoch) return false
    this.commit()
    this.#log = log
    this.#state = state
    this.#role = 'follower'
    this.#remotes.clear()
    return true
  }

  /** Nothing more is served from here. What was accepted in this tick is written before. */
  leave(role: 'offline' | 'stopped' | 'deleted'): void {
    this.commit()
    this.#role = role
    this.#log = undefined
    this.#remotes.clear()
  }

  /**
   * Checks and stages records on the leader's log. The bytes are read until the commit at the end of this tick, and
   * not after. The waiter is told exactly when the outcome carries no error.
   */
  append(records: Buffer, options: PartitionAppendOptions): AppendOutcome {
    const log = this.onlineLog
    const { origin, verification, transactionVersion = 0 } = options
    const { leaderEpoch } = this
    const outcome = log.stageAsLeader(records, { leaderEpoch, origin, verification, transactionVersion })
    if (outcome.errorCode === ErrorCode.NONE) {
      this.#stagedOutcomes.push(outcome)
      this.#stagedWaiters.push(options.waiter)
    }
    return outcome
  }

  /**
   * Writes what was staged. A disk error becomes the outcome of exactly those appends that it kept out of the log:
   * the log may have written some of them earlier in the tick, in a segment that was then full.
   */
  commit(): void {
    const outcomes = this.#stagedOutcomes
    if (outcomes.length === 0) return
    const waiters = this.#stagedWaiters
    this.#stagedOutcomes = []
    this.#stagedWaiters = []
    const log = this.onlineLog
    const { errorCode } = log.commitStaged()
    if (errorCode !== ErrorCode.NONE) fail(outcomes, errorCode, log.logEndOffset)
    const group: CommitGroup = { term: this.#term, endOffset: log.logEndOffset, outcomes, waiters }
    // Followers may read what is not synced yet: it is theirs to keep.
    if (this.#remotes.size > 0) this.#onProgress(this)
    if (log.flushDue(this.#clock.nowMs())) this.#settleWhenSynced(group, log)
    else this.#settle(group)
  }

  /**
   * @returns the bytes from `fetchOffset`, bounded by the log's end for replicas, by the high watermark or the last
   * stable offset for consumers.
   */
  read(
    fetchOffset: number,
    options: { maxBytes: number; minOneMessage: boolean; isolation: FetchIsolation },
  ): FetchDataInfo {
    return this.onlineLog.read(fetchOffset, options)
  }

  /** Checks the epoch a client believes in (KIP-320); -1 believes in nothing. */
  checkLeaderEpoch(currentLeaderEpoch: number): number {
    if (currentLeaderEpoch === -1 || currentLeaderEpoch === this.leaderEpoch) return ErrorCode.NONE
    return currentLeaderEpoch < this.leaderEpoch
      ? ErrorCode.FENCED_LEADER_EPOCH
      : ErrorCode.UNKNOWN_LEADER_EPOCH
  }

  /** A follower's fetch says what it holds. @returns false for a broker that is no replica of this partition. */
  updateRemoteReplica(replicaId: number, logEndOffset: number, logStartOffset: number): boolean {
    const remote = this.#remotes.get(replicaId)
    if (remote === undefined) return false
    remote.logEndOffset = logEndOffset
    remote.logStartOffset = logStartOffset
    this.#advanceHighWatermark()
    return true
  }

  /**
   * Moves the start of the log, as DeleteRecords asks; -1 stands for the high watermark.
   * @returns the low watermark over all live replicas, or an error code.
   */
  deleteRecords(offset: number): { errorCode: number; lowWatermark: number } {
    const log = this.onlineLog
    const target = offset === -1 ? log.highWatermark : offset
    if (target < 0 || target > log.highWatermark)
      return { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE, lowWatermark: -1 }
    log.maybeIncrementLogStartOffset(target)
    return { errorCode: ErrorCode.NONE, lowWatermark: this.lowWatermark }
  }

  get lowWatermark(): number {
    let low = this.onlineLog.logStartOffset
    for (const [id, remote] of this.#remotes) {
      if (this.#state?.isr.includes(id)) low = Math.min(low, remote.logStartOffset)
    }
    return low
  }

  /**
   * What the log holds at the start of a term counts as safe. After a crash it may hold records that were written and
   * never synced; where the topic asks for a sync they count when it is done.
   */
  #beginTerm(log: UnifiedLog): void {
    this.#term += 1
    const isSynced = !log.flushDue(this.#clock.nowMs())
    this.#safeEndOffset = isSynced ? log.logEndOffset : log.recoveryPoint
    if (!isSynced) this.#settleWhenSynced({ term: this.#term, endOffset: log.logEndOffset, ...NOBODY }, log)
  }

  #settleWhenSynced(group: CommitGroup, log: UnifiedLog): void {
    log
      .flush(group.endOffset)
      .then(
        () => this.#settle(group),
        (error: unknown) => {
          // A bug is not an answer.
          if (!(error instanceof DiskError)) throw error
          fail(group.outcomes, this.unavailability || ErrorCode.KAFKA_STORAGE_ERROR, Number.NEGATIVE_INFINITY)
          for (const waiter of group.waiters) waiter.onAppendDone()
        },
      )
      .catch((error: unknown) => throwUncaught(this.#clock, error))
  }

  #settle({ term, endOffset, outcomes, waiters }: CommitGroup): void {
    let isProgress = false
    if (term === this.#term && this.#role === 'leader') {
      if (endOffset > this.#safeEndOffset) this.#safeEndOffset = endOffset
      isProgress = this.#raiseHighWatermark()
    } else {
      // During the sync the partition went elsewhere; nobody here knows whether it took the records along.
      fail(outcomes, this.unavailability || ErrorCode.NOT_LEADER_OR_FOLLOWER, Number.NEGATIVE_INFINITY)
    }
    // Producers are answered before consumers: their answers are small, and leave in the order in which they were given.
    for (const waiter of waiters) waiter.onAppendDone()
    if (isProgress) this.#onProgress(this)
  }

  #advanceHighWatermark(): void {
    if (this.#raiseHighWatermark()) this.#onProgress(this)
  }

  /** @returns whether it is higher now: those who wait for it are to be told. */
  #raiseHighWatermark(): boolean {
    const log = this.onlineLog
    if (this.isUnderMinIsr) return false
    let high = this.#safeEndOffset
    for (const [id, remote] of this.#remotes) {
      if (this.#state?.isr.includes(id)) high = Math.min(high, remote.logEndOffset)
    }
    if (high <= log.highWatermark) return false
    log.updateHighWatermark(high)
    return true
  }
}

/** Gives the error to those that would have come to lie at or above `fromOffset` and have no error of their own. */
function fail(outcomes: readonly AppendOutcome[], errorCode: number, fromOffset: number): void {
  for (const outcome of outcomes) {
    if (outcome.errorCode === ErrorCode.NONE && outcome.lastOffset >= fromOffset)
      outcome.errorCode = errorCode
  }
}
