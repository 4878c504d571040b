/**
 * The producer: takes records, and tells where they lie once the broker has them.
 *
 * Records of a partition are written in the order of the `send`s, each once (`enable.idempotence`, on by default). What is
 * sent in one turn of the event loop travels together.
 */

import { HEADER_BYTES } from '../../records/record-batch.ts'
import type { HeaderFields } from '../../records/record-batch-writer.ts'
import { NO_HEADERS, RecordBatchWriter } from '../../records/record-batch-writer.ts'
import { produceTracing } from '../diagnostics.ts'
import type { ConsumerGroupMetadata, OffsetToCommit } from '../group-offset.ts'
import { KafkaError } from '../kafka-error.ts'
import { retrying } from '../network/backoff.ts'
import type { Cluster, PartitionInfo, TopicInfo } from '../network/cluster.ts'
import { type ClientPlatform, openCluster } from '../network/open-cluster.ts'
import {
  type ProducerOptions,
  type ProducerSettings,
  parseProducerOptions,
} from '../options/producer-options.ts'
import { toBytes } from '../options/serializers.ts'
import { settle } from '../outcomes.ts'
import {
  RoundRobinPartitioner,
  StickyPartitioner,
  type TopicPartitioner,
  type TopicPlaces,
} from './partitioner.ts'
import { compressionOf, type RecordMetadata } from './producer-batch.ts'
import { ProducerIdentity } from './producer-identity.ts'
import { type PendingRecord, RecordAccumulator } from './record-accumulator.ts'
import { Sender } from './sender.ts'
import { TransactionManager } from './transaction-manager.ts'

export type Bytes = Uint8Array | string
export type HeadersInput =
  | Readonly<Record<string, Bytes | null | readonly (Bytes | null)[]>>
  | readonly { readonly key: string; readonly value: Bytes | null }[]

export interface ProducerRecord<Key = Bytes, Value = Bytes> {
  readonly topic: string
  /** Default: by the partitioner. */
  readonly partition?: number
  readonly key?: Key | null
  readonly value?: Value | null
  /** By name, with several values in an array; or a list, where the order over names matters. */
  readonly headers?: HeadersInput
  /** Milliseconds since the Unix epoch, or a Date; default: now. */
  readonly timestamp?: number | Date
}

/** Called once for each record, instead of a look at the promise. */
export type SendCallback = (error: KafkaError | null, metadata: RecordMetadata | undefined) => void

/** What a function handed to `transaction` sends with. */
export interface Transaction<Key = Bytes, Value = Bytes> {
  send: Producer<Key, Value>['send']
  sendOffsets(
    offsets: readonly OffsetToCommit[],
    group: ConsumerGroupMetadata | { groupMetadata(): ConsumerGroupMetadata },
  ): Promise<void>
}

export class Producer<Key = Bytes, Value = Bytes> {
  readonly #settings: ProducerSettings
  readonly #cluster: Cluster
  readonly #accumulator: RecordAccumulator
  readonly #sender: Sender
  readonly #transactions: TransactionManager | undefined
  readonly #partitioner: TopicPartitioner
  /** Topics of which the partitions are asked for: what is sent to them meanwhile stays in order. */
  readonly #lookups = new Map<string, Promise<unknown>>()
  readonly #idle = new Set<() => void>()
  readonly #wanted = new Set<string>()
  readonly #places = new WeakMap<TopicInfo, TopicPlaces>()
  #pendingCount = 0
  #closing: Promise<void> | undefined

