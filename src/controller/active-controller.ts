/**
 * The controller while it is in office: made when the election is won, dropped when it is lost. It loads the cluster
 * into a ControllerContext, watches it, and answers each change with transitions of partitions and replicas and the
 * requests that tell the brokers.
 *
 * All methods run inside the controller's event queue. Whoever calls them drops the object at the first
 * ControllerMovedError; until then every write has proved that this is still the controller of its epoch.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { type Random, randomUuid } from '../base/random.ts'
import type { MetadataStore, Watcher } from '../coordination/metadata-store.ts'
import {
  BrokerIdsZnode,
  BrokerIdZnode,
  DeleteTopicsZnode,
  IsrChangeNotificationZnode,
  LogDirEventNotificationZnode,
  PreferredReplicaElectionZnode,
  ReassignPartitionsZnode,
  type TopicAssignment,
  TopicsZnode,
  TopicZnode,
} from '../metadata/znodes.ts'
import { ZERO_UUID } from '../wire/text.ts'
import { BrokerChanges } from './broker-changes.ts'
import type { BrokerChannel } from './broker-channel.ts'
import { BrokerRequestQueues, type ControlResponse } from './broker-request-queue.ts'
import { ControllerContext, type ControllerPartition, type LiveBroker } from './controller-context.ts'
import { ControllerRequestBatch } from './controller-request-batch.ts'
import { ControllerStore } from './controller-store.ts'
import { type AlterPartitionRequest, type AlterPartitionResponse, IsrChanges } from './isr-changes.ts'
import { LeaderElections } from './leader-elections.ts'
import { PartitionReassignments } from './partition-reassignments.ts'
import { PartitionStateMachine } from './partition-state-machine.ts'
import { ReassignmentOrders } from './reassignment-orders.ts'
import { ReplicaStateMachine } from './replica-state-machine.ts'
import { TopicDeletionManager } from './topic-deletion-manager.ts'

export interface ActiveControllerOptions {
  readonly brokerId: number
  readonly epoch: number
  readonly epochZkVersion: number
  readonly store: MetadataStore
  readonly channel: BrokerChannel
  readonly clock: Pick<Clock, 'after'>
  readonly random: Random
  readonly logger: Logger
  readonly stateChangeLogger: Logger
  readonly interBrokerListener: string
  readonly deleteTopicEnable: boolean
  readonly uncleanElectionAllowed: (topic: string) => Promise<boolean>
  readonly autoLeaderRebalance: AutoLeaderRebalance | undefined
  /** Puts an event into the controller's queue; it is dropped if this controller is out of office by then. */
  readonly enqueue: (name: string | undefined, run: () => Promise<void>) => void
}

/** auto.leader.rebalance.enable: leaders go back to their preferred replicas. */
export interface AutoLeaderRebalance {
  /** leader.imbalance.check.interval.seconds */
  readonly checkIntervalMs: number
  /** leader.imbalance.per.broker.percentage */
  readonly imbalancePercentage: number
}

const FIRST_REBALANCE_DELAY_MS = 5000

export class ActiveController {
  readonly context = new ControllerContext()
  readonly #options: ActiveControllerOptions
  readonly #store: ControllerStore
  readonly #queues: BrokerRequestQueues
  readonly #batch: ControllerRequestBatch
  readonly #partitions: PartitionStateMachine
  readonly #replicas: ReplicaStateMachine
  readonly #deletions: TopicDeletionManager
  readonly #brokers: BrokerChanges
  readonly #isrChanges: IsrChanges
  readonly #reassignments: PartitionReassignments
  readonly elections: LeaderElections
  readonly reassignmentOrders: ReassignmentOrders
  #rebalanceTimer: Timer | undefined

