/**
 * AddPartitionsToTxn (24), versions 0-5: enters partitions into a producer's transaction before it writes to them.
 *
 * - Up to version 3 a client asks, for its one transaction; from 4 on a broker does, for several transactions, either to
 *   add the partitions or only to look whether they are in (KIP-890). Each transaction has its own errors.
 * - One partition that doesn't exist is UNKNOWN_TOPIC_OR_PARTITION, and the transaction's others are
 *   OPERATION_NOT_ATTEMPTED.
 * - Clients may not name internal topics (TOPIC_AUTHORIZATION_FAILED): offsets come in by AddOffsetsToTxn.
 * - A fenced producer reads PRODUCER_FENCED from 2 on, INVALID_PRODUCER_EPOCH before.
 */
import type { TopicPartition } from '../../log/log-manager-options.ts'
import { isInternalTopic } from '../../metadata/topic-names.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from '../../protocol/messages/24-add-partitions-to-txn.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { fencedError } from './transaction-errors.ts'

type Response = Draft<typeof AddPartitionsToTxnResponse>
type TransactionRequest = AddPartitionsToTxnRequest['transactions'][number]
type Topics = TransactionRequest['topics']

const FIRST_VERSION_WITH_PRODUCER_FENCED = 2
const FIRST_VERSION_FROM_BROKERS = 4

export function addPartitionsToTxnHandler(
  services: BrokerServices,
): Handler<AddPartitionsToTxnRequest, Response> {
  return defineHandler(
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    [0, 5],
    async (request, { apiVersion }) => {
      if (apiVersion >= FIRST_VERSION_FROM_BROKERS) {
        const results = request.transactions.map(async (transaction) => ({
          transactionalId: transaction.transactionalId,
          topicResults: resultsOf(transaction.topics, await answer(services, transaction, 2)),
        }))
        return { resultsByTransaction: await Promise.all(results) }
      }
      const transaction: TransactionRequest = {
        transactionalId: request.v3AndBelowTransactionalId,
        producerId: request.v3AndBelowProducerId,
        producerEpoch: request.v3AndBelowProducerEpoch,
        verifyOnly: false,
        topics: request.v3AndBelowTopics,
      }
      const knowsFenced = apiVersion >= FIRST_VERSION_WITH_PRODUCER_FENCED
      const codes = await answer(services, transaction, 0)
      return {
        resultsByTopicV3AndBelow: resultsOf(
          transaction.topics,
          codes.map((errorCode) => fencedError(errorCode, knowsFenced)),
        ),
      }
    },
  )
}

/** An error code for each partition, topic by topic. */
async function answer(
  services: BrokerServices,
  { transactionalId, producerId, producerEpoch, verifyOnly, topics }: TransactionRequest,
  clientTransactionVersion: number,
): Promise<readonly number[]> {
  const partitions = topics.flatMap(({ name, partitions }) =>
    partitions.map((partition) => ({ topic: name, partition })),
  )
  const faults = partitions.map((partition) => faultOf(services, partition, clientTransactionVersion))
  if (faults.some((errorCode) => errorCode !== ErrorCode.NONE)) {
    return faults.map((errorCode) =>
      errorCode === ErrorCode.NONE ? ErrorCode.OPERATION_NOT_ATTEMPTED : errorCode,
    )
  }
  const coordinator = services.transactionCoordinator
  const request = { transactionalId, producerId, producerEpoch, partitions }
  if (verifyOnly) return coordinator.verifyPartitions(request)
  const errorCode = await coordinator.addPartitions({ ...request, clientTransactionVersion })
  return partitions.map(() => errorCode)
}

function faultOf(
  services: BrokerServices,
  { topic, partition }: TopicPartition,
  clientTransactionVersion: number,
): number {
  if (clientTransactionVersion < 2 && isInternalTopic(topic)) return ErrorCode.TOPIC_AUTHORIZATION_FAILED
  const isKnown = services.metadataCache.partition(topic, partition) !== undefined
  return isKnown ? ErrorCode.NONE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
}

function resultsOf(topics: Topics, errorCodes: readonly number[]) {
  let at = 0
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: errorCodes[at++]!,
    })),
  }))
}
