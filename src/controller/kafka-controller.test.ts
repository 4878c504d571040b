import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isStoreError } from '../coordination/metadata-store.ts'
import { SimClock } from '../simulator/sim-clock.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import { type Sent, TestCluster, topicSpec } from './test-cluster.test.kit.ts'

const WAIT = { timeoutMs: 1000 }

function cluster(seed = 1): TestCluster {
  return new TestCluster(new SimClock(), new SimRandom(seed))
}

function kinds(sent: readonly Sent[]): string[] {
  return sent.map(
    ({ to, apiKey }) => `${{ 4: 'LeaderAndIsr', 5: 'StopReplica', 6: 'UpdateMetadata' }[apiKey]} ${to}`,
  )
}

function requests<Key extends Sent['apiKey']>(sent: readonly Sent[], apiKey: Key, to?: number) {
  return sent
    .filter(
      (each): each is Sent & { apiKey: Key } =>
        each.apiKey === apiKey && (to === undefined || each.to === to),
    )
    .map((each) => each.request as (Sent & { apiKey: Key })['request'])
}

test('the first broker becomes controller of epoch 1 and tells itself which brokers live', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  assert.ok(one.controller.isActive)
  assert.equal(one.controller.activeControllerId, 1)
  const node = JSON.parse((await kafka.root.get('/controller'))!.data.toString())
  assert.deepEqual(node, { version: 1, brokerid: 1, timestamp: String(Date.UTC(2024, 0, 1)) })
  assert.equal((await kafka.root.get('/controller_epoch'))?.data.toString(), '1')
  const sent = kafka.takeSent()
  assert.deepEqual(kinds(sent), ['UpdateMetadata 1'])
  assert.deepEqual(requests(sent, 6)[0], {
    controllerId: 1,
    controllerEpoch: 1,
    brokerEpoch: one.epoch,
    topicStates: [],
    liveBrokers: [
      {
        id: 1,
        rack: null,
        endpoints: [{ host: '127.0.0.1', port: 9093, listener: 'PLAINTEXT', securityProtocol: 0 }],
      },
    ],
  })
})

test('a created topic gets a leader: its nodes are written, then LeaderAndIsr goes out, then UpdateMetadata', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  kafka.takeSent()
  const [result] = await one.admin.createTopics([topicSpec('m44', 3, 1)], WAIT)
  assert.equal(result?.errorCode, 0)
  assert.equal(result?.numPartitions, 3)
  assert.equal(result?.replicationFactor, 1)
  await kafka.settle()
  const sent = kafka.takeSent()
  assert.deepEqual(kinds(sent), ['LeaderAndIsr 1', 'UpdateMetadata 1'])
  const [leaderAndIsr] = requests(sent, 4)
  assert.equal(leaderAndIsr?.brokerEpoch, one.epoch)
  assert.deepEqual(leaderAndIsr?.liveLeaders, [{ brokerId: 1, hostName: '127.0.0.1', port: 9093 }])
  assert.equal(leaderAndIsr?.topicStates[0]?.topicId, result?.topicId)
  assert.deepEqual(leaderAndIsr?.topicStates[0]?.partitionStates[2], {
    partitionIndex: 2,
    controllerEpoch: 1,
    leader: 1,
    leaderEpoch: 0,
    isr: [1],
    partitionEpoch: 0,
    replicas: [1],
    addingReplicas: [],
    removingReplicas: [],
    isNew: true,
    leaderRecoveryState: 0,
  })
  assert.equal(one.cache.topicById(result?.topicId ?? '')?.partitions.get(2)?.leader, 1)
  assert.equal(
    (await kafka.root.get('/brokers/topics/m44/partitions/2/state'))?.data.toString(),
    '{"controller_epoch":1,"leader":1,"version":1,"leader_epoch":0,"isr":[1]}',
  )
  const topicNode = JSON.parse((await kafka.root.get('/brokers/topics/m44'))!.data.toString())
  assert.deepEqual(topicNode.partitions, { 0: [1], 1: [1], 2: [1] })
  assert.equal(topicNode.topic_id, result?.topicId)
})

