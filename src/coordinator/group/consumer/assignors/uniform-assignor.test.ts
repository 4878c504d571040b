import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimRandom } from '../../../../simulator/sim-random.ts'
import { intersection, NO_PARTITIONS, partitionCountOf } from '../topic-partitions.ts'
import type { AssignmentProblem, GroupAssignment } from './assignor.ts'
import {
  changed,
  checkAssignment,
  forSeeds,
  problem,
  randomProblem,
  show,
  sizesOf,
} from './assignors.test.kit.ts'
import { UniformAssignor } from './uniform-assignor.ts'

test('members of the same subscription get equally many partitions, over all topics', () => {
  const given = problem({ a: 3, b: 4 }, { m1: 'a b', m2: 'a b', m3: 'a b' })
  assert.deepEqual(show(UniformAssignor, given), ['m1: a0 a1 a2', 'm2: b0 b1', 'm3: b2 b3'])
})

test('a member that joins gets what is too much with the others, and nothing else moves', () => {
  const first = UniformAssignor.assign(problem({ a: 6 }, { m1: 'a', m2: 'a' }))
  const given = problem({ a: 6 }, { m0: 'a', m1: 'a', m2: 'a' }, first)
  assert.deepEqual(show(UniformAssignor, given), ['m0: a2 a5', 'm1: a0 a1', 'm2: a3 a4'])
})

test('the partitions of a member that left go to those that stay, who keep theirs', () => {
  const first = UniformAssignor.assign(problem({ a: 6 }, { m1: 'a', m2: 'a', m3: 'a' }))
  const given = problem({ a: 6 }, { m1: 'a', m3: 'a' }, first)
  assert.deepEqual(show(UniformAssignor, given), ['m1: a0 a1 a2', 'm3: a3 a4 a5'])
})

test('where it does not come out even, those who have more keep it', () => {
  const last: GroupAssignment = new Map([
    ['m1', new Map([['a', [4]]])],
    ['m2', new Map([['a', [0, 1, 2]]])],
  ])
  const given = problem({ a: 5 }, { m1: 'a', m2: 'a' }, last)
  assert.deepEqual(show(UniformAssignor, given), ['m1: a3 a4', 'm2: a0 a1 a2'])
})

test('partitions and topics that are no more, or no longer subscribed to, are not kept', () => {
  const last: GroupAssignment = new Map([
    [
      'm1',
      new Map([
        ['a', [0, 9]],
        ['gone', [0]],
      ]),
    ],
  ])
  assert.deepEqual(show(UniformAssignor, problem({ a: 2 }, { m1: 'a' }, last)), ['m1: a0 a1'])
})

test('a partition that the last assignment gave to two members is given to one', () => {
  const last: GroupAssignment = new Map([
    ['m1', new Map([['a', [0]]])],
    ['m2', new Map([['a', [0]]])],
  ])
  assert.deepEqual(show(UniformAssignor, problem({ a: 2 }, { m1: 'a', m2: 'a' }, last)), ['m1: a0', 'm2: a1'])
})

test('with mixed subscriptions a topic goes to those who have least of others', () => {
  const given = problem({ a: 3, b: 4 }, { m1: 'a', m2: 'a b' })
  assert.deepEqual(show(UniformAssignor, given), ['m1: a0 a1 a2', 'm2: b0 b1 b2 b3'])
})

test('with mixed subscriptions partitions move from those who became too large', () => {
  const first = UniformAssignor.assign(problem({ a: 6, b: 2 }, { m1: 'a b', m2: 'b' }))
  const given = problem({ a: 6, b: 2 }, { m1: 'a b', m2: 'b', m3: 'a' }, first)
  assert.deepEqual(show(UniformAssignor, given), ['m1: a0 a1 a2', 'm2: b0 b1', 'm3: a3 a4 a5'])
})

