/**
 * CreateDelegationToken (KIP-48). Version 2 is flexible, 3 names an owner other than the requester (KIP-373).
 * Errors: DELEGATION_TOKEN_AUTH_DISABLED, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, INVALID_PRINCIPAL_TYPE,
 * DELEGATION_TOKEN_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, bytes, int16, int32, int64Rounded, message, string, struct } from '../schema.ts'

export const CreateDelegationTokenRequest = message(
  'CreateDelegationTokenRequest',
  38,
  { versions: '0-3', flexible: '2+' },
  {
    ownerPrincipalType: string('3+', { nullable: '3+' }),
    ownerPrincipalName: string('3+', { nullable: '3+' }),
    renewers: array(
      struct({
        principalType: string(),
        principalName: string(),
      }),
    ),
    maxLifetimeMs: int64Rounded(),
  },
)
export type CreateDelegationTokenRequest = Infer<typeof CreateDelegationTokenRequest>

export const CreateDelegationTokenResponse = message(
  'CreateDelegationTokenResponse',
  38,
  { versions: '0-3', flexible: '2+' },
  {
    errorCode: int16(),
    principalType: string(),
    principalName: string(),
    tokenRequesterPrincipalType: string('3+'),
    tokenRequesterPrincipalName: string('3+'),
    issueTimestampMs: int64Rounded(),
    expiryTimestampMs: int64Rounded(),
    maxTimestampMs: int64Rounded(),
    tokenId: string(),
    hmac: bytes(),
    throttleTimeMs: int32(),
  },
)
export type CreateDelegationTokenResponse = Infer<typeof CreateDelegationTokenResponse>
