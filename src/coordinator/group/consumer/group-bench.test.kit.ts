import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { silentLogger } from '../../../base/logger.ts'
import { BrokerConfig } from '../../../metadata/config/broker-config.ts'
import { MetadataCache, type MetadataUpdate } from '../../../metadata/metadata-cache.ts'
import { LEADER_DURING_DELETE } from '../../../metadata/znodes.ts'
import { SimClock } from '../../../simulator/sim-clock.ts'
import { SimRandom } from '../../../simulator/sim-random.ts'
import type { CoordinatorRuntime } from '../../runtime/coordinator-runtime.ts'
import { MemoryLog, startRuntime } from '../../runtime/memory-log.test.kit.ts'
import { GroupAdmin } from '../group-admin.ts'
import { GroupMembership } from '../group-membership.ts'
import { GroupShard } from '../group-shard.ts'
import { GroupOffsets } from '../offsets/group-offsets.ts'
import { ClusterTopics } from './cluster-topics.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { ConsumerMembership } from './consumer-membership.ts'

/**
 * A group coordinator of one partition over a log in memory, with topics that come and go. Whatever happens, a partition
 * has one holder at most, and loading the log gives the groups that there are.
 */
export class GroupBench {
  readonly clock = new SimClock()
  readonly random: SimRandom
  readonly log = new MemoryLog(this.clock)
  config: BrokerConfig
  runtime!: CoordinatorRuntime<GroupShard>
  membership!: GroupMembership
  consumer!: ConsumerMembership
  admin!: GroupAdmin
  offsets!: GroupOffsets
  readonly #metadataCache = new MetadataCache({ clusterId: 'c', logger: silentLogger })
  readonly #topics = new ClusterTopics(this.#metadataCache)
  readonly #topicIds = new Map<string, string>()
  readonly #topicNames = new Map<string, string>()

  private constructor(settings: readonly string[], seed: number) {
    this.random = new SimRandom(seed)
    this.config = configOf(settings)
  }

  static async start(settings: readonly string[] = [], seed = 1): Promise<GroupBench> {
    const bench = new GroupBench(settings, seed)
    await bench.load()
    return bench
  }

  async load(): Promise<void> {
    this.runtime = await this.#loaded()
    const where = { runtime: this.runtime, partitionOf: () => 0, config: this.config }
    this.membership = new GroupMembership(where)
    this.consumer = new ConsumerMembership(where)
    this.admin = new GroupAdmin(where)
    this.offsets = new GroupOffsets(where)
  }

  /** With other settings, if there are any. */
  async restart(settings: readonly string[] = []): Promise<void> {
    if (settings.length > 0) this.config = configOf(settings)
    this.runtime.shutdown()
    await this.settle()
    await this.load()
  }

  async #loaded(): Promise<CoordinatorRuntime<GroupShard>> {
    const { runtime, loaded } = startRuntime({
      clock: this.clock,
      random: this.random,
      newShard: (context) => new GroupShard(context, { config: this.config, topics: this.#topics }),
      log: this.log,
    })
    await loaded()
    return runtime
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      this.clock.advance(0)
      await turn()
    }
  }

