import assert from 'node:assert/strict'
import { ErrorCode, errorName } from '../protocol/error-codes.ts'
import { ProduceRequest, ProduceResponse } from '../protocol/messages/00-produce.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../protocol/messages/10-find-coordinator.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../protocol/messages/22-init-producer-id.ts'
import {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from '../protocol/messages/24-add-partitions-to-txn.ts'
import {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
} from '../protocol/messages/25-add-offsets-to-txn.ts'
import { EndTxnRequest, EndTxnResponse } from '../protocol/messages/26-end-txn.ts'
import { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from '../protocol/messages/28-txn-offset-commit.ts'
import { buildBatch } from '../records/record-batch-builder.ts'
import type { SimActor } from './sim-actor.test.kit.ts'
import type { SimRandom } from './sim-random.ts'

export const TOPIC = 't'
export const PARTITIONS = [0, 1] as const
const GROUP_KEY = 0
const TRANSACTION_KEY = 1
const RETRY_MS = 15
export const TRANSACTION_TIMEOUT_MS = 400

/** What is known of a transaction from outside. */
export interface Transaction {
  readonly name: string
  readonly startedMs: number
  /** Values by partition, in the order in which they were sent. */
  readonly values: ReadonlyMap<number, string[]>
  /** open: no end was asked for. unknown: a commit was asked for and not answered. */
  state: 'open' | 'unknown' | 'committed' | 'aborted'
  /** Where its first record is known to lie, by partition. */
  readonly firstOffsets: Map<number, number>
  /** The number committed for the producer's group. */
  readonly committedOffset: number | undefined
}

/** The transaction is lost: fenced, timed out, or refused. */
class Fenced extends Error {}

const RETRIABLE: ReadonlySet<number> = new Set([
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.KAFKA_STORAGE_ERROR,
])
const FENCED: ReadonlySet<number> = new Set([
  ErrorCode.PRODUCER_FENCED,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.INVALID_TXN_STATE,
  ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  ErrorCode.TRANSACTION_ABORTABLE,
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
])

/**
 * A producer that runs transaction after transaction over all partitions and commits offsets in them, with either
 * version of the transaction protocol. It crashes, stalls beyond its timeout, and goes on after the broker's deaths.
 */
export class TransactionalProducer {
  readonly name: string
  readonly isVersion2: boolean
  readonly transactions: Transaction[] = []
  readonly #random: SimRandom
  readonly #count: number
  #producerId = -1
  #producerEpoch = -1
  #sequences = new Map<number, number>()

  constructor(options: { name: string; isVersion2: boolean; random: SimRandom; count: number }) {
    this.name = options.name
    this.isVersion2 = options.isVersion2
    this.#random = options.random
    this.#count = options.count
  }

  get groupId(): string {
    return `group of ${this.name}`
  }

  async run(actor: SimActor): Promise<void> {
    // The broker died. The producer may have died with it, or asks once more for what was not answered.
    const last = this.transactions.at(-1)
    if (last?.state === 'unknown' && this.#producerEpoch >= 0 && this.#random.oneIn(2))
      await this.#attempt(() => this.#end(actor, last, true))
    this.#forget()
    while (this.transactions.length < this.#count || this.transactions.at(-1)!.state === 'open') {
      await this.#attempt(() => this.#transaction(actor))
    }
  }

  /** A process that starts anew: its open transaction will be aborted by whoever gets its name. */
  #forget(): void {
    this.#producerEpoch = -1
    const last = this.transactions.at(-1)
    if (last?.state === 'open') last.state = 'aborted'
  }

  async #attempt(run: () => Promise<void>): Promise<void> {
    try {
      await run()
    } catch (error) {
      if (!(error instanceof Fenced)) throw error
      this.#forget()
    }
  }

  async #transaction(actor: SimActor): Promise<void> {
    if (this.#producerEpoch < 0) await this.#init(actor)
    const number = this.transactions.length
    const commitsOffsets = this.#random.oneIn(2)
    const values = new Map(PARTITIONS.map((partition) => [partition as number, [] as string[]]))
    const transaction: Transaction = {
      name: `${this.name}/${number}`,
      startedMs: actor.life.clock.nowMs(),
      values,
      state: 'open',
      firstOffsets: new Map(),
      committedOffset: commitsOffsets ? number : undefined,
    }
    this.transactions.push(transaction)
    for (let step = this.#random.below(3); step >= 0; step--) {
      const partitions = PARTITIONS.filter(() => this.#random.below(4) > 0)
      if (!this.isVersion2 && partitions.length > 0) await this.#addPartitions(actor, partitions)
      const drafts = partitions.flatMap((partition) =>
        // Two in flight for one partition: neither may overtake the other.
        Array.from({ length: 1 + this.#random.below(2) }, () => {
          const value = `${transaction.name}/${partition}/${values.get(partition)!.length}`
          values.get(partition)!.push(value)
          return { partition, value, sequence: this.#nextSequence(partition) }
        }),
      )
      await this.#produce(actor, transaction, drafts)
      if (this.#random.oneIn(12)) await actor.sleep(TRANSACTION_TIMEOUT_MS * 2)
    }
    if (commitsOffsets) await this.#commitOffset(actor, number)
    if (this.#random.oneIn(10)) {
      // Crashes in the middle, without a word.
      actor.reconnect()
      throw new Fenced('crashed')
    }
    await this.#end(actor, transaction, this.#random.below(4) > 0)
  }

  #nextSequence(partition: number): number {
    const sequence = this.#sequences.get(partition) ?? 0
    this.#sequences.set(partition, sequence + 1)
    return sequence
  }

  async #init(actor: SimActor): Promise<void> {
    await this.#find(actor, TRANSACTION_KEY, this.name)
    const body = { transactionalId: this.name, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS }
    await this.#retrying(actor, async () => {
      const answer = await actor.call(InitProducerIdRequest, InitProducerIdResponse, 4, body)
      if (answer.errorCode === ErrorCode.NONE) this.#takeEpoch(answer.producerId, answer.producerEpoch)
      return [answer.errorCode]
    })
  }

  #takeEpoch(producerId: number, producerEpoch: number): void {
    if (producerId === this.#producerId && producerEpoch === this.#producerEpoch) return
    this.#producerId = producerId
    this.#producerEpoch = producerEpoch
    this.#sequences = new Map()
  }

  async #find(actor: SimActor, keyType: number, key: string): Promise<void> {
    await this.#retrying(actor, async () => {
      const body = { keyType, key }
      const { errorCode } = await actor.call(FindCoordinatorRequest, FindCoordinatorResponse, 3, body)
      return [errorCode]
    })
  }

  async #addPartitions(actor: SimActor, partitions: readonly number[]): Promise<void> {
    const body = {
      v3AndBelowTransactionalId: this.name,
      v3AndBelowProducerId: this.#producerId,
      v3AndBelowProducerEpoch: this.#producerEpoch,
      v3AndBelowTopics: [{ name: TOPIC, partitions: [...partitions] }],
    }
    await this.#retrying(actor, async () => {
      const answer = await actor.call(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, 3, body)
      return answer.resultsByTopicV3AndBelow[0]!.resultsByPartition.map((each) => each.partitionErrorCode)
    })
  }

  async #produce(
    actor: SimActor,
    transaction: Transaction,
    drafts: readonly { partition: number; value: string; sequence: number }[],
  ): Promise<void> {
    const version = this.isVersion2 ? 12 : 11
    await this.#retrying(actor, () =>
      Promise.all(
        drafts.map(async ({ partition, value, sequence }) => {
          const batch = buildBatch([{ value, timestampMs: actor.life.clock.nowMs() }], {
            producerId: this.#producerId,
            producerEpoch: this.#producerEpoch,
            baseSequence: sequence,
            isTransactional: true,
          })
          const answer = await actor.call(ProduceRequest, ProduceResponse, version, {
            transactionalId: this.name,
            acks: -1,
            timeoutMs: 30_000,
            topicData: [{ name: TOPIC, partitionData: [{ index: partition, records: batch }] }],
          })
          const { errorCode, baseOffset } = answer.responses[0]!.partitionResponses[0]!
          const { firstOffsets } = transaction
          if (errorCode === ErrorCode.NONE && !firstOffsets.has(partition))
            firstOffsets.set(partition, baseOffset)
          return errorCode
        }),
      ),
    )
  }

  async #commitOffset(actor: SimActor, number: number): Promise<void> {
    const identity = {
      transactionalId: this.name,
      groupId: this.groupId,
      producerId: this.#producerId,
      producerEpoch: this.#producerEpoch,
    }
    await this.#find(actor, GROUP_KEY, this.groupId)
    if (!this.isVersion2) {
      await this.#retrying(actor, async () => {
        const answer = await actor.call(AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, 3, identity)
        return [answer.errorCode]
      })
    }
    const partition = { partitionIndex: 0, committedOffset: number, committedMetadata: null }
    const topics = [{ name: TOPIC, partitions: [partition] }]
    const body = { ...identity, memberId: '', topics }
    await this.#retrying(actor, async () => {
      const version = this.isVersion2 ? 5 : 4
      const answer = await actor.call(TxnOffsetCommitRequest, TxnOffsetCommitResponse, version, body)
      return [answer.topics[0]!.partitions[0]!.errorCode]
    })
  }

  async #end(actor: SimActor, transaction: Transaction, committed: boolean): Promise<void> {
    if (committed) transaction.state = 'unknown'
    const body = {
      transactionalId: this.name,
      producerId: this.#producerId,
      producerEpoch: this.#producerEpoch,
      committed,
    }
    try {
      await this.#retrying(actor, async () => {
        const answer = await actor.call(EndTxnRequest, EndTxnResponse, this.isVersion2 ? 5 : 4, body)
        if (answer.errorCode === ErrorCode.NONE && this.isVersion2) {
          this.#takeEpoch(answer.producerId, answer.producerEpoch)
        }
        return [answer.errorCode]
      })
    } catch (error) {
      if (error instanceof Fenced) transaction.state = 'aborted'
      throw error
    }
    transaction.state = committed ? 'committed' : 'aborted'
  }

  /** Until all codes are NONE; Fenced for those that end the transaction. */
  async #retrying(actor: SimActor, ask: () => Promise<readonly number[]>): Promise<void> {
    for (;;) {
      const codes = await ask()
      const fenced = codes.find((code) => FENCED.has(code))
      if (fenced !== undefined) throw new Fenced(errorName(fenced))
      const failed = codes.filter((code) => code !== ErrorCode.NONE)
      if (failed.length === 0) return
      for (const code of failed)
        assert.ok(RETRIABLE.has(code), `${this.name} was answered ${errorName(code)}`)
      await actor.sleep(RETRY_MS)
    }
  }
}