test('a group without members, and members without topics, get nothing', () => {
  assert.deepEqual([...UniformAssignor.assign(problem({}, {}))], [])
  assert.deepEqual(show(UniformAssignor, problem({ a: 2 }, { m1: '', m2: '' })), ['m1:', 'm2:'])
})

test('with the same subscriptions: every partition once, sizes within one, as few moves as balance allows', () => {
  forSeeds(500, (seed) => {
    const random = new SimRandom(seed)
    let given = randomProblem(random, { isMixed: false })
    for (let round = 0; round < 4; round++) {
      const result = checked(given)
      const sizes = sizesOf(given, result)
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `sizes are ${sizes}`)
      assert.equal(keptCount(given, result), mostThatCanBeKept(given), 'partitions that stay where they were')
      given = changed(random, given, result, { isMixed: false })
    }
  })
})

test('with mixed subscriptions: every partition once, and no single move would make it more even', () => {
  forSeeds(500, (seed) => {
    const random = new SimRandom(seed)
    let given = randomProblem(random, { isMixed: true })
    for (let round = 0; round < 4; round++) {
      const result = checked(given)
      const sizes = new Map(given.members.map(({ memberId }, i) => [memberId, sizesOf(given, result)[i]!]))
      for (const topicId of given.partitionCounts.keys()) {
        const subscribers = given.members.filter(({ topicIds }) => topicIds.has(topicId))
        const least = Math.min(...subscribers.map(({ memberId }) => sizes.get(memberId)!))
        for (const { memberId } of subscribers) {
          if (!result.get(memberId)?.has(topicId)) continue
          assert.ok(sizes.get(memberId)! - least <= 1, `${memberId} could give up a partition of ${topicId}`)
        }
      }
      given = changed(random, given, result, { isMixed: true })
    }
  })
})

test('an assignment that is given again stays as it is', () => {
  forSeeds(200, (seed) => {
    const isMixed = seed % 2 === 0
    const given = randomProblem(new SimRandom(seed), { isMixed })
    const result = UniformAssignor.assign(given)
    const again = {
      ...given,
      members: given.members.map((member) => ({
        ...member,
        assigned: result.get(member.memberId) ?? NO_PARTITIONS,
      })),
    }
    assert.deepEqual(UniformAssignor.assign(again), result)
  })
})

test('the order in which members are listed means nothing', () => {
  forSeeds(200, (seed) => {
    const given = randomProblem(new SimRandom(seed), { isMixed: seed % 2 === 0 })
    const reversed = { ...given, members: [...given.members].reverse() }
    assert.deepEqual(
      new Map([...UniformAssignor.assign(reversed)].sort()),
      new Map([...UniformAssignor.assign(given)].sort()),
    )
  })
})

function checked(given: AssignmentProblem): GroupAssignment {
  const result = UniformAssignor.assign(given)
  checkAssignment(given, result)
  return result
}

function keptCount(given: AssignmentProblem, result: GroupAssignment): number {
  return given.members.reduce(
    (sum, { memberId, assigned }) =>
      sum + partitionCountOf(intersection(assigned, result.get(memberId) ?? NO_PARTITIONS)),
    0,
  )
}

/** Each member at most its share; the larger shares to those who have most. */
function mostThatCanBeKept(given: AssignmentProblem): number {
  const topicIds = given.members[0]!.topicIds
  const total = [...topicIds].reduce((sum, topicId) => sum + given.partitionCounts.get(topicId)!, 0)
  const shortSize = Math.floor(total / given.members.length)
  const longCount = total % given.members.length
  return given.members
    .map(({ assigned }) =>
      [...assigned].reduce(
        (sum, [topicId, partitions]) => sum + (topicIds.has(topicId) ? partitions.length : 0),
        0,
      ),
    )
    .sort((a, b) => b - a)
    .reduce((sum, held, i) => sum + Math.min(held, i < longCount ? shortSize + 1 : shortSize), 0)
}