test('a deleted topic is hidden first, then its replicas are deleted, then its nodes; the name is free at once', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  const [made] = await one.admin.createTopics([topicSpec('gone', 2, 1)], WAIT)
  kafka.takeSent()
  const [deleted] = await one.admin.deleteTopics([{ name: null, topicId: made!.topicId }], WAIT)
  assert.deepEqual(deleted, { name: 'gone', topicId: made!.topicId, errorCode: 0, errorMessage: null })
  assert.equal(await kafka.root.exists('/brokers/topics/gone'), undefined)
  assert.equal(await kafka.root.exists('/config/topics/gone'), undefined)
  assert.equal(await kafka.root.exists('/admin/delete_topics/gone'), undefined)
  const sent = kafka.takeSent()
  assert.deepEqual(kinds(sent), ['UpdateMetadata 1', 'StopReplica 1'])
  assert.deepEqual(
    requests(sent, 6)[0]?.topicStates[0]?.partitionStates.map((each) => each.leader),
    [-2, -2],
  )
  assert.deepEqual(requests(sent, 5)[0]?.topicStates, [
    {
      topicName: 'gone',
      partitionStates: [
        { partitionIndex: 0, leaderEpoch: -2, deletePartition: true },
        { partitionIndex: 1, leaderEpoch: -2, deletePartition: true },
      ],
    },
  ])
  const [again] = await one.admin.createTopics([topicSpec('gone', 1, 1)], WAIT)
  assert.equal(again?.errorCode, 0)
  assert.notEqual(again?.topicId, made?.topicId)
  assert.equal(one.cache.topic('gone')?.partitions.size, 1)
})

test('a topic that grows keeps its partitions and gets leaders for the new ones alone', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  await one.admin.createTopics([topicSpec('t', 1, 1)], WAIT)
  kafka.takeSent()
  const [result] = await one.admin.createPartitions([{ name: 't', count: 3, assignments: null }], WAIT)
  assert.deepEqual(result, { name: 't', errorCode: 0, errorMessage: null })
  const states = requests(kafka.takeSent(), 4)[0]?.topicStates[0]?.partitionStates
  assert.deepEqual(
    states?.map((each) => each.partitionIndex),
    [1, 2],
  )
  assert.equal(one.cache.topic('t')?.partitions.size, 3)
})

test('after a restart of the only broker its partitions are online with their leader epochs, under a new epoch', async () => {
  const kafka = cluster()
  const first = await kafka.start(1)
  await first.admin.createTopics([topicSpec('t', 2, 1)], WAIT)
  await kafka.kill(1)
  kafka.takeSent()
  const second = await kafka.start(1)
  assert.ok(second.epoch > first.epoch)
  const sent = kafka.takeSent()
  assert.deepEqual(kinds(sent), ['UpdateMetadata 1', 'LeaderAndIsr 1', 'UpdateMetadata 1'])
  assert.deepEqual(requests(sent, 6)[0]?.topicStates, [], 'brokers come before partitions')
  const [leaderAndIsr] = requests(sent, 4)
  assert.equal(leaderAndIsr?.controllerEpoch, 2)
  assert.deepEqual(
    leaderAndIsr?.topicStates[0]?.partitionStates.map((each) => [each.leader, each.leaderEpoch, each.isNew]),
    [
      [1, 0, false],
      [1, 0, false],
    ],
  )
  assert.equal(second.cache.topic('t')?.partitions.size, 2)
})

test('when the controller dies another broker takes over with a higher epoch, and the old fence holds no more', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  const two = await kafka.start(2)
  await one.admin.createTopics([topicSpec('t', 4, 2)], WAIT)
  assert.equal(two.controller.activeControllerId, 1)
  const oldFence = one.controller.fence()!
  await kafka.kill(1)
  assert.ok(two.controller.isActive)
  assert.equal((await kafka.root.get('/controller_epoch'))?.data.toString(), '2')
  for (let partition = 0; partition < 4; partition++) {
    const state = await kafka.state('t', partition)
    assert.equal(state?.leader, 2)
    assert.deepEqual(state?.isr, [2])
    assert.ok(state!.leaderEpoch > 0)
  }
  const write = kafka.root.multi([oldFence, { type: 'create', path: '/brokers/topics/x', data: '' }])
  await assert.rejects(write, (error) => isStoreError(error, 'BadVersion'))
})

test('a controller that lost its office without knowing changes nothing, and stands back', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  const two = await kafka.start(2)
  one.session.disconnect()
  await kafka.root.delete('/controller', -1)
  await kafka.settle()
  assert.ok(two.controller.isActive)
  assert.ok(one.controller.isActive, 'it has not heard yet')
  one.session.reconnect()
  const [result] = await one.admin.createTopics([topicSpec('t')], WAIT)
  assert.equal(result?.errorCode, 41)
  assert.equal(await kafka.root.exists('/brokers/topics/t'), undefined)
  await kafka.settle()
  assert.ok(!one.controller.isActive)
  assert.equal(one.controller.activeControllerId, 2)
})

