/**
 * A client's view of a cluster: who leads what, who coordinates what, and the connections to them.
 *
 * It starts from the bootstrap servers and learns the rest from Metadata, which is asked again when it is old, when a
 * topic is not known, and when an answer said that it is wrong. Calls fail with KafkaError; whoever makes them decides
 * whether to try again (`retriable`), mostly with `retrying`.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { MetadataRequest, MetadataResponse } from '../../protocol/messages/03-metadata.ts'
import {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from '../../protocol/messages/10-find-coordinator.ts'
import { metadataChannel } from '../diagnostics.ts'
import { KafkaError } from '../kafka-error.ts'
import type { ServerAddress } from '../options/common-options.ts'
import { type Api, defineApi } from './api.ts'
import { type Backoff, type RetryOptions, retrying } from './backoff.ts'
import type { BrokerConnection, CallOptions } from './broker-connection.ts'
import { type BrokerNode, ClusterMetadata, type PartitionInfo, type TopicInfo } from './cluster-metadata.ts'
import type { ConnectionPool, Destination } from './connection-pool.ts'

export const METADATA = defineApi(MetadataRequest, MetadataResponse, [1, 12])
const FIND_COORDINATOR = defineApi(FindCoordinatorRequest, FindCoordinatorResponse, [0, 5])
const FIRST_VERSION_WITH_KEYS = 4
const BOOTSTRAP_NODE_ID = -1

export type CoordinatorType = 'group' | 'transaction'
const KEY_TYPES: Readonly<Record<CoordinatorType, number>> = { group: 0, transaction: 1 }

export interface ClusterOptions {
  readonly bootstrapServers: readonly ServerAddress[]
  readonly clientId: string
  readonly metadataMaxAgeMs: number
  readonly retryBackoff: Backoff
  /** Topics that are asked for and don't exist may come to be, if the broker has it so. Default: no. */
  readonly allowAutoTopicCreation?: boolean
  readonly pool: ConnectionPool
  readonly clock: Clock
  readonly random: Random
}

export class Cluster {
  readonly metadata = new ClusterMetadata()
  readonly clock: Clock
  readonly random: Random
  readonly #options: ClusterOptions
  readonly #pool: ConnectionPool
  readonly #coordinators = new Map<string, number>()
  /** Topics that someone works with: their metadata is kept fresh. */
  readonly #wanted = new Map<string, number>()
  /** Topics that are asked for now. */
  readonly #sought = new Set<string>()
  #wantsAllCount = 0
  readonly #listeners = new Set<() => void>()
  #refresh: Promise<void> | undefined
  #refreshTimer: Timer | undefined
  #isClosed = false

  constructor(options: ClusterOptions) {
    this.#options = options
    this.#pool = options.pool
    this.clock = options.clock
    this.random = options.random
  }

  get clientId(): string {
    return this.#options.clientId
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  close(): void {
    this.#isClosed = true
    this.#refreshTimer?.cancel()
    this.#pool.close()
  }

  /** For `retrying`, with the client's own back-off; it ends when the client is closed. */
  retryOptions(timeoutMs: number): RetryOptions {
    return {
      clock: this.clock,
      random: this.random,
      backoff: this.#options.retryBackoff,
      timeoutMs,
      isOver: () => (this.#isClosed ? new KafkaError('CLOSED', 'the client was closed') : undefined),
    }
  }

  // --- Calls ---------------------------------------------------------------------------------------------------------

  /** To a broker by its id. */
  async callNode<Req, Res>(
    nodeId: number,
    api: Api<Req, Res>,
    body: NoInfer<Req>,
    options: CallOptions & { readonly version?: number; readonly purpose?: Destination['purpose'] } = {},
  ): Promise<Res> {
    const connection = await this.connectionTo(nodeId, options.purpose)
    return connection.call(api, body, options)
  }

  /** To any broker. */
  async callAny<Req, Res>(api: Api<Req, Res>, body: NoInfer<Req>, options: CallOptions = {}): Promise<Res> {
    const connection = await this.anyConnection()
    return connection.call(api, body, options)
  }

  /** To the controller, as far as it is known; the answer NOT_CONTROLLER is the caller's to look for (`refresh`). */
  async callController<Req, Res>(
    api: Api<Req, Res>,
    body: NoInfer<Req>,
    options: CallOptions = {},
  ): Promise<Res> {
    if (this.metadata.controllerId < 0) await this.refresh([])
    const { controllerId } = this.metadata
    return controllerId < 0
      ? this.callAny(api, body, options)
      : this.callNode(controllerId, api, body, options)
  }

  /** Rejects with KafkaError: NETWORK, or retriably BROKER_NOT_AVAILABLE for a broker that is not known (any more). */
  async connectionTo(nodeId: number, purpose: Destination['purpose'] = 'data'): Promise<BrokerConnection> {
    const node = this.metadata.broker(nodeId)
    if (node === undefined) {
      const errno = ErrorCode.BROKER_NOT_AVAILABLE
      throw new KafkaError('BROKER_NOT_AVAILABLE', `broker ${nodeId} is not known`, {
        errno,
        retriable: true,
      })
    }
    try {
      return await this.#pool.get({ ...node, purpose })
    } catch (error) {
      // Its leaders may be elsewhere by now.
      this.requestRefresh()
      throw error
    }
  }

  /** The open connection to a broker, if there is one. */
  openConnectionTo(nodeId: number, purpose: Destination['purpose'] = 'data'): BrokerConnection | undefined {
    const node = this.metadata.broker(nodeId)
    return node === undefined ? undefined : this.#pool.peek({ ...node, purpose })
  }

  /** The least busy of the brokers that are known; of the bootstrap servers while none is, or none answers. */
  async anyConnection(): Promise<BrokerConnection> {
    const known: Destination[] = this.metadata.brokers().map((node) => ({ ...node, purpose: 'data' }))
    const bootstrap: Destination[] = this.#options.bootstrapServers.map((server) => ({
      ...server,
      nodeId: BOOTSTRAP_NODE_ID,
      purpose: 'data',
    }))
    const byLoad = (destinations: Destination[]): Destination[] =>
      destinations
        .map((destination) => ({
          destination,
          load: this.#pool.load(destination) + this.random.below(1024) / 1e4,
        }))
        .sort((a, b) => a.load - b.load)
        .map(({ destination }) => destination)
    let failure: unknown
    for (const destination of [...byLoad(known), ...byLoad(bootstrap)]) {
      try {
        return await this.#pool.get(destination)
      } catch (error) {
        failure = error
        if (this.#isClosed || (error instanceof KafkaError && !error.retriable)) throw error
      }
    }
    throw failure
  }

