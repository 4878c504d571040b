/**
 * SyncGroup (14), versions 0-5: answered when the leader's assignment is in the log. 3: static members (KIP-345); 5: the
 * client repeats the protocol's type and name, and both must be there.
 */
import { syncError } from '../../coordinator/group/classic/classic-member.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { SyncGroupRequest, SyncGroupResponse } from '../../protocol/messages/14-sync-group.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof SyncGroupResponse>

const FIRST_VERSION_WITH_PROTOCOL = 5

export function syncGroupHandler(services: BrokerServices): Handler<SyncGroupRequest, Response> {
  return defineHandler(SyncGroupRequest, SyncGroupResponse, [0, 5], (request, context) => {
    const isIncomplete = request.protocolType === null || request.protocolName === null
    if (context.apiVersion >= FIRST_VERSION_WITH_PROTOCOL && isIncomplete) {
      return syncError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    }
    const synced = services.groupCoordinator.membership.syncGroup(request)
    context.release()
    return synced
  })
}
