/**
 * The states of a replica, and what each transition does.
 *
 *   NonExistent -> New                 gets a LeaderAndIsr if the partition has a leader
 *   New, Online, Offline, DeletionIneligible -> Online    gets a LeaderAndIsr
 *   New, Online, Offline, DeletionIneligible -> Offline   gets a StopReplica; leaves the ISR
 *   Offline -> DeletionStarted         gets a StopReplica that deletes
 *   DeletionStarted -> DeletionSuccessful | DeletionIneligible (a dead replica: Offline -> DeletionIneligible)
 *   DeletionSuccessful -> NonExistent
 *
 * Refused transitions are logged and change nothing.
 */
import type { Logger } from '../base/logger.ts'
import { type LeaderAndIsr, NO_LEADER } from '../metadata/znodes.ts'
import type {
  ControllerContext,
  ControllerPartition,
  PartitionReplica,
  ReplicaState,
} from './controller-context.ts'
import type { ControllerRequestBatch } from './controller-request-batch.ts'
import type { ControllerStore } from './controller-store.ts'

const VALID_PREVIOUS_STATES: Readonly<Record<ReplicaState, readonly ReplicaState[]>> = {
  NonExistent: ['DeletionSuccessful'],
  New: ['NonExistent'],
  Online: ['New', 'Online', 'Offline', 'DeletionIneligible'],
  Offline: ['New', 'Online', 'Offline', 'DeletionIneligible'],
  DeletionStarted: ['Offline'],
  DeletionSuccessful: ['DeletionStarted'],
  DeletionIneligible: ['Offline', 'DeletionStarted'],
}

export interface ReplicaStateMachineOptions {
  readonly context: ControllerContext
  readonly store: ControllerStore
  readonly batch: ControllerRequestBatch
  readonly logger: Logger
}

export class ReplicaStateMachine {
  readonly #context: ControllerContext
  readonly #store: ControllerStore
  readonly #batch: ControllerRequestBatch
  readonly #logger: Logger

  constructor(options: ReplicaStateMachineOptions) {
    this.#context = options.context
    this.#store = options.store
    this.#batch = options.batch
    this.#logger = options.logger
  }

  /** After a failover: live replicas are told what they are, dead ones leave the ISRs. */
  async startup(): Promise<void> {
    const online: PartitionReplica[] = []
    const offline: PartitionReplica[] = []
    for (const replica of this.#context.replicasOf(this.#context.partitions())) {
      const { partition, brokerId } = replica
      const isOnline = this.#context.isReplicaOnline(brokerId, partition)
      partition.replicaStates.set(brokerId, isOnline ? 'Online' : 'Offline')
      if (isOnline) online.push(replica)
      else offline.push(replica)
    }
    this.toOnline(online)
    await this.toOffline(offline)
  }

  toNew(replicas: readonly PartitionReplica[]): void {
    for (const { partition, brokerId } of this.#allowed(replicas, 'New')) {
      if (partition.leadership !== undefined) this.#batch.addLeaderAndIsr([brokerId], partition, true)
      partition.replicaStates.set(brokerId, 'New')
    }
  }

  toOnline(replicas: readonly PartitionReplica[]): void {
    for (const { partition, brokerId } of this.#allowed(replicas, 'Online')) {
      // A new replica has had its LeaderAndIsr, from toNew or with the first election.
      if (partition.replicaState(brokerId) !== 'New' && partition.leadership !== undefined) {
        this.#batch.addLeaderAndIsr([brokerId], partition, false)
      }
      partition.replicaStates.set(brokerId, 'Online')
    }
  }

  /** Fails with ControllerMovedError. */
  async toOffline(replicas: readonly PartitionReplica[]): Promise<void> {
    const leaving = new Map<ControllerPartition, number[]>()
    for (const { partition, brokerId } of this.#allowed(replicas, 'Offline')) {
      this.#batch.addStopReplica(brokerId, partition, false)
      partition.replicaStates.set(brokerId, 'Offline')
      // The ISR of a topic that goes away needs no care.
      if (this.#context.isTopicQueuedForDeletion(partition.topic.name)) continue
      leaving.set(partition, [...(leaving.get(partition) ?? []), brokerId])
    }
    await Promise.all([...leaving].map(([partition, brokerIds]) => this.#leaveIsr(partition, brokerIds)))
  }

  toDeletionStarted(replicas: readonly PartitionReplica[]): void {
    for (const { partition, brokerId } of this.#allowed(replicas, 'DeletionStarted')) {
      this.#batch.addStopReplica(brokerId, partition, true)
      partition.replicaStates.set(brokerId, 'DeletionStarted')
    }
  }

  toDeletionSuccessful(replicas: readonly PartitionReplica[]): void {
    this.#move(replicas, 'DeletionSuccessful')
  }

  toDeletionIneligible(replicas: readonly PartitionReplica[]): void {
    this.#move(replicas, 'DeletionIneligible')
  }

  toNonExistent(replicas: readonly PartitionReplica[]): void {
    for (const { partition, brokerId } of this.#allowed(replicas, 'NonExistent')) {
      partition.replicaStates.delete(brokerId)
    }
  }

  /** Takes brokers out of a partition's ISR, but never the last one: its log is the only complete one left. */
  async #leaveIsr(partition: ControllerPartition, brokerIds: readonly number[]): Promise<void> {
    for (;;) {
      const current = await this.#store.readLeadership(partition)
      if (current === undefined) return
      const next = withoutReplicas(current, brokerIds)
      if (next === undefined) {
        partition.leadership = current
        this.#batch.addUpdateMetadata([partition])
        return
      }
      const written = await this.#store.updateLeadership(partition, next)
      if (written === 'missing') return
      if (written === 'conflict') continue
      partition.leadership = written
      const others = partition.assignment.replicas.filter((each) => !brokerIds.includes(each))
      this.#batch.addLeaderAndIsr(others, partition, false)
      return
    }
  }

  #move(replicas: readonly PartitionReplica[], target: ReplicaState): void {
    for (const { partition, brokerId } of this.#allowed(replicas, target)) {
      partition.replicaStates.set(brokerId, target)
    }
  }

  #allowed(replicas: readonly PartitionReplica[], target: ReplicaState): PartitionReplica[] {
    return replicas.filter(({ partition, brokerId }) => {
      const state = partition.replicaState(brokerId)
      if (VALID_PREVIOUS_STATES[target].includes(state)) return true
      this.#logger.error(
        `Controller epoch ${this.#context.epoch} failed to change state for replica ${brokerId} of partition ` +
          `${partition.name} from ${state} to ${target}: the transition is not allowed`,
      )
      return false
    })
  }
}

/** The leadership after brokers have left, or undefined if nothing changes. */
function withoutReplicas(current: LeaderAndIsr, brokerIds: readonly number[]): LeaderAndIsr | undefined {
  const staying = current.isr.filter((each) => !brokerIds.includes(each))
  const isr = staying.length > 0 ? staying : current.isr.slice(0, 1)
  const leader = brokerIds.includes(current.leader) ? NO_LEADER : current.leader
  if (leader === current.leader && isr.length === current.isr.length) return undefined
  return { ...current, leader, isr, leaderEpoch: current.leaderEpoch + 1 }
}
