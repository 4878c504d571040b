/**
 * Random life of a small cluster: brokers die, come back, lose sessions and connections; topics come, grow, move and
 * go.
 * After each step the invariants of leadership hold. `SEED=7 node --test src/controller/controller-scenario.test.ts`
 * replays one run.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../simulator/sim-clock.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import { TestCluster, topicSpec } from './test-cluster.test.kit.ts'

const BROKERS = [1, 2, 3]
const STEPS = 60
const SEEDS = process.env.SEED === undefined ? [1, 2, 3, 4, 5, 6, 7, 8] : [Number(process.env.SEED)]

/** What has been seen of each partition (by topic id and number), to compare with what comes. */
class Witness {
  readonly #leaderEpochs = new Map<string, number>()
  readonly #leaders = new Map<string, number>()
  #controllerEpoch = 0
  #seenRequests = 0

  async check(kafka: TestCluster): Promise<void> {
    const controllerEpoch = Number((await kafka.root.get('/controller_epoch'))?.data.toString())
    assert.ok(controllerEpoch >= this.#controllerEpoch, 'the controller epoch fell')
    this.#controllerEpoch = controllerEpoch
    const active = [...kafka.brokers.values()].filter((each) => each.controller.isActive)
    assert.ok(active.length <= 1, 'two controllers are in office')
    for (const topic of (await kafka.root.children('/brokers/topics')) ?? [])
      await this.#checkTopic(kafka, topic)
    for (const sent of kafka.sent.slice(this.#seenRequests)) {
      if (sent.apiKey !== 4) continue
      for (const { topicId, partitionStates } of sent.request.topicStates) {
        for (const state of partitionStates) this.#seeLeader(`${topicId}-${state.partitionIndex}`, state)
      }
    }
    this.#seenRequests = kafka.sent.length
  }

  async #checkTopic(kafka: TestCluster, topic: string): Promise<void> {
    const node = await kafka.root.get(`/brokers/topics/${topic}`)
    if (node === undefined) return
    const json = JSON.parse(node.data.toString()) as {
      topic_id: string
      partitions: Record<string, number[]>
    }
    for (const [partition, replicas] of Object.entries(json.partitions)) {
      const state = await kafka.state(topic, Number(partition))
      if (state === undefined) continue
      const key = `${json.topic_id}-${partition}`
      assert.ok(state.isr.length > 0, `${key} has an empty ISR`)
      assert.ok(
        state.isr.every((each) => replicas.includes(each)),
        `${key}: the ISR is not within the replicas`,
      )
      assert.ok(
        state.leader === -1 || state.isr.includes(state.leader),
        `${key}: the leader is not in the ISR`,
      )
      this.#seeLeader(key, state)
    }
  }

  #seeLeader(key: string, { leader, leaderEpoch }: { leader: number; leaderEpoch: number }): void {
    const before = this.#leaders.get(`${key}@${leaderEpoch}`)
    assert.ok(before === undefined || before === leader, `${key}: two leaders in epoch ${leaderEpoch}`)
    this.#leaders.set(`${key}@${leaderEpoch}`, leader)
    this.#leaderEpochs.set(key, Math.max(leaderEpoch, this.#leaderEpochs.get(key) ?? 0))
  }

  /** What the store holds now is the highest epoch that anyone was told. */
  async checkSettled(kafka: TestCluster): Promise<void> {
    for (const topic of (await kafka.root.children('/brokers/topics')) ?? []) {
      const node = await kafka.root.get(`/brokers/topics/${topic}`)
      const json = JSON.parse(node!.data.toString()) as {
        topic_id: string
        partitions: Record<string, number[]>
      }
      for (const partition of Object.keys(json.partitions)) {
        const state = await kafka.state(topic, Number(partition))
        const known = this.#leaderEpochs.get(`${json.topic_id}-${partition}`)
        assert.equal(state?.leaderEpoch, known, `${topic}-${partition}: the leader epoch fell`)
      }
    }
  }
}

