import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../protocol/error-codes.ts'
import { SimClock } from '../simulator/sim-clock.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import { type Sent, TestCluster } from './test-cluster.test.kit.ts'

const ANY_FACTOR = { allowReplicationFactorChange: true }

async function clusterOf(...brokerIds: readonly number[]): Promise<TestCluster> {
  const kafka = new TestCluster(new SimClock(), new SimRandom(1))
  for (const id of brokerIds) await kafka.start(id)
  return kafka
}

/** Orders one move and returns what is said of it. */
async function reassign(
  kafka: TestCluster,
  replicas: readonly number[] | null,
  { topic = 't', partition = 0, ...options } = {},
) {
  const admin = kafka.controller()!.partitionAdmin
  const results = await admin.alterReassignments([{ topic, partition, replicas }], {
    ...ANY_FACTOR,
    ...options,
  })
  assert.ok(results !== 'notController')
  await kafka.settle()
  return results[0]!
}

async function underWay(kafka: TestCluster): Promise<readonly string[]> {
  const list = await kafka.controller()!.partitionAdmin.listReassignments(null)
  assert.ok(list !== 'notController')
  return list.map(
    ({ topic, partition, assignment: { replicas, addingReplicas, removingReplicas } }) =>
      `${topic}-${partition} ${replicas} +${addingReplicas} -${removingReplicas}`,
  )
}

/** Brokers that were told to delete the replica. */
function deletions(sent: readonly Sent[]): number[] {
  return sent.flatMap((each) => {
    if (each.apiKey !== 5) return []
    return each.request.topicStates.flatMap(({ partitionStates }) =>
      partitionStates.filter(({ deletePartition }) => deletePartition).map(() => each.to),
    )
  })
}

test('a partition moves to new replicas once they are in sync, and the old ones are deleted', async () => {
  const kafka = await clusterOf(1, 2, 3, 4)
  await kafka.createAssigned('t', [1, 2])
  kafka.takeSent()
  assert.deepEqual(await reassign(kafka, [3, 4]), {
    topic: 't',
    partition: 0,
    errorCode: 0,
    errorMessage: null,
  })
  assert.deepEqual(await kafka.assignment('t'), {
    replicas: [3, 4, 1, 2],
    addingReplicas: [3, 4],
    removingReplicas: [1, 2],
  })
  const told = kafka.takeSent()
  for (const id of [1, 2, 3, 4]) {
    const state = told.findLast((each) => each.apiKey === 4 && each.to === id)
    assert.ok(state?.apiKey === 4, `broker ${id} hears of the move`)
    const { addingReplicas, removingReplicas, isNew } = state.request.topicStates[0]!.partitionStates[0]!
    assert.deepEqual([addingReplicas, removingReplicas, isNew], [[3, 4], [1, 2], id > 2])
  }
  assert.deepEqual(deletions(told), [])
  assert.deepEqual(await underWay(kafka), ['t-0 3,4,1,2 +3,4 -1,2'])

  assert.equal(await kafka.changeIsr('t', 0, [1, 2, 3]), 0)
  assert.deepEqual(await underWay(kafka), ['t-0 3,4,1,2 +3,4 -1,2'], 'one of two is not enough')
  assert.equal(await kafka.changeIsr('t', 0, [1, 2, 3, 4]), 0)
  assert.deepEqual(await underWay(kafka), [])
  const { replicas, addingReplicas, removingReplicas } = (await kafka.assignment('t'))!
  assert.deepEqual([replicas, addingReplicas, removingReplicas], [[3, 4], [], []])
  const state = (await kafka.state('t', 0))!
  assert.equal(state.leader, 3)
  assert.deepEqual(state.isr, [3, 4])
  assert.deepEqual(deletions(kafka.takeSent()).sort(), [1, 2])
  for (const { cache } of kafka.brokers.values())
    assert.deepEqual(cache.partition('t', 0)?.replicas, [3, 4], 'everyone sees where it is')
})

test('the leader stays if it is among the new replicas, and the order of replicas can be changed at once', async () => {
  const kafka = await clusterOf(1, 2, 3)
  await kafka.createAssigned('t', [1, 2])
  const before = (await kafka.state('t', 0))!
  assert.equal((await reassign(kafka, [2, 1])).errorCode, 0)
  assert.deepEqual((await kafka.assignment('t'))?.replicas, [2, 1])
  const state = (await kafka.state('t', 0))!
  assert.equal(state.leader, 1)
  assert.ok(state.leaderEpoch > before.leaderEpoch, 'the leader hears of the order in a new epoch')
  assert.equal((await reassign(kafka, [3, 1])).errorCode, 0)
  await kafka.changeIsr('t', 0, [1, 2, 3])
  assert.deepEqual((await kafka.assignment('t'))?.replicas, [3, 1])
  assert.equal((await kafka.state('t', 0))?.leader, 1)
})

