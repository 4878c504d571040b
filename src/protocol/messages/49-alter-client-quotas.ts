/**
 * AlterClientQuotas: sets or removes quotas of users, client ids and addresses (KIP-546). A null name is the
 * default entity. Version 1 is flexible.
 * Errors by entity: INVALID_REQUEST, CLUSTER_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, bool, float64, int16, int32, message, string, struct } from '../schema.ts'

export const AlterClientQuotasRequest = message(
  'AlterClientQuotasRequest',
  49,
  { versions: '0-1', flexible: '1+' },
  {
    entries: array(
      struct({
        entity: array(
          struct({
            entityType: string(),
            entityName: string({ nullable: '0+' }),
          }),
        ),
        ops: array(
          struct({
            key: string(),
            value: float64(),
            remove: bool(),
          }),
        ),
      }),
    ),
    validateOnly: bool(),
  },
)
export type AlterClientQuotasRequest = Infer<typeof AlterClientQuotasRequest>

export const AlterClientQuotasResponse = message(
  'AlterClientQuotasResponse',
  49,
  { versions: '0-1', flexible: '1+' },
  {
    throttleTimeMs: int32(),
    entries: array(
      struct({
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
        entity: array(
          struct({
            entityType: string(),
            entityName: string({ nullable: '0+' }),
          }),
        ),
      }),
    ),
  },
)
export type AlterClientQuotasResponse = Infer<typeof AlterClientQuotasResponse>
