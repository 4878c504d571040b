/**
 * ControllerRegistration: a controller of KRaft mode tells the active one its listeners and features (KIP-919).
 */
import type { Infer } from '../schema.ts'
import { array, bool, int16, int32, message, string, struct, uint16, uuid } from '../schema.ts'

export const ControllerRegistrationRequest = message(
  'ControllerRegistrationRequest',
  70,
  { versions: '0', flexible: '0+' },
  {
    controllerId: int32(),
    incarnationId: uuid(),
    zkMigrationReady: bool(),
    listeners: array(
      struct({
        name: string({ mapKey: true }),
        host: string(),
        port: uint16(),
        securityProtocol: int16(),
      }),
    ),
    features: array(
      struct({
        name: string({ mapKey: true }),
        minSupportedVersion: int16(),
        maxSupportedVersion: int16(),
      }),
    ),
  },
)
export type ControllerRegistrationRequest = Infer<typeof ControllerRegistrationRequest>

export const ControllerRegistrationResponse = message(
  'ControllerRegistrationResponse',
  70,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
  },
)
export type ControllerRegistrationResponse = Infer<typeof ControllerRegistrationResponse>
