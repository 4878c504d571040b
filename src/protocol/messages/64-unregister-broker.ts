/**
 * UnregisterBroker: removes a broker's registration for good.
 * Errors: BROKER_ID_NOT_REGISTERED, NOT_CONTROLLER.
 */
import type { Infer } from '../schema.ts'
import { int16, int32, message, string } from '../schema.ts'

export const UnregisterBrokerRequest = message(
  'UnregisterBrokerRequest',
  64,
  { versions: '0', flexible: '0+' },
  {
    brokerId: int32(),
  },
)
export type UnregisterBrokerRequest = Infer<typeof UnregisterBrokerRequest>

export const UnregisterBrokerResponse = message(
  'UnregisterBrokerResponse',
  64,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
  },
)
export type UnregisterBrokerResponse = Infer<typeof UnregisterBrokerResponse>
