/**
 * AllocateProducerIds: a broker asks the controller for a block of producer ids (KIP-730).
 * Errors: STALE_BROKER_EPOCH, NOT_CONTROLLER, BROKER_ID_NOT_REGISTERED.
 */
import type { Infer } from '../schema.ts'
import { int16, int32, int64, message } from '../schema.ts'

export const AllocateProducerIdsRequest = message(
  'AllocateProducerIdsRequest',
  67,
  { versions: '0', flexible: '0+' },
  {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
  },
)
export type AllocateProducerIdsRequest = Infer<typeof AllocateProducerIdsRequest>

export const AllocateProducerIdsResponse = message(
  'AllocateProducerIdsResponse',
  67,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    producerIdStart: int64(),
    producerIdLen: int32(),
  },
)
export type AllocateProducerIdsResponse = Infer<typeof AllocateProducerIdsResponse>
