/**
 * A cluster of controllers over one MemoryStore, for tests: each broker has its session, its metadata cache and its
 * controller; control requests are recorded and answered as a broker without faults would, unless a test says else.
 */
import type { Clock } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import { MemoryStore } from '../coordination/memory-store.ts'
import type { TreeSession } from '../coordination/tree-session.ts'
import { ensurePersistentPaths, registerBroker } from '../metadata/broker-registration.ts'
import { MetadataCache } from '../metadata/metadata-cache.ts'
import {
  type BrokerInfo,
  type LeaderIsrAndControllerEpoch,
  type ReplicaAssignment,
  TopicPartitionStateZnode,
  TopicZnode,
} from '../metadata/znodes.ts'
import type { AutoLeaderRebalance } from './active-controller.ts'
import type { BrokerChannel, ControlApis } from './broker-channel.ts'
import { KafkaController } from './kafka-controller.ts'
import { PartitionAdmin } from './partition-admin.ts'
import { TopicAdmin } from './topic-admin.ts'

export type Sent = {
  [Key in keyof ControlApis]: {
    from: number
    to: number
    apiKey: Key
    request: ControlApis[Key]['request']
  }
}[keyof ControlApis]

export interface TestBroker {
  readonly id: number
  readonly session: TreeSession
  readonly cache: MetadataCache
  readonly controller: KafkaController
  readonly admin: TopicAdmin
  readonly partitionAdmin: PartitionAdmin
  epoch: number
}

export interface TestBrokerOptions {
  readonly deleteTopicEnable?: boolean
  readonly unclean?: boolean
  readonly rack?: string
  readonly autoLeaderRebalance?: AutoLeaderRebalance
}

