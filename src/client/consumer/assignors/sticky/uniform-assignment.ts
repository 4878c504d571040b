/**
 * The sticky assignment of a group whose members all want the same topics, so that every partition can go to anybody.
 *
 * Each member gets the quota, or one more: as many of them as it takes to come out even. Members keep what they had, up to
 * that; what is left over goes round among those that have less.
 *
 * Invariants: `below` are the members under the lower quota; `at` those that have just that and may still get one more.
 */
import { assert } from '../../../../base/assert.ts'
import { PartitionMap, type TopicPartition } from '../../topic-partition.ts'
import type { AssignableTopic } from '../assignor.ts'
import { compare } from '../order.ts'
import type { Claims } from './claims.ts'
import type { RackMatches } from './rack-matches.ts'

export class UniformAssignment {
  readonly assigned = new Map<string, TopicPartition[]>()
  /** Partitions that go from one member to another, by the one that gets them. */
  readonly moved = new PartitionMap<{ readonly partition: TopicPartition; readonly memberId: string }>()
  readonly #claims: Claims
  readonly #racks: RackMatches
  readonly #quotaMin: number
  readonly #quotaMax: number
  /** How many members are to have more than the lower quota, and have it. */
  readonly #aboveCountMax: number
  #aboveCount = 0
  #below: string[] = []
  #at: string[] = []
  /** Taken from a member that had them; it may get them back. */
  readonly #released = new PartitionMap<string>()

  constructor(topics: readonly AssignableTopic[], claims: Claims, racks: RackMatches) {
    this.#claims = claims
    this.#racks = racks
    const all = [...topics]
      .sort((a, b) => compare(a.topic, b.topic))
      .flatMap(({ topic, partitionCount }) =>
        Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition })),
      )
    const memberCount = claims.members.length
    this.#quotaMin = Math.floor(all.length / memberCount)
    this.#quotaMax = Math.ceil(all.length / memberCount)
    this.#aboveCountMax = all.length % memberCount
    this.#keepOwned()
    const kept = new PartitionMap<true>()
    for (const partitions of this.assigned.values()) {
      for (const { topic, partition } of partitions) kept.set(topic, partition, true)
    }
    this.#below.sort(compare)
    this.#at.sort(compare)
    const free = racks.byMemberCount(all.filter(({ topic, partition }) => !kept.has(topic, partition)))
    this.#dealOut(racks.isActive ? this.#dealOutByRack(free) : free)
  }

  #keepOwned(): void {
    for (const { memberId } of this.#claims.members) {
      const owned = this.#keepable(memberId)
      let keptCount = this.#quotaMin
      if (owned.length < this.#quotaMin) {
        keptCount = owned.length
        this.#below.push(memberId)
      } else if (owned.length >= this.#quotaMax && this.#aboveCount < this.#aboveCountMax) {
        keptCount = this.#quotaMax
        this.#countAbove()
      } else if (this.#aboveCount < this.#aboveCountMax) this.#at.push(memberId)
      this.assigned.set(memberId, owned.slice(0, keptCount))
      for (const { topic, partition } of owned.slice(keptCount))
        this.#released.set(topic, partition, memberId)
    }
  }

  /** What the member had and may keep, in the order in which it keeps it. */
  #keepable(memberId: string): TopicPartition[] {
    const { owned, contested } = this.#claims
    const keepable: TopicPartition[] = []
    for (const each of owned.get(memberId)!) {
      const { topic, partition } = each
      if (this.#racks.isFar(memberId, each)) this.#released.set(topic, partition, memberId)
      else if (!contested.has(topic, partition)) keepable.push(each)
    }
    return keepable.sort((a, b) => a.partition - b.partition || compare(a.topic, b.topic))
  }

  /** Returns what found nobody close. */
  #dealOutByRack(free: readonly TopicPartition[]): TopicPartition[] {
    let turn = 0
    return free.filter((partition) => {
      const index = this.#nextClose(partition, this.#below, turn)
      if (index >= 0) {
        const memberId = this.#below[index]!
        const isAtQuota = this.#give(partition, memberId) >= this.#quotaMin
        if (isAtQuota) this.#leaveBelow(index)
        turn = this.#below.length === 0 ? 0 : (isAtQuota ? index : index + 1) % this.#below.length
        return false
      }
      const last = this.#nextClose(partition, this.#at, 0)
      if (last < 0) return true
      const [memberId] = this.#at.splice(last, 1)
      this.#give(partition, memberId!)
      this.#countAbove()
      return false
    })
  }

  /** The index of the next one from `first` on, all around; -1: nobody is close. */
  #nextClose(partition: TopicPartition, members: readonly string[], first: number): number {
    for (let i = 0; i < members.length; i++) {
      const index = (first + i) % members.length
      if (this.#racks.isClose(members[index]!, partition)) return index
    }
    return -1
  }

  #leaveBelow(index: number): void {
    const [memberId] = this.#below.splice(index, 1)
    if (this.#quotaMin < this.#quotaMax && this.#aboveCount < this.#aboveCountMax) this.#at.push(memberId!)
  }

  #dealOut(free: readonly TopicPartition[]): void {
    let turn = 0
    for (const partition of free) {
      if (this.#below.length === 0) {
        const memberId = this.#at.shift()
        assert(memberId !== undefined, 'there are more partitions than room for them')
        this.#give(partition, memberId)
        this.#aboveCount += 1
        continue
      }
      if (turn >= this.#below.length) turn = 0
      const memberId = this.#below[turn]!
      if (this.#give(partition, memberId) < this.#quotaMin) turn += 1
      else {
        this.#below.splice(turn, 1)
        this.#at.push(memberId)
      }
    }
  }

  #give(partition: TopicPartition, memberId: string): number {
    const partitions = this.assigned.get(memberId)!
    partitions.push(partition)
    const { topic, partition: number } = partition
    const former = this.#released.get(topic, number)
    if ((former !== undefined && former !== memberId) || this.#claims.contested.has(topic, number)) {
      this.moved.set(topic, number, { partition, memberId })
    }
    return partitions.length
  }

  /** When enough have more than the lower quota, those at it have what they get. */
  #countAbove(): void {
    this.#aboveCount += 1
    if (this.#aboveCount === this.#aboveCountMax) this.#at = []
  }
}
