/**
 * The listeners and all their connections: accepts within the limits, hands requests to the dispatcher, sends what was
 * answered in a turn at its end, closes what has been idle, and stops without losing what is under way.
 */
import { assert } from '../base/assert.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Listener, Network, Socket, SocketHandler } from '../base/network.ts'
import { Writer } from '../wire/writer.ts'
import { BufferPool } from './buffer-pool.ts'
import { Connection, type ConnectionHost } from './connection.ts'
import type { Dispatcher } from './dispatch.ts'
import type { Frame } from './frame-reader.ts'
import { AcceptGate } from './quotas/accept-gate.ts'
import type { ConnectionQuotas } from './quotas/connection-quotas.ts'
import { ANONYMOUS, type ConnectionInfo } from './request-context.ts'
import { SharedRequestMemory } from './request-memory.ts'

/** Kafka's default for queued.max.request.bytes is no limit; ours keeps a broker within its memory. */
const REQUEST_MEMORY_BYTES_DEFAULT = 256 * 1024 * 1024
/** Idle connections are looked for this many times in `connectionsMaxIdleMs`. */
const IDLE_SWEEPS = 10
const IDLE_SWEEP_MS_MIN = 100

export interface ListenerOptions {
  readonly name: string
  /** undefined: every address of the machine. */
  readonly host: string | undefined
  readonly port: number
}

/** For connections to come: those that are there stay. */
export interface ConnectionLimits {
  /** `max.connections` */
  readonly max: number
  /** `max.connections.per.ip`, and `max.connections.per.ip.overrides` by address. */
  readonly perIpMax: number
  readonly perIpMaxOverrides: ReadonlyMap<string, number>
}

export interface SocketServerOptions {
  readonly network: Network
  readonly clock: Clock
  readonly dispatcher: Dispatcher
  /** kafka.network.SocketServer. */
  readonly logger: Logger
  readonly brokerId: number
  /** `socket.request.max.bytes`. */
  readonly requestBytesMax: number
  /** `queued.max.request.bytes`; undefined or below 1: a default of ours. */
  readonly queuedRequestBytesMax?: number
  readonly connectionLimits?: ConnectionLimits
  /** How fast connections may come. */
  readonly connectionQuotas: ConnectionQuotas
  /** `connections.max.idle.ms`; below 0: never. */
  readonly connectionsMaxIdleMs: number
  readonly sendBufferBytes?: number
  readonly receiveBufferBytes?: number
  /** `socket.listen.backlog.size`. */
  readonly backlogSize?: number
}

export interface BoundListener {
  readonly name: string
  readonly address: string
  /** The port that was taken where 0 was asked for. */
  readonly port: number
}

export interface StopOptions {
  /** After this, connections are closed even if responses are outstanding. */
  readonly timeoutMs: number
  /** Called when no more requests are read: answer what waits (long polls) now. */
  readonly answerWaiting?: () => void
}

export class SocketServer implements ConnectionHost {
  readonly pool = new BufferPool()
  readonly requestBytesMax: number
  readonly requestMemory: SharedRequestMemory
  readonly scratchWriter = new Writer({ slabBytes: 4096 })
  readonly #options: SocketServerOptions
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #prefix: string
  readonly #writer = new Writer()
  readonly #gate: AcceptGate
  readonly #listeners: Listener[] = []
  readonly #connections = new Set<Connection>()
  readonly #connectionsByIp = new Map<string, number>()
  #connectionIndex = 0
  #limits: ConnectionLimits
  #toFlush: Connection[] = []
  #idleTimer: Timer | undefined
  #stopping: (() => void) | undefined
  /** Sockets accepted before the broker is ready: nothing is read from them. undefined: it is ready. */
  #held: Socket[] | undefined = []
  readonly #flushBound = (): void => this.#flush()
  readonly #flushLast = (): void => this.#clock.endOfTick(this.#flushBound)

