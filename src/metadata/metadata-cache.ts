/**
 * What one broker knows of the cluster: live brokers with their endpoints, topics by name and id, and the state of
 * each partition. Metadata, Fetch and Produce answer from it. It is fed by the controller's UpdateMetadata requests
 * alone, as in ZooKeeper-mode Kafka, so a broker serves what the controller last told it.
 *
 * Whoever holds a snapshot sees one consistent moment. An update works on the maps of topics in place unless a
 * snapshot of them is out: then it copies them once, so that thousands of topics made one by one are not copied
 * thousands of times. Topics themselves never change.
 */
import type { Logger } from '../base/logger.ts'
import { ZERO_UUID } from '../wire/text.ts'
import {
  LEADER_DURING_DELETE,
  type PartitionName,
  SECURITY_PROTOCOLS,
  type SecurityProtocol,
} from './znodes.ts'

export interface BrokerMetadataEndpoint {
  /** '' means: the address the client dialled. */
  readonly host: string
  readonly port: number
  readonly securityProtocol: SecurityProtocol
}

export interface BrokerMetadata {
  readonly id: number
  readonly rack: string | null
  readonly endpoints: ReadonlyMap<string, BrokerMetadataEndpoint>
}

export interface PartitionMetadata {
  readonly partition: number
  /** -1: no leader. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  readonly replicas: readonly number[]
  readonly offlineReplicas: readonly number[]
  /** The version of the partition's state node: the partition epoch. */
  readonly zkVersion: number
  readonly controllerEpoch: number
}

export interface TopicMetadata {
  readonly name: string
  /** ZERO_UUID if the topic has none. */
  readonly topicId: string
  /** By partition number; a number may be missing while the topic is being created. */
  readonly partitions: ReadonlyMap<number, PartitionMetadata>
}

export interface MetadataSnapshot {
  /** -1: unknown. */
  readonly controllerId: number
  readonly brokers: ReadonlyMap<number, BrokerMetadata>
  readonly topics: ReadonlyMap<string, TopicMetadata>
  readonly topicNames: ReadonlyMap<string, string>
}

/** The parts of an UpdateMetadata request (v7-8) that are read; the protocol's own type fits. */
export interface MetadataUpdate {
  readonly controllerId: number
  readonly controllerEpoch: number
  readonly topicStates: readonly {
    readonly topicName: string
    readonly topicId: string
    readonly partitionStates: readonly {
      readonly partitionIndex: number
      readonly controllerEpoch: number
      readonly leader: number
      readonly leaderEpoch: number
      readonly isr: readonly number[]
      readonly zkVersion: number
      readonly replicas: readonly number[]
      readonly offlineReplicas: readonly number[]
    }[]
  }[]
  readonly liveBrokers: readonly {
    readonly id: number
    readonly endpoints: readonly {
      readonly port: number
      readonly host: string
      readonly listener: string
      readonly securityProtocol: number
    }[]
    readonly rack: string | null
  }[]
}

export class MetadataCache {
  readonly clusterId: string
  readonly #logger: Logger
  readonly #listeners = new Set<() => void>()
  #controllerId = -1
  #controllerEpoch = -1
  #brokers: ReadonlyMap<number, BrokerMetadata> = new Map()
  #topics = new Map<string, TopicMetadata>()
  #topicNames = new Map<string, string>()
  /** Of this moment, if it was asked for. */
  #snapshot: MetadataSnapshot | undefined
  /** Some snapshot holds the maps of topics: they are not to change any more. */
  #areTopicsShared = false

  constructor(options: { clusterId: string; logger: Logger }) {
    this.clusterId = options.clusterId
    this.#logger = options.logger
  }

