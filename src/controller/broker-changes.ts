/**
 * What the active controller does about brokers: those that come, go, restart or are about to stop, replicas whose
 * log directory fails, and the answers to control requests.
 *
 * A broker whose registration has a new epoch has restarted between two looks: it is treated as having gone and come.
 */
import type { Logger } from '../base/logger.ts'
import type { BrokerRequestQueues, ControlResponse } from './broker-request-queue.ts'
import type {
  ControllerContext,
  ControllerPartition,
  LiveBroker,
  PartitionReplica,
} from './controller-context.ts'
import type { ControllerRequestBatch } from './controller-request-batch.ts'
import type { PartitionReassignments } from './partition-reassignments.ts'
import type { PartitionStateMachine } from './partition-state-machine.ts'
import type { ReplicaStateMachine } from './replica-state-machine.ts'
import type { TopicDeletionManager } from './topic-deletion-manager.ts'

const NONE = 0
const BROKER_NOT_AVAILABLE = 8
const KAFKA_STORAGE_ERROR = 56
const STALE_BROKER_EPOCH = 77

export interface BrokerChangesOptions {
  readonly context: ControllerContext
  readonly queues: BrokerRequestQueues
  readonly batch: ControllerRequestBatch
  readonly partitions: PartitionStateMachine
  readonly replicas: ReplicaStateMachine
  readonly deletions: TopicDeletionManager
  readonly reassignments: PartitionReassignments
  readonly logger: Logger
}

export class BrokerChanges {
  readonly #options: BrokerChangesOptions

  constructor(options: BrokerChangesOptions) {
    this.#options = options
  }

  /** Compares the registrations with what is known. */
  async changed(registered: ReadonlyMap<number, LiveBroker>): Promise<void> {
    const { context, logger } = this.#options
    const gone: number[] = []
    for (const [id, known] of context.liveBrokers) {
      const now = registered.get(id)
      if (now === undefined || now.epoch !== known.epoch) gone.push(id)
      else if (JSON.stringify(now.info) !== JSON.stringify(known.info)) this.#updateInfo(id, now)
    }
    if (gone.length > 0) {
      logger.info(`Broker failure callback for ${gone.join(',')}`)
      await this.#failed(gone)
    }
    const come = [...registered].filter(([id]) => !context.liveBrokers.has(id))
    if (come.length > 0) {
      logger.info(`New broker startup callback for ${come.map(([id]) => id).join(',')}`)
      await this.#started(come)
    }
  }

  /** Tells a broker everything anew. */
  async resync(brokerId: number): Promise<void> {
    const { context } = this.#options
    const broker = context.liveBrokers.get(brokerId)
    if (broker === undefined) return
    await this.#started([[brokerId, broker]])
  }

  /** Error code, or the partitions the broker still leads although others could. */
  async controlledShutdown(brokerId: number, brokerEpoch: number): Promise<ControllerPartition[] | number> {
    const { context, batch, partitions, replicas } = this.#options
    const broker = context.liveBrokers.get(brokerId)
    if (broker === undefined) return BROKER_NOT_AVAILABLE
    // -1: a request older than broker epochs.
    if (brokerEpoch !== -1 && brokerEpoch < broker.epoch) return STALE_BROKER_EPOCH
    context.shuttingDownBrokers.add(brokerId)
    const mine = context.replicasOn(brokerId).filter(({ partition }) => {
      const doomed = context.isTopicQueuedForDeletion(partition.topic.name)
      return partition.assignment.replicas.length > 1 && partition.leadership !== undefined && !doomed
    })
    const led = mine.filter(({ partition }) => partition.leadership?.leader === brokerId)
    await partitions.toOnline(
      led.map((each) => each.partition),
      { type: 'controlledShutdown' },
    )
    await replicas.toOffline(mine.filter(({ partition }) => partition.leadership?.leader !== brokerId))
    batch.send()
    return led.map((each) => each.partition).filter((each) => each.leadership?.leader === brokerId)
  }

