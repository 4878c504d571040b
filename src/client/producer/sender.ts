/**
 * Sends batches to the leaders of their partitions, and does with the answers what they say.
 *
 * `drain` runs at the end of a turn in which something changed: for each broker it gathers the batches that are ready, one
 * of each partition, into a request, as long as the broker has room for another request under way. What fails and may be
 * tried again goes back to its old place in the partition's row; the batches of that partition that are under way come
 * to an end first, so that they are sent again in their order.
 *
 * Invariants
 * - Batches of a partition are numbered in the order in which they are first sent.
 * - While the producer's name changes nothing is under way, and all that is not done is numbered anew.
 * - Every batch is done `delivery.timeout.ms` after its first record.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import { throwUncaught } from '../../base/uncaught.ts'
import { ErrorCode, isRetriable } from '../../protocol/error-codes.ts'
import { errorChannel } from '../diagnostics.ts'
import { KafkaError } from '../kafka-error.ts'
import { type Backoff, backoffMs } from '../network/backoff.ts'
import type { Cluster } from '../network/cluster.ts'
import {
  answersByPartition,
  nameOf,
  nextHeader,
  type PartitionAnswer,
  PRODUCE,
  type Shipment,
  topicDataOf,
  versionFor,
} from './produce-request.ts'
import type { BatchCompression, ProducerBatch } from './producer-batch.ts'
import type { ProducerIdentity } from './producer-identity.ts'
import type { PartitionQueue, RecordAccumulator } from './record-accumulator.ts'

/** Before a partition without a leader is looked at again. */
const LEADERLESS_PAUSE_MS = 100

/** What the sender asks of a transaction that is under way. */
export interface SendingTransaction {
  /** Whether the partition may be written to now; if not, the transaction sees to it and wakes the sender. */
  admits(topic: string, partition: number): boolean
  readonly isVersion2: boolean
  /** A record of it could not be written. */
  onFailed(error: KafkaError): void
}

export interface SenderOptions {
  readonly cluster: Cluster
  readonly accumulator: () => RecordAccumulator
  /** Undefined: not idempotent. */
  readonly identity: ProducerIdentity | undefined
  readonly transactionalId: string | undefined
  readonly transaction: () => SendingTransaction | undefined
  readonly acks: number
  readonly lingerMs: number
  readonly requestTimeoutMs: number
  readonly deliveryTimeoutMs: number
  readonly retries: number
  readonly inFlightMax: number
  readonly requestBytesMax: number
  readonly compression: BatchCompression
  readonly backoff: Backoff
}

export class Sender {
  readonly #options: SenderOptions
  readonly #cluster: Cluster
  readonly #clock: Clock
  /** Requests under way by broker. */
  readonly #inFlight = new Map<number, number>()
  readonly #connecting = new Set<number>()
  #inFlightCount = 0
  #isPlanned = false
  #timer: Timer | undefined
  #flushDepth = 0
  #naming: Promise<void> | undefined
  /** What became of a numbered batch is not known: the next numbers need a new epoch. */
  #isBumpDue = false
  #failure: KafkaError | undefined

  constructor(options: SenderOptions) {
    this.#options = options
    this.#cluster = options.cluster
    this.#clock = options.cluster.clock
    this.#cluster.onUpdate(() => this.wake())
  }

  /** The producer can't go on. */
  get failure(): KafkaError | undefined {
    return this.#failure
  }

  get isBumpDue(): boolean {
    return this.#isBumpDue
  }

  get inFlightCount(): number {
    return this.#inFlightCount
  }

  /** Something may be ready. */
  wake(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    queueMicrotask(() => {
      this.#isPlanned = false
      this.#drain()
    })
  }

  /** From now on nothing waits for more, until `endFlush`. */
  beginFlush(): void {
    this.#flushDepth++
    this.wake()
  }

  endFlush(): void {
    this.#flushDepth--
  }

  /** The producer's name has changed: everything is numbered anew. */
  renumber(): void {
    this.#isBumpDue = false
    for (const queue of this.#options.accumulator().queues()) {
      queue.nextSequence = 0
      queue.isKnown = false
      for (const batch of queue.batches) batch.header = undefined
    }
  }

  /** Nothing is sent any more; what is not done, under way or not, has failed. */
  fail(error: KafkaError): void {
    this.#failure ??= error
    const accumulator = this.#options.accumulator()
    accumulator.abandon(error)
    for (const queue of [...accumulator.busyQueues]) {
      for (const batch of queue.inFlight) if (!batch.isDone) this.#failBatch(queue, batch, error)
    }
  }

  stop(): void {
    this.#timer?.cancel()
  }

  // --- Gathering -----------------------------------------------------------------------------------------------------

