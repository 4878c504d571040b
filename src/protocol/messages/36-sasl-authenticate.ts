/**
 * SaslAuthenticate: one step of the SASL exchange (KIP-152). Version 1 tells how long the session lasts (KIP-368),
 * 2 is flexible.
 * Errors: SASL_AUTHENTICATION_FAILED, ILLEGAL_SASL_STATE.
 */
import type { Infer } from '../schema.ts'
import { bytes, int16, int64, message, string } from '../schema.ts'

export const SaslAuthenticateRequest = message(
  'SaslAuthenticateRequest',
  36,
  { versions: '0-2', flexible: '2+' },
  {
    authBytes: bytes(),
  },
)
export type SaslAuthenticateRequest = Infer<typeof SaslAuthenticateRequest>

export const SaslAuthenticateResponse = message(
  'SaslAuthenticateResponse',
  36,
  { versions: '0-2', flexible: '2+' },
  {
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    authBytes: bytes(),
    /** 0: the session doesn't end by time. */
    sessionLifetimeMs: int64('1+', { ignorable: true }),
  },
)
export type SaslAuthenticateResponse = Infer<typeof SaslAuthenticateResponse>
