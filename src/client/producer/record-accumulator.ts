/**
 * Records that are not sent yet: for each partition a row of batches, of which the last takes records. All batches
 * together take no more than `buffer.memory`; who comes then waits in line.
 *
 * Invariants
 * - Records of one partition stay in the order in which they came.
 * - Nobody overtakes those who wait for memory.
 */
import type { Clock } from '../../base/clock.ts'
import { HEADER_BYTES } from '../../records/record-batch.ts'
import type { HeaderFields } from '../../records/record-batch-writer.ts'
import { RecordBatchWriter } from '../../records/record-batch-writer.ts'
import { KafkaError } from '../kafka-error.ts'
import {
  type BatchCompression,
  type OnRecordFailed,
  type OnRecordSent,
  ProducerBatch,
} from './producer-batch.ts'

/** A record in bytes, with those to tell. */
export interface PendingRecord {
  readonly topic: string
  readonly partition: number
  readonly timestampMs: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: HeaderFields
  readonly onSent: OnRecordSent
  readonly onFailed: OnRecordFailed
}

/** One partition's batches. */
export interface PartitionQueue {
  readonly topic: string
  readonly partition: number
  /** To be sent, the oldest first. */
  batches: ProducerBatch[]
  /** Sent and not answered, in the order of the requests. */
  inFlight: ProducerBatch[]
  /** Of the next batch that is sent for the first time under the producer's present name. */
  nextSequence: number
  /** A batch is to be sent again: the others under way must come to an end before, so that the order is known. */
  isRecovering: boolean
  /** The broker has taken a batch under the producer's present name. */
  isKnown: boolean
  /** The size of the last batch that was done: the next one is likely to need as much. */
  likelyBytes: number
}

export interface RecordAccumulatorOptions {
  readonly batchSizeBytes: number
  readonly bufferMemoryBytes: number
  readonly maxBlockMs: number
  readonly compression: BatchCompression
  readonly clock: Clock
  /** Something may be ready to be sent. */
  readonly onReady: () => void
  /** So many more records are done, one way or the other. */
  readonly onDone: (recordCount: number) => void
}

interface Blocked {
  readonly record: PendingRecord
  readonly bytes: number
  isOver: boolean
}

export class RecordAccumulator {
  readonly #options: RecordAccumulatorOptions
  readonly #queues = new Map<string, PartitionQueue[]>()
  /** Those with batches, sent or not. */
  readonly #busy = new Set<PartitionQueue>()
  #freeBytes: number
  #blocked: Blocked[] = []

  constructor(options: RecordAccumulatorOptions) {
    this.#options = options
    this.#freeBytes = options.bufferMemoryBytes
  }

  get busyQueues(): Iterable<PartitionQueue> {
    return this.#busy
  }

  get isEmpty(): boolean {
    return this.#busy.size === 0 && this.#blocked.length === 0
  }

  /** Someone waits for memory: what is there is to go at once. */
  get isExhausted(): boolean {
    return this.#blocked.length > 0
  }

