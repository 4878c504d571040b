/**
 * The controller's reads and writes of the metadata store. Every write is a multi that first checks /controller_epoch
 * at the version of this controller's election, so a controller that was replaced and does not know it yet changes
 * nothing: its write fails with ControllerMovedError, and it resigns.
 */
import {
  isStoreError,
  type MetadataStore,
  type Operation,
  type OperationResult,
} from '../coordination/metadata-store.ts'
import {
  ConfigZnode,
  ControllerEpochZnode,
  DeleteTopicsZnode,
  type LeaderAndIsr,
  type LeaderIsrAndControllerEpoch,
  type ReplicaAssignment,
  type TopicAssignment,
  TopicPartitionStateZnode,
  TopicPartitionsZnode,
  TopicPartitionZnode,
  TopicsZnode,
  TopicZnode,
} from '../metadata/znodes.ts'
import type { ControllerContext, ControllerPartition } from './controller-context.ts'

/** Another broker is the controller by now. */
export class ControllerMovedError extends Error {
  override name = 'ControllerMovedError'
  constructor() {
    super('The controller has moved to another broker')
  }
}

/** Operations in one multi when a topic's nodes are removed: bounds the size of a request to the store. */
const OPERATIONS_MAX = 1000

export type StateWrite = LeaderIsrAndControllerEpoch | 'conflict' | 'missing'

export class ControllerStore {
  readonly store: MetadataStore
  readonly #context: ControllerContext

  constructor(store: MetadataStore, context: ControllerContext) {
    this.store = store
    this.#context = context
  }

