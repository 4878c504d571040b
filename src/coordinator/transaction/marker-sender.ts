/** The way out for the markers that end transactions: WriteTxnMarkers to the leaders of the partitions (KIP-98). */
import type { TopicPartition } from '../../log/log-manager-options.ts'

/** One transaction's end, for partitions that one broker leads. */
export interface TransactionMarker {
  readonly producerId: number
  readonly producerEpoch: number
  readonly isCommit: boolean
  /** Of the leader of the partition of __transaction_state that the transaction belongs to. */
  readonly coordinatorEpoch: number
  /** 2: the epoch was raised with the end of the transaction (KIP-890); 0: an older client's. */
  readonly transactionVersion: number
  readonly partitions: readonly TopicPartition[]
}

export interface MarkerSender {
  /**
   * Has `brokerId` write the markers. Resolves with an error code for each partition of each marker, in their order,
   * when all are written and replicated or have failed; it does not reject. A broker that can't be reached is
   * NETWORK_EXCEPTION for all of them: they are sent again.
   */
  send(brokerId: number, markers: readonly TransactionMarker[]): Promise<readonly (readonly number[])[]>
}
