/**
 * OffsetForLeaderEpoch (23), versions 0-4: where a leader epoch ends in the log, for consumers and followers that
 * look for divergence (KIP-101, KIP-320).
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from '../../protocol/messages/23-offset-for-leader-epoch.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { leaderOf } from './partition-lookup.ts'

type Response = Draft<typeof OffsetForLeaderEpochResponse>
type PartitionRequest = OffsetForLeaderEpochRequest['topics'][number]['partitions'][number]

export function offsetForLeaderEpochHandler(
  services: BrokerServices,
): Handler<OffsetForLeaderEpochRequest, Response> {
  return defineHandler(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, [0, 4], (request) => ({
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((asked) => ({
        partition: asked.partition,
        ...endOffset(services, topic, asked),
      })),
    })),
  }))
}

function endOffset(services: BrokerServices, topic: string, asked: PartitionRequest) {
  const partition = leaderOf(services, topic, asked.partition)
  if (typeof partition === 'number') return { errorCode: partition }
  const epochError = partition.checkLeaderEpoch(asked.currentLeaderEpoch)
  if (epochError !== ErrorCode.NONE) return { errorCode: epochError }
  return { errorCode: ErrorCode.NONE, ...partition.onlineLog.endOffsetForEpoch(asked.leaderEpoch) }
}
