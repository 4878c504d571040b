/**
 * JoinGroup (11), versions 0-9: answered when the next generation begins, or at once where there is nothing to wait for.
 *
 * - 0: the session timeout is also the rebalance timeout; 4: an id is given out first (KIP-394); 5: static members
 *   (KIP-345); 7: the protocol's type and name may be null in the response; 8: a reason (KIP-800); 9: a static leader
 *   need not assign anew (KIP-814).
 */
import { JoinGroupRequest, JoinGroupResponse } from '../../protocol/messages/11-join-group.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { groupClientOf } from './group-client.ts'

type Response = Draft<typeof JoinGroupResponse>

const FIRST_VERSION_WITHOUT_PROTOCOL = 7

export function joinGroupHandler(services: BrokerServices): Handler<JoinGroupRequest, Response> {
  return defineHandler(JoinGroupRequest, JoinGroupResponse, [0, 9], async (request, context) => {
    const joined = services.groupCoordinator.membership.joinGroup(request, groupClientOf(context))
    // It may take minutes, and the metadata is copied.
    context.release()
    const response = await joined
    if (context.apiVersion >= FIRST_VERSION_WITHOUT_PROTOCOL) return response
    return { ...response, protocolName: response.protocolName ?? '' }
  })
}
