/**
 * InitProducerId: gives out a producer id and epoch, new ones without a transactional id, lasting ones with it
 * (KIP-98). Version 2 is flexible; 3 lets a producer bump its own epoch (KIP-360), 4 answers PRODUCER_FENCED where
 * it was INVALID_PRODUCER_EPOCH.
 * Errors: COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR, CONCURRENT_TRANSACTIONS,
 * INVALID_TRANSACTION_TIMEOUT, PRODUCER_FENCED, TRANSACTIONAL_ID_AUTHORIZATION_FAILED, INVALID_REQUEST.
 */
import type { Infer } from '../schema.ts'
import { int16, int32, int64, message, string } from '../schema.ts'

export const InitProducerIdRequest = message(
  'InitProducerIdRequest',
  22,
  { versions: '0-5', flexible: '2+' },
  {
    transactionalId: string({ nullable: '0+' }),
    /** Ignored without a transactional id. */
    transactionTimeoutMs: int32(),
    producerId: int64('3+', { default: -1 }),
    producerEpoch: int16('3+', { default: -1 }),
  },
)
export type InitProducerIdRequest = Infer<typeof InitProducerIdRequest>

export const InitProducerIdResponse = message(
  'InitProducerIdResponse',
  22,
  { versions: '0-5', flexible: '2+' },
  {
    throttleTimeMs: int32({ ignorable: true }),
    errorCode: int16(),
    producerId: int64({ default: -1 }),
    producerEpoch: int16(),
  },
)
export type InitProducerIdResponse = Infer<typeof InitProducerIdResponse>
