/**
 * Gets the markers of ended transactions to the leaders of their partitions, again and again until every partition has
 * its marker. The markers of one tick that go to one broker go in one request.
 *
 *   dispatch ──> by leader ──end of the tick──> sent ──> all written: onComplete
 *                   ^                             │
 *                   └───────── a pause ───────────┘ for partitions that failed, or have no leader for now
 *
 * Invariants
 * - A transactional id has at most one end under way; that bounds what is held here.
 * - A partition that the cluster doesn't know any more was deleted, and counts as written.
 * - Of an end that was cancelled, because its coordinator is another broker now, nothing is reported any more.
 */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { throwUncaught } from '../../base/uncaught.ts'
import type { TopicPartition } from '../../log/log-manager-options.ts'
import type { MetadataCache } from '../../metadata/metadata-cache.ts'
import { TRANSACTION_STATE_TOPIC } from '../../metadata/topic-names.ts'
import { ErrorCode, errorName } from '../../protocol/error-codes.ts'
import type { MarkerSender } from './marker-sender.ts'
import { partitionList, type TransactionMetadata } from './transaction-metadata.ts'

/** Between two attempts: the first pause, doubled up to the last. */
const RETRY_MS_MIN = 20
const RETRY_MS_MAX = 1000

const NO_LEADER = -1

/** A transaction whose end is decided and safe. */
export interface PreparedEnd {
  /** In state PrepareCommit or PrepareAbort. */
  readonly metadata: TransactionMetadata
  /** Of __transaction_state, and this broker's leadership of it. */
  readonly statePartition: number
  readonly coordinatorEpoch: number
  readonly onComplete: () => void
}

interface EndUnderWay {
  readonly end: PreparedEnd
  readonly remaining: Set<TopicPartition>
  attempts: number
  isCancelled: boolean
}

/** A part of an end: the partitions that one broker leads. */
interface Consignment {
  readonly way: EndUnderWay
  readonly partitions: readonly TopicPartition[]
}

export interface MarkerDispatcherOptions {
  readonly sender: MarkerSender
  readonly metadataCache: MetadataCache
  readonly clock: Clock
  readonly logger: Logger
}

export class MarkerDispatcher {
  readonly #sender: MarkerSender
  readonly #metadataCache: MetadataCache
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #ends = new Map<string, EndUnderWay>()
  /** By broker, until the end of the tick. */
  #outgoing = new Map<number, Consignment[]>()

  constructor({ sender, metadataCache, clock, logger }: MarkerDispatcherOptions) {
    this.#sender = sender
    this.#metadataCache = metadataCache
    this.#clock = clock
    this.#logger = logger
  }

  dispatch(end: PreparedEnd): void {
    const { transactionalId, partitions } = end.metadata
    const former = this.#ends.get(transactionalId)
    if (former !== undefined) former.isCancelled = true
    const remaining = new Set(partitionList(partitions))
    const way: EndUnderWay = { end, remaining, attempts: 0, isCancelled: false }
    this.#ends.set(transactionalId, way)
    this.#route(way, [...remaining])
    this.#settle(way)
  }

  /** The partitions that wait for their markers; undefined: no end is under way. */
  remaining(transactionalId: string): TopicPartition[] | undefined {
    const way = this.#ends.get(transactionalId)
    return way === undefined ? undefined : [...way.remaining]
  }

  /** This broker coordinates the partition of __transaction_state no longer. */
  cancel(statePartition: number): void {
    for (const [transactionalId, way] of this.#ends) {
      if (way.end.statePartition !== statePartition) continue
      way.isCancelled = true
      this.#ends.delete(transactionalId)
    }
  }

