/**
 * Transactions of a producer with a transactional id (KIP-98): what is sent between `begin` and `commit` becomes visible to
 * readers of committed records all at once, or never.
 *
 *   new ──init──> ready ──begin──> open ──commit──> ready        what can't be undone but by an abort: failed
 *                   ^               │ └──error──> failed ──abort──┐    another producer took the name: fatal
 *                   └─────abort─────┴──────────────────────────────┘
 *
 * Two versions of the protocol: in the first a partition is entered into the transaction before it is written to; in the
 * second (KIP-890, feature transaction.version) the broker does that, and every end gives the producer the next epoch.
 */
import { throwUncaught } from '../../base/uncaught.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from '../../protocol/messages/24-add-partitions-to-txn.ts'
import {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
} from '../../protocol/messages/25-add-offsets-to-txn.ts'
import { EndTxnRequest, EndTxnResponse } from '../../protocol/messages/26-end-txn.ts'
import {
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from '../../protocol/messages/28-txn-offset-commit.ts'
import type { ConsumerGroupMetadata, OffsetToCommit } from '../group-offset.ts'
import { KafkaError } from '../kafka-error.ts'
import { defineApi } from '../network/api.ts'
import { retrying } from '../network/backoff.ts'
import type { Cluster } from '../network/cluster.ts'
import { fatalIfFenced, isCoordinatorGone, type ProducerIdentity } from './producer-identity.ts'
import type { Sender, SendingTransaction } from './sender.ts'

const ADD_PARTITIONS = defineApi(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, [0, 3])
const ADD_OFFSETS = defineApi(AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, [0, 4])
const END_TXN_1 = defineApi(EndTxnRequest, EndTxnResponse, [0, 4])
const END_TXN_2 = defineApi(EndTxnRequest, EndTxnResponse, [5, 5])
const TXN_OFFSET_COMMIT_1 = defineApi(TxnOffsetCommitRequest, TxnOffsetCommitResponse, [0, 4])
const TXN_OFFSET_COMMIT_2 = defineApi(TxnOffsetCommitRequest, TxnOffsetCommitResponse, [5, 5])
const FIRST_VERSION_WITH_MEMBERS = 3
const FEATURE = 'transaction.version'

type State = 'new' | 'ready' | 'open' | 'ending' | 'failed' | 'fatal'

export interface TransactionManagerOptions {
  readonly transactionalId: string
  readonly cluster: Cluster
  readonly identity: ProducerIdentity
  readonly sender: Sender
  /** Of each step. */
  readonly timeoutMs: number
  /** Resolves when all that was sent is done. */
  readonly flush: () => Promise<void>
  /** Calls off what was not sent yet. */
  readonly abandonUnsent: (error: KafkaError) => void
}

export class TransactionManager implements SendingTransaction {
  readonly #options: TransactionManagerOptions
  readonly #added = new Set<string>()
  readonly #wanted = new Map<string, { topic: string; partition: number }>()
  #state: State = 'new'
  #error: KafkaError | undefined
  #isVersion2 = false
  /** The broker knows of the transaction, or may. */
  #isStarted = false
  #adding: Promise<void> | undefined

  constructor(options: TransactionManagerOptions) {
    this.#options = options
  }

  get isVersion2(): boolean {
    return this.#isVersion2
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Why nothing can be sent now; undefined: it can. */
  get obstacle(): KafkaError | undefined {
    switch (this.#state) {
      case 'open':
        return undefined
      case 'failed':
      case 'fatal':
        return this.#error
      default:
        return new KafkaError(
          'INVALID_STATE',
          'no transaction is open: call beginTransaction, or use transaction()',
        )
    }
  }

  /** Gets the name that fences former producers of this transactional id, and has their transaction aborted. */
  async init(): Promise<void> {
    if (this.#state !== 'new') return
    try {
      await this.#options.identity.obtain({ bump: false })
    } catch (error) {
      throw this.#noteFatal(error)
    }
    this.#state = 'ready'
  }

  async begin(): Promise<void> {
    if (this.#state === 'new') await this.init()
    if (this.#state === 'fatal') throw this.#error!
    if (this.#state !== 'ready')
      throw new KafkaError('INVALID_STATE', `a transaction can't begin: this one is ${this.#state}`)
    this.#isVersion2 = (await this.#options.cluster.anyConnection()).apis!.featureLevel(FEATURE) >= 2
    this.#added.clear()
    this.#wanted.clear()
    this.#isStarted = false
    this.#error = undefined
    this.#state = 'open'
  }

  admits(topic: string, partition: number): boolean {
    if (this.#state !== 'open' && this.#state !== 'ending') return false
    const name = `${topic}/${partition}`
    if (this.#isVersion2 || this.#added.has(name)) {
      this.#isStarted = true
      return true
    }
    this.#wanted.set(name, { topic, partition })
    this.#adding ??= this.#addPartitions()
      .catch((error: unknown) => {
        if (error instanceof KafkaError) this.onFailed(error)
        else throwUncaught(this.#options.cluster.clock, error)
      })
      .finally(() => {
        this.#adding = undefined
        this.#options.sender.wake()
      })
    return false
  }

  onFailed(error: KafkaError): void {
    const named = fatalIfFenced(error)
    if (named.fatal) {
      this.#state = 'fatal'
      this.#error = named
      this.#options.sender.fail(named)
      return
    }
    if (this.#state !== 'open' && this.#state !== 'ending') return
    this.#state = 'failed'
    const { code, message, errno } = error
    this.#error = new KafkaError(code, message, {
      abortable: true,
      cause: error,
      ...(errno === undefined ? {} : { errno }),
    })
    this.#options.abandonUnsent(this.#error)
  }

  /** Stores offsets that count from the commit of this transaction on. */
  async sendOffsets(offsets: readonly OffsetToCommit[], group: ConsumerGroupMetadata): Promise<void> {
    const { obstacle } = this
    if (obstacle !== undefined) throw obstacle
    if (offsets.length === 0) return
    this.#isStarted = true
    try {
      if (!this.#isVersion2) await this.#addOffsets(group.groupId)
      await this.#commitOffsets(offsets, group)
    } catch (error) {
      if (error instanceof KafkaError) this.onFailed(error)
      throw this.#error ?? error
    }
  }

  async commit(): Promise<void> {
    const { obstacle } = this
    if (obstacle !== undefined) throw obstacle
    await this.#options.flush()
    // What was sent may have failed meanwhile.
    const late = this.obstacle
    if (late !== undefined) throw late
    await this.#end(true)
  }

  async abort(): Promise<void> {
    if (this.#state === 'fatal') throw this.#error!
    if (this.#state !== 'open' && this.#state !== 'failed') throw this.obstacle!
    this.#options.abandonUnsent(new KafkaError('CLOSED', 'the transaction was aborted'))
    await this.#options.flush()
    await this.#adding
    if (this.#hasFailedForGood) throw this.#error!
    await this.#end(false)
  }

  get #hasFailedForGood(): boolean {
    return this.#state === 'fatal'
  }

  // --- Steps ---------------------------------------------------------------------------------------------------------

  async #end(committed: boolean): Promise<void> {
    const { identity, sender } = this.#options
    const isBumpDue = sender.isBumpDue && !this.#isVersion2
    this.#state = 'ending'
    try {
      if (this.#isStarted) await this.#endTxn(committed)
      if (isBumpDue) {
        await identity.obtain({ bump: true })
        sender.renumber()
      }
    } catch (error) {
      throw this.#endFailure(error, committed)
    }
    this.#state = 'ready'
  }

  /** What can't be committed can be aborted; where not even that can be done, nobody knows where the producer stands. */
  #endFailure(error: unknown, committed: boolean): unknown {
    if (!(error instanceof KafkaError) || error.retriable) return this.#noteFatal(error)
    const { code, message, errno } = error
    this.onFailed(
      committed
        ? error
        : new KafkaError(code, message, {
            fatal: true,
            cause: error,
            ...(errno === undefined ? {} : { errno }),
          }),
    )
    return this.#error
  }

  async #endTxn(committed: boolean): Promise<void> {
    const { identity, transactionalId, sender } = this.#options
    await this.#step('EndTxn', async () => {
      const body = { transactionalId, ...identity.name, committed }
      const api = this.#isVersion2 ? END_TXN_2 : END_TXN_1
      const answer = await this.#options.cluster.callCoordinator('transaction', transactionalId, api, body)
      this.#check(answer.errorCode, 'EndTxn')
      if (!this.#isVersion2) return
      const { producerId, producerEpoch } = answer
      identity.rename({ producerId, producerEpoch })
      sender.renumber()
    })
  }

  async #addPartitions(): Promise<void> {
    const { identity, transactionalId, cluster } = this.#options
    // What else the sender finds in this turn goes into the same request.
    await Promise.resolve()
    const entering = [...this.#wanted]
    this.#wanted.clear()
    this.#isStarted = true
    const topics = new Map<string, number[]>()
    for (const [, { topic, partition }] of entering)
      topics.set(topic, [...(topics.get(topic) ?? []), partition])
    await this.#step('AddPartitionsToTxn', async () => {
      const answer = await cluster.callCoordinator('transaction', transactionalId, ADD_PARTITIONS, {
        v3AndBelowTransactionalId: transactionalId,
        v3AndBelowProducerId: identity.name.producerId,
        v3AndBelowProducerEpoch: identity.name.producerEpoch,
        v3AndBelowTopics: Array.from(topics, ([name, partitions]) => ({ name, partitions })),
      })
      for (const { name, resultsByPartition } of answer.resultsByTopicV3AndBelow) {
        for (const { partitionIndex, partitionErrorCode } of resultsByPartition) {
          // Says only that another one is wrong.
          if (partitionErrorCode === ErrorCode.OPERATION_NOT_ATTEMPTED) continue
          this.#check(partitionErrorCode, `partition ${name}-${partitionIndex}`)
        }
      }
    })
    for (const [name] of entering) this.#added.add(name)
  }

  async #addOffsets(groupId: string): Promise<void> {
    const { identity, transactionalId, cluster } = this.#options
    await this.#step('AddOffsetsToTxn', async () => {
      const body = { transactionalId, ...identity.name, groupId }
      const { errorCode } = await cluster.callCoordinator('transaction', transactionalId, ADD_OFFSETS, body)
      this.#check(errorCode, 'AddOffsetsToTxn')
    })
  }

  async #commitOffsets(offsets: readonly OffsetToCommit[], group: ConsumerGroupMetadata): Promise<void> {
    const { identity, transactionalId, cluster } = this.#options
    const { groupId, generationId = -1, memberId = '', groupInstanceId = null } = group
    const topics = topicsOf(offsets)
    await this.#step('TxnOffsetCommit', async () => {
      const api = this.#isVersion2 ? TXN_OFFSET_COMMIT_2 : TXN_OFFSET_COMMIT_1
      const answer = await cluster.callCoordinator('group', groupId, api, (version) => ({
        transactionalId,
        groupId,
        ...identity.name,
        ...(version >= FIRST_VERSION_WITH_MEMBERS
          ? { generationId, memberId, groupInstanceId }
          : { memberId: '' }),
        topics,
      }))
      for (const { name, partitions } of answer.topics) {
        for (const { partitionIndex, errorCode } of partitions) {
          if (isCoordinatorGone(errorCode)) cluster.forgetCoordinator('group', groupId)
          this.#check(errorCode, `the offset of ${name}-${partitionIndex}`)
        }
      }
    })
  }

  #step(what: string, attempt: () => Promise<void>): Promise<void> {
    const { cluster, timeoutMs } = this.#options
    return retrying(what, cluster.retryOptions(timeoutMs), attempt)
  }

  #check(errorCode: number, what: string): void {
    if (errorCode === ErrorCode.NONE) return
    const { cluster, transactionalId } = this.#options
    if (isCoordinatorGone(errorCode)) cluster.forgetCoordinator('transaction', transactionalId)
    throw KafkaError.of(errorCode, what)
  }

  #noteFatal(error: unknown): unknown {
    if (!(error instanceof KafkaError)) return error
    const named = fatalIfFenced(error)
    if (named.fatal) this.onFailed(named)
    // Whether it was done is not known, and the same can be asked again.
    else if (this.#state === 'ending') this.#state = 'failed'
    this.#error ??= named
    return named
  }
}

function topicsOf(offsets: readonly OffsetToCommit[]) {
  const names = [...new Set(offsets.map(({ topic }) => topic))]
  return names.map((name) => ({
    name,
    partitions: offsets
      .filter(({ topic }) => topic === name)
      .map(({ partition, offset, leaderEpoch = -1, metadata = '' }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch,
        committedMetadata: metadata,
      })),
  }))
}
