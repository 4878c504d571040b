/**
 * One connection to one broker: requests go out in the order of the calls, responses come back in the same order.
 *
 * Requests of one turn leave in one write. One that is not answered in its time ends the connection, since every later
 * answer would have to wait behind it: all that is under way fails with NETWORK, and may have been done or not.
 *
 * Invariants
 * - What is in `#inFlight` is in the order of the requests; a response belongs to the first of it.
 * - Every request is settled exactly once.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import type { Connector, TlsOptions } from '../../base/connector.ts'
import { NetworkError, type Socket, type SocketHandler } from '../../base/network.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { decode, encode } from '../../protocol/codec.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  RequestHeader,
  ResponseHeader,
  requestHeaderVersion,
  responseHeaderVersion,
} from '../../protocol/headers.ts'
import type { Message } from '../../protocol/schema.ts'
import { DecodeError, Reader } from '../../wire/reader.ts'
import { Writer } from '../../wire/writer.ts'
import { connectionChannel, requestChannel } from '../diagnostics.ts'
import { KafkaError } from '../kafka-error.ts'
import { isTlsFailure } from '../security/tls-failure.ts'
import type { Api, OfferedApis } from './api.ts'
import { ResponseReader } from './response-reader.ts'

export interface ConnectionOptions {
  /** -1: a bootstrap server, whose id is not known. */
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly tls: TlsOptions | undefined
  readonly clientId: string
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly connector: Connector
  readonly clock: Clock
  readonly onClose: (connection: BrokerConnection) => void
}

interface InFlight {
  readonly correlationId: number
  readonly response: Message
  readonly version: number
  readonly deadlineMs: number
  readonly sentMs: number
  readonly requestBytes: number
  readonly resolve: (response: never) => void
  readonly reject: (error: KafkaError) => void
}

export interface CallOptions {
  /** Default: `request.timeout.ms`. */
  readonly timeoutMs?: number
  /** The broker will not answer (Produce with acks=0): it is done when it is sent. */
  readonly isUnanswered?: boolean
}

export class BrokerConnection {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  /** Set once the broker has said what it offers. */
  apis: OfferedApis | undefined
  lastUsedMs: number
  readonly #options: ConnectionOptions
  readonly #clock: Clock
  readonly #writer = new Writer()
  readonly #inFlight: InFlight[] = []
  #socket: Socket | undefined
  #correlationId = 0
  #isFlushPlanned = false
  #timer: Timer | undefined
  #timerMs = Number.POSITIVE_INFINITY
  #closeError: KafkaError | undefined

  private constructor(options: ConnectionOptions) {
    this.nodeId = options.nodeId
    this.host = options.host
    this.port = options.port
    this.#options = options
    this.#clock = options.clock
    this.lastUsedMs = options.clock.monotonicMs()
  }

