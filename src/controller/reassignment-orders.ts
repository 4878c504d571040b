/**
 * Orders to move partitions: those of AlterPartitionReassignments (KIP-455), and those that older tools leave in
 * /admin/reassign_partitions. The last order for a partition holds, so one by the API takes the partition out of the
 * node; so does the end of a move, and the last one to leave takes the node along.
 *
 * The texts are those of Apache Kafka 3.9 with ZooKeeper, which tools print.
 */
import type { Logger } from '../base/logger.ts'
import { type PartitionMove, ReassignPartitionsZnode, ZnodeFormatError } from '../metadata/znodes.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { ControllerContext, ControllerPartition } from './controller-context.ts'
import type { ControllerStore } from './controller-store.ts'
import type { PartitionReassignments } from './partition-reassignments.ts'
import { isBeingReassigned, originReplicas, reassignTo, targetReplicas } from './replica-reassignment.ts'

/** Null replicas cancel the move under way. */
export interface ReassignmentOrder {
  readonly topic: string
  readonly partition: number
  readonly replicas: readonly number[] | null
}

export interface PartitionResult {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly errorMessage: string | null
}

type Fault = { readonly errorCode: number; readonly errorMessage: string }

const NOT_UNDER_WAY: Fault = {
  errorCode: ErrorCode.NO_REASSIGNMENT_IN_PROGRESS,
  errorMessage: 'No partition reassignment is in progress.',
}
const UNKNOWN: Fault = {
  errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  errorMessage: 'The partition does not exist.',
}

export class ReassignmentOrders {
  readonly #context: ControllerContext
  readonly #store: ControllerStore
  readonly #reassignments: PartitionReassignments
  readonly #uncleanElectionAllowed: (topic: string) => Promise<boolean>
  readonly #logger: Logger

  constructor(options: {
    context: ControllerContext
    store: ControllerStore
    reassignments: PartitionReassignments
    uncleanElectionAllowed: (topic: string) => Promise<boolean>
    logger: Logger
  }) {
    this.#context = options.context
    this.#store = options.store
    this.#reassignments = options.reassignments
    this.#uncleanElectionAllowed = options.uncleanElectionAllowed
    this.#logger = options.logger
  }

  /** One result for each order, in their order. Of several for one partition the caller keeps the last. */
  async alter(
    orders: readonly ReassignmentOrder[],
    { allowReplicationFactorChange }: { readonly allowReplicationFactorChange: boolean },
  ): Promise<PartitionResult[]> {
    const faults = await Promise.all(
      orders.map(async (order) => {
        const fault = await this.#faultOf(order)
        return fault ?? (allowReplicationFactorChange ? undefined : this.#factorFault(order))
      }),
    )
    await this.#removeFromZnode(({ topic, partition }) =>
      orders.some(
        (each, i) => faults[i] === undefined && each.topic === topic && each.partition === partition,
      ),
    )
    const results: PartitionResult[] = []
    for (const [i, { topic, partition, replicas }] of orders.entries()) {
      const fault = faults[i] ?? (await this.#start(this.#context.partition(topic, partition), replicas))
      results.push({ topic, partition, ...(fault ?? { errorCode: ErrorCode.NONE, errorMessage: null }) })
    }
    return results
  }

  /** Begins what /admin/reassign_partitions asks for; what can't be is taken out of it. */
  async takeFromZnode(): Promise<void> {
    const refused = new Set<string>()
    for (const { topic, partition: index, replicas } of await this.#readZnode()) {
      const partition = this.#context.partition(topic, index)
      if (partition !== undefined && isBeingReassigned(partition.assignment)) {
        if (targetReplicas(partition.assignment).join() === replicas.join()) continue
      }
      const fault = listFault(replicas) ?? (await this.#start(partition, replicas))
      if (fault === undefined) continue
      this.#logger.warn(`Failed reassignment of ${topic}-${index} through zk: ${fault.errorMessage}`)
      refused.add(`${topic}-${index}`)
    }
    if (refused.size > 0)
      await this.#removeFromZnode(({ topic, partition }) => refused.has(`${topic}-${partition}`))
  }

  /** A partition has arrived. */
  async completed(arrived: ControllerPartition): Promise<void> {
    const replicas = arrived.assignment.replicas.join()
    await this.#removeFromZnode(
      (each) =>
        each.topic === arrived.topic.name &&
        each.partition === arrived.partition &&
        each.replicas.join() === replicas,
    )
  }

  async #faultOf({ topic, partition: index, replicas }: ReassignmentOrder): Promise<Fault | undefined> {
    const partition = this.#context.partition(topic, index)
    if (replicas === null) {
      if (partition === undefined || !isBeingReassigned(partition.assignment)) return NOT_UNDER_WAY
    } else {
      const fault = listFault(replicas)
      if (fault !== undefined) return fault
      const current = partition === undefined ? [] : originReplicas(partition.assignment)
      const added = replicas.filter((each) => !current.includes(each))
      const live = [...this.#context.liveBrokers.keys()].filter(
        (each) => !this.#context.shuttingDownBrokers.has(each),
      )
      if (!added.every((each) => live.includes(each))) {
        return invalid(
          `Replica assignment has brokers that are not alive. Replica list: ${list(added)}, live broker list: Set(${live.join(', ')})`,
        )
      }
    }
    if (partition === undefined || this.#context.isTopicQueuedForDeletion(topic)) return UNKNOWN
    return await this.#isrFault(partition, replicas ?? originReplicas(partition.assignment))
  }

  /** KIP-860. */
  #factorFault({ topic, partition: index, replicas }: ReassignmentOrder): Fault | undefined {
    const partition = this.#context.partition(topic, index)
    if (partition === undefined || replicas === null) return undefined
    const factor = targetReplicas(partition.assignment).length
    if (replicas.length === factor) return undefined
    return {
      errorCode: ErrorCode.INVALID_REPLICATION_FACTOR,
      errorMessage: `The replication factor is changed from ${factor} to ${replicas.length}`,
    }
  }

