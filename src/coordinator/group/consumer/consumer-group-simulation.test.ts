/**
 * Consumers that come, go, die, are slow and miss answers, over topics that come, grow and go, and a coordinator that is
 * restarted. Throughout, no partition is read by two consumers that are both in the group; in the end, when all is quiet,
 * every partition is read by one.
 *
 * A failure names its seed: SLUICE_SEED=N replays it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SimRandom } from '../../../simulator/sim-random.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { GroupBench } from './group-bench.test.kit.ts'
import { SimConsumer } from './sim-consumer.test.kit.ts'

const SEEDS = 60
const STEPS = 120
const TOPICS = ['a', 'b', 'ab', 'c']
const REGEXES = ['', '', 'a.*', '.*b', 'c|d']

class Simulation {
  readonly #bench: GroupBench
  readonly #random: SimRandom
  #consumers: SimConsumer[] = []
  #count = 0

  constructor(bench: GroupBench) {
    this.#bench = bench
    this.#random = bench.random
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      await this.#step()
      await this.#bench.settle()
      await this.#bench.check()
      this.#checkReaders()
    }
    await this.#quieten()
  }

  async #step(): Promise<void> {
    const random = this.#random
    switch (random.below(12)) {
      case 0:
        if (this.#consumers.length < 6) this.#consumers.push(this.#newConsumer())
        return
      case 1:
        return this.#changeTopic()
      case 2:
        return await this.#someoneLeaves()
      case 3:
        if (random.oneIn(3)) this.#any()?.subscribe(this.#someTopics(), this.#someRegex())
        return
      case 4:
        if (random.oneIn(3)) await this.#bench.restart()
        return
      case 5:
        return await this.#bench.advance(random.below(8) * 1000)
      default:
        return await this.#any()?.beat({ mayFail: true })
    }
  }

  #newConsumer(): SimConsumer {
    const memberId = `m${this.#count++}`
    const instanceId = this.#random.oneIn(3) ? `i-${memberId}` : null
    const who = { memberId, instanceId, topics: this.#someTopics(), regex: this.#someRegex() }
    return new SimConsumer(this.#bench, this.#random, who)
  }

  /** For good, for a while, or without a word; a static one may be back under another id. */
  async #someoneLeaves(): Promise<void> {
    const consumer = this.#any()
    if (consumer === undefined) return
    this.#consumers = this.#consumers.filter((each) => each !== consumer)
    if (consumer.instanceId === null || this.#random.oneIn(3)) {
      if (!this.#random.oneIn(3)) await consumer.leave(-1)
      return
    }
    await consumer.leave(-2)
    if (this.#random.oneIn(3)) return
    const { instanceId } = consumer
    const who = { instanceId, topics: this.#someTopics(), regex: this.#someRegex() }
    const memberId = `m${this.#count++}`
    this.#consumers.push(new SimConsumer(this.#bench, this.#random, { ...who, memberId }))
  }

  #changeTopic(): void {
    const name = TOPICS[this.#random.below(TOPICS.length)]!
    const count = this.#bench.partitionCountOf(name)
    if (count > 0 && this.#random.oneIn(4)) this.#bench.deleteTopic(name)
    else this.#bench.setTopic(name, count + 1 + this.#random.below(3))
  }

  #any(): SimConsumer | undefined {
    return this.#consumers[this.#random.below(this.#consumers.length || 1)]
  }

  #someTopics(): string[] {
    return TOPICS.filter(() => this.#random.oneIn(2))
  }

  #someRegex(): string {
    return REGEXES[this.#random.below(REGEXES.length)]!
  }

  #group(): ConsumerGroup | undefined {
    return this.#bench.runtime.peek(0, ({ groups }) => {
      const group = groups.get('g')
      return group instanceof ConsumerGroup ? group : undefined
    })
  }

  /** One that was put out reads on until it hears of it; those in the group never read the same. */
  #checkReaders(): void {
    const group = this.#group()
    const readers = new Map<string, string>()
    for (const { memberId, owned } of this.#consumers) {
      if (group?.members.has(memberId) !== true) continue
      for (const [topicId, partitions] of owned) {
        for (const partition of partitions) {
          const name = `${topicId}-${partition}`
          assert.equal(readers.get(name), undefined, `${name} is read by ${memberId} too`)
          readers.set(name, memberId)
        }
      }
    }
  }

  async #quieten(): Promise<void> {
    if (this.#consumers.length === 0) this.#consumers.push(this.#newConsumer())
    // Those that died are put out.
    for (let round = 0; round < 20; round++) {
      await this.#bench.advance(5000)
      for (const consumer of this.#consumers) await consumer.beat({ mayFail: false })
    }
    await this.#bench.check()
    this.#checkReaders()
    const group = this.#group()
    assert.equal(group?.state, 'Stable')
    assert.deepEqual([...group.members.keys()].sort(), this.#consumers.map(({ memberId }) => memberId).sort())
    assert.ok(this.#consumers.every(({ isSettled, isInGroup }) => isSettled && isInGroup))
    const read = this.#consumers.flatMap(({ owned }) =>
      [...owned].flatMap(([topicId, partitions]) => partitions.map((partition) => `${topicId}-${partition}`)),
    )
    const expected = [...group.subscribedTopics()].flatMap((name) =>
      Array.from(
        { length: this.#bench.partitionCountOf(name) },
        (_, partition) => `${this.#bench.topicId(name)}-${partition}`,
      ),
    )
    assert.deepEqual(read.sort(), expected.sort())
  }
}

test('whatever happens, nobody reads what another reads, and in the end everything is read', async () => {
  const given = process.env.SLUICE_SEED
  const seeds = given === undefined ? Array.from({ length: SEEDS }, (_, i) => i + 1) : [Number(given)]
  for (const seed of seeds) {
    try {
      await new Simulation(await GroupBench.start([], seed)).run()
    } catch (error) {
      throw new Error(`failed with SLUICE_SEED=${seed}`, { cause: error })
    }
  }
})