export class TestCluster {
  readonly memory: MemoryStore
  /** Reads and writes as an outsider. */
  readonly root: TreeSession
  readonly brokers = new Map<number, TestBroker>()
  sent: Sent[] = []
  /** Error code for one partition in a broker's answers to LeaderAndIsr and StopReplica. */
  partitionError: (to: number, topic: string, partition: number) => number = () => 0
  readonly #clock: Clock
  readonly #random: Random

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
    this.memory = new MemoryStore(clock)
    this.root = this.memory.connect()
  }

  async start(id: number, options: TestBrokerOptions = {}): Promise<TestBroker> {
    const session = this.memory.connect()
    const info: BrokerInfo = {
      id,
      rack: options.rack ?? null,
      endpoints: [
        { listenerName: 'PLAINTEXT', host: '127.0.0.1', port: 9092 + id, securityProtocol: 'PLAINTEXT' },
      ],
    }
    const register = (): Promise<number> => registerBroker(session, info, this.#clock.nowMs())
    const cache = new MetadataCache({ clusterId: 'test', logger: silentLogger })
    const shared = { store: session, clock: this.#clock, random: this.#random }
    const deleteTopicEnable = options.deleteTopicEnable ?? true
    const controller = new KafkaController({
      ...shared,
      brokerId: id,
      channel: this.#channel(id),
      loggers: () => silentLogger,
      interBrokerListener: 'PLAINTEXT',
      deleteTopicEnable,
      uncleanElectionAllowed: async () => options.unclean ?? false,
      autoLeaderRebalance: options.autoLeaderRebalance,
      onNewSession: async () => {
        broker.epoch = await register()
      },
    })
    const admin = new TopicAdmin({
      ...shared,
      controller,
      metadataCache: cache,
      logger: silentLogger,
      defaults: { numPartitions: 1, replicationFactor: 1 },
      deleteTopicEnable,
      validateConfigs: (configs) =>
        configs.has('foo') ? { errorCode: 40, message: 'Unknown topic config name: foo' } : undefined,
    })
    const partitionAdmin = new PartitionAdmin({ controller, metadataCache: cache, clock: this.#clock })
    await ensurePersistentPaths(session)
    const epoch = await register()
    const broker: TestBroker = { id, session, cache, controller, admin, partitionAdmin, epoch }
    this.brokers.set(id, broker)
    await controller.start()
    await this.settle()
    return broker
  }

  /** The process dies: its session ends, it answers nothing. */
  async kill(id: number): Promise<void> {
    const broker = this.brokers.get(id)!
    this.brokers.delete(id)
    const stopped = broker.controller.shutdown()
    await broker.session.close()
    await stopped
    await this.settle()
  }

  /** Until no controller has anything to do, whatever the number of turns that takes. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 5; quiet++) {
      for (const { controller } of this.brokers.values()) await controller.idle()
      const before = this.sent.length
      await new Promise((resolve) => setImmediate(resolve))
      if (this.sent.length !== before) quiet = -1
    }
  }

  /** What was sent since the last call. */
  takeSent(): Sent[] {
    const sent = this.sent
    this.sent = []
    return sent
  }

  controller(): TestBroker | undefined {
    return [...this.brokers.values()].find((each) => each.controller.isActive)
  }

  async state(topic: string, partition: number): Promise<LeaderIsrAndControllerEpoch | undefined> {
    const node = await this.root.get(TopicPartitionStateZnode.path(topic, partition))
    if (node === undefined) return undefined
    return TopicPartitionStateZnode.decode(topic, partition, node.data, node.stat.version)
  }

  /** The topic's node as it stands in the store. */
  async assignment(topic: string, partition = 0): Promise<ReplicaAssignment | undefined> {
    const node = await this.root.get(TopicZnode.path(topic))
    return node === undefined ? undefined : TopicZnode.decode(topic, node.data).partitions.get(partition)
  }

  /** A topic of one partition for each list of replicas. */
  async createAssigned(topic: string, ...replicas: readonly number[][]): Promise<void> {
    const assignments = replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }))
    await this.controller()?.admin.createTopics([{ ...topicSpec(topic), assignments }], { timeoutMs: 1000 })
    await this.settle()
  }

  /** The leader of a partition says which of its replicas are in sync, as it does when they have caught up. */
  async changeIsr(topic: string, partition: number, isr: readonly number[]): Promise<number | undefined> {
    const state = (await this.state(topic, partition))!
    const leader = this.brokers.get(state.leader)!
    const change = {
      partitionIndex: partition,
      leaderEpoch: state.leaderEpoch,
      newIsr: [],
      newIsrWithEpochs: isr.map((brokerId) => ({ brokerId, brokerEpoch: -1 })),
      leaderRecoveryState: state.leaderRecoveryState,
      partitionEpoch: state.partitionEpoch,
    }
    const topicId = leader.cache.topic(topic)!.topicId
    const topics = [{ topicName: '', topicId, partitions: [change] }]
    const request = { brokerId: leader.id, brokerEpoch: leader.epoch, topics }
    const response = await this.controller()?.controller.whileActive((active) =>
      active.alterPartition(request, 3),
    )
    await this.settle()
    return response?.topics[0]?.partitions[0]?.errorCode
  }

  #channel(from: number): BrokerChannel {
    return {
      send: async (to, apiKey, request) => {
        await Promise.resolve()
        const broker = this.brokers.get(to)
        if (broker === undefined) throw new Error(`broker ${to} is down`)
        const sent = { from, to, apiKey, request } as unknown as Sent
        this.sent.push(sent)
        return this.#answer(broker, sent) as never
      },
    }
  }

  #answer(broker: TestBroker, sent: Sent): ControlApis[keyof ControlApis]['response'] {
    switch (sent.apiKey) {
      case 4:
        return {
          errorCode: 0,
          topics: sent.request.topicStates.map(({ topicId, topicName, partitionStates }) => ({
            topicId,
            partitionErrors: partitionStates.map(({ partitionIndex }) => ({
              partitionIndex,
              errorCode: this.partitionError(broker.id, topicName, partitionIndex),
            })),
          })),
        }
      case 5:
        return {
          errorCode: 0,
          partitionErrors: sent.request.topicStates.flatMap(({ topicName, partitionStates }) =>
            partitionStates.map(({ partitionIndex }) => ({
              topicName,
              partitionIndex,
              errorCode: this.partitionError(broker.id, topicName, partitionIndex),
            })),
          ),
        }
      case 6:
        return { errorCode: broker.cache.update(sent.request) === 'stale' ? 11 : 0 }
    }
  }
}

export function topicSpec(
  name: string,
  numPartitions = -1,
  replicationFactor = -1,
): { name: string; numPartitions: number; replicationFactor: number; assignments: []; configs: [] } {
  return { name, numPartitions, replicationFactor, assignments: [], configs: [] }
}
