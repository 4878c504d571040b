/**
 * Deletes topics: an order stands as a node under /admin/delete_topics, and is carried out replica by replica.
 *
 * Brokers first hear UpdateMetadata with leader -2, so that clients stop; then live replicas get StopReplica with
 * deletePartition; when each has answered, the topic's nodes go, the order last. A topic with a dead replica, or one
 * that failed to delete, is ineligible and tried again when a broker comes back. If delete.topic.enable is off, orders
 * found in the store are removed and nothing is deleted.
 */
import type { Logger } from '../base/logger.ts'
import { DeleteTopicsZnode } from '../metadata/znodes.ts'
import type { ControllerContext, PartitionReplica } from './controller-context.ts'
import type { ControllerRequestBatch } from './controller-request-batch.ts'
import type { ControllerStore } from './controller-store.ts'
import type { PartitionStateMachine } from './partition-state-machine.ts'
import type { ReplicaStateMachine } from './replica-state-machine.ts'

export interface TopicDeletionManagerOptions {
  readonly deleteTopicEnable: boolean
  readonly context: ControllerContext
  readonly store: ControllerStore
  readonly batch: ControllerRequestBatch
  readonly partitions: PartitionStateMachine
  readonly replicas: ReplicaStateMachine
  readonly logger: Logger
}

export class TopicDeletionManager {
  readonly #options: TopicDeletionManagerOptions

  constructor(options: TopicDeletionManagerOptions) {
    this.#options = options
  }

  /** Marks topics; orders for unknown topics, or all of them if deletion is disabled, are removed. */
  async accept(topics: readonly string[]): Promise<void> {
    const { context, store, deleteTopicEnable, logger } = this.#options
    for (const topic of topics) {
      if (deleteTopicEnable && context.topics.has(topic)) {
        context.topicsToBeDeleted.add(topic)
        continue
      }
      if (!deleteTopicEnable)
        logger.info(`Removing the order to delete ${topic}, since delete.topic.enable is off`)
      await store.deleteNode(DeleteTopicsZnode.topicPath(topic))
    }
  }

  /** Goes on with every topic that can go on. Fails with ControllerMovedError. */
  async resume(): Promise<void> {
    const { context } = this.#options
    for (const topic of [...context.topicsToBeDeleted]) {
      const replicas = context.replicasOf(context.partitionsOf([topic]))
      const states = replicas.map(({ partition, brokerId }) => partition.replicaState(brokerId))
      if (states.every((state) => state === 'DeletionSuccessful')) await this.#complete(topic, replicas)
      else if (!states.includes('DeletionStarted') && !context.topicsIneligibleForDeletion.has(topic)) {
        await this.#start(topic, replicas)
      }
    }
  }

  /** Replicas of a broker that came back: their topics can be tried again. */
  retryTopicsOn(replicas: readonly PartitionReplica[]): void {
    for (const { partition } of replicas)
      this.#options.context.topicsIneligibleForDeletion.delete(partition.topic.name)
  }

  replicasDeleted(replicas: readonly PartitionReplica[]): void {
    this.#options.replicas.toDeletionSuccessful(replicas)
  }

  replicasFailed(replicas: readonly PartitionReplica[]): void {
    const { context } = this.#options
    const mine = replicas.filter(({ partition }) => context.isTopicQueuedForDeletion(partition.topic.name))
    const started = mine.filter(
      ({ partition, brokerId }) => partition.replicaState(brokerId) === 'DeletionStarted',
    )
    this.#options.replicas.toDeletionIneligible(started)
    for (const { partition } of mine) context.topicsIneligibleForDeletion.add(partition.topic.name)
  }

  async #start(topic: string, replicas: readonly PartitionReplica[]): Promise<void> {
    const { context, batch, partitions, replicas: machine } = this.#options
    const doomed = context.partitionsOf([topic])
    if (!context.topicsWithDeletionStarted.has(topic)) {
      this.#options.logger.info(`Deleting topic ${topic}`)
      context.topicsWithDeletionStarted.add(topic)
      partitions.toOffline(doomed)
      partitions.toNonExistent(doomed)
    }
    batch.addUpdateMetadata(doomed)
    const waiting = replicas.filter(
      ({ partition, brokerId }) => partition.replicaState(brokerId) !== 'DeletionSuccessful',
    )
    const alive = waiting.filter(({ partition, brokerId }) =>
      context.isReplicaOnline(brokerId, partition, true),
    )
    const dead = waiting.filter((each) => !alive.includes(each))
    await machine.toOffline(waiting)
    machine.toDeletionStarted(alive)
    machine.toDeletionIneligible(dead)
    if (dead.length > 0) context.topicsIneligibleForDeletion.add(topic)
  }

  async #complete(topic: string, replicas: readonly PartitionReplica[]): Promise<void> {
    const { context, store, replicas: machine } = this.#options
    await store.deleteTopic(topic)
    machine.toNonExistent(replicas)
    context.topics.delete(topic)
    context.topicsToBeDeleted.delete(topic)
    context.topicsWithDeletionStarted.delete(topic)
    context.topicsIneligibleForDeletion.delete(topic)
    this.#options.logger.info(`Deletion of topic ${topic} successfully completed`)
  }
}
