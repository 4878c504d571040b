/** DescribeClientQuotas (48), versions 0-1: the quotas of all entities that a filter lets through (KIP-546). */
import { quotaFilter } from '../../metadata/quotas/quota-filter.ts'
import {
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse,
} from '../../protocol/messages/48-describe-client-quotas.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof DescribeClientQuotasResponse>

export function describeClientQuotasHandler(
  services: BrokerServices,
): Handler<DescribeClientQuotasRequest, Response> {
  return defineHandler(
    DescribeClientQuotasRequest,
    DescribeClientQuotasResponse,
    [0, 1],
    ({ components, strict }) => {
      const filter = quotaFilter(components, strict)
      if (typeof filter !== 'function') return { ...filter, entries: null }
      return {
        entries: services.clientQuotaAdmin.describe(filter).map(({ entity, quotas }) => ({
          entity: Array.from(entity, ([entityType, entityName]) => ({ entityType, entityName })),
          values: Array.from(quotas, ([key, value]) => ({ key, value })),
        })),
      }
    },
  )
}
