/** DeleteGroups (42), versions 0-2: takes empty groups away with their offsets (KIP-229). */
import { DeleteGroupsRequest, DeleteGroupsResponse } from '../../protocol/messages/42-delete-groups.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof DeleteGroupsResponse>

export function deleteGroupsHandler(services: BrokerServices): Handler<DeleteGroupsRequest, Response> {
  return defineHandler(DeleteGroupsRequest, DeleteGroupsResponse, [0, 2], async ({ groupsNames }) => {
    const errorCodes = await services.groupCoordinator.admin.deleteGroups(groupsNames)
    return { results: Array.from(errorCodes, ([groupId, errorCode]) => ({ groupId, errorCode })) }
  })
}
