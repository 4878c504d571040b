/**
 * AlterPartitionReassignments (45), versions 0-1: starts moving partitions to other replicas, or with null replicas
 * cancels that (KIP-455). Answered when the moves have begun; they go on without a client. Version 1 can insist on the
 * replication factor (KIP-860).
 */
import {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
} from '../../protocol/messages/45-alter-partition-reassignments.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { byTopic } from './by-topic.ts'
import { NOT_CONTROLLER } from './not-controller.ts'

type Response = Draft<typeof AlterPartitionReassignmentsResponse>

export function alterPartitionReassignmentsHandler(
  services: BrokerServices,
): Handler<AlterPartitionReassignmentsRequest, Response> {
  return defineHandler(
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
    [0, 1],
    async ({ topics, allowReplicationFactorChange }) => {
      const orders = topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, replicas }) => ({
          topic: name,
          partition: partitionIndex,
          replicas,
        })),
      )
      const options = { allowReplicationFactorChange }
      const results = await services.partitionAdmin.alterReassignments(orders, options)
      if (results === 'notController') return { ...NOT_CONTROLLER, ...options, responses: [] }
      const responses = byTopic(results).map(([name, partitions]) => ({
        name,
        partitions: partitions.map(({ partition, errorCode, errorMessage }) => ({
          partitionIndex: partition,
          errorCode,
          errorMessage,
        })),
      }))
      return { ...options, errorMessage: '', responses }
    },
  )
}
