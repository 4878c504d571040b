/** Quotas, by whom they are for and what they are called. */
import type { QuotaEntityType } from '../../client/admin/client-quotas.ts'
import type { EntityType } from './config-entities.ts'

const TYPES = { users: 'user', clients: 'client-id', ips: 'ip' } as const

export const IP_QUOTA = 'connection_creation_rate'
export const CLIENT_QUOTAS: ReadonlySet<string> = new Set([
  'producer_byte_rate',
  'consumer_byte_rate',
  'request_percentage',
  'controller_mutation_rate',
])

export function quotaTypeOf(type: EntityType): QuotaEntityType {
  return TYPES[type as keyof typeof TYPES]
}
