/** The random groups of test/fixtures/assignors/Assignments.java, made again: keep both in step. */
import { Dice } from '../../dice.test.kit.ts'
import type { TopicPartition } from '../topic-partition.ts'
import type { AssignableTopic, AssignmentInput, GroupMemberSubscription } from './assignor.ts'
import { encodeClaim } from './sticky-assignor.ts'

const NEWEST = 5

interface Member {
  readonly id: string
  readonly instanceId: string | undefined
  readonly rack: string | undefined
  readonly topics: string[]
  readonly owned: TopicPartition[]
  generation: number
  tellsGeneration: boolean
}

export interface RandomGroup {
  readonly topics: readonly AssignableTopic[]
  readonly members: readonly Member[]
}

export function randomGroup(seed: number): RandomGroup {
  const dice = new Dice(seed)
  const isLarge = dice.next(10) === 0
  const counts = Array.from({ length: 1 + dice.next(4) }, () => 1 + dice.next(isLarge ? 40 : 9))
  const hasRacks = dice.next(3) === 0
  const topics = counts.map((partitionCount, index) => ({
    topic: `topic-${index}`,
    partitionCount,
    racks: randomRacks(dice, partitionCount, hasRacks),
  }))
  const members = randomMembers(dice, topics, { isLarge, hasRacks })
  if (dice.next(3) > 0) claimAtRandom(dice, topics, members)
  return { topics, members }
}

function randomRacks(dice: Dice, partitionCount: number, hasRacks: boolean): string[][] {
  const rackCount = 1 + dice.next(3)
  return Array.from({ length: partitionCount }, () => {
    const racks = new Set<string>()
    for (let r = 0; r < rackCount && hasRacks; r++) racks.add(`rack-${dice.next(4)}`)
    return [...racks]
  })
}

function randomMembers(
  dice: Dice,
  topics: readonly AssignableTopic[],
  { isLarge, hasRacks }: { isLarge: boolean; hasRacks: boolean },
): Member[] {
  const memberCount = isLarge ? 13 + dice.next(14) : 1 + dice.next(6)
  const isStatic = dice.next(4) === 0
  const kind = dice.next(3)
  return Array.from({ length: memberCount }, (_, m): Member => {
    const id = `member-${dice.next(65536)}-${m}`
    const instanceId = isStatic && dice.next(3) > 0 ? `instance-${dice.next(100)}-${m}` : undefined
    const rack = hasRacks && dice.next(5) > 0 ? `rack-${dice.next(4)}` : undefined
    const wanted = topics.map(({ topic }) => topic).filter(() => kind !== 1 || dice.next(2) === 0)
    if (kind === 2) wanted.push('missing')
    return { id, instanceId, rack, topics: wanted, owned: [], generation: -1, tellsGeneration: true }
  })
}

function claimAtRandom(dice: Dice, topics: readonly AssignableTopic[], members: readonly Member[]): void {
  for (const member of members) {
    const luck = dice.next(8)
    member.generation = luck === 0 ? -1 : luck === 1 ? NEWEST - 1 : luck === 2 ? NEWEST - 2 : NEWEST
    member.tellsGeneration = member.generation >= 0 || dice.next(2) === 0
  }
  for (const { topic, partitionCount } of topics) {
    for (let partition = 0; partition < partitionCount; partition++) {
      const claimCount = dice.next(12) === 0 ? 2 : dice.next(5) === 0 ? 0 : 1
      for (let c = 0; c < claimCount; c++) {
        const member = members[dice.next(members.length)]!
        const isWanted = member.topics.includes(topic)
        const mayClaim = isWanted || (member.generation === NEWEST && dice.next(4) === 0)
        const isClaimed = member.owned.some((each) => each.topic === topic && each.partition === partition)
        if (mayClaim && !isClaimed) member.owned.push({ topic, partition })
      }
    }
  }
}

/** As the members of the group say it where this assignor has been chosen. */
export function inputFor(assignorName: string, { topics, members }: RandomGroup): AssignmentInput {
  const wanted = new Set(members.flatMap((member) => member.topics))
  return {
    topics: topics.filter(({ topic }) => wanted.has(topic)),
    members: members.map((member): GroupMemberSubscription => {
      const claim = encodeClaim(member.owned, member.generation)
      return {
        memberId: member.id,
        groupInstanceId: member.instanceId,
        topics: member.topics,
        ownedPartitions: assignorName === 'cooperative-sticky' ? member.owned : [],
        generationId: member.generation,
        rackId: member.rack,
        userData:
          assignorName !== 'sticky'
            ? null
            : member.tellsGeneration
              ? claim
              : claim.subarray(0, claim.length - 4),
      }
    }),
  }
}

/** As the Java program prints an assignment. */
export function assignmentText(assignment: ReadonlyMap<string, readonly TopicPartition[]>): string {
  return [...assignment]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([memberId, partitions]) => {
      const names = [...partitions]
        .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
        .map(({ topic, partition }) => `${topic}-${partition}`)
      return `${memberId}[${names.join(', ')}]\n`
    })
    .join('')
}
