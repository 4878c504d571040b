/**
 * DescribeClientQuotas: quotas that match all components of a filter; matchType 0 a name, 1 the default, 2 any
 * name (KIP-546). Version 1 is flexible.
 * Errors: CLUSTER_AUTHORIZATION_FAILED, INVALID_REQUEST.
 */
import type { Infer } from '../schema.ts'
import { array, bool, float64, int8, int16, int32, message, string, struct } from '../schema.ts'

export const DescribeClientQuotasRequest = message(
  'DescribeClientQuotasRequest',
  48,
  { versions: '0-1', flexible: '1+' },
  {
    components: array(
      struct({
        entityType: string(),
        matchType: int8(),
        match: string({ nullable: '0+' }),
      }),
    ),
    strict: bool(),
  },
)
export type DescribeClientQuotasRequest = Infer<typeof DescribeClientQuotasRequest>

export const DescribeClientQuotasResponse = message(
  'DescribeClientQuotasResponse',
  48,
  { versions: '0-1', flexible: '1+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    entries: array(
      struct({
        entity: array(
          struct({
            entityType: string(),
            entityName: string({ nullable: '0+' }),
          }),
        ),
        values: array(
          struct({
            key: string(),
            value: float64(),
          }),
        ),
      }),
      { nullable: '0+' },
    ),
  },
)
export type DescribeClientQuotasResponse = Infer<typeof DescribeClientQuotasResponse>
