import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimRandom } from '../simulator/sim-random.ts'
import { assignReplicas, rackAlternated } from './replica-assignment.ts'

const random = new SimRandom(1)

function brokers(count: number): { id: number; rack: null }[] {
  return Array.from({ length: count }, (_, id) => ({ id, rack: null }))
}

test('replicas of ten partitions over five brokers stand where Kafka puts them', () => {
  const assignment = assignReplicas(
    { brokers: brokers(5), partitionCount: 10, replicationFactor: 3, startIndex: 0 },
    random,
  )
  assert.deepEqual(
    [...assignment.values()],
    [
      [0, 1, 2],
      [1, 2, 3],
      [2, 3, 4],
      [3, 4, 0],
      [4, 0, 1],
      [0, 2, 3],
      [1, 3, 4],
      [2, 4, 0],
      [3, 0, 1],
      [4, 1, 2],
    ],
  )
})

test('brokers alternate between racks', () => {
  const racks = ['rack1', 'rack3', 'rack3', 'rack2', 'rack2', 'rack1']
  const order = rackAlternated(racks.map((rack, id) => ({ id, rack }))).map((each) => each.id)
  assert.deepEqual(order, [0, 3, 1, 5, 4, 2])
})

test('with racks the replicas of a partition stand in different racks, and the second round differs', () => {
  const racks = ['rack1', 'rack3', 'rack3', 'rack2', 'rack2', 'rack1']
  const racked = racks.map((rack, id) => ({ id, rack }))
  const assignment = assignReplicas(
    { brokers: racked, partitionCount: 7, replicationFactor: 3, startIndex: 0 },
    random,
  )
  assert.deepEqual(
    [...assignment.values()],
    [
      [0, 3, 1],
      [3, 1, 5],
      [1, 5, 4],
      [5, 4, 2],
      [4, 2, 0],
      [2, 0, 3],
      [0, 4, 2],
    ],
  )
})

test('new partitions go on from the number and the broker that are given', () => {
  const assignment = assignReplicas(
    { brokers: brokers(3), partitionCount: 2, replicationFactor: 1, firstPartition: 4, startIndex: 1 },
    random,
  )
  assert.deepEqual(
    [...assignment],
    [
      [4, [2]],
      [5, [0]],
    ],
  )
})

test('every assignment has distinct live replicas, and leaders are spread evenly', () => {
  for (let round = 0; round < 200; round++) {
    const count = 1 + random.below(7)
    const racked = random.below(2) === 0
    const all = brokers(count).map(({ id }) => ({ id: id * 3, rack: racked ? `r${random.below(3)}` : null }))
    const replicationFactor = 1 + random.below(count)
    const assignment = assignReplicas({ brokers: all, partitionCount: count * 2, replicationFactor }, random)
    const leaders = new Map<number, number>()
    for (const replicas of assignment.values()) {
      assert.equal(new Set(replicas).size, replicationFactor)
      assert.ok(replicas.every((each) => all.some(({ id }) => id === each)))
      leaders.set(replicas[0]!, (leaders.get(replicas[0]!) ?? 0) + 1)
    }
    assert.deepEqual(
      [...leaders.values()],
      all.map(() => 2),
    )
  }
})