  #route(way: EndUnderWay, partitions: readonly TopicPartition[]): void {
    const byLeader = new Map<number, TopicPartition[]>()
    const gone: TopicPartition[] = []
    for (const partition of partitions) {
      const leader = this.#leaderOf(partition)
      if (leader === undefined) gone.push(partition)
      else group(byLeader, leader).push(partition)
    }
    if (gone.length > 0) this.#onGone(way, gone)
    const leaderless = byLeader.get(NO_LEADER)
    if (leaderless !== undefined) this.#again(way, leaderless)
    byLeader.delete(NO_LEADER)
    for (const [brokerId, led] of byLeader) this.#enqueue(brokerId, { way, partitions: led })
  }

  /**
   * NO_LEADER: none, or none that lives, or none that is known yet; undefined: the partition is gone. A broker that has
   * just started may lead partitions before it hears of the others: what it then does not know need not be gone.
   */
  #leaderOf({ topic, partition }: TopicPartition): number | undefined {
    const leader = this.#metadataCache.partition(topic, partition)?.leader
    if (leader === undefined) {
      return this.#metadataCache.topic(TRANSACTION_STATE_TOPIC) === undefined ? NO_LEADER : undefined
    }
    return this.#metadataCache.broker(leader) === undefined ? NO_LEADER : leader
  }

  #onGone(way: EndUnderWay, partitions: readonly TopicPartition[]): void {
    this.#logger.info(
      `Couldn't find leader endpoint for partitions Set(${partitions.map(nameOf).join(', ')}) while trying to send transaction markers for ${way.end.metadata.transactionalId}, these partitions are likely deleted already and hence can be skipped`,
    )
    for (const partition of partitions) way.remaining.delete(partition)
  }

  #enqueue(brokerId: number, consignment: Consignment): void {
    if (this.#outgoing.size === 0) this.#clock.endOfTick(() => this.#flush())
    group(this.#outgoing, brokerId).push(consignment)
  }

  #flush(): void {
    const outgoing = this.#outgoing
    this.#outgoing = new Map()
    for (const [brokerId, queued] of outgoing) {
      const consignments = queued.filter(({ way }) => !way.isCancelled)
      if (consignments.length === 0) continue
      this.#send(brokerId, consignments).catch((error: unknown) => throwUncaught(this.#clock, error))
    }
  }

  async #send(brokerId: number, consignments: readonly Consignment[]): Promise<void> {
    const answers = await this.#sender.send(brokerId, consignments.map(markerOf))
    consignments.forEach(({ way, partitions }, i) => {
      if (!way.isCancelled) this.#onAnswer(way, partitions, answers[i]!)
    })
  }

  #onAnswer(way: EndUnderWay, partitions: readonly TopicPartition[], errorCodes: readonly number[]): void {
    const failed: TopicPartition[] = []
    partitions.forEach((partition, i) => {
      switch (errorCodes[i]) {
        case ErrorCode.NONE:
        // The log is too old for transactions: nothing of this one can be in it.
        case ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT:
          way.remaining.delete(partition)
          break
        case ErrorCode.INVALID_PRODUCER_EPOCH:
          // Where each end raises the epoch, the partition is further than this end, so it has had its marker.
          if (way.end.metadata.clientTransactionVersion >= 2) way.remaining.delete(partition)
          else this.#giveUp(way, partition, errorCodes[i])
          break
        case ErrorCode.TRANSACTION_COORDINATOR_FENCED:
          this.#giveUp(way, partition, errorCodes[i])
          break
        default:
          failed.push(partition)
          this.#logger.info(
            `Sending ${way.end.metadata.transactionalId}'s transaction marker for partition ${nameOf(partition)} has failed with error ${errorName(errorCodes[i]!)}, retrying with current coordinator epoch ${way.end.coordinatorEpoch}`,
          )
      }
    })
    if (way.isCancelled) return
    if (failed.length > 0) this.#again(way, failed)
    this.#settle(way)
  }

  /** Someone else ends this producer's transactions now. */
  #giveUp(way: EndUnderWay, partition: TopicPartition, errorCode: number): void {
    const { metadata, coordinatorEpoch } = way.end
    this.#logger.info(
      `Sending ${metadata.transactionalId}'s transaction marker for partition ${nameOf(partition)} has permanently failed with error ${errorName(errorCode)} with the current coordinator epoch ${coordinatorEpoch}; cancel sending any more transaction markers to the brokers`,
    )
    way.isCancelled = true
    this.#ends.delete(metadata.transactionalId)
  }

  #again(way: EndUnderWay, partitions: readonly TopicPartition[]): void {
    const delayMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(way.attempts++, 16))
    this.#clock.after(delayMs, () => {
      if (way.isCancelled) return
      this.#route(way, partitions)
      this.#settle(way)
    })
  }

  #settle(way: EndUnderWay): void {
    if (way.isCancelled || way.remaining.size > 0) return
    this.#ends.delete(way.end.metadata.transactionalId)
    way.end.onComplete()
  }
}

function markerOf({ way: { end }, partitions }: Consignment) {
  const { metadata, coordinatorEpoch } = end
  return {
    producerId: metadata.producerId,
    producerEpoch: metadata.producerEpoch,
    isCommit: metadata.state === 'PrepareCommit',
    coordinatorEpoch,
    transactionVersion: metadata.clientTransactionVersion,
    partitions,
  }
}

function group<Key, Item>(groups: Map<Key, Item[]>, key: Key): Item[] {
  const items = groups.get(key) ?? []
  groups.set(key, items)
  return items
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
