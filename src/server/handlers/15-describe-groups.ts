/**
 * DescribeGroups (15), versions 0-6: the state and the members of classic groups. A group that is not there, or is one
 * of the consumer protocol, is in the state Dead; from version 6 on it has the error GROUP_ID_NOT_FOUND (KIP-1043).
 * Without an authorizer everyone may do everything.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DescribeGroupsRequest, DescribeGroupsResponse } from '../../protocol/messages/15-describe-groups.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { ALL_GROUP_OPERATIONS } from './topic-metadata.ts'

type Response = Draft<typeof DescribeGroupsResponse>
type DescribedGroup = NonNullable<Response['groups']>[number]

const FIRST_VERSION_WITH_NOT_FOUND = 6
const NO_GROUP_STATE = 'Dead'

export function describeGroupsHandler(services: BrokerServices): Handler<DescribeGroupsRequest, Response> {
  return defineHandler(
    DescribeGroupsRequest,
    DescribeGroupsResponse,
    [0, 6],
    async (request, { apiVersion }) => {
      const operations = request.includeAuthorizedOperations
        ? { authorizedOperations: ALL_GROUP_OPERATIONS }
        : {}
      const describe = async (groupId: string): Promise<DescribedGroup> => {
        const group = await services.groupCoordinator.admin.describeGroup(groupId)
        if (group.errorCode !== ErrorCode.GROUP_ID_NOT_FOUND) return { ...group, ...operations }
        const described = { ...group, groupState: NO_GROUP_STATE }
        if (apiVersion >= FIRST_VERSION_WITH_NOT_FOUND) return described
        return { ...described, ...operations, errorCode: ErrorCode.NONE, errorMessage: null }
      }
      return { groups: await Promise.all(request.groups.map(describe)) }
    },
  )
}
