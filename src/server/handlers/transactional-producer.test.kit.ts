import assert from 'node:assert/strict'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ProduceRequest, ProduceResponse } from '../../protocol/messages/00-produce.ts'
import {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from '../../protocol/messages/10-find-coordinator.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../protocol/messages/22-init-producer-id.ts'
import {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from '../../protocol/messages/24-add-partitions-to-txn.ts'
import { EndTxnRequest, EndTxnResponse } from '../../protocol/messages/26-end-txn.ts'
import { batch, produceRequest, type TestClient } from './handlers.test.kit.ts'

/** A transactional producer that speaks raw requests, in transaction version 1 (Produce up to 11) or 2. */
export class TransactionalProducer {
  readonly client: TestClient
  readonly transactionalId: string
  producerId = -1
  epoch = -1
  readonly #sequences = new Map<string, number>()

  constructor(client: TestClient, transactionalId: string) {
    this.client = client
    this.transactionalId = transactionalId
  }

  async init(): Promise<this> {
    const { transactionalId } = this
    await until(async () => {
      const found = await this.client.call(FindCoordinatorRequest, FindCoordinatorResponse, 4, {
        keyType: 1,
        coordinatorKeys: [transactionalId],
      })
      return found.coordinators[0]!.errorCode
    })
    await until(async () => {
      const answer = await this.client.call(InitProducerIdRequest, InitProducerIdResponse, 4, {
        transactionalId,
        transactionTimeoutMs: 60_000,
      })
      this.producerId = answer.producerId
      this.epoch = answer.producerEpoch
      return answer.errorCode
    })
    this.#sequences.clear()
    return this
  }

  /** As a client of transaction version 1 does before it writes. */
  async add(topic: string, partitions: readonly number[] = [0]): Promise<void> {
    await until(async () => {
      const answer = await this.client.call(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, 3, {
        v3AndBelowTransactionalId: this.transactionalId,
        v3AndBelowProducerId: this.producerId,
        v3AndBelowProducerEpoch: this.epoch,
        v3AndBelowTopics: [{ name: topic, partitions: [...partitions] }],
      })
      return answer.resultsByTopicV3AndBelow[0]!.resultsByPartition[0]!.partitionErrorCode
    })
  }

  /** The next batch for a partition, with its place in the sequence taken. */
  batch(topic: string, { partition = 0, count = 1 } = {}): Buffer {
    const key = `${topic}-${partition}`
    const baseSequence = this.#sequences.get(key) ?? 0
    this.#sequences.set(key, baseSequence + count)
    const { producerId, epoch: producerEpoch } = this
    return batch(count, { producerId, producerEpoch, baseSequence, isTransactional: true })
  }

  request(
    topic: string,
    records: Buffer,
    options: { partition?: number; topicId?: string; acks?: number } = {},
  ) {
    return { ...produceRequest(topic, records, options), transactionalId: this.transactionalId }
  }

  async produce(
    topic: string,
    options: {
      version?: number
      partition?: number
      topicId?: string
      count?: number
      records?: Buffer
    } = {},
  ) {
    const { version = 11, partition = 0, count = 1 } = options
    const records = options.records ?? this.batch(topic, { partition, count })
    const { responses } = await this.client.call(
      ProduceRequest,
      ProduceResponse,
      version,
      this.request(topic, records, options),
    )
    return responses[0]!.partitionResponses[0]!
  }

  /** Version 5 raises the epoch, as clients of transaction version 2 want it. */
  async end(committed: boolean, version = 3): Promise<void> {
    const { transactionalId, producerId } = this
    await until(async () => {
      const answer = await this.client.call(EndTxnRequest, EndTxnResponse, version, {
        transactionalId,
        producerId,
        producerEpoch: this.epoch,
        committed,
      })
      if (answer.errorCode === ErrorCode.NONE && version >= 5) {
        this.epoch = answer.producerEpoch
        this.#sequences.clear()
      }
      return answer.errorCode
    })
  }
}

/** Again while the coordinator is busy, as every client does. */
async function until(attempt: () => Promise<number>): Promise<void> {
  for (let attempts = 0; attempts < 1000; attempts++) {
    const errorCode = await attempt()
    switch (errorCode) {
      case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
      case ErrorCode.COORDINATOR_NOT_AVAILABLE:
      case ErrorCode.CONCURRENT_TRANSACTIONS:
      case ErrorCode.NOT_COORDINATOR:
        continue
      default:
        return assert.equal(errorCode, ErrorCode.NONE)
    }
  }
  assert.fail('the coordinator stays busy')
}
