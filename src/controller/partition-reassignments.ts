/**
 * Moves partitions to other replicas (KIP-455): from the order, through the time in which the new replicas catch up, to
 * the end, at which the old ones are deleted.
 *
 *   order ──> target in sync? ──no──> leader epoch raised, replicas to be added started; waits for the ISR to grow
 *                             ──yes─> leader moved to the target, other replicas leave the ISR and are deleted
 *
 * Invariants
 * - The store knows of a move before any broker does, and of its end only after those to be removed were told: a
 *   controller that takes over finds in the topic's node what is under way, and goes on from there.
 * - A replica is deleted only while some other one is in sync: an order that would leave none is refused.
 *
 * Other than in Apache Kafka, a topic that is to be deleted doesn't wait for the end of its moves, which may never come.
 */
import type { Logger } from '../base/logger.ts'
import type { ReplicaAssignment } from '../metadata/znodes.ts'
import type { ControllerContext, ControllerPartition, PartitionReplica } from './controller-context.ts'
import type { ControllerRequestBatch } from './controller-request-batch.ts'
import type { ControllerStore } from './controller-store.ts'
import type { PartitionStateMachine } from './partition-state-machine.ts'
import {
  areSameAssignments,
  assignedTo,
  isBeingReassigned,
  originReplicas,
  targetReplicas,
  without,
} from './replica-reassignment.ts'
import type { ReplicaStateMachine } from './replica-state-machine.ts'

export interface PartitionReassignmentsOptions {
  readonly context: ControllerContext
  readonly store: ControllerStore
  readonly batch: ControllerRequestBatch
  readonly partitions: PartitionStateMachine
  readonly replicas: ReplicaStateMachine
  readonly logger: Logger
  /** Told at the end of each move, with the replicas that the partition has then. */
  readonly onCompleted: (partition: ControllerPartition) => Promise<void>
}

export class PartitionReassignments {
  readonly #options: PartitionReassignmentsOptions

  constructor(options: PartitionReassignmentsOptions) {
    this.#options = options
  }

