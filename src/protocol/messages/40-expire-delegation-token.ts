/**
 * ExpireDelegationToken: sets the time at which a token expires, a negative period ends it at once (KIP-48).
 * Version 2 is flexible.
 * Errors: DELEGATION_TOKEN_NOT_FOUND, DELEGATION_TOKEN_OWNER_MISMATCH, DELEGATION_TOKEN_EXPIRED,
 * DELEGATION_TOKEN_AUTH_DISABLED, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED.
 */
import type { Infer } from '../schema.ts'
import { bytes, int16, int32, int64Rounded, message } from '../schema.ts'

export const ExpireDelegationTokenRequest = message(
  'ExpireDelegationTokenRequest',
  40,
  { versions: '0-2', flexible: '2+' },
  {
    hmac: bytes(),
    expiryTimePeriodMs: int64Rounded(),
  },
)
export type ExpireDelegationTokenRequest = Infer<typeof ExpireDelegationTokenRequest>

export const ExpireDelegationTokenResponse = message(
  'ExpireDelegationTokenResponse',
  40,
  { versions: '0-2', flexible: '2+' },
  {
    errorCode: int16(),
    expiryTimestampMs: int64Rounded(),
    throttleTimeMs: int32(),
  },
)
export type ExpireDelegationTokenResponse = Infer<typeof ExpireDelegationTokenResponse>
