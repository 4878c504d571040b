/**
 * The consumer: reads records of topics that it shares with others of its group, or of partitions that it is told.
 *
 *   await consumer.subscribe(['orders'])
 *   for await (const record of consumer) { ... }
 *
 * Nothing is connected before the first record is asked for. Whoever asks for none for longer than
 * `max.poll.interval.ms` is taken for dead by its group, as in Java; records are fetched ahead meanwhile.
 */
import type { Readable } from 'node:stream'
import type { ConsumerGroupMetadata, OffsetToCommit } from '../group-offset.ts'
import { KafkaError } from '../kafka-error.ts'
import { retrying } from '../network/backoff.ts'
import type { PartitionInfo } from '../network/cluster.ts'
import type { ClientPlatform } from '../network/open-cluster.ts'
import { type ConsumerOptions, type OffsetReset, parseConsumerOptions } from '../options/consumer-options.ts'
import type { AssignedPartition } from './assigned-partition.ts'
import { ConsumerCore } from './consumer-core.ts'
import { noGroup } from './consumer-errors.ts'
import type { ConsumerBatch, ConsumerRecord } from './consumer-record.ts'
import type { CommittedOffset, GroupOffsets } from './group/group-offsets.ts'
import { EARLIEST, type FoundOffset, LATEST, lookUpOffsets, type OffsetQuery } from './offset-lookup.ts'
import { HandOutIterator, HandOutTrace, type IterateOptions } from './record-iterator.ts'
import { type RunOptions, runRecords } from './record-runner.ts'
import { recordStream, type StreamOptions } from './record-stream.ts'
import { type SubscribeInput, Subscription } from './subscription.ts'
import { nameOf, type TopicPartition } from './topic-partition.ts'

const CLOSE_TIMEOUT_MS = 30_000
const POLL_TIMEOUT_MS = 1000

export interface PollOptions {
  /** How long to wait for the first record. Default: 1000. */
  readonly timeoutMs?: number
  /** Default: `max.poll.records`. */
  readonly maxRecords?: number
  /** Ends the wait: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Where a partition is to be read from. */
export interface PartitionStart extends TopicPartition {
  /** Default: what the group has committed, or else what `auto.offset.reset` says. */
  readonly offset?: number | undefined
}

export class Consumer<Key = Buffer, Value = Buffer> implements AsyncIterable<ConsumerRecord<Key, Value>> {
  readonly #core: ConsumerCore
  #closing: Promise<void> | undefined

  /** Throws KafkaError (INVALID_CONFIG). */
  constructor(options: ConsumerOptions, platform: ClientPlatform) {
    this.#core = new ConsumerCore(parseConsumerOptions(options), platform)
  }

  // --- What is read --------------------------------------------------------------------------------------------------

