/**
 * DeleteRecords (21), versions 0-2: moves the start of partitions forward (KIP-107). Nothing is read below it from
 * then on; the space is freed by segments, when retention next looks.
 */

import { isInternalTopic } from '../../metadata/topic-names.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DeleteRecordsRequest, DeleteRecordsResponse } from '../../protocol/messages/21-delete-records.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { leaderOf } from './partition-lookup.ts'

type Response = Draft<typeof DeleteRecordsResponse>

export function deleteRecordsHandler(services: BrokerServices): Handler<DeleteRecordsRequest, Response> {
  return defineHandler(DeleteRecordsRequest, DeleteRecordsResponse, [0, 2], (request) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, offset }) => ({
        partitionIndex,
        ...deleteRecords(services, name, partitionIndex, offset),
      })),
    })),
  }))
}

function deleteRecords(services: BrokerServices, topic: string, index: number, offset: number) {
  if (isInternalTopic(topic)) return failed(ErrorCode.INVALID_TOPIC_EXCEPTION)
  const partition = leaderOf(services, topic, index)
  if (typeof partition === 'number') return failed(partition)
  if (!partition.onlineLog.config.cleanupPolicy.includes('delete')) return failed(ErrorCode.POLICY_VIOLATION)
  return partition.deleteRecords(offset)
}

function failed(errorCode: number) {
  return { errorCode, lowWatermark: -1 }
}
