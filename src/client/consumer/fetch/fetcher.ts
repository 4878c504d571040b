/**
 * Fetches ahead of what is handed out: one request at a time to each broker that leads partitions of ours, with all of
 * them that can be read, as long as little enough is buffered.
 *
 * How far ahead: the next request leaves when every partition in it has room for another chunk (two chunks, and
 * `max.partition.fetch.bytes`, are the most), and no more than half of `fetch.max.bytes` of that broker is buffered. It
 * asks for the rest of `fetch.max.bytes`, so a broker's share of the memory stays within that. To ask while some have no
 * room would have them wait behind others that have no news.
 *
 * While a broker waits for news to answer with, partitions that stand elsewhere by now (sought, resumed, new) are asked for
 * aside, once, on the connection for all else: nobody who seeks waits for `fetch.max.wait.ms`. What both bring may be more
 * than that broker's share, for a moment and by what fits into one answer.
 *
 * Invariant: what an answer says of a partition counts only if the partition is still ours and still to go on there.
 */
import type { Timer } from '../../../base/clock.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { FetchRequest, FetchResponse } from '../../../protocol/messages/01-fetch.ts'
import { ZERO_UUID } from '../../../wire/text.ts'
import { KafkaError } from '../../kafka-error.ts'
import { defineApi } from '../../network/api.ts'
import { type Backoff, backoffMs } from '../../network/backoff.ts'
import type { BrokerConnection } from '../../network/broker-connection.ts'
import type { Cluster } from '../../network/cluster.ts'
import type { AssignedPartition } from '../assigned-partition.ts'
import { nameOf, PartitionMap } from '../topic-partition.ts'
import type { FetchBuffer } from './fetch-buffer.ts'
import { FetchSession, type FetchTarget, outsideOfSessions, VERSION_WITH_TOPIC_IDS } from './fetch-session.ts'
import { FetchedRecords, type RecordDecoding } from './fetched-records.ts'

const FETCH = defineApi(FetchRequest, FetchResponse, [4, 17])
const CHUNKS_AHEAD = 2
const END_TIMEOUT_MS = 1000

export interface FetcherOptions {
  readonly cluster: Cluster
  readonly buffer: FetchBuffer
  readonly partitions: () => Iterable<AssignedPartition>
  readonly decoding: RecordDecoding
  readonly minBytes: number
  readonly maxBytes: number
  readonly maxWaitMs: number
  readonly partitionMaxBytes: number
  readonly rack: string
  readonly metadataMaxAgeMs: number
  readonly backoff: Backoff
  /** There is more to hand out. */
  readonly onFetched: () => void
  /** The offset is not in the log (any more). */
  readonly onOffsetOutOfRange: (partition: AssignedPartition) => void
  /** For the user to know. */
  readonly onError: (error: KafkaError) => void
}

interface BrokerFetch {
  readonly nodeId: number
  readonly session: FetchSession
  isBusy: boolean
  failureCount: number
  notBeforeMs: number
  /** What is asked for at present, in the session and aside; undefined: nothing. */
  asked: PartitionMap<Asked> | undefined
  askedAside: PartitionMap<Asked> | undefined
}

/** A partition as it was asked for. */
interface Asked {
  readonly partition: AssignedPartition
  readonly fetchOffset: number
}

/** A request, as far as its answer is understood by it. */
interface Inquiry {
  readonly asked: PartitionMap<Asked>
  readonly topicNames: ReadonlyMap<string, string>
  readonly targets: readonly FetchTarget[]
  readonly version: number
}

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

export class Fetcher {
  readonly #options: FetcherOptions
  readonly #cluster: Cluster
  readonly #brokers = new Map<number, BrokerFetch>()
  #timer: Timer | undefined
  #timerMs = Number.POSITIVE_INFINITY
  #isStopped = false

  constructor(options: FetcherOptions) {
    this.#options = options
    this.#cluster = options.cluster
  }

