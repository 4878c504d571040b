/**
 * ListGroups (16), versions 0-5: the groups that this broker coordinates, by state (4+, KIP-518) and by type (5+,
 * KIP-848). While some are being loaded the error says so, beside those that are known.
 */
import { ListGroupsRequest, ListGroupsResponse } from '../../protocol/messages/16-list-groups.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof ListGroupsResponse>

export function listGroupsHandler(services: BrokerServices): Handler<ListGroupsRequest, Response> {
  return defineHandler(
    ListGroupsRequest,
    ListGroupsResponse,
    [0, 5],
    async ({ statesFilter, typesFilter }) =>
      await services.groupCoordinator.admin.listGroups({ states: statesFilter, types: typesFilter }),
  )
}
