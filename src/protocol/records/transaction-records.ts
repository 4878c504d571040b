/**
 * Key and value of __transaction_state, one record for each state that a transactional id goes through. Version 1
 * is flexible, for fields that KIP-890 adds.
 */
import type { Infer } from '../schema.ts'
import { array, int8, int16, int32, int64, payload, string, struct } from '../schema.ts'

export const TransactionLogKey = payload(
  'TransactionLogKey',
  { versions: '0', flexible: 'none' },
  {
    transactionalId: string('0'),
  },
)
export type TransactionLogKey = Infer<typeof TransactionLogKey>

export const TransactionLogValue = payload(
  'TransactionLogValue',
  { versions: '0-1', flexible: '1+' },
  {
    producerId: int64(),
    previousProducerId: int64('1+', { default: -1, tag: 0, tagged: '1+' }),
    nextProducerId: int64('1+', { default: -1, tag: 1, tagged: '1+' }),
    producerEpoch: int16(),
    transactionTimeoutMs: int32(),
    transactionStatus: int8(),
    transactionPartitions: array(
      struct({
        topic: string(),
        partitionIds: array(int32()),
      }),
      { nullable: '0+' },
    ),
    transactionLastUpdateTimestampMs: int64(),
    transactionStartTimestampMs: int64(),
    clientTransactionVersion: int16('1+', { tag: 2, tagged: '1+' }),
  },
)
export type TransactionLogValue = Infer<typeof TransactionLogValue>
