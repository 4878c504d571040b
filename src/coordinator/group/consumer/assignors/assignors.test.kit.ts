/** Groups to assign for, small ones by hand and random ones, and what must hold of any assignment. */
import assert from 'node:assert/strict'
import type { Random } from '../../../../base/random.ts'
import { NO_PARTITIONS, partitionCountOf } from '../topic-partitions.ts'
import type { AssignmentProblem, Assignor, GroupAssignment, MemberToAssign } from './assignor.ts'

/** Topics by name with their numbers of partitions, members with their topics: `{m1: 'a b', m2: 'a'}`. */
export function problem(
  partitionCounts: Readonly<Record<string, number>>,
  members: Readonly<Record<string, string>>,
  last: GroupAssignment = new Map(),
): AssignmentProblem {
  return {
    partitionCounts: new Map(Object.entries(partitionCounts)),
    members: Object.entries(members).map(([memberId, topics]) => ({
      memberId,
      instanceId: null,
      topicIds: new Set(topics.split(' ').filter((topic) => topic !== '')),
      assigned: last.get(memberId) ?? NO_PARTITIONS,
    })),
  }
}

/** `m1: a0 a1 b0` for each member, those without partitions too. */
export function show(assignor: Assignor, given: AssignmentProblem): string[] {
  const result = assignor.assign(given)
  return given.members.map(({ memberId }) => {
    const partitions = [...(result.get(memberId) ?? NO_PARTITIONS)].sort(([a], [b]) => (a < b ? -1 : 1))
    const texts = partitions.flatMap(([topicId, numbers]) => numbers.map((number) => `${topicId}${number}`))
    return `${memberId}: ${texts.join(' ')}`.trim()
  })
}

export function randomProblem(random: Random, options: { isMixed: boolean }): AssignmentProblem {
  const topicIds = Array.from({ length: 1 + random.below(6) }, (_, i) => `t${i}`)
  const some = (): ReadonlySet<string> => new Set(topicIds.filter(() => random.below(3) > 0))
  const common = some()
  const members = Array.from({ length: 1 + random.below(8) }, (_, i) => ({
    memberId: `m${i}`,
    instanceId: random.below(4) === 0 ? `i${random.below(1000)}-${i}` : null,
    topicIds: options.isMixed ? some() : common,
    assigned: NO_PARTITIONS,
  }))
  return {
    members,
    partitionCounts: new Map(topicIds.map((topicId) => [topicId, 1 + random.below(12)])),
  }
}

/** The same group later: members came and went, topics grew, subscriptions changed. */
export function changed(
  random: Random,
  { members, partitionCounts }: AssignmentProblem,
  last: GroupAssignment,
  options: { isMixed: boolean },
): AssignmentProblem {
  const next = randomProblem(random, options)
  const counts = [...partitionCounts].map(
    ([topicId, count]) => [topicId, count + random.below(2) * random.below(3)] as const,
  )
  const stayed = members.filter(() => random.below(5) > 0)
  const came = next.members
    .slice(0, 1 + random.below(3))
    .map((member) => ({ ...member, memberId: `n${random.below(1 << 30)}` }))
  const common = next.members[0]!.topicIds
  const isResubscribed = random.below(4) === 0
  const topicIdsOf = (member: MemberToAssign): ReadonlySet<string> => {
    const topicIds = options.isMixed && isResubscribed ? member.topicIds : isResubscribed ? common : undefined
    const wanted = topicIds ?? (options.isMixed ? member.topicIds : members[0]!.topicIds)
    return new Set([...wanted].filter((topicId) => partitionCounts.has(topicId)))
  }
  return {
    members: [...came, ...stayed].map((member) => ({
      ...member,
      topicIds: topicIdsOf(member),
      assigned: last.get(member.memberId) ?? NO_PARTITIONS,
    })),
    partitionCounts: new Map(counts),
  }
}

/** What every assignor promises. */
export function checkAssignment(given: AssignmentProblem, result: GroupAssignment): void {
  const owners = new Map<string, string>()
  for (const { memberId, topicIds } of given.members) {
    for (const [topicId, partitions] of result.get(memberId) ?? NO_PARTITIONS) {
      assert.ok(topicIds.has(topicId), `${memberId} is subscribed to ${topicId}`)
      for (const partition of partitions) {
        const name = `${topicId}-${partition}`
        assert.ok(!owners.has(name), `${name} is given to ${owners.get(name)} and to ${memberId}`)
        owners.set(name, memberId)
        assert.ok(partition < given.partitionCounts.get(topicId)!, `${name} exists`)
      }
    }
  }
  const subscribed = new Set(given.members.flatMap(({ topicIds }) => [...topicIds]))
  const expected = [...subscribed].reduce((sum, topicId) => sum + given.partitionCounts.get(topicId)!, 0)
  assert.equal(owners.size, expected, 'every partition of a subscribed topic is given')
}

export function sizesOf(given: AssignmentProblem, result: GroupAssignment): number[] {
  return given.members.map(({ memberId }) => partitionCountOf(result.get(memberId) ?? NO_PARTITIONS))
}

/** Runs `check` with many seeds; a failure names its seed. */
export function forSeeds(count: number, check: (seed: number) => void): void {
  const given = process.env.SLUICE_SEED
  const seeds = given === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(given)]
  for (const seed of seeds) {
    try {
      check(seed)
    } catch (error) {
      throw new Error(`failed with SLUICE_SEED=${seed}`, { cause: error })
    }
  }
}
