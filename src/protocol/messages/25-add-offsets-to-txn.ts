/**
 * AddOffsetsToTxn: enters a group's offsets into a transaction. Version 3 is flexible, 4 knows
 * TRANSACTION_ABORTABLE (KIP-890).
 * Errors: COORDINATOR_LOAD_IN_PROGRESS, NOT_COORDINATOR, CONCURRENT_TRANSACTIONS, INVALID_PRODUCER_ID_MAPPING,
 * INVALID_TXN_STATE, PRODUCER_FENCED.
 */
import type { Infer } from '../schema.ts'
import { int16, int32, int64, message, string } from '../schema.ts'

export const AddOffsetsToTxnRequest = message(
  'AddOffsetsToTxnRequest',
  25,
  { versions: '0-4', flexible: '3+' },
  {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    groupId: string(),
  },
)
export type AddOffsetsToTxnRequest = Infer<typeof AddOffsetsToTxnRequest>

export const AddOffsetsToTxnResponse = message(
  'AddOffsetsToTxnResponse',
  25,
  { versions: '0-4', flexible: '3+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
  },
)
export type AddOffsetsToTxnResponse = Infer<typeof AddOffsetsToTxnResponse>
