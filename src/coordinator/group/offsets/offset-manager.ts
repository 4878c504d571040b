/**
 * The committed offsets of the groups of one shard: commits, plain and in transactions, fetches, and deletions.
 *
 * Invariants
 * - Offsets change in `replay` and `replayEndTransaction` only.
 * - Whoever has an offset, committed or pending, is a group: a commit to an unknown group makes one that only holds
 *   offsets.
 * - What a transaction wrote takes effect when it commits, unless a commit of the same partition lies later in the log
 *   than what the transaction wrote; its abort leaves nothing.
 * - A deletion takes what is pending along: a transaction that commits later does not bring the offset back.
 */
import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { EncodeError } from '../../../wire/writer.ts'
import type { ProducerIdentity } from '../../runtime/coordinator-log.ts'
import type { CoordinatorRecord } from '../../runtime/coordinator-record.ts'
import { NO_RECORDS, type RecordOrigin, type ShardResult } from '../../runtime/coordinator-shard.ts'
import type { Group } from '../group.ts'
import type { GroupConfig } from '../group-config.ts'
import { type CommittedOffset, NONE_GIVEN } from './committed-offset.ts'
import { decodeOffsetRecord, type OffsetKey, offsetRecord, offsetTombstone } from './offset-records.ts'
import {
  type CommitErrors,
  type DeletedOffsets,
  type FetchedOffset,
  type FetchedOffsets,
  failedFetch,
  noOffset,
  type OffsetCommit,
  type OffsetDelete,
  type OffsetFetch,
  type OffsetToCommit,
  type TransactionalOffsetCommit,
} from './offset-requests.ts'
import { OffsetTable } from './offset-table.ts'
import { PendingOffsets } from './pending-offsets.ts'
import { type VerificationGuard, VerificationGuards } from './verification-guards.ts'

/** From this version of OffsetCommit on clients know the errors of KIP-848. */
const FIRST_VERSION_OF_CONSUMER_GROUPS = 9
/** From this version of TxnOffsetCommit on the producer's epoch rises with each transaction (KIP-890). */
const FIRST_VERSION_THAT_RAISES_EPOCHS = 5

export interface OffsetManagerOptions {
  readonly config: Pick<GroupConfig, 'offsetMetadataMaxBytes' | 'offsetsRetentionMs'>
  readonly groups: {
    get(groupId: string): Group | undefined
    getOrCreate(groupId: string): Group
  }
  readonly clock: Clock
  readonly logger: Logger
}

export class OffsetManager {
  readonly #config: OffsetManagerOptions['config']
  readonly #groups: OffsetManagerOptions['groups']
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #committed = new OffsetTable()
  readonly #pending = new PendingOffsets()
  readonly #guards = new VerificationGuards()
  #lastRecordOffset = -1

  constructor({ config, groups, clock, logger }: OffsetManagerOptions) {
    this.#config = config
    this.#groups = groups
    this.#clock = clock
    this.#logger = logger
  }

  // --- Commits -------------------------------------------------------------------------------------------------------

  commit(request: OffsetCommit): ShardResult<CommitErrors> {
    const { groupId, committer, retentionTimeMs, offsets } = request
    const errorCode = this.#validateCommit(request)
    if (errorCode !== ErrorCode.NONE) return refused(offsets, errorCode)
    const nowMs = this.#clock.nowMs()
    const expireTimestampMs = retentionTimeMs === NONE_GIVEN ? NONE_GIVEN : nowMs + retentionTimeMs
    const result = this.#write(groupId, offsets, nowMs, expireTimestampMs)
    this.#groups.get(groupId)?.onOffsetCommitted(committer.memberId)
    return result
  }

