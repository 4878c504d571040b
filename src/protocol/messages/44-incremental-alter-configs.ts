/**
 * IncrementalAlterConfigs: sets (0), deletes (1), appends to (2) or subtracts from (3) single configs (KIP-339).
 * Version 1 is flexible.
 * Errors by resource: INVALID_CONFIG, INVALID_REQUEST, UNKNOWN_TOPIC_OR_PARTITION, POLICY_VIOLATION,
 * CLUSTER_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int8, int16, int32, message, string, struct } from '../schema.ts'

export const IncrementalAlterConfigsRequest = message(
  'IncrementalAlterConfigsRequest',
  44,
  { versions: '0-1', flexible: '1+' },
  {
    resources: array(
      struct({
        resourceType: int8({ mapKey: true }),
        resourceName: string({ mapKey: true }),
        configs: array(
          struct({
            name: string({ mapKey: true }),
            configOperation: int8({ mapKey: true }),
            value: string({ nullable: '0+' }),
          }),
        ),
      }),
    ),
    validateOnly: bool(),
  },
)
export type IncrementalAlterConfigsRequest = Infer<typeof IncrementalAlterConfigsRequest>

export const IncrementalAlterConfigsResponse = message(
  'IncrementalAlterConfigsResponse',
  44,
  { versions: '0-1', flexible: '1+' },
  {
    throttleTimeMs: int32(),
    responses: array(
      struct({
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
        resourceType: int8(),
        resourceName: string(),
      }),
    ),
  },
)
export type IncrementalAlterConfigsResponse = Infer<typeof IncrementalAlterConfigsResponse>
