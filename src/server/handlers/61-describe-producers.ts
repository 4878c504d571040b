/**
 * DescribeProducers (61), version 0: the producers that partitions led here remember, with the transactions that they
 * have open (KIP-664): how a transaction is found that nobody ends.
 */
import type { ProducerStateManager } from '../../log/producer-state-manager.ts'
import { topicNameProblem } from '../../metadata/topic-names.ts'
import { ErrorCode, errorMessage } from '../../protocol/error-codes.ts'
import {
  DescribeProducersRequest,
  DescribeProducersResponse,
} from '../../protocol/messages/61-describe-producers.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { leaderOf } from './partition-lookup.ts'

type Response = Draft<typeof DescribeProducersResponse>

export function describeProducersHandler(
  services: BrokerServices,
): Handler<DescribeProducersRequest, Response> {
  return defineHandler(DescribeProducersRequest, DescribeProducersResponse, [0, 0], (request) => ({
    topics: request.topics.map(({ name, partitionIndexes }) => {
      const problem = problemOf(services, name)
      return {
        name,
        partitions: partitionIndexes.map((partitionIndex) => ({
          partitionIndex,
          ...(problem ?? producersOf(services, name, partitionIndex)),
        })),
      }
    }),
  }))
}

function problemOf(services: BrokerServices, topic: string) {
  const message = topicNameProblem(topic)
  if (message !== undefined)
    return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: message, activeProducers: [] }
  if (services.metadataCache.topic(topic) !== undefined) return undefined
  const errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  return { errorCode, errorMessage: errorMessage(errorCode), activeProducers: [] }
}

function producersOf(services: BrokerServices, topic: string, index: number) {
  const partition = leaderOf(services, topic, index)
  if (typeof partition === 'number') return { errorCode: partition, activeProducers: [] }
  return { errorCode: ErrorCode.NONE, activeProducers: activeProducers(partition.onlineLog.producerState) }
}

function activeProducers({ producers }: ProducerStateManager) {
  return Array.from(producers, ([producerId, entry]) => ({
    producerId,
    producerEpoch: entry.producerEpoch,
    lastSequence: entry.lastSequence,
    lastTimestamp: entry.lastTimestampMs,
    coordinatorEpoch: entry.coordinatorEpoch,
    currentTxnStartOffset: entry.currentTxnFirstOffset,
  }))
}
