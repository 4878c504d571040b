/**
 * Elections that somebody asks for: by ElectLeaders (KIP-183, KIP-460), by /admin/preferred_replica_election as older
 * tools do, or by the clock, where auto.leader.rebalance.enable has leaders go back to their preferred replicas.
 *
 * Only ElectLeaders may elect uncleanly. A partition whose leader is as wished is left alone.
 */
import type { Logger } from '../base/logger.ts'
import { type PartitionName, PreferredReplicaElectionZnode, ZnodeFormatError } from '../metadata/znodes.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { ControllerContext, ControllerPartition } from './controller-context.ts'
import type { ControllerRequestBatch } from './controller-request-batch.ts'
import type { ControllerStore } from './controller-store.ts'
import type { PartitionStateMachine } from './partition-state-machine.ts'

export type ElectionType = 'preferred' | 'unclean'

/** The leader is -1 where there is an error. */
export interface ElectionResult extends PartitionName {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly leader: number
}

export class LeaderElections {
  readonly #context: ControllerContext
  readonly #store: ControllerStore
  readonly #batch: ControllerRequestBatch
  readonly #partitions: PartitionStateMachine
  readonly #logger: Logger

  constructor(options: {
    context: ControllerContext
    store: ControllerStore
    batch: ControllerRequestBatch
    partitions: PartitionStateMachine
    logger: Logger
  }) {
    this.#context = options.context
    this.#store = options.store
    this.#batch = options.batch
    this.#partitions = options.partitions
    this.#logger = options.logger
  }

  /** One result for each partition, in their order. */
  async elect(names: readonly PartitionName[], type: ElectionType): Promise<ElectionResult[]> {
    const electable = new Set<ControllerPartition>()
    for (const { topic, partition: index } of names) {
      const partition = this.#context.partition(topic, index)
      if (partition !== undefined && this.#isElectable(partition, type)) electable.add(partition)
    }
    const strategy = type === 'preferred' ? { type } : ({ type: 'offline', allowUnclean: true } as const)
    const outcomes = await this.#partitions.toOnline([...electable], strategy)
    this.#batch.send()
    return names.map(({ topic, partition: index }) => {
      const partition = this.#context.partition(topic, index)
      const refused = (errorCode: number, errorMessage: string): ElectionResult => {
        return { topic, partition: index, errorCode, errorMessage, leader: -1 }
      }
      if (partition === undefined)
        return refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'The partition does not exist.')
      if (this.#context.isTopicQueuedForDeletion(topic))
        return refused(ErrorCode.INVALID_TOPIC_EXCEPTION, 'The topic is being deleted')
      if (!electable.has(partition))
        return refused(ErrorCode.ELECTION_NOT_NEEDED, 'Leader election not needed for topic partition.')
      if (outcomes.get(partition) === 'elected') {
        const leader = partition.leadership?.leader ?? -1
        return { topic, partition: index, errorCode: ErrorCode.NONE, errorMessage: null, leader }
      }
      return refused(
        UNAVAILABLE[type],
        `Failed to elect leader for partition ${partition.name} under strategy ${STRATEGIES[type]}`,
      )
    })
  }

  /** The node is gone afterwards, whatever came of it. */
  async electFromZnode(): Promise<void> {
    const { path, decode } = PreferredReplicaElectionZnode
    const node = await this.#store.store.get(path)
    if (node === undefined) return
    try {
      const results = await this.elect(decode(node.data), 'preferred')
      for (const { topic, partition, errorCode, errorMessage } of results) {
        if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.ELECTION_NOT_NEEDED) continue
        this.#logger.warn(`No preferred replica leader election for ${topic}-${partition}: ${errorMessage}`)
      }
    } catch (error) {
      if (!(error instanceof ZnodeFormatError)) throw error
      this.#logger.warn(`Ignoring the ordered preferred replica leader election: ${error.message}`)
    }
    await this.#store.deleteNode(path)
  }

  /**
   * Gives partitions back to preferred replicas: to those brokers that lead less than they should by more than
   * `imbalancePercentage` (leader.imbalance.per.broker.percentage) of what they should lead.
   */
  async rebalance(imbalancePercentage: number): Promise<void> {
    const byPreferred = new Map<number, ControllerPartition[]>()
    for (const partition of this.#context.partitions()) {
      const preferred = partition.assignment.replicas[0]
      if (preferred === undefined || this.#context.isTopicQueuedForDeletion(partition.topic.name)) continue
      const known = byPreferred.get(preferred)
      if (known === undefined) byPreferred.set(preferred, [partition])
      else known.push(partition)
    }
    const moving: ControllerPartition[] = []
    for (const [preferred, partitions] of byPreferred) {
      const elsewhere = partitions.filter(
        ({ leadership }) => leadership !== undefined && leadership.leader !== preferred,
      )
      if (elsewhere.length / partitions.length <= imbalancePercentage / 100) continue
      moving.push(...elsewhere.filter((each) => this.#canLead(preferred, each)))
    }
    if (moving.length === 0) return
    const names = moving.map(({ name }) => name).join(',')
    this.#logger.info(
      `Starting replica leader election (PREFERRED) for partitions ${names} triggered by AutoTriggered`,
    )
    await this.#partitions.toOnline(moving, { type: 'preferred' })
    this.#batch.send()
  }

  #canLead(brokerId: number, partition: ControllerPartition): boolean {
    const isInSync = partition.leadership?.isr.includes(brokerId) === true
    return isInSync && this.#context.isReplicaOnline(brokerId, partition)
  }

  #isElectable(partition: ControllerPartition, type: ElectionType): boolean {
    if (this.#context.isTopicQueuedForDeletion(partition.topic.name)) return false
    const leader = partition.leadership?.leader
    if (type === 'preferred') return leader !== partition.assignment.replicas[0]
    const { liveBrokers, shuttingDownBrokers } = this.#context
    return leader === undefined || !liveBrokers.has(leader) || shuttingDownBrokers.has(leader)
  }
}

const UNAVAILABLE: Readonly<Record<ElectionType, number>> = {
  preferred: ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE,
  unclean: ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE,
}

/** As Kafka prints them. */
const STRATEGIES: Readonly<Record<ElectionType, string>> = {
  preferred: 'PreferredReplicaPartitionLeaderElectionStrategy',
  unclean: 'OfflinePartitionLeaderElectionStrategy(true)',
}
