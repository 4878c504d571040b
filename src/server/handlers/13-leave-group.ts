/**
 * LeaveGroup (13), versions 0-5: a member goes; from version 3 on several may, static ones by their instance id alone
 * (KIP-345), each with its own error. Before, the member's error is that of the response. 5: a reason (KIP-800).
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { LeaveGroupRequest, LeaveGroupResponse } from '../../protocol/messages/13-leave-group.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof LeaveGroupResponse>

const FIRST_VERSION_WITH_SEVERAL = 3

export function leaveGroupHandler(services: BrokerServices): Handler<LeaveGroupRequest, Response> {
  return defineHandler(LeaveGroupRequest, LeaveGroupResponse, [0, 5], async (request, { apiVersion }) => {
    const isOne = apiVersion < FIRST_VERSION_WITH_SEVERAL
    const leaving = isOne
      ? [{ memberId: request.memberId, groupInstanceId: null, reason: null }]
      : request.members
    const response = await services.groupCoordinator.membership.leaveGroup(request.groupId, leaving)
    if (!isOne) return response
    const { errorCode, members = [] } = response
    return { errorCode: errorCode === ErrorCode.NONE ? (members[0]?.errorCode ?? errorCode) : errorCode }
  })
}
