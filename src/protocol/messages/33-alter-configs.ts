/**
 * AlterConfigs: replaces all configs of a resource with those given; what is left out goes back to its default.
 * IncrementalAlterConfigs took its place (KIP-339). Version 2 is flexible.
 * Errors by resource: INVALID_CONFIG, INVALID_REQUEST, UNKNOWN_TOPIC_OR_PARTITION, POLICY_VIOLATION,
 * CLUSTER_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int8, int16, int32, message, string, struct } from '../schema.ts'

export const AlterConfigsRequest = message(
  'AlterConfigsRequest',
  33,
  { versions: '0-2', flexible: '2+' },
  {
    resources: array(
      struct({
        resourceType: int8({ mapKey: true }),
        resourceName: string({ mapKey: true }),
        configs: array(
          struct({
            name: string({ mapKey: true }),
            value: string({ nullable: '0+' }),
          }),
        ),
      }),
    ),
    validateOnly: bool(),
  },
)
export type AlterConfigsRequest = Infer<typeof AlterConfigsRequest>

export const AlterConfigsResponse = message(
  'AlterConfigsResponse',
  33,
  { versions: '0-2', flexible: '2+' },
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
export type AlterConfigsResponse = Infer<typeof AlterConfigsResponse>
