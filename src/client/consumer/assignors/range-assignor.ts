/**
 * `range`: of each topic every member gets a stretch of partitions, the first members one more where it doesn't come out
 * even. Topics with equally many partitions and the same members are divided alike, so who reads partition 3 of one of
 * them reads partition 3 of the others.
 *
 * Where racks matter (KIP-881), partitions go first to members on a rack with a replica, within each member's share.
 */
import type { TopicPartition } from '../topic-partition.ts'
import type {
  AssignableTopic,
  AssignmentInput,
  GroupMemberSubscription,
  PartitionAssignor,
} from './assignor.ts'
import { compare, inMemberOrder } from './order.ts'
import { isRackAware } from './racks.ts'

export class RangeAssignor implements PartitionAssignor {
  readonly name = 'range'

  assign({ topics, members }: AssignmentInput): Map<string, TopicPartition[]> {
    const assigned = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]))
    const shares = topics.map((topic) => new TopicShares(topic, members, assigned))
    if (shares.some(({ isRackAware }) => isRackAware)) {
      for (const alike of groupedBy(shares, ({ kind }) => kind)) assignByRack(alike)
    }
    for (const share of shares) share.assignRanges(() => true)
    for (const partitions of assigned.values()) {
      partitions.sort((a, b) => compare(a.topic, b.topic) || a.partition - b.partition)
    }
    return assigned
  }
}

/** One topic: what is left of it, and what each of its members may still get. */
class TopicShares {
  readonly topic: AssignableTopic
  readonly members: readonly GroupMemberSubscription[]
  readonly isRackAware: boolean
  /** Some member says where it is. */
  readonly hasRacks: boolean
  /** Of topics that are to be divided alike it is the same. */
  readonly kind: string
  readonly #assigned: Map<string, TopicPartition[]>
  readonly #left: Set<number>
  readonly #counts = new Map<string, number>()
  readonly #base: number
  #extraCount: number

  constructor(
    topic: AssignableTopic,
    members: readonly GroupMemberSubscription[],
    assigned: Map<string, TopicPartition[]>,
  ) {
    this.topic = topic
    this.members = inMemberOrder(members.filter(({ topics }) => topics.includes(topic.topic)))
    this.#assigned = assigned
    this.#left = new Set()
    for (let partition = 0; partition < topic.partitionCount; partition++) this.#left.add(partition)
    const memberCount = this.members.length
    this.#base = memberCount === 0 ? 0 : Math.floor(topic.partitionCount / memberCount)
    this.#extraCount = memberCount === 0 ? 0 : topic.partitionCount % memberCount
    const racks = new Set(this.members.flatMap(({ rackId }) => rackId ?? []))
    this.isRackAware = isRackAware(racks, [topic])
    this.hasRacks = racks.size > 0
    this.kind = JSON.stringify([topic.partitionCount, this.members.map(({ memberId }) => memberId)])
  }

  room({ memberId }: GroupMemberSubscription): number {
    return this.#base + (this.#extraCount > 0 ? 1 : 0) - (this.#counts.get(memberId) ?? 0)
  }

  isClose({ rackId }: GroupMemberSubscription, partition: number): boolean {
    return rackId === undefined || (this.topic.racks[partition]?.includes(rackId) ?? false)
  }

  assign({ memberId }: GroupMemberSubscription, partitions: readonly number[]): void {
    const count = (this.#counts.get(memberId) ?? 0) + partitions.length
    this.#counts.set(memberId, count)
    if (count > this.#base) this.#extraCount -= 1
    for (const partition of partitions) {
      this.#left.delete(partition)
      this.#assigned.get(memberId)!.push({ topic: this.topic.topic, partition })
    }
  }

  assignRanges(isMeant: (member: GroupMemberSubscription, partition: number) => boolean): void {
    for (const member of this.members) {
      const room = Math.max(0, this.room(member))
      const partitions = [...this.#left].filter((partition) => isMeant(member, partition)).slice(0, room)
      if (partitions.length > 0) this.assign(member, partitions)
    }
  }
}

/** Topics that are to be divided alike. */
function assignByRack(shares: readonly TopicShares[]): void {
  const [first] = shares
  if (shares.length === 1) {
    if (first!.isRackAware) first!.assignRanges((member, partition) => first!.isClose(member, partition))
    return
  }
  if (!first!.hasRacks) return
  let open = first!.members
  for (let partition = 0; partition < first!.topic.partitionCount && open.length > 0; partition++) {
    const fitting = open.find((member) =>
      shares.every((share) => share.isClose(member, partition) && share.room(member) > 0),
    )
    if (fitting === undefined) continue
    for (const share of shares) share.assign(fitting, [partition])
    if (!shares.some((share) => share.room(fitting) > 0)) open = open.filter((member) => member !== fitting)
  }
}

function groupedBy<Each>(all: readonly Each[], keyOf: (each: Each) => string): Each[][] {
  const groups = new Map<string, Each[]>()
  for (const each of all) {
    const group = groups.get(keyOf(each))
    if (group === undefined) groups.set(keyOf(each), [each])
    else group.push(each)
  }
  return [...groups.values()]
}
