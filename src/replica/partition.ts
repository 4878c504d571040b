/**
 * One partition on this broker: its log, who leads it, and how far its records are safe.
 *
 * A record's way through here: `append` stages it on the log (checked, offsets assigned, nothing written); at the
 * end of the tick `commit` writes all that was staged in one call; when `log.flush.interval.messages` says so, it
 * is synced; then the leader's own end offset counts towards the high watermark, and whoever waits is told.
 *
 * Invariants
 * - The high watermark never passes what is written here (and synced, where the topic asks for it), nor any
 *   in-sync replica's end.
 * - Appends are answered in the order in which they were staged.
 * - Role and epoch change only in `makeLeader`, `makeFollower` and `takeOffline`; everything that resumes later
 *   (a finished sync) looks at the epoch it started in.
 */
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { AppendOutcome, AppendOrigin } from '../log/append-outcome.ts'
import type { FetchDataInfo, FetchIsolation } from '../log/fetch-data-info.ts'
import type { UnifiedLog } from '../log/unified-log.ts'
import { ErrorCode } from '../protocol/error-codes.ts'

export type PartitionRole = 'leader' | 'follower' | 'offline' | 'none'

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

interface CommitGroup {
  readonly endOffset: number
  readonly waiters: readonly AppendWaiter[]
}

/** What a replica elsewhere is known to hold. */
interface RemoteReplica {
  logEndOffset: number
  logStartOffset: number
}

export class Partition {
  readonly topic: string
  readonly index: number
  readonly #localId: number
  readonly #clock: Clock
  readonly #onHighWatermark: (partition: Partition) => void
  #role: PartitionRole = 'none'
  #log: UnifiedLog | undefined
  #state: LeadershipState | undefined
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
    onHighWatermark: (partition: Partition) => void
  }) {
    this.topic = options.topic
    this.index = options.index
    this.#localId = options.localId
    this.#clock = options.clock
    this.#onHighWatermark = options.onHighWatermark
  }

  get role(): PartitionRole {
    return this.#role
  }

  get isLeader(): boolean {
    return this.#role === 'leader'
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
    return this.inSyncCount < Math.min(this.onlineLog.config.minInsyncReplicas, this.#state?.replicas.length ?? 1)
  }

  /** @returns false for a state that is older than the present one. */
  makeLeader(state: LeadershipState, log: UnifiedLog): boolean {
    if (state.leaderEpoch < this.leaderEpoch) return false
    assert(state.leader === this.#localId, 'a leader leads its own partition')
    const isNewEpoch = state.leaderEpoch > this.leaderEpoch || this.#role !== 'leader'
    this.#log = log
    this.#state = state
    this.#role = 'leader'
    if (isNewEpoch) {
      log.assignEpochStartOffset(state.leaderEpoch, log.logEndOffset)
      this.#safeEndOffset = log.logEndOffset
      this.#remotes.clear()
    }
    for (const replica of state.replicas) {
      if (replica !== this.#localId && !this.#remotes.has(replica)) {
        this.#remotes.set(replica, { logEndOffset: -1, logStartOffset: -1 })
      }
    }
    for (const replica of this.#remotes.keys()) {
      if (!state.replicas.includes(replica)) this.#remotes.delete(replica)
    }
    this.#advanceHighWatermark()
    return true
  }

  /** @returns false for a state that is older than the present one. */
  makeFollower(state: LeadershipState, log: UnifiedLog): boolean {
    if (state.leaderEpoch < this.leaderEpoch) return false
    this.#log = log
    this.#state = state
    this.#role = 'follower'
    this.#remotes.clear()
    return true
  }

  /** The log's folder failed, or the replica is being deleted: nothing more is served from here. */
  takeOffline(): void {
    this.#role = 'offline'
    this.#log = undefined
    this.#remotes.clear()
  }

  /**
   * Checks and stages records on the leader's log. The bytes are read until the commit at the end of this tick, and
   * not after. The waiter is told exactly when the outcome carries no error.
   */
  append(records: Buffer, options: { origin: AppendOrigin; waiter: AppendWaiter }): AppendOutcome {
    const log = this.onlineLog
    const outcome = log.stageAsLeader(records, { leaderEpoch: this.leaderEpoch, origin: options.origin })
    if (outcome.errorCode === ErrorCode.NONE) {
      this.#stagedOutcomes.push(outcome)
      this.#stagedWaiters.push(options.waiter)
    }
    return outcome
  }

  /** Writes what was staged. On a disk error every staged outcome turns into that error. */
  commit(): void {
    const log = this.#log
    const outcomes = this.#stagedOutcomes
    if (outcomes.length === 0) return
    const waiters = this.#stagedWaiters
    this.#stagedOutcomes = []
    this.#stagedWaiters = []
    const committed = log === undefined ? { errorCode: ErrorCode.KAFKA_STORAGE_ERROR } : log.commitStaged()
    if (committed.errorCode !== ErrorCode.NONE || log === undefined) {
      for (const outcome of outcomes) outcome.errorCode = committed.errorCode
      for (const waiter of waiters) waiter.onAppendDone()
      return
    }
    const group: CommitGroup = { endOffset: log.logEndOffset, waiters }
    if (!log.flushDue(this.#clock.nowMs())) {
      this.#settle(group)
      return
    }
    const epoch = this.leaderEpoch
    log.flush(group.endOffset).then(
      () => {
        // Leadership may be gone by now; the bytes are on disk all the same, and the waiters look for themselves.
        if (this.leaderEpoch === epoch && this.#log === log) this.#settle(group)
        else for (const waiter of waiters) waiter.onAppendDone()
      },
      () => {
        for (const outcome of outcomes) outcome.errorCode = ErrorCode.KAFKA_STORAGE_ERROR
        for (const waiter of waiters) waiter.onAppendDone()
      },
    )
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
    if (currentLeaderEpoch < 0 || currentLeaderEpoch === this.leaderEpoch) return ErrorCode.NONE
    return currentLeaderEpoch < this.leaderEpoch ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH
  }

  /** A follower's fetch says what it holds. */
  updateRemoteReplica(replicaId: number, logEndOffset: number, logStartOffset: number): void {
    const remote = this.#remotes.get(replicaId)
    if (remote === undefined) return
    remote.logEndOffset = logEndOffset
    remote.logStartOffset = logStartOffset
    this.#advanceHighWatermark()
  }

  /**
   * Moves the start of the log, as DeleteRecords asks; -1 stands for the high watermark.
   * @returns the low watermark over all live replicas, or an error code.
   */
  deleteRecords(offset: number): { errorCode: number; lowWatermark: number } {
    const log = this.onlineLog
    const target = offset === -1 ? log.highWatermark : offset
    if (target < 0 || target > log.highWatermark) return { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE, lowWatermark: -1 }
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

  #settle(group: CommitGroup): void {
    if (group.endOffset > this.#safeEndOffset) this.#safeEndOffset = group.endOffset
    this.#advanceHighWatermark()
    for (const waiter of group.waiters) waiter.onAppendDone()
  }

  #advanceHighWatermark(): void {
    const log = this.#log
    if (log === undefined || this.#role !== 'leader') return
    let high = this.#safeEndOffset
    for (const [id, remote] of this.#remotes) {
      if (this.#state?.isr.includes(id)) high = Math.min(high, remote.logEndOffset)
    }
    if (high <= log.highWatermark) return
    log.updateHighWatermark(high)
    this.#onHighWatermark(this)
  }
}
