/**
 * ConsumerGroupDescribe (69), versions 0-1: the state and the members of groups of the consumer protocol (KIP-848).
 * 1: which protocol each member speaks (KIP-1099).
 * Without an authorizer everyone may do everything.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  ConsumerGroupDescribeRequest,
  ConsumerGroupDescribeResponse,
} from '../../protocol/messages/69-consumer-group-describe.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { ALL_GROUP_OPERATIONS } from './topic-metadata.ts'

type Response = Draft<typeof ConsumerGroupDescribeResponse>

export function consumerGroupDescribeHandler(
  services: BrokerServices,
): Handler<ConsumerGroupDescribeRequest, Response> {
  return defineHandler(
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
    [0, 1],
    async ({ groupIds, includeAuthorizedOperations }) => {
      const groups = await Promise.all(
        groupIds.map((groupId) => services.groupCoordinator.consumer.describe(groupId)),
      )
      if (!includeAuthorizedOperations) return { groups }
      const authorizedOperations = ALL_GROUP_OPERATIONS
      return {
        groups: groups.map((group) =>
          group.errorCode === ErrorCode.NONE ? { ...group, authorizedOperations } : group,
        ),
      }
    },
  )
}