  #drain(): void {
    if (this.#failure !== undefined || this.#cluster.isClosed) return
    const nowMs = this.#clock.monotonicMs()
    this.#expire(nowMs)
    if (!this.#hasName()) return
    for (;;) {
      const { shipments, nextMs } = this.#gather(nowMs)
      this.#planTimer(nextMs)
      if (shipments.size === 0) return
      for (const [nodeId, cargo] of shipments) this.#send(nodeId, cargo)
    }
  }

  /** Idempotent producers send nothing before they have a name, nor while it changes. */
  #hasName(): boolean {
    const { identity, transactionalId } = this.#options
    if (identity === undefined || (identity.isKnown && !this.#isBumpDue)) return true
    // With transactions the name is their affair.
    if (transactionalId !== undefined) return identity.isKnown
    if (this.#inFlightCount > 0 || this.#naming !== undefined) return false
    const naming = identity.obtain({ bump: identity.isKnown }).then(
      () => this.renumber(),
      (error: unknown) => {
        if (!(error instanceof KafkaError)) throwUncaught(this.#clock, error)
        else if (!error.retriable || error.fatal) this.fail(error)
        else if (errorChannel.hasSubscribers)
          errorChannel.publish({ clientId: this.#cluster.clientId, error })
      },
    )
    this.#naming = naming.finally(() => {
      this.#naming = undefined
      this.wake()
    })
    return false
  }

  #gather(nowMs: number): { shipments: Map<number, Shipment[]>; nextMs: number } {
    const shipments = new Map<number, Shipment[]>()
    const bytes = new Map<number, number>()
    let nextMs = Number.POSITIVE_INFINITY
    for (const queue of this.#options.accumulator().busyQueues) {
      const batch = queue.batches[0]
      const expiring = queue.inFlight[0] ?? batch
      if (expiring !== undefined)
        nextMs = Math.min(nextMs, expiring.createdMs + this.#options.deliveryTimeoutMs)
      if (batch === undefined || queue.isRecovering || this.#mustWait(queue, batch)) continue
      const readyMs = this.#readyMs(queue, batch)
      if (readyMs > nowMs) {
        nextMs = Math.min(nextMs, readyMs)
        continue
      }
      const nodeId = this.#destination(queue, nowMs)
      if (typeof nodeId === 'object') {
        nextMs = Math.min(nextMs, nodeId.retryMs)
        continue
      }
      if (nodeId === undefined) continue
      const gathered = bytes.get(nodeId) ?? 0
      batch.close(this.#options.compression)
      if (gathered > 0 && gathered + batch.sizeBytes > this.#options.requestBytesMax) continue
      bytes.set(nodeId, gathered + batch.sizeBytes)
      const cargo = shipments.get(nodeId)
      if (cargo === undefined) shipments.set(nodeId, [{ queue, batch }])
      else cargo.push({ queue, batch })
    }
    return { shipments, nextMs }
  }

  /**
   * The broker knows the last five batches of a partition again, so no new one follows while one of before is tried
   * again; and of a producer that it knows nothing of it takes any number for the first.
   */
  #mustWait({ isKnown, inFlight }: PartitionQueue, batch: ProducerBatch): boolean {
    if (this.#options.identity === undefined || inFlight.length === 0) return false
    return !isKnown || (batch.header === undefined && inFlight.some(({ attempts }) => attempts > 0))
  }

  #readyMs({ batches }: PartitionQueue, batch: ProducerBatch): number {
    if (batch.attempts > 0) return batch.retryAtMs
    const isAwaited = batches.length > 1 || batch.isFull || this.#flushDepth > 0
    return isAwaited || this.#options.accumulator().isExhausted ? 0 : batch.createdMs + this.#options.lingerMs
  }

  /** The broker to send to now; undefined: not now, and `wake` comes when that changes; or when to look again. */
  #destination(
    { topic, partition }: PartitionQueue,
    nowMs: number,
  ): number | undefined | { retryMs: number } {
    const info = this.#cluster.metadata.topic(topic)?.partitions[partition]
    if (info === undefined || info.leader < 0) {
      if (info === undefined) this.#cluster.requestTopic(topic)
      else this.#cluster.requestRefresh()
      return { retryMs: nowMs + LEADERLESS_PAUSE_MS }
    }
    const transaction = this.#options.transaction()
    if (transaction?.admits(topic, partition) === false) return undefined
    const { leader } = info
    if ((this.#inFlight.get(leader) ?? 0) >= this.#options.inFlightMax) return undefined
    if (this.#cluster.openConnectionTo(leader) !== undefined) return leader
    this.#connect(leader)
    return undefined
  }

  #connect(nodeId: number): void {
    if (this.#connecting.has(nodeId)) return
    this.#connecting.add(nodeId)
    this.#cluster
      .connectionTo(nodeId)
      .catch((error: unknown) => {
        if (!(error instanceof KafkaError)) throw error
        if (errorChannel.hasSubscribers) errorChannel.publish({ clientId: this.#cluster.clientId, error })
        if (!error.retriable) this.fail(error)
        else this.#clock.after(LEADERLESS_PAUSE_MS, () => this.wake())
      })
      .then(
        () => {
          this.#connecting.delete(nodeId)
          if (this.#cluster.openConnectionTo(nodeId) !== undefined) this.wake()
        },
        (error: unknown) => throwUncaught(this.#clock, error),
      )
  }

  #planTimer(dueMs: number): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (dueMs === Number.POSITIVE_INFINITY) return
    this.#timer = this.#clock.after(Math.max(0, dueMs - this.#clock.monotonicMs()), () => this.wake())
  }

  // --- Sending -------------------------------------------------------------------------------------------------------

  #send(nodeId: number, cargo: readonly Shipment[]): void {
    const connection = this.#cluster.openConnectionTo(nodeId)!
    const { identity, transactionalId, acks, requestTimeoutMs } = this.#options
    const transaction = this.#options.transaction()
    let version: number
    try {
      version = versionFor(connection, this.#cluster.metadata, cargo, {
        isOfTransactions1: transaction !== undefined && !transaction.isVersion2,
        usesZstd: this.#options.compression.codec.name === 'zstd',
      })
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      for (const { queue, batch } of cargo) {
        queue.batches.shift()
        this.#failBatch(queue, batch, error)
      }
      return
    }
    const topicData = topicDataOf(cargo, this.#cluster.metadata, ({ queue, batch }) => {
      queue.batches.shift()
      queue.inFlight.push(batch)
      return batch.sealed(batch.header ?? nextHeader(queue, batch, identity, transaction !== undefined))
    })
    this.#count(nodeId, 1)
    const body = {
      transactionalId: transactionalId ?? null,
      acks,
      timeoutMs: requestTimeoutMs,
      topicData,
    }
    connection.call(PRODUCE, body, { version, isUnanswered: acks === 0 }).then(
      (response) =>
        this.#onAnswer(nodeId, cargo, acks === 0 ? undefined : answersByPartition(response, topicData)),
      (error: unknown) => {
        if (error instanceof KafkaError) this.#onCallFailed(nodeId, cargo, error)
        else throwUncaught(this.#clock, error)
      },
    )
  }

  #count(nodeId: number, by: 1 | -1): void {
    this.#inFlightCount += by
    this.#inFlight.set(nodeId, (this.#inFlight.get(nodeId) ?? 0) + by)
  }

  // --- Answers -------------------------------------------------------------------------------------------------------

  #onAnswer(
    nodeId: number,
    cargo: readonly Shipment[],
    answers: ReadonlyMap<string, PartitionAnswer> | undefined,
  ): void {
    this.#count(nodeId, -1)
    for (const shipment of cargo) {
      const { queue } = shipment
      const answer = answers?.get(`${queue.topic}/${queue.partition}`)
      if (answers === undefined) this.#onBatchWritten(shipment, -1, -1)
      else if (answer === undefined)
        this.#onBatchFailed(shipment, KafkaError.of(ErrorCode.UNKNOWN_SERVER_ERROR, nameOf(queue)))
      else this.#onPartitionAnswer(shipment, answer)
    }
    this.wake()
  }

  #onPartitionAnswer(shipment: Shipment, answer: PartitionAnswer): void {
    const { queue } = shipment
    const { errorCode, baseOffset, logAppendTimeMs } = answer
    if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) {
      this.#onBatchWritten(shipment, errorCode === ErrorCode.NONE ? baseOffset : -1, logAppendTimeMs)
      return
    }
    const { currentLeader } = answer
    if (currentLeader.leaderId >= 0) {
      const { leaderId, leaderEpoch } = currentLeader
      this.#cluster.metadata.updateLeader(queue.topic, queue.partition, leaderId, leaderEpoch)
    }
    const error = KafkaError.of(errorCode, `${nameOf(queue)} could not be written`, answer.errorMessage)
    this.#onBatchFailed(shipment, error, answer)
  }

  #onCallFailed(nodeId: number, cargo: readonly Shipment[], error: KafkaError): void {
    this.#count(nodeId, -1)
    this.#cluster.requestRefresh()
    for (const shipment of cargo) this.#onBatchFailed(shipment, error)
    this.wake()
  }

  #onBatchWritten({ queue, batch }: Shipment, baseOffset: number, logAppendTimeMs: number): void {
    this.#leave(queue, batch)
    queue.isKnown = true
    const isOld = batch.isDone
    batch.complete(baseOffset, logAppendTimeMs)
    if (!isOld) this.#release(queue, batch)
  }

  #onBatchFailed(shipment: Shipment, error: KafkaError, answer?: PartitionAnswer): void {
    const { queue, batch } = shipment
    // Who was sent before it, and is not done, comes before it.
    const isFirst = queue.inFlight[0] === batch && !queue.batches.some((each) => each.comesBefore(batch))
    this.#leave(queue, batch)
    // Given up meanwhile.
    if (batch.isDone) return
    const isSplit = error.errno === ErrorCode.MESSAGE_TOO_LARGE && batch.recordCount > 1
    if (isSplit) this.#split(queue, batch)
    else if (this.#mayRetry(batch, error, isFirst)) this.#retry(queue, batch)
    else this.#failBatch(queue, batch, error, answer)
  }

  #mayRetry(batch: ProducerBatch, error: KafkaError, isFirst: boolean): boolean {
    const isNumbered = this.#options.identity !== undefined
    if (isNumbered && isAboutSequence(error)) {
      // An earlier batch is to be sent again, and this one after it.
      if (!isFirst) return true
      if (this.#options.transactionalId !== undefined) return false
      this.#isBumpDue = true
      return true
    }
    if (batch.attempts >= this.#options.retries) return false
    return error.errno === undefined ? error.retriable : isRetriable(error.errno)
  }

  #retry(queue: PartitionQueue, batch: ProducerBatch): void {
    const { backoff, identity } = this.#options
    batch.attempts += 1
    batch.retryAtMs = this.#clock.monotonicMs() + backoffMs(backoff, batch.attempts, this.#cluster.random)
    this.#cluster.requestRefresh()
    this.#options.accumulator().putBack(queue, [batch])
    if (identity !== undefined) queue.isRecovering = queue.inFlight.length > 0
  }

  /** The parts take the place and the numbers of the whole, none of which was written. */
  #split(queue: PartitionQueue, batch: ProducerBatch): void {
    const parts = batch.split(this.#options.compression)
    this.#options.accumulator().putBack(queue, parts)
    if (this.#options.identity !== undefined) queue.isRecovering = queue.inFlight.length > 0
  }

  #failBatch(queue: PartitionQueue, batch: ProducerBatch, error: KafkaError, answer?: PartitionAnswer): void {
    const wrong = new Map(answer?.recordErrors.map((each) => [each.batchIndex, each.batchIndexErrorMessage]))
    const errorOf = (index: number): KafkaError => {
      if (wrong.size === 0) return error
      const own = wrong.get(index)
      const text =
        own ??
        (wrong.has(index)
          ? answer?.errorMessage
          : 'Failed to append record because it was part of a batch which had one more more invalid records')
      return KafkaError.of(error.errno!, nameOf(queue), text)
    }
    batch.fail(error, errorOf)
    this.#release(queue, batch)
    this.#options.transaction()?.onFailed(error)
    if (batch.header !== undefined && this.#options.identity !== undefined) this.#onNumbersLost(queue)
  }

  /** The broker will not take what was numbered after this. */
  #onNumbersLost(queue: PartitionQueue): void {
    queue.isRecovering = queue.inFlight.length > 0
    this.#isBumpDue = true
  }

  #expire(nowMs: number): void {
    const sinceMs = nowMs - this.#options.deliveryTimeoutMs
    for (const queue of this.#options.accumulator().busyQueues) {
      const oldest = queue.inFlight[0] ?? queue.batches[0]
      if (oldest !== undefined && oldest.createdMs <= sinceMs) this.#expireQueue(queue, nowMs, sinceMs)
    }
  }

  #expireQueue(queue: PartitionQueue, nowMs: number, sinceMs: number): void {
    for (const batch of [...queue.inFlight, ...queue.batches]) {
      if (batch.createdMs > sinceMs || batch.isDone) continue
      queue.batches = queue.batches.filter((each) => each !== batch)
      const message = `Expiring ${batch.recordCount} record(s) for ${nameOf(queue)}: ${Math.round(nowMs - batch.createdMs)} ms has passed since batch creation`
      this.#failBatch(queue, batch, new KafkaError('TIMEOUT', message, { retriable: true }))
    }
  }

  #leave(queue: PartitionQueue, batch: ProducerBatch): void {
    queue.inFlight = queue.inFlight.filter((each) => each !== batch)
    if (queue.inFlight.length === 0) queue.isRecovering = false
    this.#options.accumulator().settle(queue)
  }

  #release(queue: PartitionQueue, batch: ProducerBatch): void {
    const accumulator = this.#options.accumulator()
    accumulator.release(batch)
    accumulator.settle(queue)
  }
}

function isAboutSequence({ errno }: KafkaError): boolean {
  return (
    errno === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER ||
    errno === ErrorCode.UNKNOWN_PRODUCER_ID ||
    errno === ErrorCode.INVALID_PRODUCER_EPOCH
  )
}
