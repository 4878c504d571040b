import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../protocol/error-codes.ts'
import { SimClock } from '../simulator/sim-clock.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import type { ElectionType } from './leader-elections.ts'
import { type TestBrokerOptions, TestCluster } from './test-cluster.test.kit.ts'

const {
  ELECTION_NOT_NEEDED,
  ELIGIBLE_LEADERS_NOT_AVAILABLE,
  PREFERRED_LEADER_NOT_AVAILABLE,
  REQUEST_TIMED_OUT,
  UNKNOWN_TOPIC_OR_PARTITION,
} = ErrorCode

async function clusterOf(count: number, options: TestBrokerOptions = {}) {
  const clock = new SimClock()
  const kafka = new TestCluster(clock, new SimRandom(1))
  for (let id = 1; id <= count; id++) await kafka.start(id, options)
  return { kafka, clock }
}

async function elect(kafka: TestCluster, type: ElectionType, topic = 't', partition = 0) {
  const admin = kafka.controller()!.partitionAdmin
  const results = await admin.electLeaders([{ topic, partition }], type, { timeoutMs: 1000 })
  assert.ok(results !== 'notController')
  return results[0]!
}

/** A partition of brokers 2 and 1 that 1 leads since 2 was away; 2 is back, and in sync if so asked. */
async function ledByOther(kafka: TestCluster, { isInSync = true, topic = 't' } = {}): Promise<void> {
  await kafka.createAssigned(topic, [2, 1])
  await kafka.kill(2)
  await kafka.start(2)
  assert.equal((await kafka.state(topic, 0))?.leader, 1)
  if (isInSync) assert.equal(await kafka.changeIsr(topic, 0, [1, 2]), 0)
}

test('the preferred replica gets the lead back, if it is in sync', async () => {
  const { kafka } = await clusterOf(2)
  await ledByOther(kafka, { isInSync: false })
  const refused = await elect(kafka, 'preferred')
  assert.equal(refused.errorCode, PREFERRED_LEADER_NOT_AVAILABLE)
  assert.equal(
    refused.errorMessage,
    'Failed to elect leader for partition t-0 under strategy PreferredReplicaPartitionLeaderElectionStrategy',
  )
  await kafka.changeIsr('t', 0, [1, 2])
  const elected = await elect(kafka, 'preferred')
  assert.deepEqual([elected.errorCode, elected.leader], [0, 2])
  assert.equal((await kafka.state('t', 0))?.leader, 2)
  assert.equal((await elect(kafka, 'preferred')).errorCode, ELECTION_NOT_NEEDED)
  assert.equal((await elect(kafka, 'preferred', 't', 7)).errorCode, UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal((await elect(kafka, 'preferred', 'nowhere')).errorCode, UNKNOWN_TOPIC_OR_PARTITION)
})

test('an unclean election is held where no leader is alive, and nowhere else', async () => {
  const { kafka } = await clusterOf(2)
  await kafka.createAssigned('t', [2, 1])
  await kafka.createAssigned('far', [2])
  assert.equal((await elect(kafka, 'unclean')).errorCode, ELECTION_NOT_NEEDED)
  await kafka.changeIsr('t', 0, [2])
  await kafka.kill(2)
  assert.equal((await kafka.state('t', 0))?.leader, -1)
  const elected = await elect(kafka, 'unclean')
  assert.deepEqual([elected.errorCode, elected.leader], [0, 1])
  const state = (await kafka.state('t', 0))!
  assert.deepEqual([state.leader, state.isr, state.leaderRecoveryState], [1, [1], 1])
  const refused = await elect(kafka, 'unclean', 'far')
  assert.equal(refused.errorCode, ELIGIBLE_LEADERS_NOT_AVAILABLE)
  assert.equal(
    refused.errorMessage,
    'Failed to elect leader for partition far-0 under strategy OfflinePartitionLeaderElectionStrategy(true)',
  )
})

test('once unclean elections are allowed, what waits for a leader gets one', async () => {
  const options = { unclean: false }
  const { kafka } = await clusterOf(2, options)
  await kafka.createAssigned('t', [2, 1])
  await kafka.changeIsr('t', 0, [2])
  await kafka.kill(2)
  assert.equal((await kafka.state('t', 0))?.leader, -1)
  kafka.controller()!.controller.uncleanElectionEnabled('t')
  await kafka.settle()
  assert.equal((await kafka.state('t', 0))?.leader, -1, 'as long as the settings say no, nobody is elected')
  options.unclean = true
  kafka.controller()!.controller.uncleanElectionEnabled('t')
  await kafka.settle()
  assert.equal((await kafka.state('t', 0))?.leader, 1)
})

test('whoever does not see the new leader in time is told so', async () => {
  const { kafka, clock } = await clusterOf(2)
  await ledByOther(kafka)
  const { partitionAdmin, cache } = kafka.controller()!
  cache.update = () => []
  const asked = partitionAdmin.electLeaders([{ topic: 't', partition: 0 }], 'preferred', { timeoutMs: 100 })
  await kafka.settle()
  clock.advance(100)
  const results = await asked
  assert.ok(results !== 'notController')
  assert.equal(results[0]?.errorCode, REQUEST_TIMED_OUT)
  assert.equal((await kafka.state('t', 0))?.leader, 2)
})

test('nonsense in the node of old tools is taken away, and costs nobody the office', async () => {
  const { kafka } = await clusterOf(1)
  const epoch = kafka.controller()!.controller.active!.context.epoch
  for (const nonsense of ['', '{', '{"version":1,"partitions":[{"topic":"gone","partition":0}]}']) {
    await kafka.root.create('/admin/preferred_replica_election', nonsense)
    await kafka.settle()
    assert.equal(await kafka.root.exists('/admin/preferred_replica_election'), undefined)
  }
  assert.equal(kafka.controller()?.controller.active?.context.epoch, epoch)
})

test('leaders go back by themselves where more than so many percent are elsewhere', async () => {
  const autoLeaderRebalance = { checkIntervalMs: 60_000, imbalancePercentage: 50 }
  const { kafka, clock } = await clusterOf(2, { autoLeaderRebalance })
  await kafka.createAssigned('two', [2, 1])
  await ledByOther(kafka)
  await kafka.changeIsr('two', 0, [1, 2])
  const leaders = async () => [(await kafka.state('two', 0))?.leader, (await kafka.state('t', 0))?.leader]
  // Both are elsewhere; one may stay away.
  await elect(kafka, 'preferred', 'two')
  assert.deepEqual(await leaders(), [2, 1])
  clock.advance(5000)
  await kafka.settle()
  assert.deepEqual(await leaders(), [2, 1], 'half of them is not more than 50 percent')
  await kafka.kill(2)
  await kafka.start(2, { autoLeaderRebalance })
  await kafka.changeIsr('t', 0, [1, 2])
  assert.deepEqual(await leaders(), [1, 1])
  clock.advance(60_000)
  await kafka.settle()
  assert.deepEqual(await leaders(), [1, 2], 'only who is in sync is elected')
  await kafka.kill(2)
  await kafka.kill(1)
  assert.equal(clock.pendingTimerCount, 0, 'without an office nobody looks after it')
})
