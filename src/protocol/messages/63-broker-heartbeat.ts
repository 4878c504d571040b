/**
 * BrokerHeartbeat: keeps a broker of KRaft mode registered, and moves it between fenced, running and shutting down
 * (KIP-631).
 * Errors: STALE_BROKER_EPOCH, BROKER_ID_NOT_REGISTERED, NOT_CONTROLLER.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int16, int32, int64, message, uuid } from '../schema.ts'

export const BrokerHeartbeatRequest = message(
  'BrokerHeartbeatRequest',
  63,
  { versions: '0-1', flexible: '0+' },
  {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    currentMetadataOffset: int64(),
    wantFence: bool(),
    wantShutDown: bool(),
    offlineLogDirs: array(uuid(), '1+', { tag: 0, tagged: '1+' }),
  },
)
export type BrokerHeartbeatRequest = Infer<typeof BrokerHeartbeatRequest>

export const BrokerHeartbeatResponse = message(
  'BrokerHeartbeatResponse',
  63,
  { versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    isCaughtUp: bool(),
    isFenced: bool({ default: true }),
    shouldShutDown: bool(),
  },
)
export type BrokerHeartbeatResponse = Infer<typeof BrokerHeartbeatResponse>
