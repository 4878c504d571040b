/** The classic groups of one shard: their requests, their timers, and the records that they are rebuilt from. */
import type { CoordinatorRecord } from '../../runtime/coordinator-record.ts'
import type { ShardContext } from '../../runtime/coordinator-shard.ts'
import type { GroupConfig } from '../group-config.ts'
import type { GroupRegistry } from '../group-registry.ts'

export class ClassicGroups {
  readonly #groups: GroupRegistry

  constructor(_context: ShardContext, _config: GroupConfig, groups: GroupRegistry) {
    this.#groups = groups
  }

  /** A record of GroupMetadata. Throws DecodeError. */
  replay(_record: CoordinatorRecord): void {
    void this.#groups
  }

  onLoaded(): void {}

  onUnloaded(_errorCode: number): void {}
}
