/**
 * The groups and offsets that one partition of __consumer_offsets stands for. Each kind of record has an owner, told by
 * the version of its key: offsets, classic groups, consumer groups. The owners share the registry of groups.
 */
import { type ConsumerGroupTimes, consumerGroupTimes } from '../../metadata/config/group-configs.ts'
import { DecodeError } from '../../wire/reader.ts'
import type { ProducerIdentity } from '../runtime/coordinator-log.ts'
import { type CoordinatorRecord, recordVersion } from '../runtime/coordinator-record.ts'
import type { CoordinatorShard, RecordOrigin, ShardContext } from '../runtime/coordinator-shard.ts'
import { ClassicGroups } from './classic/classic-groups.ts'
import { assignorsOf } from './consumer/assignors/assignors.ts'
import type { ClusterTopics } from './consumer/cluster-topics.ts'
import { isConsumerGroupRecord } from './consumer/consumer-group-records.ts'
import { ConsumerGroups } from './consumer/consumer-groups.ts'
import type { GroupConfig } from './group-config.ts'
import { GroupRegistry } from './group-registry.ts'
import { OffsetExpiry } from './offsets/offset-expiry.ts'
import { OffsetManager } from './offsets/offset-manager.ts'

/** Versions of keys. */
const OFFSET_COMMIT_0 = 0
const OFFSET_COMMIT = 1
const GROUP_METADATA = 2

/** What the shards of all partitions share. */
const NO_CONFIGS: ReadonlyMap<string, string> = new Map()

export interface GroupShardOptions {
  readonly config: GroupConfig
  readonly timesOf?: ((groupId: string) => ConsumerGroupTimes) | undefined
  readonly topics: ClusterTopics
}

export class GroupShard implements CoordinatorShard {
  readonly groups: GroupRegistry
  readonly classic: ClassicGroups
  readonly consumer: ConsumerGroups
  readonly offsets: OffsetManager
  readonly #expiry: OffsetExpiry

  constructor(context: ShardContext, options: GroupShardOptions) {
    const { config, topics, timesOf = () => consumerGroupTimes(NO_CONFIGS, config) } = options
    const { clock, logger, timers } = context
    this.groups = new GroupRegistry(clock)
    this.classic = new ClassicGroups(context, config, this.groups)
    this.consumer = new ConsumerGroups({
      shard: context,
      config,
      timesOf,
      groups: this.groups,
      assignors: assignorsOf(config.groupConsumerAssignors),
      topics,
      onDowngraded: (groupId) => this.classic.rebalanceDowngraded(groupId),
    })
    this.offsets = new OffsetManager({ config, groups: this.groups, clock, logger })
    this.#expiry = new OffsetExpiry({
      offsets: this.offsets,
      groups: this.groups,
      timers,
      checkIntervalMs: config.offsetsRetentionCheckIntervalMs,
      logger,
    })
  }

  replay(record: CoordinatorRecord, origin: RecordOrigin): void {
    const version = recordVersion(record.key)
    switch (version) {
      case OFFSET_COMMIT_0:
      case OFFSET_COMMIT:
        this.offsets.replay(record, origin)
        break
      case GROUP_METADATA:
        this.classic.replay(record)
        break
      default:
        if (!isConsumerGroupRecord(version)) throw new DecodeError(`a record of the unknown type ${version}`)
        this.consumer.replay(record)
    }
  }

  replayEndTransaction(producer: ProducerIdentity, isCommit: boolean): void {
    this.offsets.replayEndTransaction(producer, isCommit)
  }

  onLoaded(): void {
    this.classic.onLoaded()
    this.consumer.onLoaded()
    this.#expiry.start()
  }

  onUnloaded(errorCode: number): void {
    this.classic.onUnloaded(errorCode)
    this.consumer.onUnloaded()
  }
}
