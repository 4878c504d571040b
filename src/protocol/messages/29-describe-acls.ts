/**
 * DescribeAcls: the ACLs that match a filter; null in a filter matches anything. Version 1 adds pattern types
 * (KIP-290), 2 is flexible, 3 knows users as resources.
 * Errors: SECURITY_DISABLED, CLUSTER_AUTHORIZATION_FAILED, INVALID_REQUEST.
 */
import type { Infer } from '../schema.ts'
import { array, int8, int16, int32, message, string, struct } from '../schema.ts'

export const DescribeAclsRequest = message(
  'DescribeAclsRequest',
  29,
  { versions: '0-3', flexible: '2+' },
  {
    resourceTypeFilter: int8(),
    resourceNameFilter: string({ nullable: '0+' }),
    patternTypeFilter: int8('1+', { default: 3 }),
    principalFilter: string({ nullable: '0+' }),
    hostFilter: string({ nullable: '0+' }),
    operation: int8(),
    permissionType: int8(),
  },
)
export type DescribeAclsRequest = Infer<typeof DescribeAclsRequest>

export const DescribeAclsResponse = message(
  'DescribeAclsResponse',
  29,
  { versions: '0-3', flexible: '2+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    resources: array(
      struct({
        resourceType: int8(),
        resourceName: string(),
        patternType: int8('1+', { default: 3 }),
        acls: array(
          struct({
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
export type DescribeAclsResponse = Infer<typeof DescribeAclsResponse>