  // --- Metadata ------------------------------------------------------------------------------------------------------

  /** Keeps the metadata of a topic fresh until as many `unwant`s. */
  want(topic: string): void {
    this.#wanted.set(topic, (this.#wanted.get(topic) ?? 0) + 1)
  }

  unwant(topic: string): void {
    const count = this.#wanted.get(topic) ?? 0
    if (count > 1) this.#wanted.set(topic, count - 1)
    else this.#wanted.delete(topic)
  }

  /** Keeps the metadata of all topics fresh until as many `unwantAll`s. */
  wantAll(): void {
    this.#wantsAllCount += 1
  }

  unwantAll(): void {
    this.#wantsAllCount -= 1
  }

  /** Called after each change of the metadata. Returns how to stop listening. */
  onUpdate(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** What is known of the topic, or what the cluster says of it now. Rejects with the topic's own error. */
  async topic(name: string, options: { allowAutoCreation?: boolean } = {}): Promise<TopicInfo> {
    const known = this.metadata.topic(name)
    if (known !== undefined && known.partitions.length > 0) return known
    const response = await this.#askMetadata([name], options.allowAutoCreation ?? true)
    const errorCode =
      response.topics.find((topic) => topic.name === name)?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    if (errorCode !== ErrorCode.NONE) throw KafkaError.of(errorCode, `topic ${name}`)
    const found = this.metadata.topic(name)
    if (found === undefined || found.partitions.length === 0) {
      throw KafkaError.of(ErrorCode.LEADER_NOT_AVAILABLE, `topic ${name}`)
    }
    return found
  }

  /** Rejects, retriably, where there is no such partition or no leader. */
  async partition(topic: string, partition: number): Promise<PartitionInfo> {
    const info = (await this.topic(topic)).partitions[partition]
    if (info === undefined) {
      this.requestRefresh()
      throw KafkaError.of(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `partition ${topic}-${partition}`)
    }
    if (info.leader < 0) {
      this.requestRefresh()
      throw KafkaError.of(ErrorCode.LEADER_NOT_AVAILABLE, `partition ${topic}-${partition}`)
    }
    return info
  }

  /** Asks for these topics and the wanted ones; null: for all there are. */
  async refresh(topics: readonly string[] | null = []): Promise<MetadataResponse> {
    const isAll = topics === null || this.#wantsAllCount > 0
    const names = isAll ? null : [...new Set([...this.#wanted.keys(), ...topics])]
    return this.#askMetadata(names, this.#options.allowAutoTopicCreation ?? false)
  }

  /** Asks anew soon, because something that is known has turned out to be wrong. Failures are tried again. */
  requestRefresh(): void {
    if (this.#refresh !== undefined || this.#isClosed) return
    this.#refresh = retrying('Metadata', this.retryOptions(this.#options.metadataMaxAgeMs), () =>
      this.refresh(),
    )
      .then(
        () => {},
        () => {},
      )
      .finally(() => {
        this.#refresh = undefined
      })
  }

  /** Asks soon for a topic that has gone, or never was: it may come to be by it. A failure is for the next to see. */
  requestTopic(name: string): void {
    if (this.#sought.has(name) || this.#isClosed) return
    this.#sought.add(name)
    this.topic(name)
      .then(
        () => {},
        () => {},
      )
      .finally(() => this.#sought.delete(name))
  }

  /** The next change of the metadata, or `timeoutMs`. */
  awaitUpdate(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.after(timeoutMs, done)
      const stop = this.onUpdate(done)
      function done(): void {
        timer.cancel()
        stop()
        resolve()
      }
    })
  }

  async #askMetadata(
    names: readonly string[] | null,
    allowAutoTopicCreation: boolean,
  ): Promise<MetadataResponse> {
    const connection = await this.anyConnection()
    const response = await connection.call(METADATA, {
      topics: names === null ? null : names.map((name) => ({ name })),
      allowAutoTopicCreation,
    })
    this.metadata.update(response, this.clock.monotonicMs(), names === null)
    this.#scheduleRefresh()
    if (metadataChannel.hasSubscribers) {
      const { clusterId } = this.metadata
      metadataChannel.publish({
        clientId: this.clientId,
        clusterId,
        brokerCount: response.brokers.length,
        topicCount: response.topics.length,
      })
    }
    for (const listener of [...this.#listeners]) listener()
    return response
  }

  #scheduleRefresh(): void {
    this.#refreshTimer?.cancel()
    if (this.#isClosed) return
    this.#refreshTimer = this.clock.after(this.#options.metadataMaxAgeMs, () => {
      this.requestRefresh()
      this.#scheduleRefresh()
    })
  }

  // --- Coordinators --------------------------------------------------------------------------------------------------

  /** The id of the broker that coordinates the group or transactional id. Rejects with KafkaError, mostly retriable. */
  async coordinator(type: CoordinatorType, key: string): Promise<number> {
    const known = this.#coordinators.get(`${type}/${key}`)
    if (known !== undefined) return known
    const found = (await this.coordinators(type, [key])).get(key)!
    if (found instanceof KafkaError) throw found
    return found
  }

  /** The same for many, in one request where the broker can tell of many at once (KIP-699); an error for each. */
  async coordinators(
    type: CoordinatorType,
    keys: readonly string[],
  ): Promise<Map<string, number | KafkaError>> {
    const all = new Map<string, number | KafkaError>()
    const unknown = keys.filter((key) => {
      const known = this.#coordinators.get(`${type}/${key}`)
      if (known !== undefined) all.set(key, known)
      return known === undefined
    })
    if (unknown.length === 0) return all
    const found = await this.#findCoordinators(KEY_TYPES[type], unknown)
    if (found.some(({ nodeId }) => nodeId >= 0 && this.metadata.broker(nodeId) === undefined))
      await this.refresh()
    for (const [i, { errorCode, errorMessage, nodeId }] of found.entries()) {
      const key = unknown[i]!
      if (errorCode === ErrorCode.NONE) this.#coordinators.set(`${type}/${key}`, nodeId)
      all.set(
        key,
        errorCode === ErrorCode.NONE
          ? nodeId
          : KafkaError.of(errorCode, `the coordinator of ${key}`, errorMessage),
      )
    }
    return all
  }

  /** In the order of the keys. */
  async #findCoordinators(
    keyType: number,
    keys: readonly string[],
  ): Promise<{ errorCode: number; errorMessage: string | null; nodeId: number }[]> {
    const connection = await this.anyConnection()
    const version = connection.apis!.versionOf(FIND_COORDINATOR)
    if (version < FIRST_VERSION_WITH_KEYS) {
      const ask = (key: string) => connection.call(FIND_COORDINATOR, { keyType, key }, { version })
      return Promise.all(keys.map(ask))
    }
    const { coordinators } = await connection.call(
      FIND_COORDINATOR,
      { keyType, coordinatorKeys: keys },
      { version },
    )
    const byKey = new Map(coordinators.map((each) => [each.key, each]))
    return keys.map((key) => {
      const found = byKey.get(key)
      if (found === undefined)
        throw new KafkaError('PROTOCOL', `the broker said nothing of the coordinator of ${key}`)
      return found
    })
  }

  /** It said that it is not, or does not answer. */
  forgetCoordinator(type: CoordinatorType, key: string): void {
    this.#coordinators.delete(`${type}/${key}`)
  }

  /** To the coordinator, over its own connection. One that can't be reached is forgotten. */
  async callCoordinator<Req, Res>(
    type: CoordinatorType,
    key: string,
    api: Api<Req, Res>,
    body: NoInfer<Req> | ((version: number) => NoInfer<Req>),
    options: CallOptions & { readonly purpose?: Destination['purpose']; readonly maxVersion?: number } = {},
  ): Promise<Res> {
    const nodeId = await this.coordinator(type, key)
    try {
      const connection = await this.connectionTo(nodeId, options.purpose ?? 'coordinator')
      const version = connection.apis!.versionOf(api, { max: options.maxVersion ?? api.maxVersion })
      const request = typeof body === 'function' ? (body as (version: number) => Req)(version) : body
      return await connection.call(api, request as NoInfer<Req>, { ...options, version })
    } catch (error) {
      if (error instanceof KafkaError && error.retriable) this.forgetCoordinator(type, key)
      throw error
    }
  }
}

export type { BrokerNode, PartitionInfo, TopicInfo }