async function step(kafka: TestCluster, random: SimRandom, number: number): Promise<void> {
  const live = [...kafka.brokers.keys()]
  const dead = BROKERS.filter((each) => !live.includes(each))
  const topics = (await kafka.root.children('/brokers/topics')) ?? []
  const anyTopic = topics[random.below(Math.max(1, topics.length))]
  const controller = kafka.controller()
  const anyBroker = kafka.brokers.get(live[random.below(live.length)]!)!
  switch (random.below(13)) {
    case 10:
    case 11: {
      if (anyTopic === undefined) return
      const target = live.filter(() => random.below(2) === 0)
      const order = {
        topic: anyTopic,
        partition: random.below(3),
        replicas: random.below(4) === 0 ? null : target,
      }
      await controller?.partitionAdmin.alterReassignments([order], { allowReplicationFactorChange: true })
      return
    }
    case 12: {
      if (anyTopic === undefined) return
      const names = [0, 1, 2].map((partition) => ({ topic: anyTopic, partition }))
      await controller?.partitionAdmin.electLeaders(names, 'preferred', { timeoutMs: 0 })
      return
    }
    case 0:
      if (live.length > 1) await kafka.kill(anyBroker.id)
      return
    case 1:
    case 2:
      if (dead.length > 0) await kafka.start(dead[random.below(dead.length)]!)
      return
    case 3: {
      await anyBroker.session.expire()
      if (random.below(2) === 0) await kafka.settle()
      anyBroker.session.renew()
      return
    }
    case 4: {
      anyBroker.session.disconnect()
      if (random.below(2) === 0) await kafka.settle()
      anyBroker.session.reconnect()
      return
    }
    case 5:
    case 6:
      await letReplicasIn(kafka)
      return
    case 7:
      if (anyTopic !== undefined)
        await controller?.admin.deleteTopics([{ name: anyTopic, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }], {})
      return
    case 8:
      if (anyTopic !== undefined) {
        await controller?.admin.createPartitions(
          [{ name: anyTopic, count: 1 + random.below(6), assignments: null }],
          {},
        )
      }
      return
    default:
      await controller?.admin.createTopics(
        [topicSpec(`t${number}`, 1 + random.below(3), 1 + random.below(live.length))],
        {},
      )
  }
}

/** Every leader asks for an ISR of all its replicas, as it knows the state from its cache. */
async function letReplicasIn(kafka: TestCluster): Promise<void> {
  const active = kafka.controller()
  for (const broker of kafka.brokers.values()) {
    for (const topic of broker.cache.snapshot().topics.values()) {
      const partitions = [...topic.partitions.values()].filter((each) => each.leader === broker.id)
      const request = {
        brokerId: broker.id,
        brokerEpoch: broker.epoch,
        topics: [
          {
            topicName: '',
            topicId: topic.topicId,
            partitions: partitions.map((each) => ({
              partitionIndex: each.partition,
              leaderEpoch: each.leaderEpoch,
              newIsr: [],
              newIsrWithEpochs: each.replicas.map((id) => ({ brokerId: id, brokerEpoch: -1 })),
              leaderRecoveryState: 0,
              partitionEpoch: each.zkVersion,
            })),
          },
        ],
      }
      await active?.controller.whileActive((each) => each.alterPartition(request, 3))
    }
  }
}

for (const seed of SEEDS) {
  test(`leadership stays sound through random failures (seed ${seed})`, async () => {
    const random = new SimRandom(seed)
    const clock = new SimClock()
    const kafka = new TestCluster(clock, random)
    const witness = new Witness()
    for (const id of BROKERS) await kafka.start(id)
    for (let number = 0; number < STEPS; number++) {
      await step(kafka, random, number)
      if (random.below(3) > 0) await kafka.settle()
      clock.advance(200)
      await witness.check(kafka)
    }
    for (const id of BROKERS) if (!kafka.brokers.has(id)) await kafka.start(id)
    for (let round = 0; round < 20; round++) {
      clock.advance(2000)
      await kafka.settle()
    }
    for (let round = 0; round < 3; round++) {
      await letReplicasIn(kafka)
      await kafka.settle()
    }
    await witness.check(kafka)
    await witness.checkSettled(kafka)
    assert.deepEqual(
      await kafka.controller()?.partitionAdmin.listReassignments(null),
      [],
      'a move does not come to its end',
    )
    assert.ok(kafka.controller() !== undefined, 'nobody is the controller')
    assert.deepEqual(await kafka.root.children('/admin/delete_topics'), [], 'a deletion is stuck')
    await everyoneAgrees(kafka)
  })
}

/** With all brokers alive and settled, each cache shows what the store holds, and every partition has a leader. */
async function everyoneAgrees(kafka: TestCluster): Promise<void> {
  const topics = (await kafka.root.children('/brokers/topics')) ?? []
  for (const { id, cache } of kafka.brokers.values()) {
    assert.deepEqual(
      [...cache.snapshot().topics.keys()].sort(),
      topics.sort(),
      `broker ${id} knows other topics`,
    )
    assert.deepEqual([...cache.snapshot().brokers.keys()].sort(), BROKERS, `broker ${id} knows other brokers`)
    for (const topic of topics) {
      for (const [partition, seen] of cache.topic(topic)?.partitions ?? []) {
        const state = await kafka.state(topic, partition)
        assert.ok(state !== undefined && state.leader !== -1, `${topic}-${partition} has no leader`)
        assert.deepEqual(
          [seen.leader, seen.leaderEpoch, seen.isr, seen.zkVersion],
          [state.leader, state.leaderEpoch, state.isr, state.partitionEpoch],
          `broker ${id} sees another ${topic}-${partition}`,
        )
      }
    }
  }
}