  /** For who needs more than the moment: it costs the next update a copy of the maps. */
  snapshot(): MetadataSnapshot {
    this.#areTopicsShared = true
    this.#snapshot ??= {
      controllerId: this.#controllerId,
      brokers: this.#brokers,
      topics: this.#topics,
      topicNames: this.#topicNames,
    }
    return this.#snapshot
  }

  /** -1: unknown. */
  get controllerId(): number {
    return this.#controllerId
  }

  brokerIds(): Iterable<number> {
    return this.#brokers.keys()
  }

  /** To be used up at once. */
  topicNames(): Iterable<string> {
    return this.#topics.keys()
  }

  /** The highest controller epoch heard of: requests of older controllers are refused (STALE_CONTROLLER_EPOCH). */
  get controllerEpoch(): number {
    return this.#controllerEpoch
  }

  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name)
  }

  topicById(topicId: string): TopicMetadata | undefined {
    const name = this.#topicNames.get(topicId)
    return name === undefined ? undefined : this.#topics.get(name)
  }

  partition(topic: string, partition: number): PartitionMetadata | undefined {
    return this.#topics.get(topic)?.partitions.get(partition)
  }

  broker(id: number): BrokerMetadata | undefined {
    return this.#brokers.get(id)
  }

  /** Called after each update, with the new snapshot in place. Returns how to stop listening. */
  onUpdate(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * Takes an UpdateMetadata request in: the brokers as a whole, the partitions it names. Returns the partitions that
   * are gone (their leader was LEADER_DURING_DELETE), or 'stale' for a request of a controller that has been
   * replaced: STALE_CONTROLLER_EPOCH (11).
   */
  update(request: MetadataUpdate): PartitionName[] | 'stale' {
    if (request.controllerEpoch < this.#controllerEpoch) return 'stale'
    this.#controllerEpoch = request.controllerEpoch
    const deleted: PartitionName[] = []
    if (this.#areTopicsShared && request.topicStates.length > 0) {
      this.#topics = new Map(this.#topics)
      this.#topicNames = new Map(this.#topicNames)
      this.#areTopicsShared = false
    }
    this.#snapshot = undefined
    for (const state of request.topicStates) updateTopic(this.#topics, this.#topicNames, state, deleted)
    this.#brokers = this.#brokersOf(request)
    this.#controllerId = request.controllerId
    for (const listener of [...this.#listeners]) listener()
    return deleted
  }

  #brokersOf(request: MetadataUpdate): Map<number, BrokerMetadata> {
    const brokers = new Map<number, BrokerMetadata>()
    for (const { id, rack, endpoints } of request.liveBrokers) {
      const byListener = new Map<string, BrokerMetadataEndpoint>()
      for (const { listener, host, port, securityProtocol } of endpoints) {
        const protocol = SECURITY_PROTOCOLS[securityProtocol]
        if (protocol === undefined)
          this.#logger.warn(`Broker ${id} has a listener of unknown protocol ${securityProtocol}`)
        else byListener.set(listener, { host, port, securityProtocol: protocol })
      }
      brokers.set(id, { id, rack, endpoints: byListener })
    }
    return brokers
  }
}

function updateTopic(
  topics: Map<string, TopicMetadata>,
  topicNames: Map<string, string>,
  state: MetadataUpdate['topicStates'][number],
  deleted: PartitionName[],
): void {
  const before = topics.get(state.topicName)
  // A topic made anew under an old name: nothing of the old one stays.
  const recreated = before !== undefined && before.topicId !== state.topicId && state.topicId !== ZERO_UUID
  if (recreated) topicNames.delete(before.topicId)
  const partitions = new Map(recreated ? [] : before?.partitions)
  for (const each of state.partitionStates) {
    if (each.leader === LEADER_DURING_DELETE) {
      partitions.delete(each.partitionIndex)
      deleted.push({ topic: state.topicName, partition: each.partitionIndex })
      continue
    }
    const {
      partitionIndex,
      leader,
      leaderEpoch,
      isr,
      replicas,
      offlineReplicas,
      zkVersion,
      controllerEpoch,
    } = each
    partitions.set(partitionIndex, {
      partition: partitionIndex,
      leader,
      leaderEpoch,
      isr,
      replicas,
      offlineReplicas,
      zkVersion,
      controllerEpoch,
    })
  }
  const topicId = state.topicId === ZERO_UUID ? (before?.topicId ?? ZERO_UUID) : state.topicId
  if (partitions.size === 0) {
    topics.delete(state.topicName)
    topicNames.delete(topicId)
  } else {
    topics.set(state.topicName, { name: state.topicName, topicId, partitions })
    if (topicId !== ZERO_UUID) topicNames.set(topicId, state.topicName)
  }
}