  /** Whether the order would delete every replica that is in sync, as the end of a move may that has gone too far. */
  async #isrFault(partition: ControllerPartition, target: readonly number[]): Promise<Fault | undefined> {
    const { replicas } = reassignTo(partition.assignment, target)
    const isr = partition.leadership?.isr ?? []
    if (isr.length === 0 || isr.some((each) => replicas.includes(each))) return undefined
    const topic = partition.topic.name
    if (await this.#uncleanElectionAllowed(topic)) return undefined
    return invalid(
      `Unable to revert partition assignment for ${topic}:${partition.partition} because it would require an unclean leader election.`,
    )
  }

  async #start(
    partition: ControllerPartition | undefined,
    replicas: readonly number[] | null,
  ): Promise<Fault | undefined> {
    if (partition === undefined || this.#context.isTopicQueuedForDeletion(partition.topic.name))
      return UNKNOWN
    const target = replicas ?? originReplicas(partition.assignment)
    const fault = await this.#isrFault(partition, target)
    if (fault !== undefined) return fault
    const isStarted = await this.#reassignments.start(partition, reassignTo(partition.assignment, target))
    return isStarted ? undefined : UNKNOWN
  }

  async #readZnode(): Promise<PartitionMove[]> {
    const { path, decode } = ReassignPartitionsZnode
    const node = await this.#store.store.get(path)
    if (node === undefined) return []
    try {
      return decode(node.data)
    } catch (error) {
      if (!(error instanceof ZnodeFormatError)) throw error
      this.#logger.warn(`Ignoring partition reassignment due to invalid json: ${error.message}`)
      await this.#store.deleteNode(path)
      return []
    }
  }

  /** Only the controller rewrites the node, and its events follow on each other. */
  async #removeFromZnode(isDone: (move: PartitionMove) => boolean): Promise<void> {
    const moves = await this.#readZnode()
    const remaining = moves.filter((each) => !isDone(each))
    if (remaining.length === moves.length) return
    const { path, encode } = ReassignPartitionsZnode
    if (remaining.length === 0) return await this.#store.deleteNode(path)
    await this.#store.write([{ type: 'set', path, data: encode(remaining), expectedVersion: -1 }])
  }
}

function listFault(replicas: readonly number[]): Fault | undefined {
  if (replicas.length === 0) return invalid('Empty replica list specified in partition reassignment.')
  if (new Set(replicas).size < replicas.length)
    return invalid(`Duplicate replica ids in partition reassignment replica list: ${list(replicas)}`)
  if (replicas.some((each) => each < 0))
    return invalid(`Invalid broker id in replica list: ${list(replicas)}`)
  return undefined
}

function invalid(errorMessage: string): Fault {
  return { errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT, errorMessage }
}

/** As Kafka prints one. */
function list(replicas: readonly number[]): string {
  return `ArrayBuffer(${replicas.join(', ')})`
}
