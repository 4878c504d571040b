/**
 * The coordinators of this broker, and what ties them to its partitions: whoever leads a partition of an internal topic
 * coordinates what is kept in it.
 */
import type { Clock } from '../base/clock.ts'
import type { LoggerFactory } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import { GroupCoordinator } from '../coordinator/group/group-coordinator.ts'
import type { ProducerIdManager } from '../coordinator/transaction/producer-id-manager.ts'
import { TransactionCoordinator } from '../coordinator/transaction/transaction-coordinator.ts'
import {
  LocalTransactionVerifier,
  type TransactionVerifier,
} from '../coordinator/transaction/transaction-verifier.ts'
import type { BrokerConfig } from '../metadata/config/broker-config.ts'
import { consumerGroupTimes } from '../metadata/config/group-configs.ts'
import type { ConfigRepository } from '../metadata/config-repository.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'
import { sanitize } from '../metadata/sanitizer.ts'
import { GROUP_METADATA_TOPIC, TRANSACTION_STATE_TOPIC } from '../metadata/topic-names.ts'
import { codecById } from '../records/compression/codec.ts'
import type { Partition } from '../replica/partition.ts'
import type { ReplicaManager } from '../replica/replica-manager.ts'
import { TransactionMarkerWriter } from '../server/transaction-marker-writer.ts'
import { PartitionCoordinatorLog } from './partition-coordinator-log.ts'

export interface CoordinatorsOptions {
  readonly brokerId: number
  /** As in force now. */
  readonly config: BrokerConfig
  readonly configRepository: ConfigRepository
  readonly clock: Clock
  readonly random: Random
  readonly loggerFor: LoggerFactory
  readonly metadataCache: MetadataCache
  readonly replicaManager: ReplicaManager
  readonly producerIds: ProducerIdManager
}

export class Coordinators {
  readonly group: GroupCoordinator
  readonly transaction: TransactionCoordinator
  readonly transactionVerifier: TransactionVerifier
  readonly transactionMarkers: TransactionMarkerWriter
  readonly #options: CoordinatorsOptions

  constructor(options: CoordinatorsOptions) {
    const { brokerId, config, configRepository, clock, random, loggerFor, metadataCache, replicaManager } =
      options
    this.#options = options
    this.transaction = new TransactionCoordinator({
      brokerId,
      config,
      metadataCache,
      producerIds: options.producerIds,
      markerSender: { send: (receiverId, markers) => this.transactionMarkers.send(receiverId, markers) },
      clock,
      random,
      loggerFor,
    })
    this.transactionVerifier = new LocalTransactionVerifier({ coordinator: this.transaction, clock, config })
    this.group = new GroupCoordinator({
      config,
      timesOf: (groupId) => consumerGroupTimes(configRepository.get('groups', sanitize(groupId)), config),
      metadataCache,
      clock,
      random,
      logger: loggerFor('kafka.coordinator.group.GroupCoordinator'),
      compression: codecById(config.offsetsTopicCompressionCodec)?.name ?? 'none',
      transactionVerifier: this.transactionVerifier,
    })
    this.transactionMarkers = new TransactionMarkerWriter({
      brokerId,
      replicaManager,
      groupCoordinator: this.group,
      clock,
      timeoutMs: config.requestTimeoutMs,
    })
  }

  /** Of the replica manager: a partition has another role than before, or leads in a new epoch. */
  onRoleChange(partition: Partition): void {
    const coordinator = this.#coordinatorOf(partition.topic)
    if (coordinator === undefined) return
    if (!partition.isLeader) {
      coordinator.onResignation(partition.index)
      return
    }
    const { replicaManager, config } = this.#options
    const timeoutMs = config.offsetsCommitTimeoutMs
    coordinator.onElection(
      partition.index,
      new PartitionCoordinatorLog({ replicaManager, partition, timeoutMs }),
    )
  }

  /** Everyone who waits is answered: the broker is about to stop. */
  shutdown(): void {
    this.group.shutdown()
    this.transaction.shutdown()
  }

  #coordinatorOf(topic: string): GroupCoordinator | TransactionCoordinator | undefined {
    switch (topic) {
      case GROUP_METADATA_TOPIC:
        return this.group
      case TRANSACTION_STATE_TOPIC:
        return this.transaction
      default:
        return undefined
    }
  }
}