  /** Something has changed: looks at all brokers, or at this one. */
  wake(nodeId?: number): void {
    if (this.#isStopped) return
    if (nodeId !== undefined) {
      const broker = this.#brokers.get(nodeId)
      if (broker?.isBusy && broker.askedAside === undefined) return
    }
    const byNode = new Map<number, AssignedPartition[]>()
    for (const partition of this.#options.partitions()) {
      const from = this.#sourceOf(partition)
      if (from < 0 || (nodeId !== undefined && from !== nodeId)) continue
      const partitions = byNode.get(from)
      if (partitions === undefined) byNode.set(from, [partition])
      else partitions.push(partition)
    }
    for (const [from, partitions] of byNode) {
      const broker = this.#brokerOf(from)
      if (broker.asked !== undefined) void this.#fetchAside(broker, partitions)
      else if (this.#mayAsk(broker, partitions)) void this.#fetch(broker)
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  /** Stops, and has the brokers forget the sessions, as far as it is quickly done. Never rejects. */
  async close(): Promise<void> {
    this.stop()
    await Promise.allSettled(Array.from(this.#brokers.values(), (broker) => this.#endSession(broker)))
  }

  async #endSession({ nodeId, session, isBusy }: BrokerFetch): Promise<void> {
    // A session is no connection's own, and on that of the fetches one may be waiting for news.
    const idle = isBusy ? undefined : this.#cluster.openConnectionTo(nodeId, 'fetch')
    const connection = this.#cluster.openConnectionTo(nodeId) ?? idle
    const last = session.end()
    if (connection === undefined || last === undefined) return
    await connection.call(
      FETCH,
      { maxWaitMs: 0, minBytes: 0, maxBytes: 0, isolationLevel: 0, rackId: '', ...last },
      { timeoutMs: END_TIMEOUT_MS },
    )
  }

  #brokerOf(nodeId: number): BrokerFetch {
    let broker = this.#brokers.get(nodeId)
    if (broker === undefined) {
      broker = {
        nodeId,
        session: new FetchSession(),
        isBusy: false,
        failureCount: 0,
        notBeforeMs: 0,
        asked: undefined,
        askedAside: undefined,
      }
      this.#brokers.set(nodeId, broker)
    }
    return broker
  }

  /** The broker to read the partition from; -1: not to be read now. */
  #sourceOf(partition: AssignedPartition): number {
    if (!partition.isFetchable) return -1
    const nowMs = this.#cluster.clock.monotonicMs()
    if (partition.retryAtMs > nowMs) {
      this.#wakeAt(partition.retryAtMs)
      return -1
    }
    const { metadata } = this.#cluster
    const { preferredReplica } = partition
    if (preferredReplica >= 0) {
      if (nowMs < partition.preferredUntilMs && metadata.broker(preferredReplica) !== undefined) {
        return preferredReplica
      }
      partition.preferredReplica = -1
    }
    const leader = metadata.topic(partition.topic)?.partitions[partition.partition]?.leader ?? -1
    if (leader < 0 || metadata.broker(leader) === undefined) {
      this.#cluster.requestRefresh()
      this.#delay(partition)
      return -1
    }
    return leader
  }

  #mayAsk(broker: BrokerFetch, partitions: readonly AssignedPartition[]): boolean {
    if (broker.isBusy) return false
    const nowMs = this.#cluster.clock.monotonicMs()
    if (broker.notBeforeMs > nowMs) {
      this.#wakeAt(broker.notBeforeMs)
      return false
    }
    if (partitions.some((partition) => this.#isFull(partition))) return false
    const { buffer, maxBytes } = this.#options
    if (buffer.bytesOf(broker.nodeId) > maxBytes / 2) buffer.dropPaused(broker.nodeId)
    return buffer.bytesOf(broker.nodeId) <= maxBytes / 2
  }

  #isFull({ bufferedChunkCount, bufferedBytes }: AssignedPartition): boolean {
    return bufferedChunkCount >= CHUNKS_AHEAD && bufferedBytes >= this.#options.partitionMaxBytes
  }

  // --- A request -----------------------------------------------------------------------------------------------------

  async #fetch(broker: BrokerFetch): Promise<void> {
    broker.isBusy = true
    try {
      const open = this.#cluster.openConnectionTo(broker.nodeId, 'fetch')
      // Also an open one is waited for: partitions that get their positions in this turn go along, instead of waiting for
      // the answer to the first of them.
      const connection = await (open ?? this.#cluster.connectionTo(broker.nodeId, 'fetch'))
      if (this.#isStopped) return
      await this.#ask(broker, connection)
    } catch (error) {
      this.#onFailure(broker, error)
    } finally {
      broker.isBusy = false
      broker.asked = undefined
      broker.askedAside = undefined
      this.wake()
    }
  }

  async #ask(broker: BrokerFetch, connection: BrokerConnection): Promise<void> {
    const partitions = [...this.#options.partitions()].filter(
      (each) => this.#sourceOf(each) === broker.nodeId,
    )
    if (partitions.length === 0) return
    const inquiry = this.#inquiryFor(partitions, connection)
    const { targets, version, asked } = inquiry
    broker.asked = asked
    const response = await connection.call(
      FETCH,
      {
        maxWaitMs: this.#options.maxWaitMs,
        minBytes: this.#options.minBytes,
        ...this.#limitsFor(broker),
        ...broker.session.next(targets, version),
      },
      { version },
    )
    if (response.throttleTimeMs > 0) this.#throttle(broker, response.throttleTimeMs)
    if (response.errorCode !== ErrorCode.NONE) {
      broker.session.onFailure(response.errorCode)
      this.#backOff(broker)
      return
    }
    broker.session.onSuccess(response.sessionId)
    broker.failureCount = 0
    this.#onAnswers(inquiry, response, broker)
  }

  /** Those of these partitions that the broker is not asked for, where they stand now, at present. */
  async #fetchAside(broker: BrokerFetch, partitions: readonly AssignedPartition[]): Promise<void> {
    const connection = this.#cluster.openConnectionTo(broker.nodeId)
    if (connection === undefined) return
    const moved = partitions.filter((each) => each.bufferedChunkCount === 0 && !isAskedFor(each, broker))
    if (moved.length === 0) return
    const inquiry = this.#inquiryFor(moved, connection)
    broker.askedAside ??= new PartitionMap()
    for (const each of inquiry.asked.values()) {
      broker.askedAside.set(each.partition.topic, each.partition.partition, each)
    }
    try {
      const { targets, version } = inquiry
      const request = {
        maxWaitMs: 0,
        minBytes: 0,
        ...this.#limitsFor(broker),
        ...outsideOfSessions(targets),
      }
      const response = await connection.call(FETCH, request, { version })
      if (response.throttleTimeMs > 0) this.#throttle(broker, response.throttleTimeMs)
      if (response.errorCode === ErrorCode.NONE) this.#onAnswers(inquiry, response, broker)
    } catch {
      // They are in the next request, which sees what is wrong.
    }
  }

  #inquiryFor(partitions: readonly AssignedPartition[], connection: BrokerConnection): Inquiry {
    const asked = new PartitionMap<Asked>()
    const topicNames = new Map<string, string>()
    const targets: FetchTarget[] = []
    for (const partition of partitions) {
      const target = this.#targetOf(partition)
      targets.push(target)
      asked.set(target.topic, target.partition, { partition, fetchOffset: target.fetchOffset })
      topicNames.set(target.topicId, target.topic)
    }
    const version = connection.apis!.versionOf(FETCH, {
      max: topicNames.has(ZERO_UUID) ? VERSION_WITH_TOPIC_IDS - 1 : FETCH.maxVersion,
    })
    return { asked, topicNames, targets, version }
  }

  #limitsFor({ nodeId }: BrokerFetch): { maxBytes: number; isolationLevel: number; rackId: string } {
    const { buffer, maxBytes, decoding, rack } = this.#options
    return {
      maxBytes: Math.max(1, maxBytes - buffer.bytesOf(nodeId)),
      isolationLevel: decoding.isReadCommitted ? 1 : 0,
      rackId: rack,
    }
  }

