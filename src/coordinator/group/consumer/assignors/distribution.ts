/** An assignment in the making: who has each partition, and how many everyone has. Members are known by their index. */
import { assert } from '../../../../base/assert.ts'
import type { GroupAssignment, MemberToAssign } from './assignor.ts'
import { compareText } from './assignor.ts'

const NOBODY = -1

export class Distribution {
  readonly #members: readonly MemberToAssign[]
  /** Indices of members by topic and partition. */
  readonly #owners = new Map<string, Int32Array>()
  readonly #sizes: Int32Array
  readonly partitionCount: number

  constructor(members: readonly MemberToAssign[], partitionCounts: ReadonlyMap<string, number>) {
    this.#members = members
    this.#sizes = new Int32Array(members.length)
    let partitionCount = 0
    const topicIds = new Set(members.flatMap((member) => [...member.topicIds]))
    for (const topicId of [...topicIds].sort(compareText)) {
      const count = partitionCounts.get(topicId)
      assert(count !== undefined, `the assigned topic ${topicId} exists`)
      this.#owners.set(topicId, new Int32Array(count).fill(NOBODY))
      partitionCount += count
    }
    this.partitionCount = partitionCount
  }

  /** Sorted. */
  topicIds(): string[] {
    return [...this.#owners.keys()]
  }

  partitionCountOf(topicId: string): number {
    return this.#owners.get(topicId)!.length
  }

  sizeOf(member: number): number {
    return this.#sizes[member]!
  }

  takeIfFree(topicId: string, partition: number, member: number): void {
    const owners = this.#owners.get(topicId)!
    if (owners[partition] !== NOBODY) return
    owners[partition] = member
    this.#sizes[member]!++
  }

  move(topicId: string, partition: number, to: number): void {
    const owners = this.#owners.get(topicId)!
    this.#sizes[owners[partition]!]!--
    this.#sizes[to]!++
    owners[partition] = to
  }

  /** Partitions of the topic that nobody has, ascending. */
  unassigned(topicId: string): number[] {
    const owners = this.#owners.get(topicId)!
    return [...owners.keys()].filter((partition) => owners[partition] === NOBODY)
  }

  /** Partitions of a topic by the member that has them, ascending. */
  holdingsOf(topicId: string): Map<number, number[]> {
    const holdings = new Map<number, number[]>()
    this.#owners.get(topicId)!.forEach((owner, partition) => {
      const known = holdings.get(owner)
      if (known === undefined) holdings.set(owner, [partition])
      else known.push(partition)
    })
    return holdings
  }

  toAssignment(): GroupAssignment {
    const result = new Map(this.#members.map(({ memberId }) => [memberId, new Map<string, number[]>()]))
    for (const [topicId, owners] of this.#owners) {
      owners.forEach((owner, partition) => {
        assert(owner !== NOBODY, `partition ${partition} of ${topicId} has a member`)
        const ofMember = result.get(this.#members[owner]!.memberId)!
        const known = ofMember.get(topicId)
        if (known === undefined) ofMember.set(topicId, [partition])
        else known.push(partition)
      })
    }
    return result
  }
}