  queues(): PartitionQueue[] {
    return [...this.#queues.values()].flatMap((queues) => queues.filter((queue) => queue !== undefined))
  }

  append(record: PendingRecord): void {
    const bytes = RecordBatchWriter.recordBytesMax(record.key, record.value, record.headers)
    if (this.#blocked.length > 0 || !this.#tryAppend(record, bytes)) this.#block(record, bytes)
  }

  /** The batch leaves, and its records have been told why. */
  release(batch: ProducerBatch): void {
    this.#freeBytes += batch.reservedBytes
    this.#queueOf(batch.topic, batch.partition).likelyBytes = batch.writtenBytes
    this.#options.onDone(batch.recordCount)
    while (this.#blocked.length > 0) {
      const { record, bytes, isOver } = this.#blocked[0]!
      if (!isOver && !this.#tryAppend(record, bytes)) break
      const first = this.#blocked.shift()!
      first.isOver = true
    }
  }

  /** After batches were taken out of it. */
  settle(queue: PartitionQueue): void {
    if (queue.batches.length === 0 && queue.inFlight.length === 0) this.#busy.delete(queue)
  }

  /** Puts a batch back among those to be sent, at its old place. */
  putBack(queue: PartitionQueue, batches: readonly ProducerBatch[]): void {
    const { batches: waiting } = queue
    const first = batches[0]
    if (first === undefined) return
    let at = 0
    while (at < waiting.length && waiting[at]!.comesBefore(first)) at++
    waiting.splice(at, 0, ...batches)
    this.#busy.add(queue)
  }

  /** Calls off all that was not sent, and those who wait for memory. */
  abandon(error: KafkaError, isMeant: (queue: PartitionQueue) => boolean = () => true): void {
    for (const queue of [...this.#busy]) {
      if (!isMeant(queue)) continue
      const batches = queue.batches
      queue.batches = []
      for (const batch of batches) {
        batch.fail(error)
        this.release(batch)
      }
      this.settle(queue)
    }
    for (const blocked of this.#blocked.splice(0)) {
      blocked.isOver = true
      blocked.record.onFailed(error)
      this.#options.onDone(1)
    }
  }

  #tryAppend(record: PendingRecord, recordBytes: number): boolean {
    const queue = this.#queueOf(record.topic, record.partition)
    let batch = queue.batches.at(-1)
    if (batch === undefined || batch.attempts > 0 || !batch.hasRoomFor(recordBytes)) {
      const { batchSizeBytes, compression, clock } = this.#options
      const reservedBytes = Math.max(batchSizeBytes, recordBytes + HEADER_BYTES)
      // A record larger than the whole memory gets it when nobody else has any.
      const isAlone = this.#freeBytes === this.#options.bufferMemoryBytes
      if (reservedBytes > this.#freeBytes && !isAlone) return false
      if (batch !== undefined && batch.attempts === 0) batch.close(compression)
      this.#freeBytes -= reservedBytes
      const { topic, partition } = record
      batch = new ProducerBatch({
        topic,
        partition,
        createdMs: clock.monotonicMs(),
        sizeBytesMax: batchSizeBytes,
        reservedBytes,
        capacityBytes: Math.max(recordBytes + HEADER_BYTES, Math.min(reservedBytes, queue.likelyBytes)),
      })
      queue.batches.push(batch)
      this.#busy.add(queue)
    }
    const { timestampMs, key, value, headers, onSent, onFailed } = record
    batch.append(timestampMs, key, value, headers, onSent, onFailed)
    if (batch.recordCount === 1 || batch.isFull) this.#options.onReady()
    return true
  }

  #block(record: PendingRecord, bytes: number): void {
    const blocked: Blocked = { record, bytes, isOver: false }
    this.#blocked.push(blocked)
    const { clock, maxBlockMs } = this.#options
    clock.after(maxBlockMs, () => {
      if (blocked.isOver) return
      blocked.isOver = true
      this.#blocked = this.#blocked.filter((each) => each !== blocked)
      const message = `Failed to allocate ${bytes} bytes within the configured max blocking time ${maxBlockMs} ms.`
      record.onFailed(new KafkaError('BUFFER_FULL', message, { retriable: true }))
      this.#options.onDone(1)
    })
    this.#options.onReady()
  }

  #queueOf(topic: string, partition: number): PartitionQueue {
    let queues = this.#queues.get(topic)
    if (queues === undefined) {
      queues = []
      this.#queues.set(topic, queues)
    }
    let queue = queues[partition]
    if (queue === undefined) {
      queue = {
        topic,
        partition,
        batches: [],
        inFlight: [],
        nextSequence: 0,
        isRecovering: false,
        isKnown: false,
        likelyBytes: 0,
      }
      queues[partition] = queue
    }
    return queue
  }
}
