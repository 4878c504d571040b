/**
 * AlterClientQuotas (49), versions 0-1: sets and removes quotas of users, client ids and addresses (KIP-546), one entity
 * after the other; with `validateOnly` everything is checked and nothing done. An entity that is named twice is answered
 * once, with what became of it the last time. Quotas hold when the answer leaves.
 */
import {
  AlterClientQuotasRequest,
  AlterClientQuotasResponse,
} from '../../protocol/messages/49-alter-client-quotas.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof AlterClientQuotasResponse>
type Entity = AlterClientQuotasRequest['entries'][number]['entity']

export function alterClientQuotasHandler(
  services: BrokerServices,
): Handler<AlterClientQuotasRequest, Response> {
  return defineHandler(
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
    [0, 1],
    async ({ entries, validateOnly }) => {
      const results = new Map<string, NonNullable<Response['entries']>[number]>()
      for (const entry of entries) {
        const result = await services.clientQuotaAdmin.alter(entry, validateOnly)
        results.set(keyOf(entry.entity), { ...result, entity: entry.entity })
      }
      return { entries: [...results.values()] }
    },
  )
}

/** The same for the same entity, in whatever order its parts are named. */
function keyOf(entity: Entity): string {
  return JSON.stringify(entity.map(({ entityType, entityName }) => [entityType, entityName]).sort())
}
