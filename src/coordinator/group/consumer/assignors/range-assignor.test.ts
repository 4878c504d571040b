import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimRandom } from '../../../../simulator/sim-random.ts'
import { checkAssignment, forSeeds, problem, randomProblem, show } from './assignors.test.kit.ts'
import { RangeAssignor } from './range-assignor.ts'

test('a topic is cut into contiguous ranges, the first ones larger', () => {
  const given = problem({ a: 8 }, { m1: 'a', m2: 'a', m3: 'a' })
  assert.deepEqual(show(RangeAssignor, given), ['m1: a0 a1 a2', 'm2: a3 a4 a5', 'm3: a6 a7'])
})

test('topics with equally many partitions are cut alike, so that their partitions can be joined', () => {
  const given = problem({ a: 3, b: 3 }, { m1: 'a b', m2: 'a b' })
  assert.deepEqual(show(RangeAssignor, given), ['m1: a0 a1 b0 b1', 'm2: a2 b2'])
})

test('more members than partitions leave the last ones without any', () => {
  const given = problem({ a: 2 }, { m3: 'a', m1: 'a', m2: 'a' })
  assert.deepEqual(show(RangeAssignor, given), ['m3:', 'm1: a0', 'm2: a1'])
})

test('each topic is cut among its own subscribers', () => {
  const given = problem({ a: 4, b: 3 }, { m1: 'a', m2: 'a b', m3: 'b', m4: '' })
  assert.deepEqual(show(RangeAssignor, given), ['m1: a0 a1', 'm2: a2 a3 b0 b1', 'm3: b2', 'm4:'])
})

test('a static member that comes back under another member id gets the ranges that it had', () => {
  const members = (first: string, second: string) => [
    { memberId: first, instanceId: 'i1', topicIds: new Set(['a']), assigned: new Map() },
    { memberId: second, instanceId: 'i2', topicIds: new Set(['a']), assigned: new Map() },
    { memberId: 'A', instanceId: null, topicIds: new Set(['a']), assigned: new Map() },
  ]
  const partitionCounts = new Map([['a', 3]])
  const before = show(RangeAssignor, { members: members('m1', 'm2'), partitionCounts })
  const after = show(RangeAssignor, { members: members('m9', 'm8'), partitionCounts })
  assert.deepEqual(before, ['m1: a0', 'm2: a1', 'A: a2'])
  assert.deepEqual(after, ['m9: a0', 'm8: a1', 'A: a2'])
})

test('a group without members, and members without topics, get nothing', () => {
  assert.deepEqual([...RangeAssignor.assign(problem({}, {}))], [])
  assert.deepEqual(show(RangeAssignor, problem({}, { m1: '' })), ['m1:'])
})

test('whatever the group, every partition is given once, and ranges of a topic differ by one at most', () => {
  forSeeds(500, (seed) => {
    const random = new SimRandom(seed)
    const given = randomProblem(random, { isMixed: seed % 2 === 0 })
    const result = RangeAssignor.assign(given)
    checkAssignment(given, result)
    for (const topicId of given.partitionCounts.keys()) {
      const subscribers = given.members.filter(({ topicIds }) => topicIds.has(topicId))
      if (subscribers.length === 0) continue
      const ranges = subscribers.map(({ memberId }) => result.get(memberId)?.get(topicId) ?? [])
      const sizes = ranges.map(({ length }) => length)
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `ranges of ${topicId} are even`)
      for (const range of ranges) {
        assert.ok(
          range.every((partition, i) => partition === range[0]! + i),
          `ranges of ${topicId} are contiguous`,
        )
      }
    }
  })
})
