/**
 * What the batches of one Produce may claim, where they belong to a transaction: before the first of a transaction on a
 * partition its coordinator is asked (KIP-890). From version 12 on the question also adds the partition to the
 * transaction.
 *
 * Errors of the coordinator become what the client's version can deal with: what passes is NOT_ENOUGH_REPLICAS, for
 * which every client sends the batch again, and none asks for metadata.
 */

import { type AppendOutcome, appendFailure } from '../../log/append-outcome.ts'
import type { TopicPartition } from '../../log/log-manager-options.ts'
import type { TransactionVerification, Verification } from '../../log/transaction-verifications.ts'
import { ErrorCode, errorName } from '../../protocol/error-codes.ts'
import type { ProduceRequest } from '../../protocol/messages/00-produce.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import type { Partition } from '../../replica/partition.ts'
import type { BrokerServices } from '../broker-services.ts'
import { topicNameOf } from './partition-lookup.ts'

/** The first version whose client knows TRANSACTION_ABORTABLE. */
const FIRST_VERSION_WITH_ABORTABLE = 11
/** The first version that adds partitions to the transaction, whose epoch rises with each transaction. */
const FIRST_VERSION_THAT_ADDS = 12

/** A transactional batch that the request has for a partition led here. */
interface TransactionalBatch {
  readonly partition: Partition
  readonly batch: Buffer
}

interface Asked extends TransactionalBatch {
  readonly verification: TransactionVerification
}

/** Undefined: no permit is needed, as verification is switched off. */
export type Permit = Verification | AppendOutcome | undefined

interface ProduceProducer {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

export class ProducePermits {
  readonly #services: BrokerServices
  readonly #producer: ProduceProducer
  readonly #addsPartitions: boolean
  readonly #knowsAbortable: boolean
  readonly #isVerifying: boolean
  readonly #permits = new Map<Buffer, Permit>()
  readonly #asked: Asked[] = []

  constructor(
    services: BrokerServices,
    producer: ProduceProducer,
    batches: readonly TransactionalBatch[],
    apiVersion: number,
  ) {
    this.#services = services
    this.#producer = producer
    this.#addsPartitions = apiVersion >= FIRST_VERSION_THAT_ADDS
    this.#knowsAbortable = apiVersion >= FIRST_VERSION_WITH_ABORTABLE
    this.#isVerifying = this.#addsPartitions || services.config.transactionPartitionVerificationEnable
    if (this.#isVerifying) for (const batch of batches) this.#start(batch)
  }

  /** Whether all permits are known without a question. */
  get isComplete(): boolean {
    return this.#asked.length === 0
  }

  of(batch: Buffer): Permit {
    if (!this.#isVerifying) return undefined
    // Of a partition that was not led here when this began nobody was asked: only what is ongoing may go on.
    return this.#permits.get(batch) ?? 'ongoing'
  }

  #start({ partition, batch }: TransactionalBatch): void {
    const { producerId, producerEpoch } = this.#producer
    const permit = partition.onlineLog.producerState.startVerification({
      producerId,
      producerEpoch,
      baseSequence: RecordBatch.baseSequence(batch),
      raisesEpoch: this.#addsPartitions,
    })
    if (permit !== 'ongoing' && 'errorCode' in permit) {
      this.#permits.set(batch, refusal(permit.errorCode))
      return
    }
    this.#permits.set(batch, permit)
    if (permit !== 'ongoing') this.#asked.push({ partition, batch, verification: permit })
  }

  /** Asks for what is missing. */
  async complete(): Promise<void> {
    const asked = this.#asked
    const partitions: TopicPartition[] = asked.map(({ partition: { topic, index } }) => ({
      topic,
      partition: index,
    }))
    const codes = await this.#services.transactionVerifier.verify({
      ...this.#producer,
      partitions,
      addsPartitions: this.#addsPartitions,
      knowsAbortable: this.#knowsAbortable,
    })
    for (const [i, { partition, batch, verification }] of asked.entries()) {
      const errorCode = codes[i]!
      if (errorCode === ErrorCode.NONE) continue
      const outcome = this.#refusalOf(errorCode)
      this.#permits.set(batch, outcome)
      if (!comesAgain(outcome.errorCode))
        partition.log?.producerState.abandonVerification(this.#producer.producerId, verification)
    }
  }

