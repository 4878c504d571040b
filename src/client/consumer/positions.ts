/**
 * Sees to it that every partition has a position: what the group has committed, or else what `auto.offset.reset` says;
 * and that a position is still true when another broker leads (KIP-320). It works in the background and forgets what
 * it was told of partitions that have gone meanwhile, or were sought elsewhere.
 */
import type { Timer } from '../../base/clock.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from '../../protocol/messages/23-offset-for-leader-epoch.ts'
import { KafkaError } from '../kafka-error.ts'
import { defineApi } from '../network/api.ts'
import type { Backoff } from '../network/backoff.ts'
import type { Cluster } from '../network/cluster.ts'
import type { OffsetReset } from '../options/consumer-options.ts'
import type { AssignedPartition, PositionState } from './assigned-partition.ts'
import type { FetchBuffer } from './fetch/fetch-buffer.ts'
import type { GroupOffsets } from './group/group-offsets.ts'
import { EARLIEST, LATEST, lookUpOnce } from './offset-lookup.ts'
import { byTopic, nameOf, PartitionMap } from './topic-partition.ts'

const OFFSET_FOR_LEADER_EPOCH = defineApi(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, [3, 4])
const CONSUMER = -1

export interface PositionsOptions {
  readonly cluster: Cluster
  readonly partitions: () => Iterable<AssignedPartition>
  readonly buffer: FetchBuffer
  /** Undefined: there is no group. */
  readonly offsets: GroupOffsets | undefined
  readonly reset: OffsetReset
  readonly isReadCommitted: boolean
  readonly requestTimeoutMs: number
  readonly backoff: Backoff
  /** A partition has got its position. */
  readonly onPositioned: () => void
  /** For the user to know. */
  readonly onError: (error: KafkaError) => void
}

export class Positions {
  readonly #options: PositionsOptions
  readonly #cluster: Cluster
  readonly #busy = new Set<AssignedPartition>()
  #timer: Timer | undefined
  #isStopped = false

  constructor(options: PositionsOptions) {
    this.#options = options
    this.#cluster = options.cluster
  }

  /** Looks up what is missing and not being looked up. */
  update(): void {
    if (this.#isStopped) return
    this.#start('committed', (partitions) => this.#fetchCommitted(partitions))
    this.#start('reset', (partitions) => this.#lookUp(partitions))
    this.#start('validating', (partitions) => this.#validate(partitions))
  }

  /** Partitions with another leader than before are to be looked at. */
  onMetadata(): void {
    for (const partition of this.#options.partitions()) {
      const leaderEpoch = this.#leaderEpochOf(partition)
      const isNew = partition.leaderEpoch >= 0 && leaderEpoch > partition.leaderEpoch
      partition.leaderEpoch = Math.max(partition.leaderEpoch, leaderEpoch)
      if (isNew && partition.state === 'valid' && partition.positionEpoch !== undefined) {
        partition.state = 'validating'
        this.#options.buffer.drop(partition)
      }
    }
    this.update()
  }

  onOffsetOutOfRange(partition: AssignedPartition): void {
    const { reset, buffer, onError } = this.#options
    // What was fetched before is good; the position is not lost before that is read.
    if (partition.position !== partition.fetchOffset) {
      this.#delay(partition)
      return
    }
    if (reset.to === 'none') {
      this.#delay(partition)
      const message = `offset ${partition.position} of ${nameOf(partition)} is out of range, and auto.offset.reset is none`
      onError(new KafkaError('OFFSET_OUT_OF_RANGE', message, { errno: ErrorCode.OFFSET_OUT_OF_RANGE }))
      return
    }
    partition.resetTo(reset)
    buffer.drop(partition)
    this.update()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #start(state: PositionState, work: (partitions: AssignedPartition[]) => Promise<void>): void {
    const nowMs = this.#cluster.clock.monotonicMs()
    const partitions: AssignedPartition[] = []
    for (const partition of this.#options.partitions()) {
      if (partition.state !== state || this.#busy.has(partition)) continue
      if (partition.retryAtMs > nowMs) this.#updateLater(partition.retryAtMs)
      else partitions.push(partition)
    }
    if (partitions.length === 0) return
    for (const partition of partitions) this.#busy.add(partition)
    void work(partitions)
      .catch((error: unknown) => this.#onFailure(partitions, state, error))
      .finally(() => {
        for (const partition of partitions) this.#busy.delete(partition)
        this.update()
      })
  }

  #onFailure(partitions: readonly AssignedPartition[], state: PositionState, error: unknown): void {
    if (!(error instanceof KafkaError)) throw error
    const open = partitions.filter((partition) => isStill(partition, state))
    for (const partition of open) this.#delay(partition)
    if (open.length === 0 || this.#isStopped || error.retriable) return
    this.#options.onError(error)
  }

  #delay(partition: AssignedPartition): void {
    partition.onFailure(this.#options.backoff, this.#cluster)
  }

  #updateLater(dueMs: number): void {
    if (this.#timer !== undefined) return
    const { clock } = this.#cluster
    this.#timer = clock.after(dueMs - clock.monotonicMs(), () => {
      this.#timer = undefined
      this.update()
    })
  }

  #leaderEpochOf({ topic, partition }: AssignedPartition): number {
    return this.#cluster.metadata.topic(topic)?.partitions[partition]?.leaderEpoch ?? -1
  }

