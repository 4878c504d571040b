/**
 * Asks the transaction coordinator whether a producer's transaction may write to some partitions, before it does
 * (KIP-890): without the question, a record that arrives late, after its transaction was ended, would open a
 * transaction that nobody ends.
 */
import type { Clock } from '../../base/clock.ts'
import type { TopicPartition } from '../../log/log-manager-options.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { TransactionConfig } from './transaction-config.ts'
import type { TransactionCoordinator } from './transaction-coordinator.ts'

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

/** Asks the coordinator of this broker. */
export class LocalTransactionVerifier implements TransactionVerifier {
  readonly #coordinator: TransactionCoordinator
  readonly #clock: Clock
  readonly #config: TransactionConfig

  constructor(options: { coordinator: TransactionCoordinator; clock: Clock; config: TransactionConfig }) {
    this.#coordinator = options.coordinator
    this.#clock = options.clock
    this.#config = options.config
  }

  async verify(request: VerificationRequest): Promise<readonly number[]> {
    const errorCodes = request.addsPartitions
      ? await this.#add(request)
      : await this.#coordinator.verifyPartitions(request)
    return errorCodes.map((errorCode) => clientError(errorCode, request))
  }

  /**
   * The transaction before may still be ending. A producer that writes its next one at once would be sent away for
   * longer than that takes, so we wait a little here.
   */
  async #add(request: VerificationRequest): Promise<readonly number[]> {
    const { addPartitionsToTxnRetryBackoffMs, addPartitionsToTxnRetryBackoffMaxMs } = this.#config
    const startMs = this.#clock.monotonicMs()
    for (;;) {
      const errorCode = await this.#coordinator.addPartitions({ ...request, clientTransactionVersion: 2 })
      const waitedMs = this.#clock.monotonicMs() - startMs
      const isOver = waitedMs + addPartitionsToTxnRetryBackoffMs > addPartitionsToTxnRetryBackoffMaxMs
      if (errorCode !== ErrorCode.CONCURRENT_TRANSACTIONS || isOver)
        return request.partitions.map(() => errorCode)
      await new Promise<void>((resolve) => void this.#clock.after(addPartitionsToTxnRetryBackoffMs, resolve))
    }
  }
}

/** In the words that a client expects of Produce and TxnOffsetCommit. */
function clientError(errorCode: number, { knowsAbortable }: VerificationRequest): number {
  if (errorCode === ErrorCode.PRODUCER_FENCED) return ErrorCode.INVALID_PRODUCER_EPOCH
  if (errorCode === ErrorCode.TRANSACTION_ABORTABLE && !knowsAbortable) return ErrorCode.INVALID_TXN_STATE
  return errorCode
}
