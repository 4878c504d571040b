/**
 * DescribeTransactions: state and partitions of transactional ids (KIP-664).
 * Errors by id: TRANSACTIONAL_ID_NOT_FOUND, NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS,
 * TRANSACTIONAL_ID_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, message, string, struct } from '../schema.ts'

export const DescribeTransactionsRequest = message(
  'DescribeTransactionsRequest',
  65,
  { versions: '0', flexible: '0+' },
  {
    transactionalIds: array(string()),
  },
)
export type DescribeTransactionsRequest = Infer<typeof DescribeTransactionsRequest>

export const DescribeTransactionsResponse = message(
  'DescribeTransactionsResponse',
  65,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    transactionStates: array(
      struct({
        errorCode: int16(),
        transactionalId: string(),
        transactionState: string(),
        transactionTimeoutMs: int32(),
        transactionStartTimeMs: int64(),
        producerId: int64(),
        producerEpoch: int16(),
        topics: array(
          struct({
            topic: string({ mapKey: true }),
            partitions: array(int32()),
          }),
        ),
      }),
    ),
  },
)
export type DescribeTransactionsResponse = Infer<typeof DescribeTransactionsResponse>
