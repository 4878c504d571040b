/**
 * OffsetDelete (47), version 0: forgets a group's offsets of partitions that it doesn't read any more (KIP-496). Topics
 * that a member is subscribed to keep theirs; a group of another protocol than `consumer` has to be empty.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { OffsetDeleteRequest, OffsetDeleteResponse } from '../../protocol/messages/47-offset-delete.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { knownPartitions } from './known-partitions.ts'

type Response = Draft<typeof OffsetDeleteResponse>

export function offsetDeleteHandler(services: BrokerServices): Handler<OffsetDeleteRequest, Response> {
  return defineHandler(OffsetDeleteRequest, OffsetDeleteResponse, [0, 0], async (request) => {
    const { known, answer } = knownPartitions(request.topics, services.metadataCache)
    // Asked also without partitions: the group may not be there.
    const { errorCode, partitionErrors } = await services.groupCoordinator.offsets.delete({
      groupId: request.groupId,
      partitions: known.map(({ topic, partition }) => ({ topic, partition: partition.partitionIndex })),
    })
    if (errorCode !== ErrorCode.NONE) return { errorCode, topics: [] }
    return {
      topics: answer(partitionErrors).map(({ topic: { name }, partitions }) => ({ name, partitions })),
    }
  })
}
