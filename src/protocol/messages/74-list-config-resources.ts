/**
 * ListConfigResources: names of the resources that have configs (KIP-1142). Up to version 0 it was
 * ListClientMetricsResources, and knew client metrics only (KIP-714).
 * Errors: CLUSTER_AUTHORIZATION_FAILED, UNSUPPORTED_VERSION.
 */
import type { Infer } from '../schema.ts'
import { array, int8, int16, int32, message, string, struct } from '../schema.ts'

export const ListConfigResourcesRequest = message(
  'ListConfigResourcesRequest',
  74,
  { versions: '0-1', flexible: '0+' },
  {
    resourceTypes: array(int8(), '1+'),
  },
)
export type ListConfigResourcesRequest = Infer<typeof ListConfigResourcesRequest>

export const ListConfigResourcesResponse = message(
  'ListConfigResourcesResponse',
  74,
  { versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    configResources: array(
      struct({
        resourceName: string(),
        resourceType: int8('1+', { default: 16, ignorable: true }),
      }),
    ),
  },
)
export type ListConfigResourcesResponse = Infer<typeof ListConfigResourcesResponse>
