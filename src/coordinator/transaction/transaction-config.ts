/** What the transaction coordinator reads of the broker's configuration. */
import type { BrokerConfig } from '../../metadata/config/broker-config.ts'

export type TransactionConfig = Pick<
  BrokerConfig,
  | 'addPartitionsToTxnRetryBackoffMaxMs'
  | 'addPartitionsToTxnRetryBackoffMs'
  | 'transactionAbortTimedOutIntervalMs'
  | 'transactionMaxTimeoutMs'
  | 'transactionRemoveExpiredIntervalMs'
  | 'transactionStateLogLoadBufferBytes'
  | 'transactionStateLogNumPartitions'
  | 'transactionalIdExpirationMs'
>
