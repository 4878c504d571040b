/**
 * CreateAcls. Version 1 adds pattern types (KIP-290), 2 is flexible, 3 knows users as resources.
 * Errors by ACL: SECURITY_DISABLED, CLUSTER_AUTHORIZATION_FAILED, INVALID_REQUEST.
 */
import type { Infer } from '../schema.ts'
import { array, int8, int16, int32, message, string, struct } from '../schema.ts'

export const CreateAclsRequest = message(
  'CreateAclsRequest',
  30,
  { versions: '0-3', flexible: '2+' },
  {
    creations: array(
      struct({
        resourceType: int8(),
        resourceName: string(),
        resourcePatternType: int8('1+', { default: 3 }),
        principal: string(),
        host: string(),
        operation: int8(),
        permissionType: int8(),
      }),
    ),
  },
)
export type CreateAclsRequest = Infer<typeof CreateAclsRequest>

export const CreateAclsResponse = message(
  'CreateAclsResponse',
  30,
  { versions: '0-3', flexible: '2+' },
  {
    throttleTimeMs: int32(),
    results: array(
      struct({
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
      }),
    ),
  },
)
export type CreateAclsResponse = Infer<typeof CreateAclsResponse>