  constructor(options: SocketServerOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#logger = options.logger
    this.#gate = new AcceptGate(options.clock, options.connectionQuotas)
    this.#prefix = `[SocketServer listenerType=ZK_BROKER, nodeId=${options.brokerId}]`
    this.requestBytesMax = options.requestBytesMax
    this.#limits = options.connectionLimits ?? NO_LIMITS
    const asked = options.queuedRequestBytesMax ?? 0
    this.requestMemory = new SharedRequestMemory(asked > 0 ? asked : REQUEST_MEMORY_BYTES_DEFAULT, (run) =>
      this.#clock.endOfTick(run),
    )
  }

  /** Opens a listener and serves it. Rejects with NetworkError. */
  async listen({ name, host, port }: ListenerOptions): Promise<BoundListener> {
    assert(this.#stopping === undefined, 'a stopped server opens no listener')
    const { network, sendBufferBytes, receiveBufferBytes, backlogSize } = this.#options
    const settings = {
      ...(backlogSize === undefined ? undefined : { backlogSize }),
      ...(sendBufferBytes === undefined ? undefined : { sendBufferBytes }),
      ...(receiveBufferBytes === undefined ? undefined : { receiveBufferBytes }),
    }
    const listener = await network.listen({ host, port, ...settings }, (socket) => this.#accept(name, socket))
    this.#listeners.push(listener)
    this.#logger.info(`Awaiting socket connections on ${host ?? '0.0.0.0'}:${listener.port}.`)
    this.#sweepIdleLater()
    return { name, address: listener.address, port: listener.port }
  }

  /** Requests are read from now on, also from connections that came while the broker was starting. */
  startProcessing(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const socket of held) if (this.#gate.admits(socket)) socket.resume()
  }

  updateConnectionLimits(limits: ConnectionLimits): void {
    this.#limits = limits
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  #accept(listenerName: string, socket: Socket): SocketHandler {
    const { remoteAddress, remotePort, localAddress, localPort } = socket
    const fromIp = this.#connectionsByIp.get(remoteAddress) ?? 0
    const { max, perIpMax, perIpMaxOverrides } = this.#limits
    const fromIpMax = perIpMaxOverrides.get(remoteAddress) ?? perIpMax
    if (this.#stopping !== undefined || this.#connections.size >= max || fromIp >= fromIpMax) {
      const limit = fromIp >= fromIpMax ? fromIpMax : max
      this.#logger.info(
        `Rejected connection from /${remoteAddress}, address already has the configured maximum of ${limit} connections.`,
      )
      socket.destroy()
      return REJECTED
    }
    const info: ConnectionInfo = {
      id: `${localAddress}:${localPort}-${remoteAddress}:${remotePort}-${this.#connectionIndex++}`,
      listenerName,
      clientAddress: remoteAddress,
      clientPort: remotePort,
      localAddress,
      localPort,
      principal: ANONYMOUS,
      clientSoftwareName: 'unknown',
      clientSoftwareVersion: 'unknown',
    }
    const connection = new Connection(socket, info, this)
    this.#connections.add(connection)
    this.#connectionsByIp.set(remoteAddress, fromIp + 1)
    if (this.#held !== undefined) {
      this.#held.push(socket)
      socket.pause()
    } else this.#gate.admits(socket)
    return connection
  }

  // What connections ask for

  dispatch(connection: Connection, frame: Frame): void {
    this.#options.dispatcher.dispatch(connection, frame)
  }

  /**
   * Responses of a turn leave after everything else of the turn: what handlers put off to the end of the turn (the
   * write of a log) may complete more of them.
   */
  scheduleFlush(connection: Connection): void {
    if (connection.isFlushScheduled) return
    connection.isFlushScheduled = true
    if (this.#toFlush.push(connection) === 1) this.#clock.endOfTick(this.#flushLast)
  }

  #flush(): void {
    const connections = this.#toFlush
    this.#toFlush = []
    for (const connection of connections) {
      connection.isFlushScheduled = false
      connection.flush(this.#writer)
    }
  }

  after(delayMs: number, run: () => void): void {
    this.#clock.after(delayMs, run)
  }

  get isTimed(): boolean {
    return this.#options.dispatcher.timing.isEnabled
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs()
  }

  onRefused(connection: Connection, reason: string): void {
    this.#logger.error(`${this.#prefix} Closing socket for ${connection.info.id} because of error: ${reason}`)
  }

  onInvalidReceive(connection: Connection, sizeBytes: number): void {
    const { clientAddress, id } = connection.info
    const what =
      sizeBytes < 0 ? `(size = ${sizeBytes})` : `(size = ${sizeBytes} larger than ${this.requestBytesMax})`
    this.#logger.warn(
      `${this.#prefix} Unexpected error from /${clientAddress} (channelId=${id}); closing connection: InvalidReceiveException: Invalid receive ${what}`,
    )
  }

  onBroken(connection: Connection, error: unknown): void {
    this.#logger.error(`${this.#prefix} Exception while processing response for ${connection.info.id}`, error)
  }

  onClosed(connection: Connection, error: Error | undefined): void {
    if (!this.#connections.delete(connection)) return
    const { clientAddress, id } = connection.info
    if (error !== undefined)
      this.#logger.debug(`${this.#prefix} Connection ${id} disconnected: ${error.message}`)
    const fromIp = this.#connectionsByIp.get(clientAddress) ?? 0
    if (fromIp > 1) this.#connectionsByIp.set(clientAddress, fromIp - 1)
    else this.#connectionsByIp.delete(clientAddress)
    if (this.#connections.size === 0) this.#stopping?.()
  }

  // Idle connections

  #sweepIdleLater(): void {
    const { connectionsMaxIdleMs } = this.#options
    if (connectionsMaxIdleMs < 0 || this.#idleTimer !== undefined) return
    const sweepMs = Math.max(connectionsMaxIdleMs / IDLE_SWEEPS, IDLE_SWEEP_MS_MIN)
    this.#idleTimer = this.#clock.after(sweepMs, () => {
      this.#idleTimer = undefined
      this.#closeIdle(this.#clock.monotonicMs() - connectionsMaxIdleMs)
      this.#sweepIdleLater()
    })
  }

  #closeIdle(sinceMs: number): void {
    for (const connection of this.#connections) {
      const idleSinceMs = connection.idleSinceMs
      if (idleSinceMs === undefined || idleSinceMs > sinceMs) continue
      this.#logger.debug(`${this.#prefix} About to close the idle connection from ${connection.info.id}`)
      connection.destroy()
    }
  }