  /** Nothing is connected yet. Throws KafkaError (INVALID_CONFIG). */
  constructor(options: ProducerOptions, platform: ClientPlatform) {
    const settings = parseProducerOptions(options)
    const cluster = openCluster(settings, platform)
    const compression = compressionOf(settings.compressionType, {
      gzip: settings.compressionGzipLevel,
      zstd: settings.compressionZstdLevel,
    })
    const { transactionalId } = settings
    const identity = settings.enableIdempotence
      ? new ProducerIdentity({
          cluster,
          transactionalId,
          transactionTimeoutMs: settings.transactionTimeoutMs,
          timeoutMs: settings.maxBlockMs,
        })
      : undefined
    this.#settings = settings
    this.#cluster = cluster
    this.#accumulator = new RecordAccumulator({
      batchSizeBytes: settings.batchSize,
      bufferMemoryBytes: settings.bufferMemory,
      maxBlockMs: settings.maxBlockMs,
      compression,
      clock: platform.clock,
      onReady: () => this.#sender.wake(),
      onDone: (recordCount) => this.#onDone(recordCount),
    })
    this.#sender = new Sender({
      cluster,
      accumulator: () => this.#accumulator,
      identity,
      transactionalId,
      transaction: () => this.#transactions,
      acks: settings.acks,
      lingerMs: settings.lingerMs,
      requestTimeoutMs: settings.requestTimeoutMs,
      deliveryTimeoutMs: settings.deliveryTimeoutMs,
      retries: settings.retries,
      inFlightMax: settings.maxInFlightRequestsPerConnection,
      requestBytesMax: settings.maxRequestSize,
      compression,
      backoff: { minMs: settings.retryBackoffMs, maxMs: settings.retryBackoffMaxMs },
    })
    if (transactionalId !== undefined) {
      this.#transactions = new TransactionManager({
        transactionalId,
        cluster,
        identity: identity!,
        sender: this.#sender,
        timeoutMs: settings.maxBlockMs,
        flush: () => this.flush(),
        abandonUnsent: (error) => this.#accumulator.abandon(error),
      })
    }
    this.#partitioner = partitionerOf(settings, platform)
  }

  // --- Sending -------------------------------------------------------------------------------------------------------

  /**
   * Resolves when the broker has the record as safe as `acks` asks for. Rejects with KafkaError: SERIALIZATION,
   * RECORD_TOO_LARGE (MESSAGE_TOO_LARGE), TIMEOUT, BUFFER_FULL, CLOSED, or what the broker said. With a callback the
   * promise need not be looked at.
   */
  send(record: ProducerRecord<Key, Value>, callback?: SendCallback): Promise<RecordMetadata>
  /** All of them, in order. If some fail, it rejects with PARTIAL: `details` tell by index which, `results` of the rest. */
  send(records: readonly ProducerRecord<Key, Value>[], callback?: SendCallback): Promise<RecordMetadata[]>
  send(
    given: ProducerRecord<Key, Value> | readonly ProducerRecord<Key, Value>[],
    callback?: SendCallback,
  ): Promise<RecordMetadata | RecordMetadata[]> {
    if (!isList(given)) return this.#send(given, callback)
    const sent = given.map((record) => this.#send(record, callback))
    return allOf(sent)
  }

  #send(record: ProducerRecord<Key, Value>, callback: SendCallback | undefined): Promise<RecordMetadata> {
    const sent = produceTracing.hasSubscribers ? this.#trace(record) : this.#enqueue(record)
    if (callback !== undefined) {
      sent.then(
        (metadata) => callback(null, metadata),
        (error: KafkaError) => callback(error, undefined),
      )
    }
    return sent
  }

  /** A tracer may add headers: to a copy, since the record is the user's. */
  #trace(record: ProducerRecord<Key, Value>): Promise<RecordMetadata> {
    const { topic, partition } = record
    const headers = isHeaderList(record.headers) ? [...record.headers] : { ...record.headers }
    const traced = { ...record, headers }
    const context = { clientId: this.#cluster.clientId, topic, partition, headers, record: traced }
    return produceTracing.tracePromise(() => this.#enqueue(traced), context)
  }

  #enqueue(record: ProducerRecord<Key, Value>): Promise<RecordMetadata> {
    const obstacle = this.#obstacle()
    if (obstacle !== undefined) return Promise.reject(obstacle)
    const info = this.#cluster.metadata.topic(record.topic)
    const lookup = this.#lookups.get(record.topic)
    if (lookup === undefined && info !== undefined && info.partitions.length > 0) {
      return new Promise((resolve, reject) => this.#append(record, info, resolve, reject))
    }
    return this.#enqueueLater(record, lookup)
  }

  /** The topic's partitions have to be asked for; whoever comes meanwhile waits behind. */
  #enqueueLater(
    record: ProducerRecord<Key, Value>,
    before: Promise<unknown> | undefined,
  ): Promise<RecordMetadata> {
    this.#pendingCount++
    const { promise, resolve, reject } = withResolvers<RecordMetadata>()
    const turn = (before ?? Promise.resolve())
      .then(() => this.#topic(record.topic))
      .then((info) => {
        const obstacle = this.#sender.failure ?? this.#transactions?.obstacle
        if (obstacle !== undefined) reject(obstacle)
        else this.#append(record, info, resolve, reject)
      })
      .catch(reject)
      .finally(() => {
        this.#pendingCount--
        if (this.#lookups.get(record.topic) === turn) this.#lookups.delete(record.topic)
        this.#tellIfIdle()
      })
    this.#lookups.set(record.topic, turn)
    return promise
  }

  #topic(name: string): Promise<TopicInfo> {
    const options = this.#cluster.retryOptions(this.#settings.maxBlockMs)
    return retrying(`Topic ${name}`, options, () => this.#cluster.topic(name))
  }

  #append(
    record: ProducerRecord<Key, Value>,
    info: TopicInfo,
    resolve: (metadata: RecordMetadata) => void,
    reject: (error: unknown) => void,
  ): void {
    let pending: PendingRecord
    try {
      pending = this.#pendingOf(record, info, resolve, reject)
    } catch (error) {
      reject(error)
      return
    }
    this.#pendingCount++
    this.#accumulator.append(pending)
  }

  #pendingOf(
    record: ProducerRecord<Key, Value>,
    info: TopicInfo,
    resolve: (metadata: RecordMetadata) => void,
    reject: (error: unknown) => void,
  ): PendingRecord {
    const { topic } = record
    const key = toBytes(record.key, topic, this.#settings.keySerializer)
    const value = toBytes(record.value, topic, this.#settings.valueSerializer)
    const headers = headerFields(record.headers)
    const recordBytes = RecordBatchWriter.recordBytesMax(key, value, headers)
    this.#checkSize(recordBytes + HEADER_BYTES)
    this.#want(topic)
    return {
      topic,
      partition: this.#partitionOf(record, info, { key, value, recordBytes }),
      timestampMs: timestampOf(record.timestamp, this.#cluster),
      key,
      value,
      headers,
      onSent: resolve,
      onFailed: reject,
    }
  }

  #checkSize(bytes: number): void {
    const { maxRequestSize, bufferMemory } = this.#settings
    if (bytes <= maxRequestSize && bytes <= bufferMemory) return
    const [limit, name] =
      bytes > maxRequestSize ? [maxRequestSize, 'max.request.size'] : [bufferMemory, 'buffer.memory']
    const message = `The message is ${bytes} bytes when serialized which is larger than ${limit}, which is the value of the ${name} configuration.`
    throw new KafkaError('MESSAGE_TOO_LARGE', message)
  }

  #partitionOf(
    { topic, partition }: ProducerRecord<Key, Value>,
    info: TopicInfo,
    { key, value, recordBytes }: { key: Uint8Array | null; value: Uint8Array | null; recordBytes: number },
  ): number {
    const partitionCount = info.partitions.length
    const chosen = partition ?? this.#partitioner.place(this.#placesOf(info), key, value, recordBytes)
    if (!Number.isInteger(chosen) || chosen < 0 || chosen >= partitionCount) {
      const message = `topic ${topic} has no partition ${chosen}: its partitions are 0 to ${partitionCount - 1}`
      throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', message)
    }
    return chosen
  }

  #placesOf(info: TopicInfo): TopicPlaces {
    let places = this.#places.get(info)
    if (places === undefined) {
      const available = info.partitions.filter(({ leader }) => leader >= 0)
      places = {
        topic: info.name,
        partitionCount: info.partitions.length,
        availablePartitions: available.map(({ partition }) => partition),
      }
      this.#places.set(info, places)
    }
    return places
  }

  #want(topic: string): void {
    if (this.#wanted.has(topic)) return
    this.#wanted.add(topic)
    this.#cluster.want(topic)
  }

  #obstacle(): KafkaError | undefined {
    if (this.#closing !== undefined) return new KafkaError('CLOSED', 'the producer is closed')
    return this.#sender.failure ?? this.#transactions?.obstacle
  }

  #onDone(recordCount: number): void {
    this.#pendingCount -= recordCount
    this.#tellIfIdle()
  }

  #tellIfIdle(): void {
    if (this.#pendingCount > 0 || this.#idle.size === 0) return
    const waiting = [...this.#idle]
    this.#idle.clear()
    for (const tell of waiting) tell()
  }

  /** Sends all that waits for more, and resolves when everything that was sent before is done, one way or the other. */
  async flush(): Promise<void> {
    if (this.#pendingCount === 0) return
    this.#sender.beginFlush()
    try {
      await new Promise<void>((resolve) => this.#idle.add(resolve))
    } finally {
      this.#sender.endFlush()
    }
  }

  async partitionsFor(topic: string): Promise<readonly PartitionInfo[]> {
    return (await this.#topic(topic)).partitions
  }

  // --- Transactions --------------------------------------------------------------------------------------------------

  /**
   * Runs `work` in a transaction: committed when it has resolved, aborted when it throws, and then its error is thrown on.
   * What it sends needs no looking at: if any of it fails, so does the commit.
   */
  async transaction<Result>(
    work: (transaction: Transaction<Key, Value>) => Promise<Result> | Result,
  ): Promise<Result> {
    await this.beginTransaction()
    const transaction: Transaction<Key, Value> = {
      send: ((given: never, callback?: SendCallback) => {
        const sent = this.send(given, callback) as Promise<never>
        sent.catch(() => {})
        return sent
      }) as Producer<Key, Value>['send'],
      sendOffsets: (offsets, group) => this.sendOffsetsToTransaction(offsets, group),
    }
    let result: Result
    try {
      result = await work(transaction)
      await this.commitTransaction()
    } catch (error) {
      // What went wrong first is told; if the abort fails as well, the transaction ends by its timeout.
      if (!(error instanceof KafkaError && error.fatal)) await this.abortTransaction().catch(() => {})
      throw error
    }
    return result
  }

  /** Fences former producers of this transactional id; done by the first transaction if it was not before. */
  async initTransactions(): Promise<void> {
    return this.#transactional().init()
  }

  async beginTransaction(): Promise<void> {
    return this.#transactional().begin()
  }

  /** `group`: the consumer that read what is committed, or its `groupMetadata()`. */
  async sendOffsetsToTransaction(
    offsets: readonly OffsetToCommit[],
    group: ConsumerGroupMetadata | { groupMetadata(): ConsumerGroupMetadata },
  ): Promise<void> {
    return this.#transactional().sendOffsets(
      offsets,
      'groupMetadata' in group ? group.groupMetadata() : group,
    )
  }

  async commitTransaction(): Promise<void> {
    return this.#transactional().commit()
  }

  async abortTransaction(): Promise<void> {
    return this.#transactional().abort()
  }

  #transactional(): TransactionManager {
    if (this.#closing !== undefined) throw new KafkaError('CLOSED', 'the producer is closed')
    if (this.#transactions !== undefined) return this.#transactions
    throw new KafkaError('INVALID_STATE', 'transactions need a transactional.id')
  }

  // --- The end -------------------------------------------------------------------------------------------------------

  /** Sends what there is, for `timeoutMs` at the most (default: as long as it takes), and lets go of everything. */
  close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.timeoutMs)
    return this.#closing
  }

  async #close(timeoutMs: number | undefined): Promise<void> {
    const timer =
      timeoutMs === undefined ? undefined : this.#cluster.clock.after(timeoutMs, () => this.#giveUp())
    // A transaction that is open stays so: the broker aborts it, or the next producer of that name.
    if (this.#transactions?.isOpen) this.#giveUp()
    await this.flush()
    timer?.cancel()
    this.#giveUp()
    this.#sender.stop()
    this.#cluster.close()
  }

  #giveUp(): void {
    this.#sender.fail(new KafkaError('CLOSED', 'the producer was closed before this was sent'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function isList<Record>(given: Record | readonly Record[]): given is readonly Record[] {
  return Array.isArray(given)
}

async function allOf(sent: readonly Promise<RecordMetadata>[]): Promise<RecordMetadata[]> {
  const outcomes = (await Promise.allSettled(sent)).map((each) => {
    if (each.status === 'fulfilled') return each.value
    if (each.reason instanceof KafkaError) return each.reason
    throw each.reason
  })
  return settle<RecordMetadata>('send', outcomes, String)
}

function partitionerOf(settings: ProducerSettings, { random }: ClientPlatform): TopicPartitioner {
  const { partitionerClass: given, batchSize: batchSizeBytes, partitionerIgnoreKeys } = settings
  if (typeof given === 'function') return { place: (places, key, value) => given({ ...places, key, value }) }
  if (given === 'round-robin') return new RoundRobinPartitioner()
  return new StickyPartitioner({
    random,
    batchSizeBytes,
    ignoresKeys: partitionerIgnoreKeys || given === 'sticky',
  })
}

function headerFields(headers: HeadersInput | undefined): HeaderFields {
  if (headers === undefined) return NO_HEADERS
  const fields: (Uint8Array | null)[] = []
  const add = (key: string, value: Bytes | null): void => {
    fields.push(Buffer.from(key), typeof value === 'string' ? Buffer.from(value) : value)
  }
  if (isHeaderList(headers)) for (const { key, value } of headers) add(key, value)
  else {
    for (const [key, value] of Object.entries(headers)) {
      if (isList(value)) for (const each of value as readonly (Bytes | null)[]) add(key, each)
      else add(key, value as Bytes | null)
    }
  }
  return fields
}

function isHeaderList(
  headers: HeadersInput | undefined,
): headers is readonly { key: string; value: Bytes | null }[] {
  return Array.isArray(headers)
}

function timestampOf(timestamp: number | Date | undefined, { clock }: Cluster): number {
  if (timestamp === undefined) return clock.nowMs()
  const timestampMs = Number(timestamp)
  if (Number.isSafeInteger(timestampMs) && timestampMs >= 0) return timestampMs
  throw new KafkaError(
    'SERIALIZATION',
    `Invalid timestamp: ${timestamp}. Timestamp should always be non-negative or null.`,
  )
}

function withResolvers<Result>(): {
  promise: Promise<Result>
  resolve: (result: Result) => void
  reject: (error: unknown) => void
} {
  let resolve!: (result: Result) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<Result>((onResolved, onRejected) => {
    resolve = onResolved
    reject = onRejected
  })
  return { promise, resolve, reject }
}
