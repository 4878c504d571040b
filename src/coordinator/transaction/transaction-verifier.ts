/**
 * Asks the transaction coordinator whether a producer's transaction may write to some partitions, before it does
 * (KIP-890): without the question, a record that arrives late, after its transaction was ended, would open a
 * transaction that nobody ends.
 */
import type { TopicPartition } from '../../log/log-manager-options.ts'

export interface VerificationRequest {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly partitions: readonly TopicPartition[]
  /**
   * True: partitions that are not in the transaction are added (transaction version 2: Produce 12+, TxnOffsetCommit
   * 5+). False: they are refused.
   */
  readonly addsPartitions: boolean
  /** The client knows TRANSACTION_ABORTABLE (Produce 11+, TxnOffsetCommit 4+); others are told INVALID_TXN_STATE. */
  readonly knowsAbortable: boolean
}

export interface TransactionVerifier {
  /**
   * An error code for each of `partitions`, in their order. NONE: go on. A fenced producer reads INVALID_PRODUCER_EPOCH;
   * errors of looking for the coordinator come as they are (NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS,
   * COORDINATOR_NOT_AVAILABLE, CONCURRENT_TRANSACTIONS), and the caller says something that its client tries again for.
   */
  verify(request: VerificationRequest): Promise<readonly number[]>
}