  #validateCommit({ groupId, committer, apiVersion }: OffsetCommit): number {
    const group = this.#groups.get(groupId)
    if (group !== undefined) {
      return group.validateOffsetCommit(committer, { isTransactional: false, apiVersion })
    }
    if (committer.generationIdOrMemberEpoch >= 0) {
      return apiVersion >= FIRST_VERSION_OF_CONSUMER_GROUPS
        ? ErrorCode.GROUP_ID_NOT_FOUND
        : ErrorCode.ILLEGAL_GENERATION
    }
    this.#logger.info(`[GroupId ${groupId}] Creating a simple consumer group via manual offset commit.`)
    return ErrorCode.NONE
  }

  /** Before the transaction coordinator is asked about a commit. */
  beginVerification({ producer, apiVersion }: TransactionalOffsetCommit): VerificationGuard {
    return this.#guards.open({ ...producer, raisesEpoch: apiVersion >= FIRST_VERSION_THAT_RAISES_EPOCHS })
  }

  /** With what the transaction coordinator said of it. */
  commitTransactional(
    request: TransactionalOffsetCommit,
    verification: { readonly guard: VerificationGuard; readonly errorCode: number },
  ): ShardResult<CommitErrors> {
    const { groupId, producer, offsets } = request
    const isCurrent = this.#guards.close(verification.guard)
    if (verification.errorCode !== ErrorCode.NONE) return refused(offsets, verification.errorCode)
    if (!isCurrent) return refused(offsets, ErrorCode.INVALID_TXN_STATE)
    const errorCode = this.#validateTransactionalCommit(request)
    if (errorCode !== ErrorCode.NONE) return refused(offsets, errorCode)
    return { ...this.#write(groupId, offsets, this.#clock.nowMs(), NONE_GIVEN), producer }
  }

  #validateTransactionalCommit(request: TransactionalOffsetCommit): number {
    const { groupId, committer, apiVersion, producer } = request
    // What the transaction coordinator says of producers that it can't know.
    if (producer.producerId < 0) return ErrorCode.INVALID_PRODUCER_ID_MAPPING
    if (producer.producerEpoch < 0) return ErrorCode.INVALID_PRODUCER_EPOCH
    const group = this.#groups.get(groupId)
    if (group === undefined) {
      return committer.generationIdOrMemberEpoch < 0 ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION
    }
    const errorCode = group.validateOffsetCommit(committer, { isTransactional: true, apiVersion })
    // Producers know no member epochs.
    return errorCode === ErrorCode.STALE_MEMBER_EPOCH ? ErrorCode.ILLEGAL_GENERATION : errorCode
  }

  /** What can't be kept is answered with an error, the rest is committed. */
  #write(
    group: string,
    offsets: readonly OffsetToCommit[],
    nowMs: number,
    expireTimestampMs: number,
  ): ShardResult<CommitErrors> {
    const records: CoordinatorRecord[] = []
    const response: number[] = []
    for (const each of offsets) {
      const { topic, partition, offset, leaderEpoch, metadata, commitTimestampMs = NONE_GIVEN } = each
      if (metadata !== null && metadata.length > this.#config.offsetMetadataMaxBytes) {
        response.push(ErrorCode.OFFSET_METADATA_TOO_LARGE)
        continue
      }
      const record = recordOf(
        { group, topic, partition },
        {
          offset,
          leaderEpoch,
          metadata: metadata ?? '',
          commitTimestampMs: commitTimestampMs === NONE_GIVEN ? nowMs : commitTimestampMs,
          expireTimestampMs,
        },
      )
      if (record !== undefined) records.push(record)
      response.push(record === undefined ? ErrorCode.UNKNOWN_SERVER_ERROR : ErrorCode.NONE)
    }
    return { records, response }
  }

  // --- Fetches -------------------------------------------------------------------------------------------------------

  /** A group that isn't there has no offsets, which is no error. */
  fetch({ groupId, memberId, memberEpoch, topics, requireStable }: OffsetFetch): FetchedOffsets {
    const validation = this.#groups.get(groupId)?.validateOffsetFetch({ memberId, memberEpoch })
    const errorCode = validation ?? ErrorCode.NONE
    if (errorCode !== ErrorCode.NONE && errorCode !== ErrorCode.GROUP_ID_NOT_FOUND)
      return failedFetch(errorCode)
    const told = (topic: string, partition: number): FetchedOffset => {
      const key = { group: groupId, topic, partition }
      return requireStable && this.#pending.has(key)
        ? noOffset(partition, ErrorCode.UNSTABLE_OFFSET_COMMIT)
        : fetchedOffset(partition, this.#committed.get(key))
    }
    if (topics !== null) {
      return {
        errorCode: ErrorCode.NONE,
        topics: topics.map(({ name, partitionIndexes }) => ({
          name,
          partitions: partitionIndexes.map((partition) => told(name, partition)),
        })),
      }
    }
    return {
      errorCode: ErrorCode.NONE,
      topics: Array.from(this.#committed.topicsOf(groupId), ([name, offsets]) => ({
        name,
        partitions: Array.from(offsets.partitions(), (partition) => told(name, partition)),
      })),
    }
  }

  // --- Deletions -----------------------------------------------------------------------------------------------------

  delete({ groupId, partitions }: OffsetDelete): ShardResult<DeletedOffsets> {
    const group = this.#groups.get(groupId)
    const errorCode = group?.validateOffsetDelete() ?? ErrorCode.GROUP_ID_NOT_FOUND
    if (group === undefined || errorCode !== ErrorCode.NONE) {
      return { records: NO_RECORDS, response: { errorCode, partitionErrors: [] } }
    }
    const records: CoordinatorRecord[] = []
    const partitionErrors = partitions.map(({ topic, partition }) => {
      if (group.isSubscribedTo(topic)) return ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC
      const key = { group: groupId, topic, partition }
      if (this.#has(key)) records.push(offsetTombstone(key))
      return ErrorCode.NONE
    })
    return { records, response: { errorCode, partitionErrors } }
  }

  /** What takes all offsets of a group away, with those that are pending. */
  tombstonesOfGroup(groupId: string): CoordinatorRecord[] {
    const records: CoordinatorRecord[] = []
    for (const key of this.#committed.keysOf(groupId)) records.push(offsetTombstone(key))
    for (const key of this.#pending.keysOf(groupId)) {
      if (!this.#committed.has(key)) records.push(offsetTombstone(key))
    }
    return records
  }

  /**
   * What takes offsets of these partitions away in any group, `countMax` of them at most, but those of records behind
   * `lastRecordOffset`.
   */
  tombstonesOfPartitions(
    partitionsByTopic: ReadonlyMap<string, ReadonlySet<number>>,
    { countMax, lastRecordOffset }: { countMax: number; lastRecordOffset: number },
  ): CoordinatorRecord[] {
    const records: CoordinatorRecord[] = []
    for (const table of [this.#committed, ...this.#pending.tables()]) {
      for (const key of table.keysOfTopics(partitionsByTopic)) {
        if (table.get(key)!.recordOffset > lastRecordOffset) continue
        if (records.length === countMax) return records
        records.push(offsetTombstone(key))
      }
    }
    return records
  }

  /** Of the last record of an offset, -1 without any. */
  get lastRecordOffset(): number {
    return this.#lastRecordOffset
  }

  #has(key: OffsetKey): boolean {
    return this.#committed.has(key) || this.#pending.has(key)
  }

  // --- Expiry --------------------------------------------------------------------------------------------------------

  /**
   * Offsets of the group that have expired (KIP-211), `countMax` of them at most: it is then to be asked again. An
   * offset that a transaction is about to change stays.
   */
  expired(group: Group, countMax: number): OffsetKey[] {
    const base = group.offsetExpiryBase
    const expired: OffsetKey[] = []
    if (base.kind === 'never') return expired
    const nowMs = this.#clock.nowMs()
    for (const [topic, offsets] of this.#committed.topicsOf(group.groupId)) {
      if (group.isSubscribedTo(topic)) continue
      for (const partition of offsets.partitions()) {
        const { expireTimestampMs, commitTimestampMs } = offsets.get(partition)!
        const baseMs = base.kind === 'since' ? base.timestampMs : commitTimestampMs
        const endMs =
          expireTimestampMs === NONE_GIVEN ? baseMs + this.#config.offsetsRetentionMs : expireTimestampMs
        const key = { group: group.groupId, topic, partition }
        if (nowMs < endMs || this.#pending.has(key)) continue
        if (expired.length === countMax) return expired
        expired.push(key)
      }
    }
    return expired
  }

  /** How many offsets are committed in the name of the group. */
  countOf(groupId: string): number {
    let count = 0
    for (const offsets of this.#committed.topicsOf(groupId).values()) count += offsets.size
    return count
  }

  /** Whether a transaction that is open has offsets for the group. */
  hasPending(groupId: string): boolean {
    return this.#pending.hasGroup(groupId)
  }

  // --- Replay --------------------------------------------------------------------------------------------------------

  /** A record of an offset. Throws DecodeError. */
  replay(record: CoordinatorRecord, { offset, producer }: RecordOrigin): void {
    const { key, committed } = decodeOffsetRecord(record, offset)
    this.#lastRecordOffset = offset
    if (committed === undefined) {
      this.#committed.delete(key)
      this.#pending.delete(key)
      return
    }
    this.#groups.getOrCreate(key.group)
    if (producer === undefined) this.#committed.set(key, committed)
    else this.#pending.set(producer.producerId, key, committed)
  }

  replayEndTransaction(producer: ProducerIdentity, isCommit: boolean): void {
    this.#guards.onTransactionEnded(producer)
    const ended = this.#pending.take(producer.producerId)
    if (!isCommit) return
    for (const key of ended.keys()) {
      const committed = ended.get(key)!
      const present = this.#committed.get(key)
      if (present === undefined || present.recordOffset < committed.recordOffset)
        this.#committed.set(key, committed)
    }
  }
}

function refused(offsets: readonly OffsetToCommit[], errorCode: number): ShardResult<CommitErrors> {
  return { records: NO_RECORDS, response: offsets.map(() => errorCode) }
}

/** Undefined where a name or the metadata is longer than any record can hold. */
function recordOf(
  key: OffsetKey,
  committed: Omit<CommittedOffset, 'recordOffset'>,
): CoordinatorRecord | undefined {
  try {
    return offsetRecord(key, committed)
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error
    return undefined
  }
}

function fetchedOffset(partitionIndex: number, committed: CommittedOffset | undefined): FetchedOffset {
  if (committed === undefined) return noOffset(partitionIndex, ErrorCode.NONE)
  const { offset, leaderEpoch, metadata } = committed
  return {
    partitionIndex,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
    metadata,
    errorCode: ErrorCode.NONE,
  }
}