test('a move is cancelled: what was added is deleted again', async () => {
  const kafka = await clusterOf(1, 2, 3)
  await kafka.createAssigned('t', [1, 2])
  assert.equal((await reassign(kafka, [3, 2])).errorCode, 0)
  kafka.takeSent()
  assert.equal((await reassign(kafka, null)).errorCode, 0)
  assert.deepEqual(await underWay(kafka), [])
  assert.deepEqual((await kafka.assignment('t'))?.replicas.toSorted(), [1, 2])
  assert.deepEqual(deletions(kafka.takeSent()), [3])
  assert.equal((await kafka.state('t', 0))?.leader, 1)
  assert.equal((await reassign(kafka, null)).errorCode, ErrorCode.NO_REASSIGNMENT_IN_PROGRESS)
})

test('a new order takes the place of the one under way', async () => {
  const kafka = await clusterOf(1, 2, 3)
  await kafka.createAssigned('t', [1])
  await reassign(kafka, [2])
  kafka.takeSent()
  await reassign(kafka, [3])
  assert.deepEqual(await underWay(kafka), ['t-0 3,1 +3 -1'])
  assert.deepEqual(deletions(kafka.takeSent()), [2])
  await kafka.changeIsr('t', 0, [1, 3])
  assert.deepEqual((await kafka.assignment('t'))?.replicas, [3])
})

test('the next controller goes on with what one began', async () => {
  const kafka = await clusterOf(1, 2, 3)
  await kafka.createAssigned('t', [2])
  await reassign(kafka, [3])
  await kafka.kill(1)
  assert.notEqual(kafka.controller()?.id, 1)
  assert.deepEqual(await underWay(kafka), ['t-0 3,2 +3 -2'])
  await kafka.changeIsr('t', 0, [2, 3])
  assert.deepEqual((await kafka.assignment('t'))?.replicas, [3])
  assert.deepEqual((await kafka.state('t', 0))?.isr, [3])
})

test('a new replica that dies and comes back is told again what to catch up with', async () => {
  const kafka = await clusterOf(1, 2, 3)
  await kafka.createAssigned('t', [1])
  await reassign(kafka, [3])
  await kafka.kill(3)
  kafka.takeSent()
  await kafka.start(3)
  const told = kafka.takeSent().filter((each) => each.apiKey === 4 && each.to === 3)
  assert.ok(told.length > 0)
  await kafka.changeIsr('t', 0, [1, 3])
  assert.deepEqual((await kafka.assignment('t'))?.replicas, [3])
})

