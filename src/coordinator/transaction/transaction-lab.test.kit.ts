import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { type Logger, silentLogger } from '../../base/logger.ts'
import type { TopicPartition } from '../../log/log-manager-options.ts'
import { BrokerConfig } from '../../metadata/config/broker-config.ts'
import { MetadataCache } from '../../metadata/metadata-cache.ts'
import { TRANSACTION_STATE_TOPIC } from '../../metadata/topic-names.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { SimClock } from '../../simulator/sim-clock.ts'
import { SimRandom } from '../../simulator/sim-random.ts'
import { MemoryLog } from '../runtime/memory-log.test.kit.ts'
import type { MarkerSender, TransactionMarker } from './marker-sender.ts'
import { TransactionCoordinator } from './transaction-coordinator.ts'
import type { TransactionMetadata } from './transaction-metadata.ts'
import { readTransactionRecord } from './transaction-record.ts'

const BROKER_ID = 1

/** Markers as they were sent to the one broker; they are answered at once, or when the test says so. */
export class TestMarkerSender implements MarkerSender {
  readonly sent: TransactionMarker[] = []
  /** Markers wait for `answer`. */
  holds = false
  /** What the next partitions are answered with, instead of NONE. */
  readonly nextErrors: number[] = []
  #waiting: (() => void)[] = []

  async send(brokerId: number, markers: readonly TransactionMarker[]): Promise<number[][]> {
    assert.equal(brokerId, BROKER_ID)
    this.sent.push(...markers)
    if (this.holds) await new Promise<void>((resolve) => void this.#waiting.push(resolve))
    return markers.map(({ partitions }) => partitions.map(() => this.nextErrors.shift() ?? ErrorCode.NONE))
  }

  answer(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

/** A transaction coordinator over one partition of __transaction_state in memory, with a topic `t` of 3 partitions. */
export class TransactionLab {
  readonly clock = new SimClock()
  readonly log = new MemoryLog(this.clock)
  readonly sender = new TestMarkerSender()
  readonly metadataCache = new MetadataCache({ clusterId: 'lab', logger: silentLogger })
  readonly lines: string[] = []
  coordinator: TransactionCoordinator
  readonly config: BrokerConfig
  /** 1, 2, 3, ... */
  nextProducerId = (): number => ++this.#lastProducerId
  #lastProducerId = 0

  private constructor(settings: Readonly<Record<string, string>>) {
    const properties = new Map([['log.dirs', '/data'], ...Object.entries(settings)])
    this.config = BrokerConfig.parse(properties).config
    this.setPartitions(TRANSACTION_STATE_TOPIC, 1)
    this.setPartitions('t', 3)
    this.coordinator = this.#newCoordinator()
  }

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<TransactionLab> {
    const lab = new TransactionLab(settings)
    lab.coordinator.onElection(0, lab.log)
    await lab.settle()
    return lab
  }

  /** Another broker takes over, or the same one after it was killed: with the log, and nothing else. */
  async restart(): Promise<void> {
    this.coordinator.shutdown()
    this.log.leaderEpoch++
    this.coordinator = this.#newCoordinator()
    this.coordinator.onElection(0, this.log)
    await this.settle()
  }

  /** Until nothing more happens by itself. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      await turn()
      this.clock.tick()
    }
  }

  async advance(ms: number): Promise<void> {
    // Step by step, since what is awaited runs between timers.
    for (let left = ms; left > 0; ) {
      const stepMs = Math.min(left, Math.max(10, ms / 200))
      this.clock.advance(stepMs)
      await this.settle()
      left -= stepMs
    }
  }

  async result<Result>(promise: Promise<Result>): Promise<Result> {
    let isOver = false
    const watched = promise.finally(() => {
      isOver = true
    })
    for (let i = 0; i < 10 && !isOver; i++) await this.settle()
    assert.ok(isOver, 'there is no answer')
    return watched
  }

  /** 0 partitions: the topic is deleted. `leader` -1: it has none. */
  setPartitions(topic: string, count: number, leader: number = BROKER_ID): void {
    const had = this.metadataCache.topic(topic)?.partitions.size ?? 0
    const partitionStates = Array.from({ length: Math.max(count, had) }, (_, partitionIndex) => ({
      partitionIndex,
      controllerEpoch: 1,
      leader: partitionIndex < count ? leader : -2,
      leaderEpoch: 0,
      isr: [BROKER_ID],
      zkVersion: 0,
      replicas: [BROKER_ID],
      offlineReplicas: [],
    }))
    const endpoint = { port: 9092, host: 'localhost', listener: 'PLAINTEXT', securityProtocol: 0 }
    this.metadataCache.update({
      controllerId: BROKER_ID,
      controllerEpoch: 1,
      topicStates: [{ topicName: topic, topicId: `id-of-${topic}`, partitionStates }],
      liveBrokers: [{ id: BROKER_ID, endpoints: [endpoint], rack: null }],
    })
  }

  /** What the log says of each transactional id, in the order of the records. */
  recordsFrom(
    index: number,
  ): { transactionalId: string; metadata: TransactionMetadata | undefined; version: number }[] {
    return this.log
      .records()
      .slice(index)
      .map((record) => ({ ...readTransactionRecord(record), version: record.value?.readInt16BE(0) ?? -1 }))
  }

  #newCoordinator(): TransactionCoordinator {
    return new TransactionCoordinator({
      brokerId: BROKER_ID,
      config: this.config,
      metadataCache: this.metadataCache,
      producerIds: { next: () => this.nextProducerId() },
      markerSender: this.sender,
      clock: this.clock,
      random: new SimRandom(1),
      loggerFor: (name) => this.#logger(name),
    })
  }

  #logger(name: string): Logger {
    const short = name.slice(name.lastIndexOf('.') + 1)
    const add = (level: string) => (message: string) => void this.lines.push(`${level} ${short}: ${message}`)
    return { debug: add('DEBUG'), info: add('INFO'), warn: add('WARN'), error: add('ERROR') }
  }
}

/** `t-0,t-1` */
export function partitionsOf(text: string): TopicPartition[] {
  return text.split(',').map((name) => {
    const dash = name.lastIndexOf('-')
    return { topic: name.slice(0, dash), partition: Number(name.slice(dash + 1)) }
  })
}

export function partitionNames(partitions: readonly TopicPartition[]): string {
  return partitions
    .map(({ topic, partition }) => `${topic}-${partition}`)
    .sort()
    .join(',')
}
