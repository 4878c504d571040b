/**
 * What the group coordinator does for the requests about offsets: finds the shard, asks the transaction coordinator
 * first where that is due, and turns the log's errors into those that clients of these requests know.
 */
import { assert } from '../../../base/assert.ts'
import { GROUP_METADATA_TOPIC } from '../../../metadata/topic-names.ts'
import type { PartitionName } from '../../../metadata/znodes.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { CoordinatorRuntime } from '../../runtime/coordinator-runtime.ts'
import { NO_RECORDS } from '../../runtime/coordinator-shard.ts'
import type { TransactionVerifier } from '../../transaction/transaction-verifier.ts'
import type { GroupShard } from '../group-shard.ts'
import {
  type CommitErrors,
  type DeletedOffsets,
  type FetchedOffsets,
  failedFetch,
  type OffsetCommit,
  type OffsetDelete,
  type OffsetFetch,
  type TransactionalOffsetCommit,
} from './offset-requests.ts'

/** From these versions of TxnOffsetCommit on the client knows TRANSACTION_ABORTABLE, and leaves AddOffsetsToTxn out. */
const FIRST_VERSION_WITH_ABORTABLE = 4
const FIRST_VERSION_THAT_ADDS = 5
/** Written at once when partitions are deleted. */
const TOMBSTONES_MAX = 1000

export interface GroupOffsetsOptions {
  readonly runtime: CoordinatorRuntime<GroupShard>
  /** The partition of __consumer_offsets that a group belongs to. */
  readonly partitionOf: (groupId: string) => number
  /** Absent: transactions are not verified. */
  readonly transactionVerifier?: TransactionVerifier | undefined
  /** False: only those that add the partition are (`transaction.partition.verification.enable`). Default true. */
  readonly isVerificationEnabled?: () => boolean
}

export class GroupOffsets {
  readonly #runtime: CoordinatorRuntime<GroupShard>
  readonly #partitionOf: (groupId: string) => number
  readonly #transactionVerifier: TransactionVerifier | undefined
  readonly #isVerificationEnabled: () => boolean

  constructor(options: GroupOffsetsOptions) {
    const { runtime, partitionOf, transactionVerifier, isVerificationEnabled = () => true } = options
    this.#runtime = runtime
    this.#partitionOf = partitionOf
    this.#transactionVerifier = transactionVerifier
    this.#isVerificationEnabled = isVerificationEnabled
  }

  /** The group id may be empty, as old clients leave it. */
  commit(request: OffsetCommit): Promise<CommitErrors> {
    return this.#runtime.write(
      this.#partitionOf(request.groupId),
      ({ offsets }) => offsets.commit(request),
      (errorCode) => allFailed(request, errorCode),
    )
  }

  async commitTransactional(request: TransactionalOffsetCommit): Promise<CommitErrors> {
    if (request.groupId === '') return allFailed(request, ErrorCode.INVALID_GROUP_ID)
    const partition = this.#partitionOf(request.groupId)
    const begun = this.#runtime.peek(partition, (shard) => ({
      shard,
      guard: shard.offsets.beginVerification(request),
    }))
    if (begun === undefined) return allFailed(request, this.#runtime.availability(partition))
    const errorCode = await this.#verify(partition, request)
    return await this.#runtime.write(
      partition,
      (shard) => {
        if (shard === begun.shard) {
          return shard.offsets.commitTransactional(request, { guard: begun.guard, errorCode })
        }
        // Loaded anew in between: whether the transaction ended meanwhile is not known.
        return { records: NO_RECORDS, response: allFailed(request, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) }
      },
      (refusal) => allFailed(request, refusal),
    )
  }

  async #verify(
    partition: number,
    { transactionalId, producer, apiVersion }: TransactionalOffsetCommit,
  ): Promise<number> {
    const addsPartitions = apiVersion >= FIRST_VERSION_THAT_ADDS
    if (this.#transactionVerifier === undefined) return ErrorCode.NONE
    if (!addsPartitions && !this.#isVerificationEnabled()) return ErrorCode.NONE
    const [errorCode] = await this.#transactionVerifier.verify({
      transactionalId,
      producerId: producer.producerId,
      producerEpoch: producer.producerEpoch,
      partitions: [{ topic: GROUP_METADATA_TOPIC, partition }],
      addsPartitions,
      knowsAbortable: apiVersion >= FIRST_VERSION_WITH_ABORTABLE,
    })
    assert(errorCode !== undefined, 'a verification without an answer')
    return commitError(errorCode)
  }

  /** The group id may be empty, as old clients leave it. */
  async fetch(request: OffsetFetch): Promise<FetchedOffsets> {
    return await this.#runtime.read(
      this.#partitionOf(request.groupId),
      ({ offsets }) => offsets.fetch(request),
      // Consumers before 3.9 don't know COORDINATOR_NOT_AVAILABLE here.
      (errorCode) =>
        failedFetch(
          errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE ? ErrorCode.NOT_COORDINATOR : errorCode,
        ),
    )
  }

  async delete(request: OffsetDelete): Promise<DeletedOffsets> {
    const refuse = (errorCode: number): DeletedOffsets => ({ errorCode, partitionErrors: [] })
    if (request.groupId === '') return refuse(ErrorCode.INVALID_GROUP_ID)
    return await this.#runtime.write(
      this.#partitionOf(request.groupId),
      ({ offsets }) => offsets.delete(request),
      refuse,
    )
  }

  /** Their topics were deleted: no group keeps offsets of them. Resolves when that is done, as far as it can be. */
  async onPartitionsDeleted(deleted: readonly PartitionName[]): Promise<void> {
    const partitionsByTopic = new Map<string, Set<number>>()
    for (const { topic, partition } of deleted) {
      const partitions = partitionsByTopic.get(topic)
      if (partitions === undefined) partitionsByTopic.set(topic, new Set([partition]))
      else partitions.add(partition)
    }
    if (partitionsByTopic.size === 0) return
    const shards = this.#runtime.partitions()
    await Promise.all(shards.map((shard) => this.#deletePartitions(shard, partitionsByTopic)))
  }

  /** Slice by slice; what is committed meanwhile is of a new topic of the name. */
  async #deletePartitions(
    partition: number,
    partitionsByTopic: ReadonlyMap<string, ReadonlySet<number>>,
  ): Promise<void> {
    const lastRecordOffset = this.#runtime.peek(partition, ({ offsets }) => offsets.lastRecordOffset)
    if (lastRecordOffset === undefined) return
    const bounds = { countMax: TOMBSTONES_MAX, lastRecordOffset }
    for (let isDone = false; !isDone; ) {
      isDone = await this.#runtime.write(
        partition,
        ({ offsets }) => {
          const records = offsets.tombstonesOfPartitions(partitionsByTopic, bounds)
          return { records, response: records.length < TOMBSTONES_MAX, isAtomic: false }
        },
        () => true,
      )
    }
  }
}

function allFailed({ offsets }: OffsetCommit | TransactionalOffsetCommit, errorCode: number): CommitErrors {
  return offsets.map(() => commitError(errorCode))
}

function commitError(errorCode: number): number {
  switch (errorCode) {
    case ErrorCode.MESSAGE_TOO_LARGE:
    case ErrorCode.RECORD_LIST_TOO_LARGE:
    case ErrorCode.INVALID_FETCH_SIZE:
      return ErrorCode.INVALID_COMMIT_OFFSET_SIZE
    // From the transaction coordinator: clients try again for this one without looking for the coordinator anew.
    case ErrorCode.NETWORK_EXCEPTION:
      return ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    default:
      return errorCode
  }
}
