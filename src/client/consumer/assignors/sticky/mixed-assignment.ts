/**
 * The sticky assignment of a group whose members want different topics.
 *
 * Members keep what they had and still may have. What is free goes, topics that few want first, to whoever has the
 * least. Then partitions move from members with more to members with less as long as that evens things out; if in the
 * end it has not, all stays as it was before these moves.
 */
import { assert } from '../../../../base/assert.ts'
import { PartitionMap, type TopicPartition } from '../../topic-partition.ts'
import type { AssignableTopic } from '../assignor.ts'
import { compare } from '../order.ts'
import { type Claims, NO_GENERATION } from './claims.ts'
import { MemberOrder } from './member-order.ts'
import { PartitionMovements } from './partition-movements.ts'
import type { RackMatches } from './rack-matches.ts'

export class MixedAssignment {
  readonly #claims: Claims
  readonly #racks: RackMatches
  readonly #topics: readonly AssignableTopic[]
  /** Of topics that exist. */
  readonly #wantedBy = new Map<string, ReadonlySet<string>>()
  readonly #subscribers = new Map<string, string[]>()
  readonly #counts = new Map<string, number>()
  readonly #owners = new PartitionMap<string>()
  readonly #order: MemberOrder
  readonly #movements = new PartitionMovements()
  /** Who had a partition in an older generation than the newest. */
  readonly #formerOwners: PartitionMap<string>
  #hasRevoked = false

