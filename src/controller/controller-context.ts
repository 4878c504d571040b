/**
 * Everything the active controller knows: live brokers, topics, each partition's assignment, leadership and state,
 * and which topics are being deleted. Loaded from the metadata store on failover, changed only by the controller's
 * event queue, dropped on resignation.
 *
 * Invariants: a partition's `leadership` is what was last read from or written to its state node; replicaStates has
 * a state for each assigned replica once the state machines have started.
 */

import type {
  BrokerInfo,
  LeaderIsrAndControllerEpoch,
  ReplicaAssignment,
  TopicAssignment,
} from '../metadata/znodes.ts'
import { ZERO_UUID } from '../wire/text.ts'

/** Transitions: see partition-state-machine.ts. */
export type PartitionState = 'NonExistent' | 'New' | 'Online' | 'Offline'

/** Transitions: see replica-state-machine.ts. */
export type ReplicaState =
  | 'NonExistent'
  | 'New'
  | 'Online'
  | 'Offline'
  | 'DeletionStarted'
  | 'DeletionSuccessful'
  | 'DeletionIneligible'

export class ControllerPartition {
  readonly topic: ControllerTopic
  readonly partition: number
  assignment: ReplicaAssignment
  state: PartitionState = 'NonExistent'
  /** Undefined until its state node exists. */
  leadership: LeaderIsrAndControllerEpoch | undefined
  readonly replicaStates = new Map<number, ReplicaState>()
  /** Brokers whose log directory of this partition has failed. */
  readonly failedReplicas = new Set<number>()

  constructor(topic: ControllerTopic, partition: number, assignment: ReplicaAssignment) {
    this.topic = topic
    this.partition = partition
    this.assignment = assignment
  }

  get name(): string {
    return `${this.topic.name}-${this.partition}`
  }

  replicaState(brokerId: number): ReplicaState {
    return this.replicaStates.get(brokerId) ?? 'NonExistent'
  }
}

export class ControllerTopic {
  readonly name: string
  topicId: string
  readonly partitions = new Map<number, ControllerPartition>()

  constructor(name: string, topicId: string) {
    this.name = name
    this.topicId = topicId
  }
}

export interface LiveBroker {
  readonly info: BrokerInfo
  /** The zxid that created its registration; a new one tells a restart. */
  readonly epoch: number
}

export interface PartitionReplica {
  readonly partition: ControllerPartition
  readonly brokerId: number
}

export class ControllerContext {
  epoch = 0
  /** The version of /controller_epoch at which this controller was elected: the fence of all its writes. */
  epochZkVersion = -1
  readonly liveBrokers = new Map<number, LiveBroker>()
  /** Live brokers that asked for a controlled shutdown: they lead nothing any more. */
  readonly shuttingDownBrokers = new Set<number>()
  readonly topics = new Map<string, ControllerTopic>()
  readonly topicsToBeDeleted = new Set<string>()
  readonly topicsWithDeletionStarted = new Set<string>()
  /** A replica is dead, or failed to delete: tried again when its broker comes back. */
  readonly topicsIneligibleForDeletion = new Set<string>()

  clear(): void {
    this.epoch = 0
    this.epochZkVersion = -1
    this.liveBrokers.clear()
    this.shuttingDownBrokers.clear()
    this.topics.clear()
    this.topicsToBeDeleted.clear()
    this.topicsWithDeletionStarted.clear()
    this.topicsIneligibleForDeletion.clear()
  }

  /** Takes a topic node in; partitions it has not seen before are returned. */
  putTopic(name: string, assignment: TopicAssignment): ControllerPartition[] {
    let topic = this.topics.get(name)
    if (topic === undefined) {
      topic = new ControllerTopic(name, assignment.topicId)
      this.topics.set(name, topic)
    } else if (topic.topicId === ZERO_UUID) {
      topic.topicId = assignment.topicId
    }
    const added: ControllerPartition[] = []
    for (const [partition, each] of assignment.partitions) {
      // The controller alone moves partitions: what it knows of those it has is what it wrote.
      if (topic.partitions.has(partition)) continue
      const made = new ControllerPartition(topic, partition, each)
      topic.partitions.set(partition, made)
      added.push(made)
    }
    return added
  }

  partition(topic: string, partition: number): ControllerPartition | undefined {
    return this.topics.get(topic)?.partitions.get(partition)
  }

  topicById(topicId: string): ControllerTopic | undefined {
    for (const topic of this.topics.values()) if (topic.topicId === topicId) return topic
    return undefined
  }

  *partitions(): Generator<ControllerPartition> {
    for (const topic of this.topics.values()) yield* topic.partitions.values()
  }

  partitionsOf(topics: Iterable<string>): ControllerPartition[] {
    const partitions: ControllerPartition[] = []
    for (const name of topics) partitions.push(...(this.topics.get(name)?.partitions.values() ?? []))
    return partitions
  }

  replicasOf(partitions: Iterable<ControllerPartition>): PartitionReplica[] {
    const replicas: PartitionReplica[] = []
    for (const partition of partitions) {
      for (const brokerId of partition.assignment.replicas) replicas.push({ partition, brokerId })
    }
    return replicas
  }

  replicasOn(brokerId: number): PartitionReplica[] {
    const replicas: PartitionReplica[] = []
    for (const partition of this.partitions()) {
      if (partition.assignment.replicas.includes(brokerId)) replicas.push({ partition, brokerId })
    }
    return replicas
  }

  /** Alive, not shutting down (unless that is asked for), and its log directory works. */
  isReplicaOnline(brokerId: number, partition: ControllerPartition, includeShuttingDown = false): boolean {
    if (!this.liveBrokers.has(brokerId)) return false
    if (!includeShuttingDown && this.shuttingDownBrokers.has(brokerId)) return false
    return !partition.failedReplicas.has(brokerId)
  }

  isTopicQueuedForDeletion(topic: string): boolean {
    return this.topicsToBeDeleted.has(topic)
  }
}
