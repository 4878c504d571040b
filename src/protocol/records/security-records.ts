/**
 * Records of __cluster_metadata about ACLs, SCRAM credentials and delegation tokens (KIP-631).
 */
import type { Infer } from '../schema.ts'
import { array, bytes, int8, int32, int64Rounded, message, string, uuid } from '../schema.ts'

export const DelegationTokenRecord = message(
  'DelegationTokenRecord',
  10,
  { versions: '0', flexible: '0+' },
  {
    owner: string(),
    requester: string(),
    renewers: array(string()),
    issueTimestamp: int64Rounded(),
    maxTimestamp: int64Rounded(),
    expirationTimestamp: int64Rounded(),
    tokenId: string(),
  },
)
export type DelegationTokenRecord = Infer<typeof DelegationTokenRecord>

export const UserScramCredentialRecord = message(
  'UserScramCredentialRecord',
  11,
  { versions: '0', flexible: '0+' },
  {
    name: string(),
    mechanism: int8(),
    salt: bytes(),
    storedKey: bytes(),
    serverKey: bytes(),
    iterations: int32(),
  },
)
export type UserScramCredentialRecord = Infer<typeof UserScramCredentialRecord>

export const AccessControlEntryRecord = message(
  'AccessControlEntryRecord',
  18,
  { versions: '0', flexible: '0+' },
  {
    id: uuid(),
    resourceType: int8(),
    resourceName: string(),
    patternType: int8(),
    principal: string(),
    host: string(),
    operation: int8(),
    permissionType: int8(),
  },
)
export type AccessControlEntryRecord = Infer<typeof AccessControlEntryRecord>

export const RemoveAccessControlEntryRecord = message(
  'RemoveAccessControlEntryRecord',
  19,
  { versions: '0', flexible: '0+' },
  {
    id: uuid(),
  },
)
export type RemoveAccessControlEntryRecord = Infer<typeof RemoveAccessControlEntryRecord>

export const RemoveUserScramCredentialRecord = message(
  'RemoveUserScramCredentialRecord',
  22,
  { versions: '0', flexible: '0+' },
  {
    name: string(),
    mechanism: int8(),
  },
)
export type RemoveUserScramCredentialRecord = Infer<typeof RemoveUserScramCredentialRecord>

export const RemoveDelegationTokenRecord = message(
  'RemoveDelegationTokenRecord',
  26,
  { versions: '0', flexible: '0+' },
  {
    tokenId: string(),
  },
)
export type RemoveDelegationTokenRecord = Infer<typeof RemoveDelegationTokenRecord>