  constructor(topics: readonly AssignableTopic[], claims: Claims, racks: RackMatches) {
    this.#claims = claims
    this.#racks = racks
    const existing = new Set(topics.map(({ topic }) => topic))
    for (const { topic } of topics) this.#subscribers.set(topic, [])
    for (const { memberId, topics: names } of claims.members) {
      const wanted = new Set(names.filter((name) => existing.has(name)))
      this.#wantedBy.set(memberId, wanted)
      this.#counts.set(memberId, 0)
      for (const name of wanted) this.#subscribers.get(name)!.push(memberId)
    }
    this.#topics = [...topics].sort(
      (a, b) =>
        this.#subscribers.get(a.topic)!.length - this.#subscribers.get(b.topic)!.length ||
        compare(a.topic, b.topic),
    )
    this.#order = new MemberOrder((memberId) => this.#count(memberId))
    this.#formerOwners = this.#readFormerOwners()
    this.#keepOwned()
    for (const { memberId } of claims.members) this.#order.add(memberId)
    this.#balance()
  }

  get assigned(): Map<string, TopicPartition[]> {
    const assigned = new Map<string, TopicPartition[]>()
    for (const { memberId } of this.#claims.members) assigned.set(memberId, [])
    for (const each of this.#partitions(this.#topics)) {
      const owner = this.#owners.get(each.topic, each.partition)
      if (owner !== undefined) assigned.get(owner)!.push(each)
    }
    return assigned
  }

  #count(memberId: string): number {
    return this.#counts.get(memberId)!
  }

  #wants(memberId: string, topic: string): boolean {
    return this.#wantedBy.get(memberId)!.has(topic)
  }

  #partitions(topics: readonly AssignableTopic[]): TopicPartition[] {
    return topics.flatMap(({ topic, partitionCount }) =>
      Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition })),
    )
  }

  // --- What is kept --------------------------------------------------------------------------------------------------

  #readFormerOwners(): PartitionMap<string> {
    const { members, claimOf, newestGenerationId } = this.#claims
    const former = new PartitionMap<{ memberId: string; generationId: number }>()
    for (const { memberId } of members) {
      const { partitions, generationId = NO_GENERATION } = claimOf.get(memberId)!
      if (generationId >= newestGenerationId) continue
      for (const { topic, partition } of partitions) {
        const other = former.get(topic, partition)
        if (other !== undefined && other.generationId >= generationId) continue
        former.set(topic, partition, { memberId, generationId })
      }
    }
    const owners = new PartitionMap<string>()
    for (const { topic, partition } of this.#partitions(this.#topics)) {
      const memberId = former.get(topic, partition)?.memberId
      // One that does not want the topic any more can't have it back.
      if (memberId !== undefined && this.#wants(memberId, topic)) owners.set(topic, partition, memberId)
    }
    return owners
  }

  #keepOwned(): void {
    for (const [memberId, partitions] of this.#claims.owned) {
      for (const each of partitions) {
        if (!this.#wants(memberId, each.topic) || this.#racks.isFar(memberId, each)) this.#hasRevoked = true
        else this.#own(each, memberId)
      }
    }
  }

  #own({ topic, partition }: TopicPartition, memberId: string): void {
    this.#owners.set(topic, partition, memberId)
    this.#counts.set(memberId, this.#count(memberId) + 1)
  }

  // --- Evening out ---------------------------------------------------------------------------------------------------

  #balance(): void {
    const isNew = this.#count(this.#order.most!) === 0
    const free = this.#partitions(this.#topics).filter(
      ({ topic, partition }) => !this.#owners.has(topic, partition),
    )
    const rest = this.#racks.isActive ? free.filter((each) => !this.#assign(each, true)) : free
    for (const each of rest) this.#assign(each, false)
    const movable = this.#topics.filter(({ topic }) => this.#subscribers.get(topic)!.length >= 2)
    for (const { memberId } of this.#claims.members) {
      if (!this.#mayChange(memberId)) this.#order.remove(memberId)
    }
    if (this.#order.least === undefined) return
    const before = this.#snapshot()
    const movableTopics = new Set(movable.map(({ topic }) => topic))
    if (!this.#hasRevoked) this.#moveAll(free.filter(({ topic }) => movableTopics.has(topic)))
    const hasMoved = this.#moveAll(this.#partitions(movable))
    if (!isNew && hasMoved && this.#unevenness(this.#counts) >= this.#unevenness(before.counts)) {
      this.#restore(before)
    }
  }

  /** To whoever wants it and has the least. */
  #assign(partition: TopicPartition, onlyClose: boolean): boolean {
    const memberId = this.#order.find(
      (each) => this.#wants(each, partition.topic) && !(onlyClose && this.#racks.isFar(each, partition)),
    )
    if (memberId === undefined) return false
    this.#order.remove(memberId)
    this.#own(partition, memberId)
    this.#order.add(memberId)
    return true
  }

  /** It doesn't have all that it wants, or something of it others want, too. */
  #mayChange(memberId: string): boolean {
    const wanted = this.#topics.filter(({ topic }) => this.#wants(memberId, topic))
    const countMax = wanted.reduce((sum, { partitionCount }) => sum + partitionCount, 0)
    if (this.#count(memberId) < countMax) return true
    return wanted.some(
      ({ topic, partitionCount }) => partitionCount > 0 && this.#subscribers.get(topic)!.length >= 2,
    )
  }

  /** Again and again, until nothing moves any more. */
  #moveAll(partitions: readonly TopicPartition[]): boolean {
    let hasMoved = false
    for (let isMoving = true; isMoving; ) {
      isMoving = false
      for (const each of partitions) {
        if (this.#isEven()) break
        if (this.#moveOnce(each)) isMoving = true
      }
      hasMoved ||= isMoving
    }
    return hasMoved
  }

  #moveOnce(partition: TopicPartition): boolean {
    const { topic } = partition
    const owner = this.#owners.get(topic, partition.partition)!
    const excess = this.#count(owner) - 1
    const former = this.#formerOwners.get(topic, partition.partition)
    if (former !== undefined && excess > this.#count(former)) {
      this.#move(partition, owner, former)
      return true
    }
    const hasLess = this.#subscribers.get(topic)!.some((memberId) => excess > this.#count(memberId))
    if (!hasLess) return false
    this.#move(partition, owner, this.#order.find((memberId) => this.#wants(memberId, topic))!)
    return true
  }

  /** The partition, or one that goes back where it came from in its place. */
  #move({ topic, partition }: TopicPartition, owner: string, to: string): void {
    const moved = {
      topic,
      partition: this.#movements.inPlaceOf({ topic, partition }, owner, to),
    }
    const from = this.#owners.get(topic, moved.partition)!
    this.#order.remove(from)
    if (from !== to) this.#order.remove(to)
    this.#movements.move(moved, from, to)
    this.#counts.set(from, this.#count(from) - 1)
    this.#own(moved, to)
    this.#order.add(to)
    if (from !== to) this.#order.add(from)
  }

  /** Nobody could get a partition from somebody who has at least two more. */
  #isEven(): boolean {
    const { least, most } = this.#order
    assert(least !== undefined && most !== undefined, 'there is nobody to move anything to')
    if (this.#count(least) >= this.#count(most) - 1) return true
    const largest = new Map<string, number>()
    for (const { topic, partitionCount } of this.#topics) {
      let count = 0
      for (let partition = 0; partition < partitionCount; partition++) {
        const owner = this.#owners.get(topic, partition)
        if (owner !== undefined) count = Math.max(count, this.#count(owner))
      }
      largest.set(topic, count)
    }
    return this.#order.all().every((memberId) => {
      for (const topic of this.#wantedBy.get(memberId)!) {
        if (this.#count(memberId) + 1 < largest.get(topic)!) return false
      }
      return true
    })
  }

  /** The differences between all pairs. Members that can't change add the same before and after. */
  #unevenness(counts: ReadonlyMap<string, number>): number {
    const all = this.#order.all().map((memberId) => counts.get(memberId)!)
    let sum = 0
    for (const [i, count] of all.entries()) {
      for (const other of all.slice(i + 1)) sum += Math.abs(count - other)
    }
    return sum
  }

  #snapshot(): { counts: Map<string, number>; owners: [TopicPartition, string][] } {
    const owners: [TopicPartition, string][] = []
    for (const each of this.#partitions(this.#topics)) {
      const owner = this.#owners.get(each.topic, each.partition)
      if (owner !== undefined) owners.push([each, owner])
    }
    return { counts: new Map(this.#counts), owners }
  }

  #restore({ counts, owners }: { counts: Map<string, number>; owners: [TopicPartition, string][] }): void {
    for (const [{ topic, partition }, owner] of owners) this.#owners.set(topic, partition, owner)
    for (const [memberId, count] of counts) this.#counts.set(memberId, count)
  }
}
