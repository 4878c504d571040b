/**
 * The control requests that one event of the controller calls for: gathered while the state machines run, then sent
 * as at most one LeaderAndIsr, one UpdateMetadata and one StopReplica for each broker, in that order.
 *
 * A change of leadership goes to the replicas as LeaderAndIsr and to every broker as UpdateMetadata.
 */
import type { LeaderIsrAndControllerEpoch } from '../metadata/znodes.ts'
import { LEADER_DURING_DELETE, SECURITY_PROTOCOLS } from '../metadata/znodes.ts'
import {
  API_LEADER_AND_ISR,
  API_STOP_REPLICA,
  API_UPDATE_METADATA,
  type LeaderAndIsrRequest,
  type StopReplicaRequest,
  type UpdateMetadataRequest,
} from './broker-channel.ts'
import type { BrokerRequestQueues } from './broker-request-queue.ts'
import type { ControllerContext, ControllerPartition } from './controller-context.ts'

const EPOCH_DURING_DELETE = -2
const NO_EPOCH = -1

type LeaderAndIsrState = LeaderAndIsrRequest['topicStates'][number]['partitionStates'][number]
type MetadataState = UpdateMetadataRequest['topicStates'][number]['partitionStates'][number]

export class ControllerRequestBatch {
  readonly #context: ControllerContext
  readonly #queues: BrokerRequestQueues
  readonly #controllerId: number
  readonly #interBrokerListener: string
  /** By broker, then partition; the value tells whether the partition is new. */
  readonly #leaderAndIsr = new Map<number, Map<ControllerPartition, boolean>>()
  /** By broker, then partition; the value tells whether to delete it. */
  readonly #stopReplica = new Map<number, Map<ControllerPartition, boolean>>()
  readonly #updateMetadataBrokers = new Set<number>()
  readonly #updateMetadataPartitions = new Set<ControllerPartition>()

  constructor(options: {
    context: ControllerContext
    queues: BrokerRequestQueues
    controllerId: number
    interBrokerListener: string
  }) {
    this.#context = options.context
    this.#queues = options.queues
    this.#controllerId = options.controllerId
    this.#interBrokerListener = options.interBrokerListener
  }

  addLeaderAndIsr(brokerIds: Iterable<number>, partition: ControllerPartition, isNew: boolean): void {
    for (const brokerId of brokerIds) {
      const partitions = entryFor(this.#leaderAndIsr, brokerId)
      partitions.set(partition, isNew || (partitions.get(partition) ?? false))
    }
    this.addUpdateMetadata([partition])
  }

  addStopReplica(brokerId: number, partition: ControllerPartition, deletePartition: boolean): void {
    const partitions = entryFor(this.#stopReplica, brokerId)
    partitions.set(partition, deletePartition || (partitions.get(partition) ?? false))
  }

  /** To every live broker; the list of live brokers goes along, so no partitions is a message too. */
  addUpdateMetadata(partitions: Iterable<ControllerPartition>, brokerIds?: Iterable<number>): void {
    for (const brokerId of brokerIds ?? this.#context.liveBrokers.keys())
      this.#updateMetadataBrokers.add(brokerId)
    for (const partition of partitions) this.#updateMetadataPartitions.add(partition)
  }

  clear(): void {
    this.#leaderAndIsr.clear()
    this.#stopReplica.clear()
    this.#updateMetadataBrokers.clear()
    this.#updateMetadataPartitions.clear()
  }

  /** Queues the requests and empties the batch. Brokers that are not alive are left out. */
  send(): void {
    for (const [brokerId, partitions] of this.#leaderAndIsr) this.#sendLeaderAndIsr(brokerId, partitions)
    if (this.#updateMetadataBrokers.size > 0) this.#sendUpdateMetadata()
    for (const [brokerId, partitions] of this.#stopReplica) this.#sendStopReplica(brokerId, partitions)
    this.clear()
  }

  #sendLeaderAndIsr(brokerId: number, partitions: ReadonlyMap<ControllerPartition, boolean>): void {
    const broker = this.#context.liveBrokers.get(brokerId)
    if (broker === undefined) return
    const leaders = new Set<number>()
    const states = new Map<ControllerPartition, LeaderAndIsrState>()
    for (const [partition, isNew] of partitions) {
      const { leadership } = partition
      if (leadership === undefined) continue
      states.set(partition, leaderAndIsrState(partition, leadership, isNew))
      leaders.add(leadership.leader)
    }
    if (states.size === 0) return
    this.#queues.enqueue(brokerId, API_LEADER_AND_ISR, {
      controllerId: this.#controllerId,
      controllerEpoch: this.#context.epoch,
      brokerEpoch: broker.epoch,
      topicStates: byTopic(states),
      liveLeaders: this.#nodes(leaders),
    })
  }

  #nodes(brokerIds: Iterable<number>): LeaderAndIsrRequest['liveLeaders'] {
    const nodes: LeaderAndIsrRequest['liveLeaders'] = []
    for (const brokerId of brokerIds) {
      const endpoints = this.#context.liveBrokers.get(brokerId)?.info.endpoints ?? []
      const endpoint = endpoints.find((each) => each.listenerName === this.#interBrokerListener)
      if (endpoint !== undefined) nodes.push({ brokerId, hostName: endpoint.host, port: endpoint.port })
    }
    return nodes
  }

  #sendUpdateMetadata(): void {
    const states = new Map<ControllerPartition, MetadataState>()
    for (const partition of this.#updateMetadataPartitions) {
      const state = this.#metadataState(partition)
      if (state !== undefined) states.set(partition, state)
    }
    const topicStates: UpdateMetadataRequest['topicStates'] = byTopic(states)
    const liveBrokers = this.#liveBrokers()
    for (const brokerId of this.#updateMetadataBrokers) {
      const broker = this.#context.liveBrokers.get(brokerId)
      if (broker === undefined) continue
      this.#queues.enqueue(brokerId, API_UPDATE_METADATA, {
        controllerId: this.#controllerId,
        controllerEpoch: this.#context.epoch,
        brokerEpoch: broker.epoch,
        topicStates,
        liveBrokers,
      })
    }
  }

