/**
 * DescribeDelegationToken: null owners ask for all tokens (KIP-48). Version 2 is flexible, 3 names who requested
 * the token (KIP-373).
 * Errors: DELEGATION_TOKEN_AUTH_DISABLED, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED.
 */
import type { Infer } from '../schema.ts'
import { array, bytes, int16, int32, int64Rounded, message, string, struct } from '../schema.ts'

export const DescribeDelegationTokenRequest = message(
  'DescribeDelegationTokenRequest',
  41,
  { versions: '0-3', flexible: '2+' },
  {
    owners: array(
      struct({
        principalType: string(),
        principalName: string(),
      }),
      { nullable: '0+' },
    ),
  },
)
export type DescribeDelegationTokenRequest = Infer<typeof DescribeDelegationTokenRequest>

export const DescribeDelegationTokenResponse = message(
  'DescribeDelegationTokenResponse',
  41,
  { versions: '0-3', flexible: '2+' },
  {
    errorCode: int16(),
    tokens: array(
      struct({
        principalType: string(),
        principalName: string(),
        tokenRequesterPrincipalType: string('3+'),
        tokenRequesterPrincipalName: string('3+'),
        issueTimestamp: int64Rounded(),
        expiryTimestamp: int64Rounded(),
        maxTimestamp: int64Rounded(),
        tokenId: string(),
        hmac: bytes(),
        renewers: array(
          struct({
            principalType: string(),
            principalName: string(),
          }),
        ),
      }),
    ),
    throttleTimeMs: int32(),
  },
)
export type DescribeDelegationTokenResponse = Infer<typeof DescribeDelegationTokenResponse>
