/**
 * Fetch sessions (KIP-227): the broker remembers which partitions a client fetches and what it was told of them, so
 * that requests name only what has changed on the client's side and responses only what has changed on ours.
 *
 * A session's partitions stand in the order in which they will be read: those that got records go to the back, so that
 * with small byte limits each has its turn.
 *
 * Invariants
 * - At most `sessionsMax` sessions and `partitionsMax` partitions in all of them; a client without a session fetches
 *   in full each time, which is slower and always right.
 * - A session's epoch is the one that its next request must carry.
 * - A session that uses topic ids is keyed by them, whatever the topic is called now.
 */
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { ErrorCode } from '../protocol/error-codes.ts'

export const INVALID_SESSION_ID = 0
/** The epoch of a request that wants a new session. */
export const INITIAL_EPOCH = 0
/** The epoch of a request that wants no session, and to close the one that it names. */
export const FINAL_EPOCH = -1

const EPOCH_MAX = 0x7fffffff
/** Until it is this old, or unless it has been unused for this long, a session is not evicted for a larger one. */
const EVICTION_AGE_MS_MIN = 2 * 60 * 1000
const PARTITIONS_MAX = 1_000_000

/** One partition as the client wants it read. */
export interface FetchPartition {
  /** Empty from version 13 on, where `topicId` names the topic. */
  readonly topic: string
  /** ZERO_UUID below version 13. */
  readonly topicId: string
  readonly partition: number
  readonly currentLeaderEpoch: number
  readonly fetchOffset: number
  readonly lastFetchedEpoch: number
  readonly logStartOffset: number
  readonly partitionMaxBytes: number
}

/** What was found for a partition, as far as sessions care. */
export interface FetchPartitionResult {
  readonly partition: FetchPartition
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly recordsBytes: number
  /** It carries a preferred read replica (KIP-392) or a diverging epoch (KIP-595). */
  readonly mustReturn?: boolean
}

/** A partition of a session: what the client wants, and what it was told last. */
interface CachedPartition {
  request: FetchPartition
  highWatermark: number
  lastStableOffset: number
  logStartOffset: number
}

const UNKNOWN_OFFSET = -1

export function nextEpoch(epoch: number): number {
  return epoch === EPOCH_MAX ? 1 : epoch + 1
}

function keyOf(topicId: string, topic: string, partition: number, usesTopicIds: boolean): string {
  return `${usesTopicIds ? topicId : topic}/${partition}`
}

export class FetchSession {
  readonly id: number
  readonly usesTopicIds: boolean
  /** A follower's session: not evicted for a consumer's. */
  readonly isPrivileged: boolean
  readonly createdMs: number
  lastUsedMs: number
  epoch = nextEpoch(INITIAL_EPOCH)
  readonly #partitions = new Map<string, CachedPartition>()

  constructor(id: number, usesTopicIds: boolean, isPrivileged: boolean, nowMs: number) {
    this.id = id
    this.usesTopicIds = usesTopicIds
    this.isPrivileged = isPrivileged
    this.createdMs = nowMs
    this.lastUsedMs = nowMs
  }

  get size(): number {
    return this.#partitions.size
  }

  /** In the order in which they are to be read. */
  partitions(): FetchPartition[] {
    const partitions: FetchPartition[] = []
    for (const cached of this.#partitions.values()) partitions.push(cached.request)
    return partitions
  }

  /** Adds partitions or changes what is wanted of them, and drops the forgotten ones. */
  update(wanted: readonly FetchPartition[], forgotten: Iterable<ForgottenPartition>): void {
    for (const request of wanted) {
      const key = this.#keyOf(request)
      const cached = this.#partitions.get(key)
      if (cached !== undefined) cached.request = request
      else this.#partitions.set(key, unseen(request))
    }
    for (const partition of forgotten) this.#partitions.delete(this.#keyOf(partition))
  }

  /** Notes what the client is being told, and says whether it has to be told: something is new, or wrong. */
  tell(result: FetchPartitionResult): boolean {
    const key = this.#keyOf(result.partition)
    const cached = this.#partitions.get(key)
    // Nobody else changes a session while its request is under way; if the partition is gone all the same, tell.
    if (cached === undefined) return true
    const isNew =
      result.recordsBytes > 0 ||
      result.errorCode !== ErrorCode.NONE ||
      result.mustReturn === true ||
      cached.highWatermark !== result.highWatermark ||
      cached.lastStableOffset !== result.lastStableOffset ||
      cached.logStartOffset !== result.logStartOffset
    if (!isNew) return false
    // After an error the next good answer is sent even if the offsets are the old ones: that is how it is over.
    cached.highWatermark = result.errorCode === ErrorCode.NONE ? result.highWatermark : UNKNOWN_OFFSET
    cached.lastStableOffset = result.lastStableOffset
    cached.logStartOffset = result.logStartOffset
    if (result.recordsBytes > 0) {
      this.#partitions.delete(key)
      this.#partitions.set(key, cached)
    }
    return true
  }

  #keyOf({ topicId, topic, partition }: ForgottenPartition): string {
    return keyOf(topicId, topic, partition, this.usesTopicIds)
  }
}