  /** Undefined for a partition that never had a leader: no broker need know it. */
  #metadataState(partition: ControllerPartition): MetadataState | undefined {
    const deleting = this.#context.isTopicQueuedForDeletion(partition.topic.name)
    const { leadership, assignment } = partition
    if (leadership === undefined) return undefined
    return {
      partitionIndex: partition.partition,
      controllerEpoch: leadership.controllerEpoch,
      leader: deleting ? LEADER_DURING_DELETE : leadership.leader,
      leaderEpoch: leadership.leaderEpoch,
      isr: [...leadership.isr],
      zkVersion: leadership.partitionEpoch,
      replicas: [...assignment.replicas],
      offlineReplicas: assignment.replicas.filter(
        (each) => !this.#context.isReplicaOnline(each, partition, true),
      ),
    }
  }

  #liveBrokers(): UpdateMetadataRequest['liveBrokers'] {
    return [...this.#context.liveBrokers.values()].map(({ info }) => ({
      id: info.id,
      endpoints: info.endpoints.map((each) => ({
        port: each.port,
        host: each.host,
        listener: each.listenerName,
        securityProtocol: SECURITY_PROTOCOLS.indexOf(each.securityProtocol),
      })),
      rack: info.rack,
    }))
  }

  #sendStopReplica(brokerId: number, partitions: ReadonlyMap<ControllerPartition, boolean>): void {
    const broker = this.#context.liveBrokers.get(brokerId)
    if (broker === undefined) return
    const states = new Map<
      ControllerPartition,
      StopReplicaRequest['topicStates'][number]['partitionStates'][number]
    >()
    for (const [partition, deletePartition] of partitions) {
      const deleting = this.#context.isTopicQueuedForDeletion(partition.topic.name)
      const leaderEpoch = deleting ? EPOCH_DURING_DELETE : (partition.leadership?.leaderEpoch ?? NO_EPOCH)
      states.set(partition, { partitionIndex: partition.partition, leaderEpoch, deletePartition })
    }
    this.#queues.enqueue(brokerId, API_STOP_REPLICA, {
      controllerId: this.#controllerId,
      controllerEpoch: this.#context.epoch,
      brokerEpoch: broker.epoch,
      topicStates: byTopic(states).map(({ topicName, partitionStates }) => ({ topicName, partitionStates })),
    })
  }
}

function leaderAndIsrState(
  { partition, assignment }: ControllerPartition,
  leadership: LeaderIsrAndControllerEpoch,
  isNew: boolean,
): LeaderAndIsrState {
  return {
    partitionIndex: partition,
    controllerEpoch: leadership.controllerEpoch,
    leader: leadership.leader,
    leaderEpoch: leadership.leaderEpoch,
    isr: [...leadership.isr],
    partitionEpoch: leadership.partitionEpoch,
    replicas: [...assignment.replicas],
    addingReplicas: [...assignment.addingReplicas],
    removingReplicas: [...assignment.removingReplicas],
    isNew,
    leaderRecoveryState: leadership.leaderRecoveryState,
  }
}

interface TopicStates<State> {
  topicName: string
  topicId: string
  partitionStates: State[]
}

function byTopic<State>(states: ReadonlyMap<ControllerPartition, State>): TopicStates<State>[] {
  const topics = new Map<string, TopicStates<State>>()
  for (const [partition, state] of states) {
    const { name, topicId } = partition.topic
    const topic = topics.get(name)
    if (topic === undefined) topics.set(name, { topicName: name, topicId, partitionStates: [state] })
    else topic.partitionStates.push(state)
  }
  return [...topics.values()]
}

function entryFor<Value>(
  byBroker: Map<number, Map<ControllerPartition, Value>>,
  brokerId: number,
): Map<ControllerPartition, Value> {
  let partitions = byBroker.get(brokerId)
  if (partitions === undefined) {
    partitions = new Map()
    byBroker.set(brokerId, partitions)
  }
  return partitions
}