test('a session that expires ends the office; a new session registers the broker again and stands for election', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  await one.admin.createTopics([topicSpec('t', 1, 1)], WAIT)
  const before = one.epoch
  await one.session.expire()
  await kafka.settle()
  assert.ok(!one.controller.isActive)
  one.session.renew()
  await kafka.settle()
  assert.ok(one.controller.isActive)
  assert.ok(one.epoch > before)
  assert.equal((await kafka.root.get('/controller_epoch'))?.data.toString(), '2')
  assert.equal((await one.admin.createTopics([topicSpec('u', 1, 1)], WAIT))[0]?.errorCode, 0)
})

test('a broker that dies leaves ISRs and leadership; one that returns is told everything before it follows', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  await kafka.start(2)
  await one.admin.createTopics([topicSpec('t', 2, 2)], WAIT)
  await kafka.settle()
  await kafka.kill(2)
  for (const partition of [0, 1]) {
    const state = await kafka.state('t', partition)
    assert.equal(state?.leader, 1)
    assert.deepEqual(state?.isr, [1])
    assert.deepEqual(one.cache.partition('t', partition)?.offlineReplicas, [2])
  }
  kafka.takeSent()
  await kafka.start(2)
  const toTwo = kafka.takeSent().filter((each) => each.to === 2)
  assert.equal(toTwo[0]?.apiKey, 6)
  assert.equal(requests(toTwo, 6)[0]?.topicStates[0]?.partitionStates.length, 2)
  assert.equal(requests(toTwo, 4).length, 1)
  assert.deepEqual(one.cache.partition('t', 0)?.offlineReplicas, [])
})

test('the only replica of a partition stays in its ISR when its broker dies, and leads again with a higher epoch', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  await kafka.start(2)
  const assignments = [{ partitionIndex: 0, brokerIds: [2] }]
  await one.admin.createTopics([{ ...topicSpec('t'), assignments }], WAIT)
  await kafka.kill(2)
  const dead = await kafka.state('t', 0)
  assert.equal(dead?.leader, -1)
  assert.deepEqual(dead?.isr, [2])
  assert.equal(one.cache.partition('t', 0)?.leader, -1)
  await kafka.start(2)
  const back = await kafka.state('t', 0)
  assert.equal(back?.leader, 2)
  assert.ok(back!.leaderEpoch > dead!.leaderEpoch)
})

test('a leader from outside the ISR is elected only where unclean election is allowed', async () => {
  for (const unclean of [false, true]) {
    const kafka = cluster()
    const one = await kafka.start(1, { unclean })
    await kafka.start(2, { unclean })
    await kafka.start(3, { unclean })
    await one.admin.createTopics(
      [{ ...topicSpec('t'), assignments: [{ partitionIndex: 0, brokerIds: [2, 3] }] }],
      WAIT,
    )
    await kafka.settle()
    await kafka.kill(3)
    await kafka.kill(2)
    await kafka.start(3, { unclean })
    const state = await kafka.state('t', 0)
    assert.equal(state?.leader, unclean ? 3 : -1)
    assert.deepEqual(state?.isr, unclean ? [3] : [2])
    assert.equal(state?.leaderRecoveryState, unclean ? 1 : 0)
  }
})

test('a controlled shutdown moves leaders away before the broker goes', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  const two = await kafka.start(2)
  await one.admin.createTopics([topicSpec('t', 4, 2)], WAIT)
  await kafka.settle()
  const shutdown = (epoch: number) =>
    one.controller.whileActive((active) => active.controlledShutdown(2, epoch))
  assert.equal(await shutdown(two.epoch - 1), 77)
  assert.deepEqual(await shutdown(two.epoch), [])
  for (let partition = 0; partition < 4; partition++) {
    const state = await kafka.state('t', partition)
    assert.equal(state?.leader, 1)
    assert.deepEqual(state?.isr, [1])
  }
})

test('an ordered preferred election gives leadership back to the first replica', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  await kafka.start(2)
  await one.admin.createTopics(
    [{ ...topicSpec('t'), assignments: [{ partitionIndex: 0, brokerIds: [2, 1] }] }],
    WAIT,
  )
  await kafka.settle()
  await kafka.kill(2)
  await kafka.start(2)
  assert.equal((await kafka.state('t', 0))?.leader, 1)
  // The leader lets the returned replica in, and says so.
  const state = (await kafka.state('t', 0))!
  const data = JSON.stringify({
    version: 1,
    leader: 1,
    leader_epoch: state.leaderEpoch,
    controller_epoch: 1,
    isr: [1, 2],
  })
  await kafka.root.set('/brokers/topics/t/partitions/0/state', data, -1)
  const notice = '{"version":1,"partitions":[{"topic":"t","partition":0}]}'
  await kafka.root.create('/isr_change_notification/isr_change_', notice, { sequential: true })
  await kafka.settle()
  assert.deepEqual(one.cache.partition('t', 0)?.isr, [1, 2])
  assert.deepEqual(await kafka.root.children('/isr_change_notification'), [])
  await kafka.root.create('/admin/preferred_replica_election', notice)
  await kafka.settle()
  assert.equal((await kafka.state('t', 0))?.leader, 2)
  assert.equal(await kafka.root.exists('/admin/preferred_replica_election'), undefined)
})