  #refusalOf(errorCode: number): AppendOutcome {
    switch (errorCode) {
      case ErrorCode.INVALID_TXN_STATE:
        return refusal(errorCode, 'Partition was not added to the transaction')
      case ErrorCode.CONCURRENT_TRANSACTIONS:
        return this.#addsPartitions ? refusal(errorCode) : unverified(errorCode)
      case ErrorCode.NETWORK_EXCEPTION:
      case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
      case ErrorCode.COORDINATOR_NOT_AVAILABLE:
      case ErrorCode.NOT_COORDINATOR:
        return unverified(errorCode)
      default:
        return refusal(errorCode)
    }
  }
}

/**
 * The permits that the request needs; undefined if it has nothing of a transaction, and an error code for all of it: where
 * a transactional batch comes without a transactional id, or batches are of several producers.
 */
export function permitsFor(
  services: BrokerServices,
  request: ProduceRequest,
  apiVersion: number,
): ProducePermits | number | undefined {
  if (!hasTransactionalBatch(request)) return undefined
  const { transactionalId } = request
  if (transactionalId === null) return ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  const batches = transactionalBatches(services, request)
  const first = batches[0]?.batch
  if (first === undefined) return undefined
  const producerId = RecordBatch.producerId(first)
  const producerEpoch = RecordBatch.producerEpoch(first)
  const isOfOne = batches.every(
    ({ batch }) =>
      RecordBatch.producerId(batch) === producerId && RecordBatch.producerEpoch(batch) === producerEpoch,
  )
  if (!isOfOne) return ErrorCode.INVALID_PRODUCER_ID_MAPPING
  return new ProducePermits(services, { transactionalId, producerId, producerEpoch }, batches, apiVersion)
}

/** Every Produce comes through here: nothing is made for one without transactions. */
function hasTransactionalBatch(request: ProduceRequest): boolean {
  for (const { partitionData } of request.topicData) {
    for (const { records } of partitionData) if (isTransactionalBatch(records)) return true
  }
  return false
}

/** Its flag, if the records are a batch of magic 2 at all. */
function isTransactionalBatch(records: Buffer | null): records is Buffer {
  return (
    records !== null &&
    records.length >= RecordBatch.HEADER_BYTES &&
    RecordBatch.magic(records) === 2 &&
    RecordBatch.isTransactional(records)
  )
}

/** Those that would come to an append; what is wrong with the others is said when they are staged. */
function transactionalBatches(services: BrokerServices, request: ProduceRequest): TransactionalBatch[] {
  const batches: TransactionalBatch[] = []
  for (const topic of request.topicData) {
    const name = topicNameOf(services, topic)
    for (const { index, records } of topic.partitionData) {
      const partition = name === undefined ? undefined : services.replicaManager.partition(name, index)
      if (partition?.isLeader !== true || !isTransactionalBatch(records)) continue
      if (RecordBatch.producerId(records) > RecordBatch.NO_PRODUCER_ID)
        batches.push({ partition, batch: records })
    }
  }
  return batches
}

/** Those who come again must find their place kept. */
function comesAgain(errorCode: number): boolean {
  return errorCode === ErrorCode.NOT_ENOUGH_REPLICAS || errorCode === ErrorCode.CONCURRENT_TRANSACTIONS
}

function unverified(errorCode: number): AppendOutcome {
  return refusal(
    ErrorCode.NOT_ENOUGH_REPLICAS,
    `Unable to verify the partition has been added to the transaction. Underlying error: ${errorName(errorCode)}`,
  )
}

function refusal(errorCode: number, message: string | null = null): AppendOutcome {
  return appendFailure(errorCode, message, -1)
}