  /** Connects; nothing has been said yet. Rejects with KafkaError: NETWORK, AUTHENTICATION where TLS refuses. */
  static async open(options: ConnectionOptions): Promise<BrokerConnection> {
    const connection = new BrokerConnection(options)
    const { connector, host, port, tls, connectTimeoutMs: timeoutMs } = options
    try {
      await connector.connect({ host, port, tls, timeoutMs }, (socket) => connection.#start(socket))
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error
      throw brokenBy(error.message, error)
    }
    return connection
  }

  get isOpen(): boolean {
    return this.#closeError === undefined
  }

  get inFlightCount(): number {
    return this.#inFlight.length
  }

  /** In the newest version that both sides know, `limits` permitting. */
  call<Req, Res>(
    api: Api<Req, Res>,
    body: NoInfer<Req>,
    options: CallOptions & { readonly version?: number } = {},
  ): Promise<Res> {
    const version = options.version ?? this.apis!.versionOf(api)
    return this.send(api.request, api.response, version, body, options)
  }

  /** Rejects with KafkaError: NETWORK (the connection ended; it may have been done), TIMEOUT, PROTOCOL. */
  send<Req, Res>(
    request: Message<unknown, Req>,
    response: Message<Res, unknown>,
    version: number,
    body: NoInfer<Req>,
    options: CallOptions = {},
  ): Promise<Res> {
    if (this.#closeError !== undefined) return Promise.reject(this.#closeError)
    const correlationId = this.#correlationId++ & 0x7fffffff
    const bytesBefore = this.#writer.byteLength
    this.#writer.beginFrame()
    try {
      const apiKey = request.apiKey!
      encode(
        RequestHeader,
        requestHeaderVersion(apiKey, version),
        {
          requestApiKey: apiKey,
          requestApiVersion: version,
          correlationId,
          clientId: this.#options.clientId,
        },
        this.#writer,
      )
      encode(request, version, body, this.#writer)
      this.#writer.endFrame()
    } catch (error) {
      this.#writer.cancelFrame()
      const reason = error instanceof Error ? error.message : String(error)
      return Promise.reject(
        new KafkaError('PROTOCOL', `${request.name} v${version}: ${reason}`, { cause: error }),
      )
    }
    const sentMs = this.#clock.monotonicMs()
    this.lastUsedMs = sentMs
    this.#planFlush()
    if (options.isUnanswered) return Promise.resolve(undefined as Res)
    return new Promise<Res>((resolve, reject) => {
      const deadlineMs = sentMs + (options.timeoutMs ?? this.#options.requestTimeoutMs)
      this.#inFlight.push({
        correlationId,
        response: response as Message,
        version,
        deadlineMs,
        sentMs,
        requestBytes: this.#writer.byteLength - bytesBefore,
        resolve: resolve as (response: never) => void,
        reject,
      })
      this.#watch(deadlineMs)
    })
  }

  /** All that is under way fails with the error. Again has no effect. */
  close(error: KafkaError = new KafkaError('CLOSED', 'the connection was closed')): void {
    if (this.#closeError !== undefined) return
    this.#closeError = error
    this.#timer?.cancel()
    this.#socket?.destroy()
    for (const request of this.#inFlight.splice(0)) {
      if (requestChannel.hasSubscribers) this.#tellOf(request, 0, error)
      request.reject(error)
    }
    if (connectionChannel.hasSubscribers) this.#tell('closed', error)
    this.#options.onClose(this)
  }

  #start(socket: Socket): SocketHandler {
    this.#socket = socket
    if (connectionChannel.hasSubscribers) this.#tell('open')
    const reader = new ResponseReader(
      (frame) => this.#onFrame(frame),
      (reason) => this.#fail(`sent ${reason}`),
    )
    return {
      readBuffer: () => reader.readBuffer(),
      onRead: (byteCount) => {
        if (this.isOpen) reader.onRead(byteCount)
      },
      onDrain: () => {},
      onEnd: () => this.#fail('closed the connection'),
      onClose: (error) => this.#fail(error?.message ?? 'closed the connection', error),
    }
  }

  #fail(what: string, cause?: Error): void {
    this.close(brokenBy(`${this.host}:${this.port} ${what}`, cause))
  }

  #planFlush(): void {
    if (this.#isFlushPlanned) return
    this.#isFlushPlanned = true
    queueMicrotask(() => {
      this.#isFlushPlanned = false
      const chunks = this.#writer.finish() as Uint8Array[]
      if (this.isOpen) this.#socket!.write(chunks)
    })
  }

  #onFrame(frame: Buffer): void {
    const request = this.#inFlight[0]
    if (request === undefined) {
      this.#fail('answered what nobody asked')
      return
    }
    const { response, version, correlationId } = request
    const reader = new Reader(frame)
    let decoded: unknown
    try {
      const headerVersion = responseHeaderVersion(response.apiKey!, version)
      const header = decode(ResponseHeader, headerVersion, reader)
      if (header.correlationId !== correlationId) {
        this.#fail(`answered ${header.correlationId} where ${correlationId} was due`)
        return
      }
      decoded = decode(response, bodyVersionOf(response, version, frame, reader.position), reader)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#fail(`sent an answer that can't be read: ${response.name} v${version}: ${error.message}`, error)
      return
    }
    this.#inFlight.shift()
    if (requestChannel.hasSubscribers) this.#tellOf(request, frame.length, undefined)
    request.resolve(decoded as never)
  }

  // --- Deadlines -----------------------------------------------------------------------------------------------------

  #watch(deadlineMs: number): void {
    if (deadlineMs >= this.#timerMs) return
    this.#timer?.cancel()
    this.#timerMs = deadlineMs
    this.#timer = this.#clock.after(deadlineMs - this.#clock.monotonicMs(), () => this.#onTimer())
  }

  #onTimer(): void {
    this.#timerMs = Number.POSITIVE_INFINITY
    const nowMs = this.#clock.monotonicMs()
    let nextMs = Number.POSITIVE_INFINITY
    for (const { deadlineMs, response, sentMs } of this.#inFlight) {
      if (deadlineMs <= nowMs) {
        const what = response.name.replace('Response', '')
        const message = `${this.host}:${this.port} did not answer ${what} within ${Math.round(nowMs - sentMs)} ms`
        this.close(new KafkaError('TIMEOUT', message, { retriable: true }))
        return
      }
      nextMs = Math.min(nextMs, deadlineMs)
    }
    if (nextMs !== Number.POSITIVE_INFINITY) this.#watch(nextMs)
  }

  // --- Diagnostics ---------------------------------------------------------------------------------------------------

  #tell(state: 'open' | 'closed', error?: KafkaError): void {
    const { nodeId, host, port } = this
    connectionChannel.publish({ state, clientId: this.#options.clientId, nodeId, host, port, error })
  }

  #tellOf(
    { response, version, sentMs, requestBytes }: InFlight,
    responseBytes: number,
    error: KafkaError | undefined,
  ): void {
    requestChannel.publish({
      clientId: this.#options.clientId,
      nodeId: this.nodeId,
      api: response.name.replace('Response', ''),
      version,
      durationMs: this.#clock.monotonicMs() - sentMs,
      requestBytes,
      responseBytes,
      error,
    })
  }
}

function brokenBy(message: string, cause: Error | undefined): KafkaError {
  return isTlsFailure(cause)
    ? new KafkaError('AUTHENTICATION', message, { cause })
    : new KafkaError('NETWORK', message, { retriable: true, cause })
}

/** A broker that doesn't know the version of ApiVersions asked for says so in version 0 (KIP-511). */
function bodyVersionOf(response: Message, version: number, frame: Buffer, position: number): number {
  if (response.apiKey !== ApiKey.API_VERSIONS || frame.length < position + 2) return version
  return frame.readInt16BE(position) === ErrorCode.UNSUPPORTED_VERSION ? 0 : version
}
