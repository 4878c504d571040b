/** What members had before, as far as it is to be believed. */
import type { TopicPartition } from '../../topic-partition.ts'
import { PartitionMap } from '../../topic-partition.ts'
import type { AssignableTopic, GroupMemberSubscription } from '../assignor.ts'
import { inHashOrder } from '../java-order.ts'

export const NO_GENERATION = -1

/** What one member says that it had, and in which generation; undefined: it doesn't say. */
export interface MemberClaim {
  readonly partitions: readonly TopicPartition[]
  readonly generationId: number | undefined
}

export interface Claims {
  /** In the order in which Java would look at them. */
  readonly members: readonly GroupMemberSubscription[]
  readonly claimOf: ReadonlyMap<string, MemberClaim>
  /** By member: what it had, of partitions that exist; no partition twice. */
  readonly owned: Map<string, TopicPartition[]>
  /** Claimed by several of the same generation: nobody keeps them. */
  readonly contested: PartitionMap<true>
  readonly newestGenerationId: number
  /** All want the same topics. */
  readonly isUniform: boolean
}

export function readClaims(
  subscriptions: readonly GroupMemberSubscription[],
  topics: readonly AssignableTopic[],
  readClaim: (member: GroupMemberSubscription) => MemberClaim,
): Claims {
  const members = inHashOrder(subscriptions, ({ memberId }) => memberId)
  const counts = new Map(topics.map(({ topic, partitionCount }) => [topic, partitionCount]))
  const claimOf = new Map(members.map((member) => [member.memberId, readClaim(member)]))
  const owned = new Map<string, TopicPartition[]>()
  const owners = new PartitionMap<GroupMemberSubscription>()
  const contested = new PartitionMap<true>()
  let newestGenerationId = NO_GENERATION
  for (const member of members) {
    const { partitions, generationId = NO_GENERATION } = claimOf.get(member.memberId)!
    newestGenerationId = Math.max(newestGenerationId, generationId)
    const mine: TopicPartition[] = []
    owned.set(member.memberId, mine)
    for (const each of partitions) {
      const { topic, partition } = each
      if (partition >= (counts.get(topic) ?? 0)) continue
      const other = owners.get(topic, partition)
      if (other === undefined) mine.push(each)
      else if (generationId < other.generationId) continue
      else {
        drop(owned.get(other.memberId)!, each)
        if (generationId === other.generationId) contested.set(topic, partition, true)
        else mine.push(each)
      }
      owners.set(topic, partition, member)
    }
  }
  return { members, claimOf, owned, contested, newestGenerationId, isUniform: isUniform(members) }
}

function isUniform(members: readonly GroupMemberSubscription[]): boolean {
  let first: ReadonlySet<string> = new Set()
  for (const { topics } of members) {
    if (first.size === 0) first = new Set(topics)
    else if (topics.length !== first.size || !topics.every((topic) => first.has(topic))) return false
  }
  return true
}

function drop(partitions: TopicPartition[], { topic, partition }: TopicPartition): void {
  const at = partitions.findIndex((each) => each.topic === topic && each.partition === partition)
  if (at >= 0) partitions.splice(at, 1)
}