  #place(partition: AssignedPartition, offset: number, leaderEpoch: number | undefined): void {
    const currentEpoch = this.#leaderEpochOf(partition)
    partition.moveTo(offset, leaderEpoch)
    partition.leaderEpoch = currentEpoch
    if (leaderEpoch !== undefined && leaderEpoch < currentEpoch) partition.state = 'validating'
    else this.#options.onPositioned()
  }

  // --- Committed offsets ---------------------------------------------------------------------------------------------

  async #fetchCommitted(partitions: readonly AssignedPartition[]): Promise<void> {
    const { offsets } = this.#options
    const found = new PartitionMap<{ offset: number; leaderEpoch: number | undefined }>()
    for (const each of (await offsets?.fetch(partitions)) ?? []) found.set(each.topic, each.partition, each)
    const without: AssignedPartition[] = []
    for (const partition of partitions) {
      if (!isStill(partition, 'committed')) continue
      const committed = found.get(partition.topic, partition.partition)
      if (committed !== undefined) this.#place(partition, committed.offset, committed.leaderEpoch)
      else without.push(partition)
    }
    this.#resetThose(without)
  }

  #resetThose(partitions: readonly AssignedPartition[]): void {
    const { reset, onError } = this.#options
    if (partitions.length === 0) return
    if (reset.to !== 'none') {
      for (const partition of partitions) partition.resetTo(reset)
      return
    }
    for (const partition of partitions) this.#delay(partition)
    const names = partitions.map(nameOf)
    onError(
      new KafkaError(
        'NO_OFFSET',
        `nothing is committed for ${names.join(', ')}, and auto.offset.reset is none`,
      ),
    )
  }

  // --- By time -------------------------------------------------------------------------------------------------------

  async #lookUp(partitions: readonly AssignedPartition[]): Promise<void> {
    const asked = partitions.map((partition) => ({ partition, reset: partition.reset! }))
    const queries = asked.map(({ partition: { topic, partition }, reset }) => ({
      topic,
      partition,
      timestamp: this.#timestampOf(reset),
    }))
    const { isReadCommitted, requestTimeoutMs: timeoutMs } = this.#options
    const answers = await lookUpOnce(queries, { cluster: this.#cluster, isReadCommitted, timeoutMs })
    for (const [i, answer] of answers.entries()) {
      const { partition, reset } = asked[i]!
      if (!isStill(partition, 'reset') || partition.reset !== reset) continue
      if (answer instanceof KafkaError) this.#onLookupFailure(partition, answer)
      // No record is that young: all that come are.
      else if (answer.offset < 0) partition.resetTo({ to: 'latest' })
      else this.#place(partition, answer.offset, answer.leaderEpoch)
    }
  }

  #timestampOf(reset: OffsetReset): number {
    if (reset.to === 'by_duration') return Math.max(0, this.#cluster.clock.nowMs() - reset.durationMs)
    return reset.to === 'earliest' ? EARLIEST : LATEST
  }

  #onLookupFailure(partition: AssignedPartition, error: KafkaError): void {
    this.#delay(partition)
    if (error.retriable) this.#cluster.requestRefresh()
    else this.#options.onError(error)
  }

  // --- Truncation ----------------------------------------------------------------------------------------------------

  async #validate(partitions: readonly AssignedPartition[]): Promise<void> {
    const byLeader = new Map<number, AssignedPartition[]>()
    for (const partition of partitions) {
      const leader =
        this.#cluster.metadata.topic(partition.topic)?.partitions[partition.partition]?.leader ?? -1
      if (leader < 0) {
        this.#delay(partition)
        this.#cluster.requestRefresh()
      } else byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition])
    }
    await Promise.all([...byLeader].map(([leader, all]) => this.#validateAt(leader, all)))
  }

  async #validateAt(leader: number, partitions: readonly AssignedPartition[]): Promise<void> {
    const connection = await this.#cluster.connectionTo(leader)
    if (connection.apis!.newest(OFFSET_FOR_LEADER_EPOCH) === undefined) {
      for (const partition of partitions) if (isStill(partition, 'validating')) this.#confirm(partition)
      return
    }
    const asked = new PartitionMap<{ partition: AssignedPartition; position: number }>()
    for (const partition of partitions) {
      asked.set(partition.topic, partition.partition, { partition, position: partition.position })
    }
    const response = await connection.call(OFFSET_FOR_LEADER_EPOCH, {
      replicaId: CONSUMER,
      topics: [...byTopic(partitions)].map(([topic, all]) => ({
        topic,
        partitions: all.map((partition) => ({
          partition: partition.partition,
          currentLeaderEpoch: this.#leaderEpochOf(partition),
          leaderEpoch: partition.positionEpoch ?? -1,
        })),
      })),
    })
    for (const { topic, partitions: answers } of response.topics) {
      for (const answer of answers) {
        const was = asked.get(topic, answer.partition)
        if (was === undefined || !isStill(was.partition, 'validating')) continue
        if (was.partition.position === was.position) this.#onEpochEnd(was.partition, answer)
      }
    }
  }

  #onEpochEnd(
    partition: AssignedPartition,
    answer: { errorCode: number; leaderEpoch: number; endOffset: number },
  ): void {
    const { errorCode, leaderEpoch, endOffset } = answer
    if (errorCode !== ErrorCode.NONE) {
      this.#onLookupFailure(partition, KafkaError.of(errorCode, `the leader epochs of ${nameOf(partition)}`))
      return
    }
    const isKnown = endOffset >= 0 && leaderEpoch >= 0
    if (isKnown && endOffset >= partition.position) {
      this.#confirm(partition)
      return
    }
    const { reset, onError } = this.#options
    if (reset.to === 'none') {
      this.#delay(partition)
      const where = isKnown ? `from offset ${endOffset} on` : 'somewhere'
      const message = `${nameOf(partition)} was truncated: what was read ${where} is not in it any more`
      onError(new KafkaError('LOG_TRUNCATED', message))
    } else if (isKnown) this.#place(partition, endOffset, leaderEpoch)
    else partition.resetTo(reset)
  }

  #confirm(partition: AssignedPartition): void {
    partition.state = 'valid'
    partition.onSuccess()
    this.#options.onPositioned()
  }
}

function isStill(partition: AssignedPartition, state: PositionState): boolean {
  return partition.state === state && !partition.isGone
}
