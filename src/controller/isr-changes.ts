/**
 * AlterPartition (KIP-497): the leader of a partition asks the controller to change its ISR. The controller writes
 * the state at the partition epoch that the leader knows, so a leader that has missed something changes nothing; the
 * leader epoch stays, since the leader does.
 */
import type { LeaderAndIsr } from '../metadata/znodes.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { ZERO_UUID } from '../wire/text.ts'
import type { ControllerContext, ControllerPartition } from './controller-context.ts'
import type { ControllerRequestBatch } from './controller-request-batch.ts'
import type { ControllerStore } from './controller-store.ts'

/** An AlterPartition request of any version: topics by id (2+) or name, brokers with epochs (3+) or without. */
export interface AlterPartitionRequest {
  readonly brokerId: number
  readonly brokerEpoch: number
  readonly topics: readonly {
    readonly topicName: string
    readonly topicId: string
    readonly partitions: readonly IsrChange[]
  }[]
}

export interface IsrChange {
  readonly partitionIndex: number
  readonly leaderEpoch: number
  readonly newIsr: readonly number[]
  readonly newIsrWithEpochs: readonly { readonly brokerId: number; readonly brokerEpoch: number }[]
  readonly leaderRecoveryState: number
  readonly partitionEpoch: number
}

export interface AlterPartitionResponse {
  readonly errorCode: number
  readonly topics: {
    topicName: string
    topicId: string
    partitions: {
      partitionIndex: number
      errorCode: number
      leaderId: number
      leaderEpoch: number
      isr: number[]
      leaderRecoveryState: number
      partitionEpoch: number
    }[]
  }[]
}

type PartitionAnswer = AlterPartitionResponse['topics'][number]['partitions'][number]
type Decision = { readonly errorCode: number } | { readonly state: LeaderAndIsr; readonly changed: boolean }

const RECOVERED = 0

export class IsrChanges {
  readonly #context: ControllerContext
  readonly #store: ControllerStore
  readonly #batch: ControllerRequestBatch

  constructor(options: {
    context: ControllerContext
    store: ControllerStore
    batch: ControllerRequestBatch
  }) {
    this.#context = options.context
    this.#store = options.store
    this.#batch = options.batch
  }

  /** STALE_BROKER_EPOCH for all of it; the rest by partition. Tells every broker of what has changed. */
  async alter(request: AlterPartitionRequest, apiVersion: number): Promise<AlterPartitionResponse> {
    const broker = this.#context.liveBrokers.get(request.brokerId)
    if (broker === undefined || broker.epoch !== request.brokerEpoch) {
      return { errorCode: ErrorCode.STALE_BROKER_EPOCH, topics: [] }
    }
    const topics = await Promise.all(
      request.topics.map(async ({ topicName, topicId, partitions }) => {
        const topic =
          topicId === ZERO_UUID ? this.#context.topics.get(topicName) : this.#context.topicById(topicId)
        const unknown =
          topicId === ZERO_UUID ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.UNKNOWN_TOPIC_ID
        const answers = partitions.map((change): Promise<PartitionAnswer> | PartitionAnswer => {
          if (topic === undefined) return refusal(change, unknown)
          const partition = topic.partitions.get(change.partitionIndex)
          if (partition === undefined) return refusal(change, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
          return this.#alterOne(partition, change, request.brokerId, apiVersion)
        })
        return { topicName, topicId, partitions: await Promise.all(answers) }
      }),
    )
    this.#batch.send()
    return { errorCode: ErrorCode.NONE, topics }
  }

  async #alterOne(
    partition: ControllerPartition,
    change: IsrChange,
    brokerId: number,
    apiVersion: number,
  ): Promise<PartitionAnswer> {
    const decision = decide(this.#context, partition, change, brokerId, apiVersion)
    if ('errorCode' in decision) return refusal(change, decision.errorCode)
    if (!decision.changed) return accepted(change, decision.state)
    const written = await this.#store.updateLeadership(partition, decision.state)
    if (written === 'conflict') {
      // Somebody else wrote it: know it before the leader asks again.
      partition.leadership = (await this.#store.readLeadership(partition)) ?? partition.leadership
      return refusal(change, ErrorCode.INVALID_UPDATE_VERSION)
    }
    if (written === 'missing') return refusal(change, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    partition.leadership = written
    this.#batch.addUpdateMetadata([partition])
    return accepted(change, written)
  }
}

function decide(
  context: ControllerContext,
  partition: ControllerPartition,
  change: IsrChange,
  brokerId: number,
  apiVersion: number,
): Decision {
  const current = partition.leadership
  if (current === undefined || context.isTopicQueuedForDeletion(partition.topic.name)) {
    return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }
  }
  const members: readonly { readonly brokerId: number; readonly brokerEpoch: number }[] =
    apiVersion >= 3 ? change.newIsrWithEpochs : change.newIsr.map((id) => ({ brokerId: id, brokerEpoch: -1 }))
  const isr = members.map((each) => each.brokerId)
  // A leader that knows more than this controller has heard of another one.
  if (change.leaderEpoch > current.leaderEpoch || change.partitionEpoch > current.partitionEpoch) {
    return { errorCode: ErrorCode.NOT_CONTROLLER }
  }
  if (change.leaderEpoch < current.leaderEpoch) return { errorCode: ErrorCode.FENCED_LEADER_EPOCH }
  if (current.leader !== brokerId) return { errorCode: ErrorCode.INVALID_REQUEST }
  const state = { ...current, isr, leaderRecoveryState: change.leaderRecoveryState }
  // Asked again because the answer was lost.
  if (sameMembers(isr, current.isr) && state.leaderRecoveryState === current.leaderRecoveryState) {
    return { state: current, changed: false }
  }
  if (change.partitionEpoch < current.partitionEpoch) return { errorCode: ErrorCode.INVALID_UPDATE_VERSION }
  const recovering = change.leaderRecoveryState !== RECOVERED
  if (recovering && (isr.length > 1 || current.leaderRecoveryState === RECOVERED)) {
    return { errorCode: ErrorCode.INVALID_REQUEST }
  }
  if (!isr.includes(brokerId) || !isr.every((each) => partition.assignment.replicas.includes(each))) {
    return { errorCode: ErrorCode.INVALID_REQUEST }
  }
  const eligible = members.every(({ brokerId: id, brokerEpoch }) => {
    const known = context.isReplicaOnline(id, partition) ? context.liveBrokers.get(id)?.epoch : undefined
    return known !== undefined && (brokerEpoch === -1 || brokerEpoch === known)
  })
  if (eligible) return { state, changed: true }
  return { errorCode: apiVersion >= 2 ? ErrorCode.INELIGIBLE_REPLICA : ErrorCode.OPERATION_NOT_ATTEMPTED }
}

function sameMembers(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((each) => other.includes(each))
}

function refusal({ partitionIndex }: IsrChange, errorCode: number): PartitionAnswer {
  return {
    partitionIndex,
    errorCode,
    leaderId: 0,
    leaderEpoch: 0,
    isr: [],
    leaderRecoveryState: 0,
    partitionEpoch: 0,
  }
}

function accepted({ partitionIndex }: IsrChange, state: LeaderAndIsr): PartitionAnswer {
  return {
    partitionIndex,
    errorCode: ErrorCode.NONE,
    leaderId: state.leader,
    leaderEpoch: state.leaderEpoch,
    isr: [...state.isr],
    leaderRecoveryState: state.leaderRecoveryState,
    partitionEpoch: state.partitionEpoch,
  }
}