test('a topic with a dead replica is deleted once the broker is back', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  await kafka.start(2)
  await one.admin.createTopics([topicSpec('t', 1, 2)], WAIT)
  await kafka.settle()
  await kafka.kill(2)
  await kafka.root.create('/admin/delete_topics/t', '')
  await kafka.settle()
  assert.ok(await kafka.root.exists('/brokers/topics/t'))
  assert.equal(one.cache.topic('t'), undefined, 'clients see it no more')
  const two = await kafka.start(2)
  assert.equal(await kafka.root.exists('/brokers/topics/t'), undefined)
  assert.equal(two.cache.topic('t'), undefined)
})

test('a deletion that one controller began is finished by the next', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  await one.admin.createTopics([topicSpec('t', 2, 1)], WAIT)
  await kafka.kill(1)
  await kafka.root.create('/admin/delete_topics/t', '')
  await kafka.start(1)
  assert.equal(await kafka.root.exists('/brokers/topics/t'), undefined)
  assert.equal(await kafka.root.exists('/admin/delete_topics/t'), undefined)
})

test('a replica whose log directory failed is offline until its broker says otherwise', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  await kafka.start(2)
  kafka.partitionError = (to) => (to === 2 ? 56 : 0)
  await one.admin.createTopics(
    [{ ...topicSpec('t'), assignments: [{ partitionIndex: 0, brokerIds: [2, 1] }] }],
    WAIT,
  )
  await kafka.settle()
  assert.equal((await kafka.state('t', 0))?.leader, 1)
  assert.deepEqual((await kafka.state('t', 0))?.isr, [1])
  assert.deepEqual(one.cache.partition('t', 0)?.offlineReplicas, [2])
  kafka.partitionError = () => 0
  await kafka.root.create(
    '/log_dir_event_notification/log_dir_event_',
    '{"version":1,"broker":2,"event":1}',
    {
      sequential: true,
    },
  )
  await kafka.settle()
  assert.deepEqual(one.cache.partition('t', 0)?.offlineReplicas, [])
})

test('a topic made by an old tool, without an id, is given one', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  await kafka.root.create('/brokers/topics/old', '{"version":1,"partitions":{"0":[1]}}')
  await kafka.settle()
  assert.match(one.cache.topic('old')?.topicId ?? '', /^[\w-]{22}$/)
  assert.notEqual(one.cache.topic('old')?.topicId, 'AAAAAAAAAAAAAAAAAAAAAA')
})

test('a broker that restarted unseen, between two looks, is treated as having gone and come', async () => {
  const kafka = cluster()
  const one = await kafka.start(1)
  await kafka.start(2)
  await one.admin.createTopics(
    [{ ...topicSpec('t'), assignments: [{ partitionIndex: 0, brokerIds: [2] }] }],
    WAIT,
  )
  one.session.disconnect()
  await kafka.kill(2)
  await kafka.start(2)
  one.session.reconnect()
  await kafka.settle()
  const state = await kafka.state('t', 0)
  assert.equal(state?.leader, 2)
  assert.equal(state?.leaderEpoch, 2, 'once for going, once for coming')
  assert.equal(requests(kafka.sent, 4, 2).at(-1)?.brokerEpoch, kafka.brokers.get(2)?.epoch)
})

test('a controller out of office sends nothing any more, not even what an unreachable broker had not answered', async () => {
  const clock = new SimClock()
  const kafka = new TestCluster(clock, new SimRandom(1))
  const one = await kafka.start(1)
  const two = await kafka.start(2)
  kafka.brokers.delete(2)
  const pending = one.admin.createTopics([topicSpec('t', 1, 2)], {})
  await pending
  await kafka.settle()
  await one.session.expire()
  kafka.brokers.set(2, two)
  kafka.takeSent()
  clock.advance(10_000)
  await kafka.settle()
  assert.ok(two.controller.isActive)
  assert.deepEqual(
    kafka.takeSent().filter((each) => each.from === 1),
    [],
  )
  await two.controller.shutdown()
})

test('when start resolves, the broker that won has heard what it leads', async () => {
  const kafka = cluster()
  const first = await kafka.start(1)
  await first.admin.createTopics([topicSpec('t', 2, 1)], WAIT)
  await kafka.kill(1)
  const settle = kafka.settle
  kafka.settle = async () => {}
  const second = await kafka.start(1)
  assert.equal(second.cache.topic('t')?.partitions.size, 2)
  kafka.settle = settle
})
