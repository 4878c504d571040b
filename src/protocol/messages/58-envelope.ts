/**
 * Envelope: a broker forwards a client's request to the controller with the client's principal (KIP-590).
 * Errors: PRINCIPAL_DESERIALIZATION_FAILURE, UNSUPPORTED_VERSION, NOT_CONTROLLER.
 */
import type { Infer } from '../schema.ts'
import { bytes, int16, message } from '../schema.ts'

export const EnvelopeRequest = message(
  'EnvelopeRequest',
  58,
  { versions: '0', flexible: '0+' },
  {
    requestData: bytes(),
    requestPrincipal: bytes({ nullable: '0+' }),
    clientHostAddress: bytes(),
  },
)
export type EnvelopeRequest = Infer<typeof EnvelopeRequest>

export const EnvelopeResponse = message(
  'EnvelopeResponse',
  58,
  { versions: '0', flexible: '0+' },
  {
    responseData: bytes({ nullable: '0+', default: null }),
    errorCode: int16(),
  },
)
export type EnvelopeResponse = Infer<typeof EnvelopeResponse>
