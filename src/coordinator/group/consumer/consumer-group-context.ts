/** What operations on consumer groups work with: the parts of one shard. */
import type { ConsumerGroupTimes } from '../../../metadata/config/group-configs.ts'
import type { ShardContext } from '../../runtime/coordinator-shard.ts'
import type { GroupConfig } from '../group-config.ts'
import type { GroupRegistry } from '../group-registry.ts'
import type { Assignors } from './assignors/assignors.ts'
import type { ClusterTopics } from './cluster-topics.ts'
import type { GroupTopics } from './group-topics.ts'
import type { MemberDeadlines } from './member-deadlines.ts'

export interface ConsumerGroupContext {
  readonly shard: ShardContext
  readonly config: GroupConfig
  readonly timesOf: (groupId: string) => ConsumerGroupTimes
  readonly groups: GroupRegistry
  readonly assignors: Assignors
  readonly topics: ClusterTopics
  readonly groupTopics: GroupTopics
  readonly deadlines: MemberDeadlines
  /** The group is a classic one now, and has lost a member: it is to rebalance. */
  readonly onDowngraded: (groupId: string) => void
}
