/**
 * BrokerRegistration: a broker of KRaft mode registers with the controller (KIP-631).
 * Errors: DUPLICATE_BROKER_REGISTRATION, INCONSISTENT_CLUSTER_ID, INVALID_REGISTRATION, UNSUPPORTED_VERSION.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int16, int32, int64, message, string, struct, uint16, uuid } from '../schema.ts'

export const BrokerRegistrationRequest = message(
  'BrokerRegistrationRequest',
  62,
  { versions: '0-4', flexible: '0+' },
  {
    brokerId: int32(),
    clusterId: string(),
    incarnationId: uuid(),
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
    rack: string({ nullable: '0+' }),
    isMigratingZkBroker: bool('1+'),
    logDirs: array(uuid(), '2+', { ignorable: true }),
    previousBrokerEpoch: int64('3+', { default: -1, ignorable: true }),
  },
)
export type BrokerRegistrationRequest = Infer<typeof BrokerRegistrationRequest>

export const BrokerRegistrationResponse = message(
  'BrokerRegistrationResponse',
  62,
  { versions: '0-4', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    brokerEpoch: int64({ default: -1 }),
  },
)
export type BrokerRegistrationResponse = Infer<typeof BrokerRegistrationResponse>