export interface ForgottenPartition {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
}

function unseen(request: FetchPartition): CachedPartition {
  return {
    request,
    highWatermark: UNKNOWN_OFFSET,
    lastStableOffset: UNKNOWN_OFFSET,
    logStartOffset: UNKNOWN_OFFSET,
  }
}

export interface FetchSessionCacheOptions {
  readonly clock: Clock
  readonly random: Random
  /** `max.incremental.fetch.session.cache.slots`. */
  readonly sessionsMax: number
  readonly partitionsMax?: number
}

export class FetchSessionCache {
  readonly #clock: Clock
  readonly #random: Random
  readonly #sessionsMax: number
  readonly #partitionsMax: number
  /** Least recently used first. */
  readonly #sessions = new Map<number, FetchSession>()
  #partitionCount = 0

  constructor({ clock, random, sessionsMax, partitionsMax = PARTITIONS_MAX }: FetchSessionCacheOptions) {
    this.#clock = clock
    this.#random = random
    this.#sessionsMax = sessionsMax
    this.#partitionsMax = partitionsMax
  }

  get size(): number {
    return this.#sessions.size
  }

  get partitionCount(): number {
    return this.#partitionCount
  }

  get(id: number): FetchSession | undefined {
    return this.#sessions.get(id)
  }

  /** A session of `partitionCount` partitions yet to be added, if there is room or someone has to make room. */
  create(partitionCount: number, usesTopicIds: boolean, isPrivileged: boolean): FetchSession | undefined {
    if (this.#partitionCount + partitionCount > this.#partitionsMax) return undefined
    const nowMs = this.#clock.monotonicMs()
    if (this.#sessions.size >= this.#sessionsMax && !this.#evictFor(partitionCount, isPrivileged, nowMs)) {
      return undefined
    }
    const session = new FetchSession(this.#newId(), usesTopicIds, isPrivileged, nowMs)
    this.#sessions.set(session.id, session)
    return session
  }

  remove(session: FetchSession): void {
    if (this.#sessions.delete(session.id)) this.#partitionCount -= session.size
  }

  /** Changes a session's partitions; false, and no session any more, if there is no room for them. */
  update(
    session: FetchSession,
    wanted: readonly FetchPartition[],
    forgotten: Iterable<ForgottenPartition>,
  ): boolean {
    const before = session.size
    session.update(wanted, forgotten)
    this.#partitionCount += session.size - before
    if (this.#partitionCount <= this.#partitionsMax) return true
    this.remove(session)
    return false
  }

  touch(session: FetchSession): void {
    session.lastUsedMs = this.#clock.monotonicMs()
    this.#sessions.delete(session.id)
    this.#sessions.set(session.id, session)
  }

  /**
   * KIP-227: one that has not been used for two minutes goes first. Otherwise the smallest goes, if the new one is
   * more important (a follower's, or larger) and the old one has had its two minutes; followers do not wait for
   * consumers to have theirs.
   */
  #evictFor(partitionCount: number, isPrivileged: boolean, nowMs: number): boolean {
    const [eldest] = this.#sessions.values()
    if (eldest === undefined) return false
    if (nowMs - eldest.lastUsedMs > EVICTION_AGE_MS_MIN) {
      this.remove(eldest)
      return true
    }
    let victim: FetchSession | undefined
    for (const session of this.#sessions.values()) {
      const hadItsTime = nowMs - session.createdMs > EVICTION_AGE_MS_MIN
      if (!hadItsTime && !(isPrivileged && !session.isPrivileged)) continue
      if (victim === undefined || compareImportance(session, victim) < 0) victim = session
    }
    if (victim === undefined || compareImportance({ isPrivileged, size: partitionCount }, victim) <= 0)
      return false
    this.remove(victim)
    return true
  }

  #newId(): number {
    for (;;) {
      const id = 1 + this.#random.below(0x7ffffffe)
      if (!this.#sessions.has(id)) return id
    }
  }
}

interface Importance {
  readonly isPrivileged: boolean
  readonly size: number
}

function compareImportance(a: Importance, b: Importance): number {
  if (a.isPrivileged !== b.isPrivileged) return a.isPrivileged ? 1 : -1
  return a.size - b.size
}