  /** In steps, so that what a timer leads to is written before the next one. */
  async advance(durationMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 500) {
      this.clock.advance(Math.min(500, durationMs - passedMs))
      await this.settle()
    }
  }

  async answered<T>(answer: Promise<T>): Promise<T> {
    await this.settle()
    return await answer
  }

  // --- Topics --------------------------------------------------------------------------------------------------------

  /** Makes a topic, or gives it more partitions. */
  setTopic(name: string, partitionCount: number, givenId?: string): void {
    const known = this.#metadataCache.topic(name)?.partitions.size ?? 0
    if (known === 0) {
      const topicId = givenId ?? `${`${this.#topicNames.size + 1}-${name}`.padEnd(21, '_').slice(0, 21)}A`
      this.#topicIds.set(name, topicId)
      this.#topicNames.set(topicId, name)
    }
    this.#updateTopic(name, partitionCount, 1)
  }

  deleteTopic(name: string): void {
    this.#updateTopic(name, this.#metadataCache.topic(name)!.partitions.size, LEADER_DURING_DELETE)
  }

  partitionCountOf(name: string): number {
    return this.#metadataCache.topic(name)?.partitions.size ?? 0
  }

  #updateTopic(topicName: string, partitionCount: number, leader: number): void {
    const partitionStates = Array.from({ length: partitionCount }, (_, partitionIndex) => ({
      partitionIndex,
      leader,
      controllerEpoch: 1,
      leaderEpoch: 0,
      isr: [1],
      zkVersion: 0,
      replicas: [1],
      offlineReplicas: [],
    }))
    const topicStates = [{ topicName, topicId: this.topicId(topicName), partitionStates }]
    const update: MetadataUpdate = { controllerId: 1, controllerEpoch: 1, topicStates, liveBrokers: [] }
    this.#metadataCache.update(update)
  }

  /** Of the topic that has the name, or had it last. */
  topicId(name: string): string {
    return this.#topicIds.get(name) ?? assert.fail(`there is no topic ${name}`)
  }

  topicName(topicId: string): string {
    return this.#topicNames.get(topicId) ?? topicId
  }

  // --- Invariants ----------------------------------------------------------------------------------------------------

  /** Of the living groups, and against what the log is loaded to. */
  async check(): Promise<void> {
    this.#checkHolders()
    const living = this.dump()
    const other = await this.#loaded()
    const loaded = dumpOf(other)
    other.shutdown()
    assert.deepEqual(loaded, living, 'groups after a load')
  }

  #checkHolders(): void {
    this.runtime.peek(0, ({ groups }) => {
      for (const group of groups.values()) {
        if (!(group instanceof ConsumerGroup)) continue
        const holders = new Map<string, string>()
        for (const { memberId, assignment } of group.members.values()) {
          for (const held of [assignment.assigned, assignment.pendingRevocation]) {
            for (const [topicId, partitions] of held) {
              for (const partition of partitions) {
                const name = `${topicId}-${partition}`
                assert.equal(holders.get(name), undefined, `${name} is held twice`)
                assert.equal(group.isFree(topicId, partition), false, `${name} is held and free`)
                holders.set(name, memberId)
              }
            }
          }
        }
      }
    })
  }

  dump(): unknown[] {
    return dumpOf(this.runtime)
  }
}

/** All that is kept of consumer groups, in an order of its own. */
function dumpOf(runtime: CoordinatorRuntime<GroupShard>): unknown[] {
  return runtime.peek(0, ({ groups }) =>
    [...groups.values()]
      .filter((group) => group instanceof ConsumerGroup)
      .map((group) => ({
        groupId: group.groupId,
        groupEpoch: group.groupEpoch,
        targetEpoch: group.targetEpoch,
        topics: new Map(group.subscriptionMetadata),
        regexes: new Map(group.regexes),
        members: new Map(group.members),
        targets: new Map([...group.members.keys()].map((memberId) => [memberId, group.target(memberId)])),
        statics: new Map(
          [...group.members.values()].map(({ memberId, metadata }) => [
            memberId,
            metadata.instanceId && group.staticMember(metadata.instanceId)?.memberId,
          ]),
        ),
      }))
      .sort((a, b) => (a.groupId < b.groupId ? -1 : 1)),
  )!
}

function configOf(settings: readonly string[]): BrokerConfig {
  const properties = new Map([
    ['log.dirs', '/data'],
    ['group.initial.rebalance.delay.ms', '0'],
  ])
  for (const setting of settings) {
    const equals = setting.indexOf('=')
    properties.set(setting.slice(0, equals), setting.slice(equals + 1))
  }
  return BrokerConfig.parse(properties).config
}