  async leaderAndIsrAnswered(
    brokerId: number,
    { request, response }: ControlResponse & { apiKey: 4 },
  ): Promise<void> {
    const { context, logger } = this.#options
    if (response.errorCode !== NONE) {
      logger.error(`Broker ${brokerId} refused LeaderAndIsr with error ${response.errorCode}`)
      return
    }
    const names = new Map(request.topicStates.map((each) => [each.topicId, each.topicName]))
    const failed: PartitionReplica[] = []
    const recovered: PartitionReplica[] = []
    for (const { topicId, partitionErrors } of response.topics) {
      for (const { partitionIndex, errorCode } of partitionErrors) {
        const partition = context.partition(names.get(topicId) ?? '', partitionIndex)
        if (partition === undefined) continue
        if (errorCode === KAFKA_STORAGE_ERROR) {
          if (!partition.failedReplicas.has(brokerId)) failed.push({ partition, brokerId })
          partition.failedReplicas.add(brokerId)
        } else if (errorCode === NONE && partition.failedReplicas.delete(brokerId)) {
          recovered.push({ partition, brokerId })
        }
      }
    }
    if (failed.length > 0) await this.#replicasOffline(failed)
    if (recovered.length > 0) await this.#replicasOnline(recovered)
    this.#options.batch.send()
  }

  async stopReplicaAnswered(
    brokerId: number,
    { request, response }: ControlResponse & { apiKey: 5 },
  ): Promise<void> {
    const { context, deletions, batch } = this.#options
    const errors = new Map(
      response.partitionErrors.map((e) => [`${e.topicName}-${e.partitionIndex}`, e.errorCode]),
    )
    const deleted: PartitionReplica[] = []
    const failed: PartitionReplica[] = []
    for (const { topicName, partitionStates } of request.topicStates) {
      for (const { partitionIndex, deletePartition } of partitionStates) {
        const partition = context.partition(topicName, partitionIndex)
        if (!deletePartition || partition?.replicaState(brokerId) !== 'DeletionStarted') continue
        const error =
          response.errorCode === NONE ? errors.get(`${topicName}-${partitionIndex}`) : response.errorCode
        if (error === undefined || error === NONE) deleted.push({ partition, brokerId })
        else failed.push({ partition, brokerId })
      }
    }
    if (failed.length > 0) deletions.replicasFailed(failed)
    deletions.replicasDeleted(deleted)
    await deletions.resume()
    batch.send()
  }

  #updateInfo(brokerId: number, broker: LiveBroker): void {
    const { context, batch } = this.#options
    context.liveBrokers.set(brokerId, broker)
    batch.addUpdateMetadata([])
    batch.send()
  }

  async #failed(brokerIds: readonly number[]): Promise<void> {
    const { context, queues, batch } = this.#options
    for (const brokerId of brokerIds) {
      context.liveBrokers.delete(brokerId)
      context.shuttingDownBrokers.delete(brokerId)
      queues.removeBroker(brokerId)
    }
    // The remaining brokers hear who is left even if nothing of theirs changes.
    batch.addUpdateMetadata([])
    await this.#replicasOffline(brokerIds.flatMap((brokerId) => context.replicasOn(brokerId)))
    batch.send()
  }

  async #started(brokers: readonly (readonly [number, LiveBroker])[]): Promise<void> {
    const { context, queues, batch } = this.#options
    const ids = brokers.map(([id]) => id)
    const others = [...context.liveBrokers.keys()].filter((id) => !ids.includes(id))
    for (const [id, broker] of brokers) {
      context.liveBrokers.set(id, broker)
      queues.addBroker(id)
    }
    batch.addUpdateMetadata([], others)
    batch.send()
    batch.addUpdateMetadata(context.partitions(), ids)
    batch.send()
    const replicas = ids.flatMap((id) => context.replicasOn(id))
    for (const { partition, brokerId } of replicas) partition.failedReplicas.delete(brokerId)
    await this.#replicasOnline(replicas)
    batch.send()
    await this.#options.reassignments.resume(({ replicas: some, removingReplicas }) =>
      ids.some((id) => some.includes(id) && !removingReplicas.includes(id)),
    )
  }

  async #replicasOffline(affected: readonly PartitionReplica[]): Promise<void> {
    const { context, partitions, replicas, deletions } = this.#options
    const doomed = affected.filter(({ partition }) => context.isTopicQueuedForDeletion(partition.topic.name))
    const others = affected.filter((each) => !doomed.includes(each))
    const leaderless = new Set<ControllerPartition>()
    for (const { partition, brokerId } of others)
      if (partition.leadership?.leader === brokerId) leaderless.add(partition)
    partitions.toOffline([...leaderless])
    await partitions.triggerOnline(leaderless)
    await replicas.toOffline(others)
    deletions.replicasFailed(doomed)
  }

  async #replicasOnline(replicas: readonly PartitionReplica[]): Promise<void> {
    const { context, partitions, replicas: machine, deletions } = this.#options
    const kept = replicas.filter(({ partition }) => !context.isTopicQueuedForDeletion(partition.topic.name))
    machine.toOnline(kept)
    await partitions.triggerOnline()
    deletions.retryTopicsOn(replicas)
    await deletions.resume()
  }
}
