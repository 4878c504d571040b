/**
 * DeleteAcls: deletes what the filters match and answers with it. Version 1 adds pattern types (KIP-290), 2 is
 * flexible, 3 knows users as resources.
 * Errors by filter: SECURITY_DISABLED, CLUSTER_AUTHORIZATION_FAILED, INVALID_REQUEST.
 */
import type { Infer } from '../schema.ts'
import { array, int8, int16, int32, message, string, struct } from '../schema.ts'

export const DeleteAclsRequest = message(
  'DeleteAclsRequest',
  31,
  { versions: '0-3', flexible: '2+' },
  {
    filters: array(
      struct({
        resourceTypeFilter: int8(),
        resourceNameFilter: string({ nullable: '0+' }),
        patternTypeFilter: int8('1+', { default: 3 }),
        principalFilter: string({ nullable: '0+' }),
        hostFilter: string({ nullable: '0+' }),
        operation: int8(),
        permissionType: int8(),
      }),
    ),
  },
)
export type DeleteAclsRequest = Infer<typeof DeleteAclsRequest>

export const DeleteAclsResponse = message(
  'DeleteAclsResponse',
  31,
  { versions: '0-3', flexible: '2+' },
  {
    throttleTimeMs: int32(),
    filterResults: array(
      struct({
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
        matchingAcls: array(
          struct({
            errorCode: int16(),
            errorMessage: string({ nullable: '0+' }),
            resourceType: int8(),
            resourceName: string(),
            patternType: int8('1+', { default: 3 }),
            principal: string(),
            host: string(),
            operation: int8(),
            permissionType: int8(),
          }),
        ),
      }),
    ),
  },
)
export type DeleteAclsResponse = Infer<typeof DeleteAclsResponse>
