/**
 * The connections of one client: one for each purpose and broker, made when it is first needed and again after it broke,
 * with growing pauses between attempts that fail (`reconnect.backoff.ms`).
 *
 * A connection is given out when the broker has said what it offers and knows who we are. Coordinators are talked to
 * over connections of their own, so that a fetch that waits does not hold up a heartbeat.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import type { Connector, TlsOptions } from '../../base/connector.ts'
import type { Random } from '../../base/random.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from '../../protocol/messages/18-api-versions.ts'
import { KafkaError } from '../kafka-error.ts'
import type { Authenticator } from '../security/authenticator.ts'
import { OfferedApis } from './api.ts'
import { type Backoff, backoffMs, sleep } from './backoff.ts'
import { BrokerConnection } from './broker-connection.ts'

export const SOFTWARE = { clientSoftwareName: 'sluice', clientSoftwareVersion: '0.1.0' }
const API_VERSIONS_VERSION = 3
const IDLE_CHECK_MS = 10_000
/** Of a session that ends, so much is used before the connection is replaced. */
const SESSION_SHARE = 0.85

/** Where a connection leads, and what it is for. */
export interface Destination {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  /**
   * Answers come in the order of the requests, so what waits at the broker has a connection of its own, beside the one for
   * everything else: 'fetch' for records to come, 'rebalance' for other members to come, 'coordinator' waits for nobody.
   */
  readonly purpose: 'data' | 'coordinator' | 'fetch' | 'rebalance'
}

export interface ConnectionPoolOptions {
  readonly clientId: string
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  /** -1: never. */
  readonly maxIdleMs: number
  readonly reconnectBackoff: Backoff
  readonly tls: TlsOptions | undefined
  readonly authenticator: Authenticator | undefined
  readonly connector: Connector
  readonly clock: Clock
  readonly random: Random
}

/** One destination: its connection, or the attempt to make it, and how many attempts have failed in a row. */
interface Entry {
  connection: BrokerConnection | undefined
  opening: Promise<BrokerConnection> | undefined
  failures: number
  notBeforeMs: number
  expiresMs: number
}

export class ConnectionPool {
  readonly #options: ConnectionPoolOptions
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  readonly #connections = new Set<BrokerConnection>()
  #idleTimer: Timer | undefined
  #isClosed = false

  constructor(options: ConnectionPoolOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#checkIdle()
  }

  /** Rejects with KafkaError: NETWORK, AUTHENTICATION, PROTOCOL, CLOSED. */
  async get(destination: Destination): Promise<BrokerConnection> {
    const entry = this.#entry(destination)
    const { connection } = entry
    if (connection?.isOpen && this.#clock.monotonicMs() < entry.expiresMs) return connection
    // A session that is about to end: what is under way may still be answered.
    if (connection?.isOpen) this.#retire(entry, connection)
    entry.opening ??= this.#open(destination, entry).finally(() => {
      entry.opening = undefined
    })
    return entry.opening
  }

  /** The connection, if there is one now. */
  peek(destination: Destination): BrokerConnection | undefined {
    const connection = this.#entries.get(keyOf(destination))?.connection
    return connection?.isOpen ? connection : undefined
  }

  /** How many requests wait on the connection; infinite while it may not be tried. */
  load(destination: Destination): number {
    const entry = this.#entries.get(keyOf(destination))
    if (entry?.connection?.isOpen) return entry.connection.inFlightCount
    return entry !== undefined && entry.notBeforeMs > this.#clock.monotonicMs()
      ? Number.POSITIVE_INFINITY
      : 0.5
  }

  close(): void {
    this.#isClosed = true
    this.#idleTimer?.cancel()
    for (const connection of [...this.#connections]) connection.close(closed())
  }

  #entry(destination: Destination): Entry {
    const key = keyOf(destination)
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      entry = {
        connection: undefined,
        opening: undefined,
        failures: 0,
        notBeforeMs: 0,
        expiresMs: Number.POSITIVE_INFINITY,
      }
      this.#entries.set(key, entry)
    }
    return entry
  }

  async #open(destination: Destination, entry: Entry): Promise<BrokerConnection> {
    const waitMs = entry.notBeforeMs - this.#clock.monotonicMs()
    if (waitMs > 0) await sleep(this.#clock, waitMs)
    if (this.#isClosed) throw closed()
    try {
      const connection = await this.#connect(destination, entry)
      entry.failures = 0
      entry.notBeforeMs = 0
      entry.connection = connection
      return connection
    } catch (error) {
      entry.failures += 1
      const { reconnectBackoff, random } = this.#options
      entry.notBeforeMs = this.#clock.monotonicMs() + backoffMs(reconnectBackoff, entry.failures, random)
      throw error
    }
  }

  async #connect({ nodeId, host, port }: Destination, entry: Entry): Promise<BrokerConnection> {
    const { clientId, connectTimeoutMs, requestTimeoutMs, tls, authenticator, connector } = this.#options
    const connection = await BrokerConnection.open({
      nodeId,
      host,
      port,
      tls,
      clientId,
      connectTimeoutMs,
      requestTimeoutMs,
      connector,
      clock: this.#clock,
      onClose: (gone) => this.#connections.delete(gone),
    })
    this.#connections.add(connection)
    try {
      if (this.#isClosed) throw closed()
      connection.apis = await askOfferedApis(connection)
      const lifetimeMs = (await authenticator?.authenticate(connection)) ?? 0
      entry.expiresMs =
        lifetimeMs === 0 ? Number.POSITIVE_INFINITY : this.#clock.monotonicMs() + lifetimeMs * SESSION_SHARE
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  #retire(entry: Entry, connection: BrokerConnection): void {
    entry.connection = undefined
    entry.expiresMs = Number.POSITIVE_INFINITY
    this.#clock.after(this.#options.requestTimeoutMs, () => connection.close())
  }

  #checkIdle(): void {
    const { maxIdleMs } = this.#options
    if (maxIdleMs < 0) return
    this.#idleTimer = this.#clock.after(IDLE_CHECK_MS, () => {
      const sinceMs = this.#clock.monotonicMs() - maxIdleMs
      for (const connection of [...this.#connections]) {
        if (connection.lastUsedMs < sinceMs && connection.inFlightCount === 0) connection.close()
      }
      this.#checkIdle()
    })
  }
}

function keyOf({ nodeId, host, port, purpose }: Destination): string {
  return `${purpose}/${nodeId}/${host}:${port}`
}

function closed(): KafkaError {
  return new KafkaError('CLOSED', 'the client is closed')
}

/** A broker that doesn't know our version says so in version 0, with its list (KIP-511). */
async function askOfferedApis(connection: BrokerConnection): Promise<OfferedApis> {
  for (const version of [API_VERSIONS_VERSION, 0]) {
    const { errorCode, apiKeys, finalizedFeatures } = await connection.send(
      ApiVersionsRequest,
      ApiVersionsResponse,
      version,
      SOFTWARE,
    )
    if (errorCode === ErrorCode.NONE) return new OfferedApis(apiKeys, finalizedFeatures)
    if (errorCode !== ErrorCode.UNSUPPORTED_VERSION) throw KafkaError.of(errorCode, 'ApiVersions')
  }
  throw new KafkaError('PROTOCOL', 'the broker does not answer ApiVersions')
}
