/**
 * RenewDelegationToken (KIP-48). Version 2 is flexible.
 * Errors: DELEGATION_TOKEN_NOT_FOUND, DELEGATION_TOKEN_OWNER_MISMATCH, DELEGATION_TOKEN_EXPIRED,
 * DELEGATION_TOKEN_AUTH_DISABLED, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED.
 */
import type { Infer } from '../schema.ts'
import { bytes, int16, int32, int64Rounded, message } from '../schema.ts'

export const RenewDelegationTokenRequest = message(
  'RenewDelegationTokenRequest',
  39,
  { versions: '0-2', flexible: '2+' },
  {
    hmac: bytes(),
    renewPeriodMs: int64Rounded(),
  },
)
export type RenewDelegationTokenRequest = Infer<typeof RenewDelegationTokenRequest>

export const RenewDelegationTokenResponse = message(
  'RenewDelegationTokenResponse',
  39,
  { versions: '0-2', flexible: '2+' },
  {
    errorCode: int16(),
    expiryTimestampMs: int64Rounded(),
    throttleTimeMs: int32(),
  },
)
export type RenewDelegationTokenResponse = Infer<typeof RenewDelegationTokenResponse>