  constructor(options: ActiveControllerOptions) {
    this.#options = options
    const { context } = this
    context.epoch = options.epoch
    context.epochZkVersion = options.epochZkVersion
    this.#store = new ControllerStore(options.store, context)
    this.#queues = new BrokerRequestQueues({
      channel: options.channel,
      clock: options.clock,
      logger: options.logger,
      onResponse: (brokerId, answer) => this.#onResponse(brokerId, answer),
      onOverflow: (brokerId) => options.enqueue(`resync ${brokerId}`, () => this.#brokers.resync(brokerId)),
    })
    this.#batch = new ControllerRequestBatch({
      context,
      queues: this.#queues,
      controllerId: options.brokerId,
      interBrokerListener: options.interBrokerListener,
    })
    const logger = options.stateChangeLogger
    const { uncleanElectionAllowed, deleteTopicEnable } = options
    const shared = { context, store: this.#store, batch: this.#batch, logger }
    this.#partitions = new PartitionStateMachine({ ...shared, uncleanElectionAllowed })
    this.#replicas = new ReplicaStateMachine(shared)
    this.#isrChanges = new IsrChanges(shared)
    const machines = { partitions: this.#partitions, replicas: this.#replicas }
    this.#deletions = new TopicDeletionManager({
      ...shared,
      ...machines,
      deleteTopicEnable,
      logger: options.logger,
    })
    this.elections = new LeaderElections({ ...shared, ...machines, logger: options.logger })
    this.#reassignments = new PartitionReassignments({
      ...shared,
      ...machines,
      logger: options.logger,
      onCompleted: (partition) => this.reassignmentOrders.completed(partition),
    })
    this.reassignmentOrders = new ReassignmentOrders({
      ...shared,
      reassignments: this.#reassignments,
      uncleanElectionAllowed,
      logger: options.logger,
    })
    this.#brokers = new BrokerChanges({
      ...shared,
      ...machines,
      queues: this.#queues,
      deletions: this.#deletions,
      reassignments: this.#reassignments,
      logger: options.logger,
    })
  }

  /** Loads the cluster, tells the brokers, and brings every partition as far as it gets. */
  async takeOver(): Promise<void> {
    const { context } = this
    await this.#clearNotifications()
    for (const [id, broker] of await this.#readBrokers()) {
      context.liveBrokers.set(id, broker)
      this.#queues.addBroker(id)
    }
    await this.#loadTopics(await this.#readTopicNames())
    await Promise.all([...context.partitions()].map((each) => this.#loadLeadership(each)))
    await this.#deletions.accept(await this.#readDeletions())
    // Brokers first: what LeaderAndIsr tells a follower to fetch from must be known to it.
    this.#batch.addUpdateMetadata([])
    this.#batch.send()
    await this.#replicas.startup()
    await this.#partitions.startup()
    this.#batch.send()
    await this.reassignmentsOrdered()
    await this.#reassignments.resume()
    await this.#deletions.resume()
    this.#batch.send()
    await this.preferredElectionOrdered()
    this.#scheduleRebalance(FIRST_REBALANCE_DELAY_MS)
  }

  /** Out of office: nothing is sent any more. */
  close(): void {
    this.#rebalanceTimer?.cancel()
    this.#queues.close()
    this.#batch.clear()
  }

  /** Resolves when the controller's own broker has heard all it was told so far. */
  ownBrokerTold(): Promise<void> {
    return this.#queues.answered(this.#options.brokerId)
  }

  /** The first operation of a write that only the controller may do. */
  fence(): ReturnType<ControllerStore['fence']> {
    return this.#store.fence()
  }

  get store(): ControllerStore {
    return this.#store
  }

  /** Elects leaders for those partitions of a topic that have none, as far as its settings allow. */
  async electOffline(topic: string): Promise<void> {
    await this.#partitions.triggerOnline(this.context.partitionsOf([topic]))
    this.#batch.send()
  }

  /** Moves leaders off a broker that is about to stop: its partitions that it still leads, or an error code. */
  controlledShutdown(brokerId: number, brokerEpoch: number): Promise<ControllerPartition[] | number> {
    return this.#brokers.controlledShutdown(brokerId, brokerEpoch)
  }

  /** A leader's change of its ISR. */
  async alterPartition(request: AlterPartitionRequest, apiVersion: number): Promise<AlterPartitionResponse> {
    const response = await this.#isrChanges.alter(request, apiVersion)
    this.#continueReassignments()
    return response
  }

  /** The moves of partitions that are under way; all of them without names. */
  reassignments(): ControllerPartition[] {
    return this.#reassignments.underWay()
  }

  // ---- what watches bring

  async brokersChanged(): Promise<void> {
    await this.#brokers.changed(await this.#readBrokers())
  }

  async topicsChanged(): Promise<void> {
    const names = await this.#readTopicNames()
    const { topics } = this.context
    const fresh = names.filter((name) => !topics.has(name))
    // Seldom: with thousands of topics the second look would cost as much as all else.
    if (names.length - fresh.length < topics.size) this.#forgetTopicsBut(new Set(names))
    await this.#startPartitions(await this.#loadTopics(fresh))
  }

  async topicChanged(name: string): Promise<void> {
    const assignment = await this.#readTopic(name)
    if (assignment === undefined || !this.context.topics.has(name)) return
    if (this.context.isTopicQueuedForDeletion(name)) {
      this.#options.logger.warn(`Ignoring new partitions of topic ${name}, which is being deleted`)
      return
    }
    await this.#startPartitions(this.context.putTopic(name, assignment))
  }

  async deletionsChanged(): Promise<void> {
    await this.#deletions.accept(await this.#readDeletions())
    await this.reassignmentsOrdered()
    await this.#deletions.resume()
    this.#batch.send()
  }

  async isrChangesNotified(): Promise<void> {
    const changed = new Set<ControllerPartition>()
    const folder = IsrChangeNotificationZnode.path
    const names =
      (await this.#options.store.children(folder, this.#watch('isrChange', this.isrChangesNotified))) ?? []
    for (const name of names) {
      const node = await this.#options.store.get(`${folder}/${name}`)
      if (node === undefined) continue
      for (const { topic, partition } of IsrChangeNotificationZnode.decode(node.data)) {
        const known = this.context.partition(topic, partition)
        if (known !== undefined) changed.add(known)
      }
    }
    await Promise.all([...changed].map((each) => this.#loadLeadership(each)))
    this.#batch.addUpdateMetadata(changed)
    this.#batch.send()
    this.#continueReassignments()
    for (const name of names) await this.#store.deleteNode(`${folder}/${name}`)
  }

  async logDirEventsNotified(): Promise<void> {
    const folder = LogDirEventNotificationZnode.path
    const watcher = this.#watch('logDirEvent', this.logDirEventsNotified)
    const names = (await this.#options.store.children(folder, watcher)) ?? []
    for (const name of names) {
      const node = await this.#options.store.get(`${folder}/${name}`)
      if (node === undefined) continue
      // The broker's answer to LeaderAndIsr tells which of its replicas have failed.
      this.#replicas.toOnline(this.context.replicasOn(LogDirEventNotificationZnode.decode(node.data)))
    }
    this.#batch.send()
    for (const name of names) await this.#store.deleteNode(`${folder}/${name}`)
  }

  async preferredElectionOrdered(): Promise<void> {
    const { path } = PreferredReplicaElectionZnode
    const watcher = this.#watch('preferredElection', this.preferredElectionOrdered)
    if ((await this.#options.store.exists(path, watcher)) !== undefined) await this.elections.electFromZnode()
  }

  async reassignmentsOrdered(): Promise<void> {
    const watcher = this.#watch('reassignments', this.reassignmentsOrdered)
    if ((await this.#options.store.exists(ReassignPartitionsZnode.path, watcher)) !== undefined)
      await this.reassignmentOrders.takeFromZnode()
  }

  // ---- reading, with watches

  async #readBrokers(): Promise<Map<number, LiveBroker>> {
    const { store } = this.#options
    const watcher = this.#watch('brokers', this.brokersChanged)
    const names = (await store.children(BrokerIdsZnode.path, watcher)) ?? []
    const brokers = new Map<number, LiveBroker>()
    await Promise.all(
      names.map(async (name) => {
        const id = Number(name)
        const node = await store.get(BrokerIdZnode.path(id), watcher)
        if (node === undefined) return
        brokers.set(id, { info: BrokerIdZnode.decode(id, node.data), epoch: node.stat.czxid })
      }),
    )
    return brokers
  }

  async #readTopicNames(): Promise<string[]> {
    const watcher = this.#watch('topics', this.topicsChanged)
    return (await this.#options.store.children(TopicsZnode.path, watcher)) ?? []
  }

  async #readTopic(name: string): Promise<TopicAssignment | undefined> {
    const watcher = this.#watch(`topic ${name}`, () => this.topicChanged(name))
    const node = await this.#options.store.get(TopicZnode.path(name), watcher)
    return node === undefined ? undefined : TopicZnode.decode(name, node.data)
  }

  /** Takes topics in and gives those that have none their id. Returns the partitions that are new. */
  async #loadTopics(names: readonly string[]): Promise<ControllerPartition[]> {
    const loaded = await Promise.all(
      names.map(async (name) => {
        const assignment = await this.#readTopic(name)
        if (assignment === undefined) return []
        if (assignment.topicId !== ZERO_UUID) return this.context.putTopic(name, assignment)
        const identified = { ...assignment, topicId: randomUuid(this.#options.random) }
        await this.#store.writeTopic(name, identified)
        return this.context.putTopic(name, identified)
      }),
    )
    return loaded.flat()
  }

  async #loadLeadership(partition: ControllerPartition): Promise<void> {
    partition.leadership = await this.#store.readLeadership(partition)
  }

  async #readDeletions(): Promise<string[]> {
    const watcher = this.#watch('deletions', this.deletionsChanged)
    return (await this.#options.store.children(DeleteTopicsZnode.path, watcher)) ?? []
  }

  /** What earlier controllers were told is in the state that this one loads. */
  async #clearNotifications(): Promise<void> {
    const { store } = this.#options
    for (const [folder, name, run] of [
      [IsrChangeNotificationZnode.path, 'isrChange', this.isrChangesNotified],
      [LogDirEventNotificationZnode.path, 'logDirEvent', this.logDirEventsNotified],
    ] as const) {
      const children = (await store.children(folder, this.#watch(name, run))) ?? []
      for (const child of children) await this.#store.deleteNode(`${folder}/${child}`)
    }
  }

  /** One watcher for each name: a second read before it fires does not set it twice. */
  readonly #watchers = new Map<string, Watcher>()
  #watch(name: string, run: () => Promise<void>): Watcher {
    let watcher = this.#watchers.get(name)
    if (watcher === undefined) {
      watcher = () => this.#options.enqueue(name, () => run.call(this))
      this.#watchers.set(name, watcher)
    }
    return watcher
  }

  // ---- transitions

  async #startPartitions(partitions: readonly ControllerPartition[]): Promise<void> {
    if (partitions.length === 0) return
    const replicas = this.context.replicasOf(partitions)
    this.#partitions.toNew(partitions)
    this.#replicas.toNew(replicas)
    await this.#partitions.toOnline(partitions, { type: 'offline', allowUnclean: false })
    this.#replicas.toOnline(replicas)
    this.#batch.send()
  }

  /** In an event of its own: whoever changed an ISR is answered before the next change is made. */
  #continueReassignments(): void {
    this.#options.enqueue('reassignmentProgress', async () => {
      for (const partition of this.#reassignments.underWay()) await this.#reassignments.isrChanged(partition)
    })
  }

  #scheduleRebalance(delayMs: number): void {
    const { autoLeaderRebalance, clock, enqueue } = this.#options
    if (autoLeaderRebalance === undefined) return
    this.#rebalanceTimer = clock.after(delayMs, () =>
      enqueue('autoLeaderRebalance', async () => {
        this.#scheduleRebalance(autoLeaderRebalance.checkIntervalMs)
        await this.elections.rebalance(autoLeaderRebalance.imbalancePercentage)
      }),
    )
  }

  #forgetTopicsBut(names: ReadonlySet<string>): void {
    for (const name of [...this.context.topics.keys()]) if (!names.has(name)) this.#forgetTopic(name)
  }

  /** Somebody removed the topic's node by hand: there is nothing left to lead. */
  #forgetTopic(name: string): void {
    this.#options.logger.warn(`Topic ${name} is gone from the metadata store without having been deleted`)
    this.context.topics.delete(name)
    this.context.topicsToBeDeleted.delete(name)
    this.context.topicsWithDeletionStarted.delete(name)
    this.context.topicsIneligibleForDeletion.delete(name)
    this.#watchers.delete(`topic ${name}`)
  }

  #onResponse(brokerId: number, answer: ControlResponse): void {
    if (answer.apiKey === 4) {
      if (answer.response.topics.length === 0 && answer.response.errorCode === 0) return
      this.#options.enqueue(undefined, () => this.#brokers.leaderAndIsrAnswered(brokerId, answer))
    } else if (answer.apiKey === 5) {
      this.#options.enqueue(undefined, () => this.#brokers.stopReplicaAnswered(brokerId, answer))
    } else if (answer.response.errorCode !== 0) {
      this.#options.logger.error(
        `Broker ${brokerId} refused UpdateMetadata with error ${answer.response.errorCode}`,
      )
    }
  }
}
