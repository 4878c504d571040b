/**
 * EndTxn: commits or aborts a transaction. Version 3 is flexible; 5 bumps the epoch at the end of each transaction
 * and answers with the new one (KIP-890).
 * Errors: COORDINATOR_LOAD_IN_PROGRESS, NOT_COORDINATOR, CONCURRENT_TRANSACTIONS, INVALID_PRODUCER_ID_MAPPING,
 * INVALID_TXN_STATE, PRODUCER_FENCED, TRANSACTION_ABORTABLE.
 */
import type { Infer } from '../schema.ts'
import { bool, int16, int32, int64, message, string } from '../schema.ts'

export const EndTxnRequest = message(
  'EndTxnRequest',
  26,
  { versions: '0-5', flexible: '3+' },
  {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    committed: bool(),
  },
)
export type EndTxnRequest = Infer<typeof EndTxnRequest>

export const EndTxnResponse = message(
  'EndTxnResponse',
  26,
  { versions: '0-5', flexible: '3+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    producerId: int64('5+', { default: -1, ignorable: true }),
    producerEpoch: int16('5+', { default: -1, ignorable: true }),
  },
)
export type EndTxnResponse = Infer<typeof EndTxnResponse>
