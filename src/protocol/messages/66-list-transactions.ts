/**
 * ListTransactions: transactions of this coordinator, filtered by state and producer id (KIP-664), from version 1
 * on by how long they run (KIP-994), from 2 on by a pattern of the id (KIP-1152).
 * Errors: COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, int64Rounded, message, string, struct } from '../schema.ts'

export const ListTransactionsRequest = message(
  'ListTransactionsRequest',
  66,
  { versions: '0-2', flexible: '0+' },
  {
    stateFilters: array(string()),
    producerIdFilters: array(int64()),
    durationFilter: int64Rounded('1+', { default: -1 }),
    transactionalIdPattern: string('2+', { nullable: '2+', default: null }),
  },
)
export type ListTransactionsRequest = Infer<typeof ListTransactionsRequest>

export const ListTransactionsResponse = message(
  'ListTransactionsResponse',
  66,
  { versions: '0-2', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    unknownStateFilters: array(string()),
    transactionStates: array(
      struct({
        transactionalId: string(),
        producerId: int64(),
        transactionState: string(),
      }),
    ),
  },
)
export type ListTransactionsResponse = Infer<typeof ListTransactionsResponse>
