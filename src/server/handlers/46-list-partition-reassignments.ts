/**
 * ListPartitionReassignments (46), version 0: the moves of partitions that are under way (KIP-455), as the controller
 * has them. Null topics ask for all; partitions that are asked for and don't move are left out.
 */
import {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '../../protocol/messages/46-list-partition-reassignments.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { byTopic } from './by-topic.ts'
import { NOT_CONTROLLER } from './not-controller.ts'

type Response = Draft<typeof ListPartitionReassignmentsResponse>

export function listPartitionReassignmentsHandler(
  services: BrokerServices,
): Handler<ListPartitionReassignmentsRequest, Response> {
  return defineHandler(
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
    [0, 0],
    async ({ topics: asked }) => {
      const names =
        asked?.flatMap(({ name, partitionIndexes }) =>
          partitionIndexes.map((partition) => ({ topic: name, partition })),
        ) ?? null
      const moves = await services.partitionAdmin.listReassignments(names)
      if (moves === 'notController') return { ...NOT_CONTROLLER, topics: [] }
      const topics = byTopic(moves).map(([name, partitions]) => ({
        name,
        partitions: partitions.map(({ partition, assignment }) => ({
          partitionIndex: partition,
          replicas: [...assignment.replicas],
          addingReplicas: [...assignment.addingReplicas],
          removingReplicas: [...assignment.removingReplicas],
        })),
      }))
      return { errorMessage: '', topics }
    },
  )
}