test('impossible moves are refused with the code and the words of Apache Kafka, and change nothing', async () => {
  const kafka = await clusterOf(1, 2)
  await kafka.createAssigned('t', [1])
  const { INVALID_REPLICA_ASSIGNMENT, INVALID_REPLICATION_FACTOR, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode
  const before = await kafka.root.get('/brokers/topics/t')
  const refusals: [readonly number[], object, number, string][] = [
    [[], {}, INVALID_REPLICA_ASSIGNMENT, 'Empty replica list specified in partition reassignment.'],
    [
      [1, 1],
      {},
      INVALID_REPLICA_ASSIGNMENT,
      'Duplicate replica ids in partition reassignment replica list: ArrayBuffer(1, 1)',
    ],
    [[-1], {}, INVALID_REPLICA_ASSIGNMENT, 'Invalid broker id in replica list: ArrayBuffer(-1)'],
    [
      [1, 7],
      {},
      INVALID_REPLICA_ASSIGNMENT,
      'Replica assignment has brokers that are not alive. Replica list: ArrayBuffer(7), live broker list: Set(1, 2)',
    ],
    [[1], { partition: 5 }, UNKNOWN_TOPIC_OR_PARTITION, 'The partition does not exist.'],
    [[1], { topic: 'nowhere' }, UNKNOWN_TOPIC_OR_PARTITION, 'The partition does not exist.'],
    [
      [1, 2],
      { allowReplicationFactorChange: false },
      INVALID_REPLICATION_FACTOR,
      'The replication factor is changed from 1 to 2',
    ],
  ]
  for (const [replicas, options, errorCode, errorMessage] of refusals) {
    const result = await reassign(kafka, replicas, options)
    assert.deepEqual([result.errorCode, result.errorMessage], [errorCode, errorMessage])
  }
  assert.deepEqual(await kafka.root.get('/brokers/topics/t'), before)
})

test('no move deletes the only replica that is in sync', async () => {
  const kafka = await clusterOf(1, 2, 3)
  await kafka.createAssigned('t', [2])
  await reassign(kafka, [3, 1])
  await kafka.changeIsr('t', 0, [2, 3])
  await kafka.kill(2)
  assert.deepEqual((await kafka.state('t', 0))?.isr, [3])
  const refused = await reassign(kafka, null)
  assert.equal(refused.errorCode, ErrorCode.INVALID_REPLICA_ASSIGNMENT)
  assert.match(refused.errorMessage ?? '', /^Unable to revert partition assignment for t:0 /)
  assert.deepEqual((await kafka.state('t', 0))?.isr, [3])
  assert.equal((await kafka.state('t', 0))?.leader, 3)
})

test('a topic that moves can be deleted, with all of its replicas', async () => {
  const kafka = await clusterOf(1, 2)
  await kafka.createAssigned('t', [1])
  await reassign(kafka, [2])
  kafka.takeSent()
  await kafka.controller()!.admin.deleteTopics([{ name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }], {})
  await kafka.settle()
  assert.equal(await kafka.root.get('/brokers/topics/t'), undefined)
  assert.deepEqual(deletions(kafka.takeSent()).sort(), [1, 2])
  assert.deepEqual(await underWay(kafka), [])
})

test('old tools leave their orders in a node, which goes with the last partition that has arrived', async () => {
  const kafka = await clusterOf(1, 2)
  await kafka.createAssigned('t', [1], [1])
  const path = '/admin/reassign_partitions'
  const order = (moves: [string, number, number[]][]) =>
    JSON.stringify({
      version: 1,
      partitions: moves.map(([topic, partition, replicas]) => ({ topic, partition, replicas })),
    })
  await kafka.root.create(
    path,
    order([
      ['t', 0, [2]],
      ['t', 1, [2]],
      ['gone', 0, [2]],
      ['t', 9, [1]],
    ]),
  )
  await kafka.settle()
  assert.equal(
    (await kafka.root.get(path))?.data.toString(),
    order([
      ['t', 0, [2]],
      ['t', 1, [2]],
    ]),
  )
  await kafka.changeIsr('t', 0, [1, 2])
  assert.equal((await kafka.root.get(path))?.data.toString(), order([['t', 1, [2]]]))
  // The API has the last word.
  assert.equal((await reassign(kafka, null, { partition: 1 })).errorCode, 0)
  assert.equal(await kafka.root.get(path), undefined)
  assert.deepEqual((await kafka.assignment('t', 0))?.replicas, [2])
  assert.deepEqual((await kafka.assignment('t', 1))?.replicas, [1])

  await kafka.root.create(path, order([['t', 1, [1]]]))
  await kafka.settle()
  assert.equal(await kafka.root.get(path), undefined, 'what is there already is done')
  await kafka.root.create(path, 'no json')
  await kafka.settle()
  assert.equal(await kafka.root.get(path), undefined)
  assert.ok(kafka.controller() !== undefined, 'nonsense in the node costs nobody the office')
})

test('an order in the node is taken up by the next controller', async () => {
  const kafka = await clusterOf(1, 2, 3)
  await kafka.createAssigned('t', [2])
  await kafka.kill(1)
  await kafka.kill(2)
  await kafka.kill(3)
  const moves = [{ topic: 't', partition: 0, replicas: [3] }]
  await kafka.root.create('/admin/reassign_partitions', JSON.stringify({ version: 1, partitions: moves }))
  for (const id of [1, 2, 3]) await kafka.start(id)
  assert.deepEqual(await underWay(kafka), ['t-0 3,2 +3 -2'])
  await kafka.changeIsr('t', 0, [2, 3])
  assert.equal(await kafka.root.get('/admin/reassign_partitions'), undefined)
})

test('partitions that others add meanwhile stay', async () => {
  const kafka = await clusterOf(1, 2)
  await kafka.createAssigned('t', [1])
  const admin = kafka.controller()!
  const grown = admin.admin.createPartitions([{ name: 't', count: 3, assignments: null }], {})
  await reassign(kafka, [2, 1])
  await grown
  await kafka.settle()
  assert.equal((await kafka.assignment('t', 2)) !== undefined, true)
  assert.deepEqual((await kafka.assignment('t', 0))?.addingReplicas, [2])
})

test('a broker that is not the controller says so', async () => {
  const kafka = await clusterOf(1, 2)
  const { partitionAdmin } = kafka.brokers.get(2)!
  assert.equal(await partitionAdmin.alterReassignments([], ANY_FACTOR), 'notController')
  assert.equal(await partitionAdmin.listReassignments(null), 'notController')
  assert.equal(await partitionAdmin.electLeaders([], 'preferred', { timeoutMs: 0 }), 'notController')
})