  /**
   * Reads these topics, by sharing their partitions with the other members of the group. It takes the place of a former
   * subscription; the group is joined when records are asked for. Rejects with KafkaError: INVALID_CONFIG,
   * INVALID_GROUP_ID, INVALID_STATE (partitions are assigned by hand).
   */
  async subscribe(subscription: SubscribeInput): Promise<void> {
    this.#checkOpen()
    const parsed = new Subscription(subscription, this.#core.settings.excludeInternalTopics)
    if (parsed.isEmpty) await this.unsubscribe()
    else this.#core.subscribe(parsed)
  }

  /** What `subscribe` means at present. */
  subscription(): string[] {
    return this.#core.subscription?.topics(this.#core.cluster.metadata) ?? []
  }

  /**
   * Reads just these partitions, whoever else may read them. Those that were read before go on where they are; those that
   * are not named are read no longer. Throws KafkaError: INVALID_STATE (topics are subscribed to).
   */
  assign(partitions: readonly PartitionStart[]): void {
    this.#checkOpen()
    for (const { offset } of partitions) if (offset !== undefined) checkOffset(offset)
    this.#core.assign(partitions)
  }

  /** The partitions that are read now. */
  assignment(): TopicPartition[] {
    return this.#core.assignment.all().map(plain)
  }

  /** Leaves the group, or gives up what was assigned: nothing is read any more, and loops over records end. */
  async unsubscribe(): Promise<void> {
    this.#checkOpen()
    await this.#core.unsubscribe(this.#core.settings.requestTimeoutMs)
  }

  // --- Records -------------------------------------------------------------------------------------------------------

  [Symbol.asyncIterator](): HandOutIterator<ConsumerRecord<Key, Value>> {
    return this.records()
  }

  /** As `for await (const record of consumer)`, with options. */
  records(options: IterateOptions = {}): HandOutIterator<ConsumerRecord<Key, Value>> {
    const { buffer, cluster, settings } = this.#core
    const trace = new HandOutTrace({ clientId: cluster.clientId, groupId: settings.groupId })
    const take = (): ConsumerRecord<never, never> | undefined => {
      const record = buffer.takeRecord()
      if (record !== undefined) trace.begin(record)
      return record
    }
    return new HandOutIterator(this.#core, take, options, trace)
  }

  /** Records of one partition together, up to `max.poll.records`: the fastest way to read many. */
  batches(options: IterateOptions = {}): HandOutIterator<ConsumerBatch<Key, Value>> {
    const { buffer, settings } = this.#core
    const take = (): ConsumerBatch<never, never> | undefined => {
      const batch = buffer.takeBatch(settings.maxPollRecords)
      if (batch === undefined) return undefined
      const { source, records, highWatermark } = batch
      return { topic: source.topic, partition: source.partition, records, highWatermark }
    }
    return new HandOutIterator(this.#core, take, options)
  }

  /** Records as a stream in object mode. To destroy it leaves the consumer as it is. */
  stream(options: StreamOptions = {}): Readable {
    return recordStream(this.#core, options)
  }

  /** In the style of Java's consumer: what there is, or nothing if nothing comes in time. Rejects with KafkaError. */
  async poll(options: PollOptions = {}): Promise<ConsumerRecord<Key, Value>[]> {
    this.#checkOpen()
    const { settings } = this.#core
    const { timeoutMs = POLL_TIMEOUT_MS, maxRecords = settings.maxPollRecords, signal } = options
    const records = await this.#core.turn(() => this.#takeSome(maxRecords), { timeoutMs, signal })
    return records ?? []
  }

  /** Of as many partitions as it takes. */
  #takeSome(maxRecords: number): ConsumerRecord<never, never>[] | undefined {
    const records: ConsumerRecord<never, never>[] = []
    while (records.length < maxRecords) {
      const batch = this.#core.buffer.takeBatch(maxRecords - records.length)
      if (batch === undefined) break
      for (const record of batch.records) records.push(record)
    }
    return records.length === 0 ? undefined : records
  }

  /**
   * Has a function handle records until the consumer is closed or unsubscribed, of several partitions at a time if `concurrency` says so.
   * What it has handled is consumed; what it failed at is not, and its error is thrown on.
   */
  async run(options: RunOptions<Key, Value>): Promise<void> {
    if ((options.eachRecord === undefined) === (options.eachBatch === undefined)) {
      throw new KafkaError('INVALID_CONFIG', 'run needs either eachRecord or eachBatch')
    }
    await runRecords(this.#core, options as RunOptions<never, never>)
  }

  // --- Where it reads ------------------------------------------------------------------------------------------------

  /** Of the next record to be handed out. Rejects with KafkaError: INVALID_STATE, TIMEOUT. */
  async position(wanted: TopicPartition): Promise<number> {
    const { cluster, settings } = this.#core
    const deadlineMs = cluster.clock.monotonicMs() + settings.defaultApiTimeoutMs
    for (;;) {
      const partition = this.#core.assignment.expect(wanted)
      if (partition.position >= 0) return partition.position
      this.#core.positions.update()
      const remainingMs = deadlineMs - cluster.clock.monotonicMs()
      if (remainingMs <= 0) break
      await this.#core.waitForNews(remainingMs)
    }
    throw new KafkaError('TIMEOUT', `the position of ${nameOf(wanted)} is not known yet`, { retriable: true })
  }

  /** Goes on from there. Throws KafkaError: INVALID_STATE where the partition is not ours. */
  seek(to: TopicPartition & { readonly offset: number; readonly leaderEpoch?: number | undefined }): void {
    checkOffset(to.offset)
    const partition = this.#core.assignment.expect(to)
    partition.moveTo(to.offset, to.leaderEpoch)
    this.#onMoved([partition])
  }

  /** Default: all that are ours. */
  seekToBeginning(partitions: readonly TopicPartition[] = this.assignment()): void {
    this.#reset(partitions, { to: 'earliest' })
  }

  seekToEnd(partitions: readonly TopicPartition[] = this.assignment()): void {
    this.#reset(partitions, { to: 'latest' })
  }

  #reset(partitions: readonly TopicPartition[], reset: OffsetReset): void {
    const meant = partitions.map((each) => this.#core.assignment.expect(each))
    for (const partition of meant) partition.resetTo(reset)
    this.#onMoved(meant)
  }

  #onMoved(partitions: readonly AssignedPartition[]): void {
    for (const partition of partitions) this.#core.buffer.drop(partition)
    this.#core.onMoved()
  }

  /** Hands out nothing of them, and fetches nothing, until `resume`. Default: all that are ours. */
  pause(partitions: readonly TopicPartition[] = this.assignment()): void {
    for (const partition of this.#all(partitions)) partition.isPaused = true
  }

  resume(partitions: readonly TopicPartition[] = this.assignment()): void {
    for (const partition of this.#all(partitions)) partition.isPaused = false
    this.#core.onMoved()
  }

  paused(): TopicPartition[] {
    const all = this.#core.assignment.all()
    return all.filter(({ isPaused }) => isPaused).map(plain)
  }

  #all(partitions: readonly TopicPartition[]): AssignedPartition[] {
    return partitions.map((each) => this.#core.assignment.expect(each))
  }

  /** How many offsets lie between the position and the end, as far as is known without asking. */
  currentLag(wanted: TopicPartition): number | undefined {
    const { position, highWatermark, lastStableOffset } = this.#core.assignment.expect(wanted)
    const end = this.#core.isReadCommitted ? lastStableOffset : highWatermark
    return position < 0 || end < 0 ? undefined : Math.max(0, end - position)
  }

  // --- Offsets of the group ------------------------------------------------------------------------------------------

  /** Commits what was handed out. Awaited it is Java's commitSync, else its commitAsync. Rejects with KafkaError. */
  commit(): Promise<void>
  /** Commits up to and with this record. */
  commit(record: ConsumerRecord<unknown, unknown>): Promise<void>
  /** Commits these offsets: of the next record to be read of each partition. */
  commit(offsets: OffsetToCommit | readonly OffsetToCommit[]): Promise<void>
  commit(given?: OffsetToCommit | readonly OffsetToCommit[]): Promise<void> {
    if (given === undefined) return this.#core.commitConsumed()
    const offsets = isList(given) ? given : [given]
    try {
      for (const { offset } of offsets) checkOffset(offset)
      return this.#groupOffsets().commit(offsets.map(offsetToCommit))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** What the group has committed; partitions for which it has nothing are left out. Default: of those that are ours. */
  async committed(partitions: readonly TopicPartition[] = this.assignment()): Promise<CommittedOffset[]> {
    return partitions.length === 0 ? [] : this.#groupOffsets().fetch(partitions)
  }

  /** For a producer's transactions. */
  groupMetadata(): Required<ConsumerGroupMetadata> {
    const { groupId, groupInstanceId = null } = this.#core.settings
    if (groupId === undefined) throw noGroup()
    try {
      const { generationId, memberId } = this.#core.member()
      return { groupId, generationId, memberId, groupInstanceId }
    } catch {
      return { groupId, generationId: -1, memberId: '', groupInstanceId }
    }
  }

  #groupOffsets(): GroupOffsets {
    if (this.#core.offsets === undefined) throw noGroup()
    return this.#core.offsets
  }

  // --- Offsets of partitions -----------------------------------------------------------------------------------------

  /** Of the first record of each that is still there. */
  beginningOffsets(partitions: readonly TopicPartition[]): Promise<FoundOffset[]> {
    return this.#lookUp(partitions.map((each) => ({ ...plain(each), timestamp: EARLIEST })))
  }

  /** Behind the last record of each; with `read_committed` behind the last that may be read. */
  endOffsets(partitions: readonly TopicPartition[]): Promise<FoundOffset[]> {
    return this.#lookUp(partitions.map((each) => ({ ...plain(each), timestamp: LATEST })))
  }

  /** Of the first record of that time or later; null: there is none. In the order of the queries. */
  async offsetsForTimes(queries: readonly OffsetQuery[]): Promise<(FoundOffset | null)[]> {
    if (queries.some(({ timestamp }) => !(timestamp >= 0))) {
      throw new KafkaError('INVALID_CONFIG', 'a time to look for must not be negative')
    }
    const found = await this.#lookUp(queries)
    return found.map((each) => (each.offset < 0 ? null : each))
  }

  #lookUp(queries: readonly OffsetQuery[]): Promise<FoundOffset[]> {
    const { cluster, settings, isReadCommitted } = this.#core
    return lookUpOffsets(queries, { cluster, isReadCommitted, timeoutMs: settings.defaultApiTimeoutMs })
  }

  // --- Topics --------------------------------------------------------------------------------------------------------

  async partitionsFor(topic: string): Promise<readonly PartitionInfo[]> {
    const { cluster, settings } = this.#core
    const options = cluster.retryOptions(settings.defaultApiTimeoutMs)
    const info = await retrying(`Topic ${topic}`, options, () =>
      cluster.topic(topic, { allowAutoCreation: settings.allowAutoCreateTopics }),
    )
    return info.partitions
  }

  /** All that we may see, by name. */
  async listTopics(): Promise<Map<string, readonly PartitionInfo[]>> {
    const { cluster, settings } = this.#core
    const options = cluster.retryOptions(settings.defaultApiTimeoutMs)
    await retrying('Metadata', options, () => cluster.refresh(null))
    return new Map([...cluster.metadata.topics()].map(({ name, partitions }) => [name, partitions]))
  }

  // --- The end -------------------------------------------------------------------------------------------------------

  /**
   * Commits what was handed out, if that is to be done by itself, leaves the group and lets go of everything. Loops over
   * records end; what `run` is handling is waited for first. It takes no longer than `timeoutMs` (default: 30 s).
   */
  async close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#core.checkNotInListener('A consumer can not be closed')
    this.#closing ??= this.#core.close(options.timeoutMs ?? CLOSE_TIMEOUT_MS)
    await this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new KafkaError('CLOSED', 'This consumer has already been closed.')
  }
}

function plain({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition }
}

function checkOffset(offset: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0) return
  throw new KafkaError(
    'INVALID_CONFIG',
    `an offset must be a whole number that is not negative, not ${offset}`,
  )
}

function isList<Each>(given: Each | readonly Each[]): given is readonly Each[] {
  return Array.isArray(given)
}

/** A record stands for what comes behind it. */
function offsetToCommit(given: OffsetToCommit): OffsetToCommit {
  const isRecord = 'value' in given && 'headers' in given
  return isRecord ? { ...plain(given), offset: given.offset + 1, leaderEpoch: given.leaderEpoch } : given
}