  #targetOf(partition: AssignedPartition): FetchTarget {
    const info = this.#cluster.metadata.topic(partition.topic)
    return {
      topic: partition.topic,
      topicId: info?.topicId ?? ZERO_UUID,
      partition: partition.partition,
      fetchOffset: partition.fetchOffset,
      leaderEpoch: info?.partitions[partition.partition]?.leaderEpoch ?? -1,
      maxBytes: this.#options.partitionMaxBytes,
    }
  }

  // --- Its answer ----------------------------------------------------------------------------------------------------

  #onAnswers({ asked, topicNames, version }: Inquiry, response: FetchResponse, broker: BrokerFetch): void {
    for (const { topic, topicId, partitions } of response.responses) {
      const name = version >= VERSION_WITH_TOPIC_IDS ? topicNames.get(topicId) : topic
      if (name === undefined) continue
      for (const answer of partitions) {
        const was = asked.get(name, answer.partitionIndex)
        if (was !== undefined) this.#onAnswer(was, answer, broker)
      }
    }
  }

  #onAnswer({ partition, fetchOffset }: Asked, answer: PartitionAnswer, broker: BrokerFetch): void {
    if (partition.isGone || partition.state !== 'valid' || partition.fetchOffset !== fetchOffset) return
    if (answer.errorCode !== ErrorCode.NONE) {
      this.#onPartitionError(partition, answer, broker)
      return
    }
    partition.failureCount = 0
    partition.highWatermark = answer.highWatermark
    partition.lastStableOffset = answer.lastStableOffset
    const { preferredReadReplica, records } = answer
    if (preferredReadReplica >= 0 && preferredReadReplica !== broker.nodeId) {
      partition.preferredReplica = preferredReadReplica
      partition.preferredUntilMs = this.#cluster.clock.monotonicMs() + this.#options.metadataMaxAgeMs
    }
    if (records === null || records.length === 0) return
    const chunk = new FetchedRecords({
      source: partition,
      bytes: records,
      fromOffset: fetchOffset,
      highWatermark: answer.highWatermark,
      aborted: answer.abortedTransactions,
      decoding: this.#options.decoding,
    })
    if (!chunk.hasBatches) {
      const message = `${nameOf(partition)} has a batch at offset ${fetchOffset} that is larger than may be fetched`
      this.#fail(partition, new KafkaError('RECORD_LIST_TOO_LARGE', message))
      return
    }
    partition.fetchOffset = chunk.nextOffset
    this.#options.buffer.add(chunk, broker.nodeId)
    this.#options.onFetched()
  }

  #onPartitionError(partition: AssignedPartition, answer: PartitionAnswer, broker: BrokerFetch): void {
    const { errorCode, currentLeader } = answer
    const isFromFollower = partition.preferredReplica === broker.nodeId
    partition.preferredReplica = -1
    switch (errorCode) {
      case ErrorCode.OFFSET_OUT_OF_RANGE:
        // A follower may be behind; its word counts for nothing.
        if (isFromFollower) this.#delay(partition)
        else this.#options.onOffsetOutOfRange(partition)
        return
      case ErrorCode.TOPIC_AUTHORIZATION_FAILED:
      case ErrorCode.UNSUPPORTED_COMPRESSION_TYPE:
      case ErrorCode.CORRUPT_MESSAGE:
        this.#fail(partition, KafkaError.of(errorCode, `fetching from ${nameOf(partition)}`))
        return
      case ErrorCode.NOT_LEADER_OR_FOLLOWER:
      case ErrorCode.FENCED_LEADER_EPOCH:
        this.#cluster.metadata.updateLeader(
          partition.topic,
          partition.partition,
          currentLeader.leaderId,
          currentLeader.leaderEpoch,
        )
        break
      default:
    }
    if (errorCode !== ErrorCode.UNKNOWN_LEADER_EPOCH && errorCode !== ErrorCode.OFFSET_NOT_AVAILABLE) {
      this.#cluster.requestRefresh()
    }
    this.#delay(partition)
  }

  #fail(partition: AssignedPartition, error: KafkaError): void {
    this.#delay(partition)
    this.#options.onError(error)
  }

  // --- Pauses --------------------------------------------------------------------------------------------------------

  #onFailure(broker: BrokerFetch, error: unknown): void {
    broker.session.onFailure(undefined)
    if (!(error instanceof KafkaError)) throw error
    if (this.#isStopped) return
    if (error.code === 'PROTOCOL' || error.code === 'AUTHENTICATION') this.#options.onError(error)
    this.#cluster.requestRefresh()
    this.#backOff(broker)
  }

  #backOff(broker: BrokerFetch): void {
    broker.failureCount += 1
    this.#throttle(broker, backoffMs(this.#options.backoff, broker.failureCount, this.#cluster.random))
  }

  #throttle(broker: BrokerFetch, durationMs: number): void {
    broker.notBeforeMs = Math.max(broker.notBeforeMs, this.#cluster.clock.monotonicMs() + durationMs)
  }

  #delay(partition: AssignedPartition): void {
    partition.onFailure(this.#options.backoff, this.#cluster)
    this.#wakeAt(partition.retryAtMs)
  }

  #wakeAt(dueMs: number): void {
    if (dueMs >= this.#timerMs || this.#isStopped) return
    const { clock } = this.#cluster
    this.#timer?.cancel()
    this.#timerMs = dueMs
    this.#timer = clock.after(dueMs - clock.monotonicMs(), () => {
      this.#timerMs = Number.POSITIVE_INFINITY
      this.wake()
    })
  }
}

/** Where it stands now. */
function isAskedFor(
  { topic, partition, fetchOffset }: AssignedPartition,
  { asked, askedAside }: BrokerFetch,
): boolean {
  const last = askedAside?.get(topic, partition) ?? asked?.get(topic, partition)
  return last?.fetchOffset === fetchOffset
}
