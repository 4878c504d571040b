/**
 * The groups and offsets that one partition of __consumer_offsets stands for. Each kind of record has an owner, told by
 * the version of its key: offsets, classic groups, consumer groups. The owners share the registry of groups.
 */
import type { MetadataCache } from '../../metadata/metadata-cache.ts'
import { DecodeError } from '../../wire/reader.ts'
import type { ProducerIdentity } from '../runtime/coordinator-log.ts'
import { type CoordinatorRecord, recordVersion } from '../runtime/coordinator-record.ts'
import type { CoordinatorShard, RecordOrigin, ShardContext } from '../runtime/coordinator-shard.ts'
import { ClassicGroups } from './classic/classic-groups.ts'
import type { GroupConfig } from './group-config.ts'
import { GroupRegistry } from './group-registry.ts'

/** Versions of keys. */
const GROUP_METADATA = 2

/** What the shards of all partitions share. */
export interface GroupShardOptions {
  readonly config: GroupConfig
  readonly metadataCache: MetadataCache
}

export class GroupShard implements CoordinatorShard {
  readonly groups = new GroupRegistry()
  readonly classic: ClassicGroups

  constructor(context: ShardContext, { config }: GroupShardOptions) {
    this.classic = new ClassicGroups(context, config, this.groups)
  }

  replay(record: CoordinatorRecord, _origin: RecordOrigin): void {
    const version = recordVersion(record.key)
    switch (version) {
      case GROUP_METADATA:
        return this.classic.replay(record)
      default:
        throw new DecodeError(`a record of the unknown type ${version}`)
    }
  }

  replayEndTransaction(_producer: ProducerIdentity, _isCommit: boolean): void {}

  onLoaded(): void {
    this.classic.onLoaded()
  }

  onUnloaded(errorCode: number): void {
    this.classic.onUnloaded(errorCode)
  }
}
