/**
 * SaslHandshake: names the SASL mechanism. After version 0 the tokens follow as bare size-prefixed frames; after 1
 * they travel in SaslAuthenticate.
 * Errors: UNSUPPORTED_SASL_MECHANISM, ILLEGAL_SASL_STATE.
 */
import type { Infer } from '../schema.ts'
import { array, int16, message, string } from '../schema.ts'

export const SaslHandshakeRequest = message(
  'SaslHandshakeRequest',
  17,
  { versions: '0-1', flexible: 'none' },
  {
    mechanism: string(),
  },
)
export type SaslHandshakeRequest = Infer<typeof SaslHandshakeRequest>

export const SaslHandshakeResponse = message(
  'SaslHandshakeResponse',
  17,
  { versions: '0-1', flexible: 'none' },
  {
    errorCode: int16(),
    mechanisms: array(string()),
  },
)
export type SaslHandshakeResponse = Infer<typeof SaslHandshakeResponse>
