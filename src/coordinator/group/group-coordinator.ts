/**
 * The group coordinator of this broker: finds the partition of __consumer_offsets that a group belongs to, and lets the
 * runtime run what is asked on that partition's shard. Group ids are checked here, before any shard is looked for.
 */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import type { ConsumerGroupTimes } from '../../metadata/config/group-configs.ts'
import type { MetadataCache } from '../../metadata/metadata-cache.ts'
import { GROUP_METADATA_TOPIC } from '../../metadata/topic-names.ts'
import type { CompressionName } from '../../records/compression/codec.ts'
import type { CoordinatorLog } from '../runtime/coordinator-log.ts'
import { partitionFor } from '../runtime/coordinator-partition.ts'
import { CoordinatorRuntime } from '../runtime/coordinator-runtime.ts'
import type { TransactionVerifier } from '../transaction/transaction-verifier.ts'
import { ClusterTopics } from './consumer/cluster-topics.ts'
import { ConsumerMembership } from './consumer/consumer-membership.ts'
import { GroupAdmin } from './group-admin.ts'
import type { GroupConfig } from './group-config.ts'
import { GroupMembership } from './group-membership.ts'
import { GroupShard } from './group-shard.ts'
import { GroupOffsets } from './offsets/group-offsets.ts'

export interface GroupCoordinatorOptions {
  /** As in force now: to be read when it is needed. */
  readonly config: GroupConfig
  /** What a consumer group goes by; without it, all go by `config`. */
  readonly timesOf?: (groupId: string) => ConsumerGroupTimes
  readonly metadataCache: MetadataCache
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Of `offsets.topic.compression.codec`. */
  readonly compression: CompressionName
  readonly transactionVerifier?: TransactionVerifier | undefined
}

type OffsetsMarker = Parameters<CoordinatorRuntime<GroupShard>['completeTransaction']>[1]

export class GroupCoordinator {
  /** What is asked by the members of groups. */
  readonly membership: GroupMembership
  /** What is asked by the members of consumer groups, and about these. */
  readonly consumer: ConsumerMembership
  /** What is asked about groups, and for their deletion. */
  readonly admin: GroupAdmin
  /** What is asked of committed offsets. */
  readonly offsets: GroupOffsets
  readonly #config: GroupConfig
  readonly #metadataCache: MetadataCache
  readonly #runtime: CoordinatorRuntime<GroupShard>

  constructor(options: GroupCoordinatorOptions) {
    const { config, timesOf, metadataCache, clock, random, logger, compression } = options
    this.#config = config
    this.#metadataCache = metadataCache
    const topics = new ClusterTopics(metadataCache)
    this.#runtime = new CoordinatorRuntime({
      topic: GROUP_METADATA_TOPIC,
      newShard: (context) => new GroupShard(context, { config, timesOf, topics }),
      clock,
      random,
      logger,
      loadBufferBytes: config.offsetsLoadBufferBytes,
      compression,
    })
    const where = {
      runtime: this.#runtime,
      partitionOf: (groupId: string) => this.partitionOf(groupId),
    }
    this.membership = new GroupMembership({ ...where, config })
    this.consumer = new ConsumerMembership({ ...where, config })
    this.admin = new GroupAdmin(where)
    this.offsets = new GroupOffsets({
      ...where,
      transactionVerifier: options.transactionVerifier,
      isVerificationEnabled: () => config.transactionPartitionVerificationEnable,
    })
  }

  // --- Leadership ----------------------------------------------------------------------------------------------------

  onElection(partition: number, log: CoordinatorLog): void {
    this.#runtime.onElection(partition, log)
  }

  onResignation(partition: number): void {
    this.#runtime.onResignation(partition)
  }

  shutdown(): void {
    this.#runtime.shutdown()
  }

  /** A transaction that has commits in a partition of __consumer_offsets ended: its marker is written, and they count. */
  completeTransaction(partition: number, marker: OffsetsMarker): Promise<number> {
    return this.#runtime.completeTransaction(partition, marker)
  }

  /** The partition of __consumer_offsets that a group belongs to. */
  partitionOf(groupId: string): number {
    const partitionCount = this.#metadataCache.topic(GROUP_METADATA_TOPIC)?.partitions.size
    return partitionFor(groupId, partitionCount ?? this.#config.offsetsTopicNumPartitions)
  }
}