  // The end

  /** Stops accepting and reading, lets requests under way be answered and sent, then closes. Once. */
  async stop({ timeoutMs, answerWaiting }: StopOptions): Promise<void> {
    assert(this.#stopping === undefined, 'the server is stopping already')
    this.#logger.info(`${this.#prefix} Stopping socket server request processors`)
    const allClosed = new Promise<void>((resolve) => {
      this.#stopping = resolve
    })
    this.#idleTimer?.cancel()
    await Promise.all(this.#listeners.map((listener) => listener.close()))
    for (const connection of this.#connections) connection.finish()
    answerWaiting?.()
    const timer = this.#clock.after(timeoutMs, () => {
      for (const connection of this.#connections) connection.destroy()
    })
    if (this.#connections.size > 0) await allClosed
    timer.cancel()
    this.#logger.info(`${this.#prefix} Stopped socket server request processors`)
  }
}

const NO_LIMITS: ConnectionLimits = {
  max: Number.POSITIVE_INFINITY,
  perIpMax: Number.POSITIVE_INFINITY,
  perIpMaxOverrides: new Map(),
}

const REJECTED: SocketHandler = {
  readBuffer: () => new Uint8Array(1),
  onRead: () => {},
  onDrain: () => {},
  onEnd: () => {},
  onClose: () => {},
}
