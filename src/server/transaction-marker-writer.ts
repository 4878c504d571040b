/**
 * Writes the markers that end transactions to partitions led here, whether a coordinator elsewhere asks for it
 * (WriteTxnMarkers) or the one on this broker.
 *
 * Every partition answers for itself, when its marker is written and replicated. A marker for a producer without an open
 * transaction on the partition changes nothing that readers see. In __consumer_offsets a transaction holds commits that
 * count from its marker on, so there the group coordinator writes it.
 */
import type { Clock } from '../base/clock.ts'
import type { GroupCoordinator } from '../coordinator/group/group-coordinator.ts'
import type { MarkerSender, TransactionMarker } from '../coordinator/transaction/marker-sender.ts'
import type { TopicPartition } from '../log/log-manager-options.ts'
import { GROUP_METADATA_TOPIC } from '../metadata/topic-names.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { buildEndTransactionMarker } from '../records/record-batch-builder.ts'
import type { Partition } from '../replica/partition.ts'
import type { ReplicaManager } from '../replica/replica-manager.ts'

export interface TransactionMarkerWriterOptions {
  readonly brokerId: number
  readonly replicaManager: ReplicaManager
  readonly groupCoordinator: Pick<GroupCoordinator, 'completeTransaction'>
  readonly clock: Clock
  /** How long a marker may take to be replicated. */
  readonly timeoutMs: number
}

export class TransactionMarkerWriter implements MarkerSender {
  readonly #options: TransactionMarkerWriterOptions

  constructor(options: TransactionMarkerWriterOptions) {
    this.#options = options
  }

  /** As the way out for this broker's coordinator: it knows no other broker than itself. */
  send(brokerId: number, markers: readonly TransactionMarker[]): Promise<number[][]> {
    if (brokerId === this.#options.brokerId) return this.write(markers)
    return Promise.resolve(markers.map(({ partitions }) => partitions.map(() => ErrorCode.NETWORK_EXCEPTION)))
  }

  /** An error code for each partition of each marker, in their order. */
  write(markers: readonly TransactionMarker[]): Promise<number[][]> {
    return Promise.all(
      markers.map((marker) =>
        Promise.all(marker.partitions.map((partition) => this.#writeOne(marker, partition))),
      ),
    )
  }

  async #writeOne(marker: TransactionMarker, { topic, partition: index }: TopicPartition): Promise<number> {
    const partition = this.#options.replicaManager.partition(topic, index)
    if (partition === undefined || partition.role === 'offline') return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    if (topic !== GROUP_METADATA_TOPIC) return this.#append(marker, partition)
    const errorCode = await this.#options.groupCoordinator.completeTransaction(index, marker)
    switch (errorCode) {
      // A transaction coordinator knows nothing of other coordinators: it looks for the leader anew.
      case ErrorCode.COORDINATOR_NOT_AVAILABLE:
      case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
      case ErrorCode.NOT_COORDINATOR:
        return ErrorCode.NOT_LEADER_OR_FOLLOWER
      default:
        return errorCode
    }
  }

  async #append(marker: TransactionMarker, partition: Partition): Promise<number> {
    const { replicaManager, clock, timeoutMs } = this.#options
    if (!partition.isLeader) return partition.unavailability
    if (partition.isUnderMinIsr) return ErrorCode.NOT_ENOUGH_REPLICAS
    const { producerId, producerEpoch, isCommit, coordinatorEpoch, transactionVersion } = marker
    const batch = buildEndTransactionMarker({
      committed: isCommit,
      producerId,
      producerEpoch,
      coordinatorEpoch,
      timestampMs: clock.nowMs(),
    })
    const { term } = partition
    return new Promise((resolve) => {
      const onAppendDone = (): void =>
        replicaManager.awaitReplication([{ partition, outcome, term }], timeoutMs, () =>
          resolve(outcome.errorCode),
        )
      const outcome = replicaManager.append(partition, batch, {
        origin: 'coordinator',
        waiter: { onAppendDone },
        transactionVersion,
      })
      if (outcome.errorCode !== ErrorCode.NONE) resolve(outcome.errorCode)
    })
  }
}
