/** Which members are close to a replica of a partition, where that is to be looked at (KIP-881). */
import type { TopicPartition } from '../../topic-partition.ts'
import type { AssignableTopic, GroupMemberSubscription } from '../assignor.ts'
import { isRackAware } from '../racks.ts'

const NONE: readonly string[] = []

export class RackMatches {
  readonly isActive: boolean
  readonly #rackOf: ReadonlyMap<string, string>
  readonly #racksOf: ReadonlyMap<string, readonly (readonly string[])[]>
  readonly #memberCounts = new Map<string, number>()

  constructor(members: readonly GroupMemberSubscription[], topics: readonly AssignableTopic[]) {
    this.#rackOf = new Map(
      members.flatMap(({ memberId, rackId }) => (rackId === undefined ? [] : [[memberId, rackId]])),
    )
    this.#racksOf = new Map(topics.map(({ topic, racks }) => [topic, racks]))
    for (const rack of this.#rackOf.values()) {
      this.#memberCounts.set(rack, (this.#memberCounts.get(rack) ?? 0) + 1)
    }
    this.isActive = isRackAware(new Set(this.#rackOf.values()), topics)
  }

  /** Of the partition's replicas. */
  racksOf({ topic, partition }: TopicPartition): readonly string[] {
    return this.#racksOf.get(topic)?.[partition] ?? NONE
  }

  /** It says where it is, and there is a replica. */
  isClose(memberId: string, partition: TopicPartition): boolean {
    const rack = this.#rackOf.get(memberId)
    return rack !== undefined && this.racksOf(partition).includes(rack)
  }

  /** It should rather not have it. */
  isFar(memberId: string, partition: TopicPartition): boolean {
    return this.isActive && this.#rackOf.has(memberId) && !this.isClose(memberId, partition)
  }

  /** Those that few members are close to come first. */
  byMemberCount(partitions: readonly TopicPartition[]): TopicPartition[] {
    const countOf = (partition: TopicPartition): number =>
      this.racksOf(partition).reduce((sum, rack) => sum + (this.#memberCounts.get(rack) ?? 0), 0)
    return partitions
      .map((partition) => ({ partition, count: countOf(partition) }))
      .sort((a, b) => a.count - b.count)
      .map(({ partition }) => partition)
  }
}
