/**
 * The states of a partition, and what each transition does.
 *
 *   NonExistent -> New      assigned, no leader yet
 *   New -> Online           first live replica leads, live replicas are the ISR; state node created
 *   Online, Offline -> Online   a leader is elected under a strategy; state node updated
 *   New, Online, Offline -> Offline   its leader died
 *   Offline -> NonExistent  deleted
 *
 * A transition that isn't listed is refused with a log line and changes nothing, as in Apache Kafka: events race,
 * and the controller must survive that.
 */
import type { Logger } from '../base/logger.ts'
import type { ControllerContext, ControllerPartition, PartitionState } from './controller-context.ts'
import type { ControllerRequestBatch } from './controller-request-batch.ts'
import type { ControllerStore } from './controller-store.ts'
import { type ElectionStrategy, electLeader, initialLeaderAndIsr } from './leader-election.ts'

const VALID_PREVIOUS_STATES: Readonly<Record<PartitionState, readonly PartitionState[]>> = {
  NonExistent: ['Offline'],
  New: ['NonExistent'],
  Online: ['New', 'Online', 'Offline'],
  Offline: ['New', 'Online', 'Offline'],
}

/** 'elected', or why not: 'noLeader' under this strategy, 'missing' state, 'notAllowed' as a transition. */
export type ElectionOutcome = 'elected' | 'noLeader' | 'missing' | 'notAllowed'

export interface PartitionStateMachineOptions {
  readonly context: ControllerContext
  readonly store: ControllerStore
  readonly batch: ControllerRequestBatch
  readonly logger: Logger
  /** Whether unclean.leader.election.enable holds for a topic. */
  readonly uncleanElectionAllowed: (topic: string) => Promise<boolean>
}

export class PartitionStateMachine {
  readonly #context: ControllerContext
  readonly #store: ControllerStore
  readonly #batch: ControllerRequestBatch
  readonly #logger: Logger
  readonly #uncleanElectionAllowed: (topic: string) => Promise<boolean>

  constructor(options: PartitionStateMachineOptions) {
    this.#context = options.context
    this.#store = options.store
    this.#batch = options.batch
    this.#logger = options.logger
    this.#uncleanElectionAllowed = options.uncleanElectionAllowed
  }

  /** After a failover: each partition's state follows from its leadership; those without a live leader elect one. */
  async startup(): Promise<void> {
    for (const partition of this.#context.partitions()) {
      const leader = partition.leadership?.leader
      if (leader === undefined) partition.state = 'New'
      else partition.state = this.#context.isReplicaOnline(leader, partition) ? 'Online' : 'Offline'
    }
    await this.triggerOnline()
  }

  /** Tries to bring every New and Offline partition online, except of topics that are being deleted. */
  async triggerOnline(partitions: Iterable<ControllerPartition> = this.#context.partitions()): Promise<void> {
    const waiting: ControllerPartition[] = []
    for (const partition of partitions) {
      if (this.#context.isTopicQueuedForDeletion(partition.topic.name)) continue
      if (partition.state === 'New' || partition.state === 'Offline') waiting.push(partition)
    }
    await this.toOnline(waiting, { type: 'offline', allowUnclean: false })
  }

  toNew(partitions: readonly ControllerPartition[]): void {
    this.#move(partitions, 'New')
  }

  toOffline(partitions: readonly ControllerPartition[]): void {
    this.#move(partitions, 'Offline')
  }

  toNonExistent(partitions: readonly ControllerPartition[]): void {
    this.#move(partitions, 'NonExistent')
  }

  /** Elects leaders. Fails with ControllerMovedError. */
  async toOnline(
    partitions: readonly ControllerPartition[],
    strategy: ElectionStrategy,
  ): Promise<Map<ControllerPartition, ElectionOutcome>> {
    const fresh: ControllerPartition[] = []
    const outcomes = new Map<ControllerPartition, ElectionOutcome>()
    const electing: ControllerPartition[] = []
    for (const partition of partitions) {
      if (!this.#allowed(partition, 'Online')) outcomes.set(partition, 'notAllowed')
      else if (partition.state === 'New') fresh.push(partition)
      else electing.push(partition)
    }
    await Promise.all(
      [...new Set(fresh.map((each) => each.topic.name))].map((t) => this.#store.ensurePartitionsNode(t)),
    )
    await Promise.all([
      ...fresh.map(async (each) => outcomes.set(each, await this.#initialize(each))),
      ...electing.map(async (each) => outcomes.set(each, await this.#elect(each, strategy))),
    ])
    return outcomes
  }

  /** The leader hears of a new assignment in a new epoch, all else stays. False if the partition has no state yet. */
  async raiseLeaderEpoch(partition: ControllerPartition): Promise<boolean> {
    for (;;) {
      const current = await this.#store.readLeadership(partition)
      if (current === undefined) return false
      const raised = { ...current, leaderEpoch: current.leaderEpoch + 1 }
      const written = await this.#store.updateLeadership(partition, raised)
      if (written === 'conflict') continue
      if (written === 'missing') return false
      partition.leadership = written
      return true
    }
  }

  async #initialize(partition: ControllerPartition): Promise<ElectionOutcome> {
    const initial = initialLeaderAndIsr(this.#context, partition)
    if (initial === undefined) {
      this.#refused(partition, 'Online', 'no assigned replica is alive')
      return 'noLeader'
    }
    const written = await this.#store.createLeadership(partition, initial)
    if (written === 'conflict' || written === 'missing') {
      this.#refused(
        partition,
        'Online',
        written === 'missing' ? 'the topic is gone' : 'it has a state already',
      )
      return 'missing'
    }
    partition.leadership = written
    partition.state = 'Online'
    this.#batch.addLeaderAndIsr(written.isr, partition, true)
    return 'elected'
  }

  async #elect(partition: ControllerPartition, strategy: ElectionStrategy): Promise<ElectionOutcome> {
    const uncleanAllowed = await this.#uncleanElectionAllowed(partition.topic.name)
    for (;;) {
      // The leader may have changed the ISR since: what is in the store decides, and is written at its version.
      const current = await this.#store.readLeadership(partition)
      if (current === undefined) {
        this.#refused(partition, 'Online', 'its state node is missing')
        return 'missing'
      }
      const election = electLeader(this.#context, partition, current, strategy, uncleanAllowed)
      if (election === undefined) {
        this.#refused(partition, 'Online', `no leader can be elected (${strategy.type})`)
        return 'noLeader'
      }
      const written = await this.#store.updateLeadership(partition, election.leaderAndIsr)
      if (written === 'conflict') continue
      if (written === 'missing') return 'missing'
      if (election.unclean) {
        this.#logger.warn(
          `Unclean leader election of ${written.leader} for ${partition.name}: records may be lost`,
        )
      }
      partition.leadership = written
      partition.state = 'Online'
      this.#batch.addLeaderAndIsr(election.recipients, partition, false)
      return 'elected'
    }
  }

  #move(partitions: readonly ControllerPartition[], target: PartitionState): void {
    for (const partition of partitions) if (this.#allowed(partition, target)) partition.state = target
  }

  #allowed(partition: ControllerPartition, target: PartitionState): boolean {
    if (VALID_PREVIOUS_STATES[target].includes(partition.state)) return true
    this.#refused(partition, target, `the transition from ${partition.state} is not allowed`)
    return false
  }

  #refused(partition: ControllerPartition, target: PartitionState, reason: string): void {
    this.#logger.error(
      `Controller epoch ${this.#context.epoch} failed to change state for partition ${partition.name} ` +
        `from ${partition.state} to ${target}: ${reason}`,
    )
  }
}