  underWay(): ControllerPartition[] {
    return [...this.#options.context.partitions()].filter(({ assignment }) => isBeingReassigned(assignment))
  }

  /**
   * Begins a move, in place of the one under way if there is one. False if the topic's node is gone. Fails with
   * ControllerMovedError, as the others.
   */
  async start(partition: ControllerPartition, reassignment: ReplicaAssignment): Promise<boolean> {
    const { store, logger } = this.#options
    const current = partition.assignment
    if (!areSameAssignments(current, reassignment)) {
      if (!(await store.writeAssignment(partition, reassignment))) return false
      logger.info(`Updated assignment of partition ${partition.name} to ${describe(reassignment)}`)
      partition.assignment = reassignment
      // Those that the former move was adding and nobody wants any more.
      await this.#stopReplicas(partition, without(current.replicas, reassignment.replicas))
    }
    await this.#advance(partition)
    return true
  }

  /** Goes on with moves that were begun before, by this controller or another. */
  async resume(isAffected: (assignment: ReplicaAssignment) => boolean = () => true): Promise<void> {
    for (const partition of this.underWay()) {
      if (this.#isDeleted(partition) || !isAffected(partition.assignment)) continue
      await this.#advance(partition)
    }
  }

  /** Ends the move of a partition whose ISR now holds its target. */
  async isrChanged(partition: ControllerPartition): Promise<void> {
    const { assignment, leadership } = partition
    if (!isBeingReassigned(assignment) || this.#isDeleted(partition)) return
    // What is known already tells of nearly all of them that they have to wait.
    if (!targetReplicas(assignment).every((each) => leadership?.isr.includes(each))) return
    if (!(await this.#isComplete(partition))) return
    this.#options.logger.info(
      `Target replicas ${targetReplicas(partition.assignment).join(',')} have all caught up with the leader for ` +
        `reassigning partition ${partition.name}`,
    )
    await this.#complete(partition)
  }

  async #advance(partition: ControllerPartition): Promise<void> {
    if (await this.#isComplete(partition)) return await this.#complete(partition)
    await this.#startReplicas(partition)
    // A partition without a leader may have found one among those that were added.
    await this.isrChanged(partition)
  }

  async #isComplete(partition: ControllerPartition): Promise<boolean> {
    if (!isBeingReassigned(partition.assignment)) return true
    // The leader may have changed the ISR since it was last read.
    const leadership = await this.#options.store.readLeadership(partition)
    return targetReplicas(partition.assignment).every((each) => leadership?.isr.includes(each))
  }

  async #startReplicas(partition: ControllerPartition): Promise<void> {
    const { batch, partitions, replicas } = this.#options
    const { assignment } = partition
    const added = replicasOf(partition, assignment.addingReplicas)
    const unknown = added.filter(({ brokerId }) => partition.replicaState(brokerId) === 'NonExistent')
    if (await partitions.raiseLeaderEpoch(partition)) {
      batch.addLeaderAndIsr(originReplicas(assignment), partition, false)
      // New: their brokers may choose any log directory, even if one of them has failed.
      batch.addLeaderAndIsr(assignment.addingReplicas, partition, true)
      replicas.toNew(unknown)
    } else {
      replicas.toNew(unknown)
      await partitions.triggerOnline([partition])
    }
    batch.send()
  }

  async #complete(partition: ControllerPartition): Promise<void> {
    const { batch, replicas, store, logger, onCompleted } = this.#options
    const { assignment } = partition
    replicas.toOnline(replicasOf(partition, assignment.addingReplicas))
    partition.assignment = assignedTo(targetReplicas(assignment))
    await this.#moveLeader(partition)
    await this.#stopReplicas(partition, assignment.removingReplicas)
    batch.send()
    await store.writeAssignment(partition, partition.assignment)
    logger.info(`Updated assignment of partition ${partition.name} to ${describe(partition.assignment)}`)
    await onCompleted(partition)
    batch.addUpdateMetadata([partition])
    batch.send()
  }

  /** To a replica that stays, if it isn't with one; they hear of the assignment in any case. */
  async #moveLeader(partition: ControllerPartition): Promise<void> {
    const { context, batch, partitions, logger } = this.#options
    const { replicas } = partition.assignment
    const leader = partition.leadership?.leader
    if (leader === undefined) return
    if (replicas.includes(leader) && context.isReplicaOnline(leader, partition)) {
      await partitions.raiseLeaderEpoch(partition)
      batch.addLeaderAndIsr(replicas, partition, false)
      return
    }
    logger.info(
      `Leader ${leader} for partition ${partition.name} being reassigned is not alive in the new list of replicas ` +
        `${replicas.join(',')}. Re-electing leader`,
    )
    await partitions.toOnline([partition], { type: 'reassignment' })
  }

  async #stopReplicas(partition: ControllerPartition, brokerIds: readonly number[]): Promise<void> {
    const { replicas } = this.#options
    const stopped = replicasOf(partition, brokerIds)
    if (stopped.length === 0) return
    await replicas.toOffline(stopped)
    // Told once and not followed up, as in Apache Kafka: a broker that is dead by now keeps its log.
    replicas.toDeletionStarted(stopped)
    replicas.toDeletionSuccessful(stopped)
    replicas.toNonExistent(stopped)
  }

  #isDeleted(partition: ControllerPartition): boolean {
    return this.#options.context.isTopicQueuedForDeletion(partition.topic.name)
  }
}

function replicasOf(partition: ControllerPartition, brokerIds: readonly number[]): PartitionReplica[] {
  return brokerIds.map((brokerId) => ({ partition, brokerId }))
}

function describe({ replicas, addingReplicas, removingReplicas }: ReplicaAssignment): string {
  return `ReplicaAssignment(replicas=${replicas.join(',')}, addingReplicas=${addingReplicas.join(',')}, removingReplicas=${removingReplicas.join(',')})`
}
