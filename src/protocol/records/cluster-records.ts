/**
 * Records of __cluster_metadata about brokers, controllers and the log itself (KIP-631). The second argument is
 * the type that stands in front of the record.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int8, int16, int32, int64, message, string, struct, uint16, uuid } from '../schema.ts'

export const RegisterBrokerRecord = message(
  'RegisterBrokerRecord',
  0,
  { versions: '0-3', flexible: '0+' },
  {
    brokerId: int32(),
    isMigratingZkBroker: bool('2+'),
    incarnationId: uuid(),
    brokerEpoch: int64(),
    endPoints: array(
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
    fenced: bool({ default: true }),
    inControlledShutdown: bool('1+'),
    logDirs: array(uuid(), '3+', { tag: 0, tagged: '3+' }),
  },
)
export type RegisterBrokerRecord = Infer<typeof RegisterBrokerRecord>

export const UnregisterBrokerRecord = message(
  'UnregisterBrokerRecord',
  1,
  { versions: '0', flexible: '0+' },
  {
    brokerId: int32(),
    brokerEpoch: int64(),
  },
)
export type UnregisterBrokerRecord = Infer<typeof UnregisterBrokerRecord>

export const FenceBrokerRecord = message(
  'FenceBrokerRecord',
  7,
  { versions: '0', flexible: '0+' },
  {
    id: int32(),
    epoch: int64(),
  },
)
export type FenceBrokerRecord = Infer<typeof FenceBrokerRecord>

export const UnfenceBrokerRecord = message(
  'UnfenceBrokerRecord',
  8,
  { versions: '0', flexible: '0+' },
  {
    id: int32(),
    epoch: int64(),
  },
)
export type UnfenceBrokerRecord = Infer<typeof UnfenceBrokerRecord>

export const FeatureLevelRecord = message(
  'FeatureLevelRecord',
  12,
  { versions: '0', flexible: '0+' },
  {
    name: string(),
    featureLevel: int16(),
  },
)
export type FeatureLevelRecord = Infer<typeof FeatureLevelRecord>

export const ProducerIdsRecord = message(
  'ProducerIdsRecord',
  15,
  { versions: '0', flexible: '0+' },
  {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    nextProducerId: int64(),
  },
)
export type ProducerIdsRecord = Infer<typeof ProducerIdsRecord>

export const BrokerRegistrationChangeRecord = message(
  'BrokerRegistrationChangeRecord',
  17,
  { versions: '0-2', flexible: '0+' },
  {
    brokerId: int32(),
    brokerEpoch: int64(),
    fenced: int8({ tag: 0, tagged: '0+' }),
    inControlledShutdown: int8('1+', { tag: 1, tagged: '1+' }),
    logDirs: array(uuid(), '2+', { tag: 2, tagged: '2+' }),
  },
)
export type BrokerRegistrationChangeRecord = Infer<typeof BrokerRegistrationChangeRecord>

export const NoOpRecord = message('NoOpRecord', 20, { versions: '0', flexible: '0+' }, {})
export type NoOpRecord = Infer<typeof NoOpRecord>

export const ZkMigrationStateRecord = message(
  'ZkMigrationStateRecord',
  21,
  { versions: '0', flexible: '0+' },
  {
    zkMigrationState: int8(),
  },
)
export type ZkMigrationStateRecord = Infer<typeof ZkMigrationStateRecord>

export const BeginTransactionRecord = message(
  'BeginTransactionRecord',
  23,
  { versions: '0', flexible: '0+' },
  {
    name: string({ nullable: '0+', default: null, tag: 0, tagged: '0+' }),
  },
)
export type BeginTransactionRecord = Infer<typeof BeginTransactionRecord>

export const EndTransactionRecord = message('EndTransactionRecord', 24, { versions: '0', flexible: '0+' }, {})
export type EndTransactionRecord = Infer<typeof EndTransactionRecord>

export const AbortTransactionRecord = message(
  'AbortTransactionRecord',
  25,
  { versions: '0', flexible: '0+' },
  {
    reason: string({ nullable: '0+', default: null, tag: 0, tagged: '0+' }),
  },
)
export type AbortTransactionRecord = Infer<typeof AbortTransactionRecord>

export const RegisterControllerRecord = message(
  'RegisterControllerRecord',
  27,
  { versions: '0', flexible: '0+' },
  {
    controllerId: int32(),
    incarnationId: uuid(),
    zkMigrationReady: bool(),
    endPoints: array(
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
export type RegisterControllerRecord = Infer<typeof RegisterControllerRecord>