  /** The first operation of every write. */
  fence(): Operation {
    return { type: 'check', path: ControllerEpochZnode.path, expectedVersion: this.#context.epochZkVersion }
  }

  /** Results without that of the fence. Fails with ControllerMovedError, or a StoreError of an operation. */
  async write(operations: readonly Operation[]): Promise<OperationResult[]> {
    try {
      const results = await this.store.multi([this.fence(), ...operations])
      return results.slice(1)
    } catch (error) {
      if (isStoreError(error, 'BadVersion') && error.path === ControllerEpochZnode.path)
        throw new ControllerMovedError()
      throw error
    }
  }

  /** Undefined if the topic is gone. */
  async readTopic(topic: string): Promise<TopicAssignment | undefined> {
    const node = await this.store.get(TopicZnode.path(topic))
    return node === undefined ? undefined : TopicZnode.decode(topic, node.data)
  }

  async readTopicNames(): Promise<string[]> {
    return (await this.store.children(TopicsZnode.path)) ?? []
  }

  async readLeadership({
    topic,
    partition,
  }: ControllerPartition): Promise<LeaderIsrAndControllerEpoch | undefined> {
    const node = await this.store.get(TopicPartitionStateZnode.path(topic.name, partition))
    if (node === undefined) return undefined
    return TopicPartitionStateZnode.decode(topic.name, partition, node.data, node.stat.version)
  }

  /** Gives a topic made before topic ids its id. */
  async writeTopic(topic: string, assignment: TopicAssignment): Promise<void> {
    const data = TopicZnode.encode(assignment)
    await this.write([{ type: 'set', path: TopicZnode.path(topic), data, expectedVersion: -1 }])
  }

  /** Writes one partition's replicas, keeping what others add to the topic meanwhile. False if the topic is gone. */
  async writeAssignment(partition: ControllerPartition, assignment: ReplicaAssignment): Promise<boolean> {
    const topic = partition.topic.name
    const path = TopicZnode.path(topic)
    for (;;) {
      const node = await this.store.get(path)
      if (node === undefined) return false
      const { topicId, partitions } = TopicZnode.decode(topic, node.data)
      const changed = new Map(partitions).set(partition.partition, assignment)
      const data = TopicZnode.encode({ topicId, partitions: changed })
      try {
        await this.write([{ type: 'set', path, data, expectedVersion: node.stat.version }])
        return true
      } catch (error) {
        const failure = expectedFailure(error)
        if (failure === 'missing') return false
      }
    }
  }

  /** The folder of a topic's partitions: before createLeadership. */
  async ensurePartitionsNode(topic: string): Promise<void> {
    const path = TopicPartitionsZnode.path(topic)
    if ((await this.store.exists(path)) !== undefined) return
    try {
      await this.write([{ type: 'create', path, data: '' }])
    } catch (error) {
      // NoNode: the topic is gone; createLeadership will say so.
      if (!isStoreError(error, 'NodeExists') && !isStoreError(error, 'NoNode')) throw error
    }
  }

  /** Makes the state node of a new partition; 'conflict' if it has one. */
  async createLeadership(partition: ControllerPartition, value: LeaderAndIsr): Promise<StateWrite> {
    const topic = partition.topic.name
    const leadership = { ...value, controllerEpoch: this.#context.epoch }
    const folder = TopicPartitionZnode.path(topic, partition.partition)
    const path = TopicPartitionStateZnode.path(topic, partition.partition)
    const createState: Operation = { type: 'create', path, data: TopicPartitionStateZnode.encode(leadership) }
    try {
      // Apache Kafka makes the folder on its own, so one without a state may be there.
      if ((await this.store.exists(folder)) !== undefined) await this.write([createState])
      else await this.write([{ type: 'create', path: folder, data: '' }, createState])
      return leadership
    } catch (error) {
      return expectedFailure(error)
    }
  }

  /** Writes leader and ISR at their partition epoch; 'conflict' if the leader changed the node meanwhile. */
  async updateLeadership(partition: ControllerPartition, value: LeaderAndIsr): Promise<StateWrite> {
    const leadership = { ...value, controllerEpoch: this.#context.epoch }
    const path = TopicPartitionStateZnode.path(partition.topic.name, partition.partition)
    const data = TopicPartitionStateZnode.encode(leadership)
    try {
      const [result] = await this.write([{ type: 'set', path, data, expectedVersion: value.partitionEpoch }])
      return { ...leadership, partitionEpoch: result!.stat.version }
    } catch (error) {
      return expectedFailure(error)
    }
  }

  /**
   * Removes a deleted topic: its partitions first, in pieces, then with the topic node its config and the order to
   * delete it, in one write. A controller that dies in between leaves the order, and the next one goes on.
   */
  async deleteTopic(topic: string): Promise<void> {
    let operations: Operation[] = []
    const remove = (path: string): void => void operations.push({ type: 'delete', path, expectedVersion: -1 })
    const partitionsPath = TopicPartitionsZnode.path(topic)
    const names = await this.store.children(partitionsPath)
    for (const name of names ?? []) {
      for (const child of (await this.store.children(`${partitionsPath}/${name}`)) ?? []) {
        remove(`${partitionsPath}/${name}/${child}`)
      }
      remove(`${partitionsPath}/${name}`)
      if (operations.length < OPERATIONS_MAX) continue
      await this.write(operations)
      operations = []
    }
    if (names !== undefined) remove(partitionsPath)
    const last = [
      TopicZnode.path(topic),
      ConfigZnode.entityPath('topics', topic),
      DeleteTopicsZnode.topicPath(topic),
    ]
    for (const path of last) if ((await this.store.exists(path)) !== undefined) remove(path)
    await this.write(operations)
  }

  async deleteNode(path: string): Promise<void> {
    try {
      await this.write([{ type: 'delete', path, expectedVersion: -1 }])
    } catch (error) {
      if (!isStoreError(error, 'NoNode')) throw error
    }
  }
}

function expectedFailure(error: unknown): 'conflict' | 'missing' {
  if (isStoreError(error, 'BadVersion') || isStoreError(error, 'NodeExists')) return 'conflict'
  if (isStoreError(error, 'NoNode')) return 'missing'
  throw error
}
