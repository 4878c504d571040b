/**
 * What administrators ask of partitions that exist: other leaders, other replicas. Runs in the controller's queue on
 * the broker that is the controller; elsewhere, and when the office is lost meanwhile, the answer is NOT_CONTROLLER.
 */
import type { Clock } from '../base/clock.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'
import type { PartitionName, ReplicaAssignment } from '../metadata/znodes.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { ControllerPartition } from './controller-context.ts'
import type { KafkaController } from './kafka-controller.ts'
import type { ElectionResult, ElectionType } from './leader-elections.ts'
import { waitForMetadata } from './metadata-wait.ts'
import type { PartitionResult, ReassignmentOrder } from './reassignment-orders.ts'
import { isBeingReassigned } from './replica-reassignment.ts'

export type NotController = 'notController'

export interface Reassignment extends PartitionName {
  readonly assignment: ReplicaAssignment
}

export class PartitionAdmin {
  readonly #controller: KafkaController
  readonly #metadataCache: MetadataCache
  readonly #clock: Pick<Clock, 'after'>

  constructor(options: {
    controller: KafkaController
    metadataCache: MetadataCache
    clock: Pick<Clock, 'after'>
  }) {
    this.#controller = options.controller
    this.#metadataCache = options.metadataCache
    this.#clock = options.clock
  }

  /**
   * One result for each partition named, and for none twice. Waits until this broker's clients see the new leaders;
   * REQUEST_TIMED_OUT for those that they don't see in time, which lead all the same.
   */
  async electLeaders(
    names: readonly PartitionName[],
    type: ElectionType,
    { timeoutMs }: { readonly timeoutMs: number },
  ): Promise<ElectionResult[] | NotController> {
    const distinct = distinctPartitions(names)
    const results = await this.#controller.whileActive(({ elections }) => elections.elect(distinct, type))
    if (results === undefined) return 'notController'
    const elected = results.filter(({ errorCode }) => errorCode === ErrorCode.NONE)
    const isSeen = ({ topic, partition, leader }: ElectionResult): boolean =>
      this.#metadataCache.partition(topic, partition)?.leader === leader
    const wait = { clock: this.#clock, metadataCache: this.#metadataCache }
    if (await waitForMetadata(wait, timeoutMs, () => elected.every(isSeen))) return results
    return results.map((result) => {
      if (result.errorCode !== ErrorCode.NONE || isSeen(result)) return result
      return { ...result, errorCode: ErrorCode.REQUEST_TIMED_OUT, errorMessage: null }
    })
  }

  /** One result for each partition named; of several orders for one the last holds. */
  async alterReassignments(
    orders: readonly ReassignmentOrder[],
    options: { readonly allowReplicationFactorChange: boolean },
  ): Promise<PartitionResult[] | NotController> {
    const last = distinctPartitions(orders)
    const alter = this.#controller.whileActive((active) => active.reassignmentOrders.alter(last, options))
    return (await alter) ?? 'notController'
  }

  /** The moves under way: all of them, or of the partitions named those that move. */
  async listReassignments(names: readonly PartitionName[] | null): Promise<Reassignment[] | NotController> {
    const list = this.#controller.whileActive(async (active) => {
      if (names === null) return active.reassignments()
      const named = distinctPartitions(names).map(({ topic, partition }) =>
        active.context.partition(topic, partition),
      )
      return named.filter((each): each is ControllerPartition => each !== undefined)
    })
    const partitions = await list
    if (partitions === undefined) return 'notController'
    return partitions
      .filter(({ assignment }) => isBeingReassigned(assignment))
      .map(({ topic, partition, assignment }) => ({ topic: topic.name, partition, assignment }))
  }
}

/** The last of each, where the first stood. */
function distinctPartitions<Named extends PartitionName>(names: readonly Named[]): Named[] {
  return [...new Map(names.map((each) => [`${each.partition} ${each.topic}`, each])).values()]
}
