/**
 * One request on its way through the broker: who asked, over which connection, and the ways to answer. It is also the
 * request's place in the connection's queue of responses, which leave in the order in which the requests came.
 *
 * Invariants
 * - `respond` has an effect once; what comes later is a bug and asserts.
 * - The request's bytes (record batches above all) stay valid until `release`, or until the response has left or was
 *   dropped with its connection; released twice is released once.
 */
import { assert } from '../base/assert.ts'
import type { Frame } from './frame-reader.ts'
import type { AnyHandler } from './handler.ts'
import type { RequestMeter } from './quotas/request-time-quotas.ts'

/** Who a request acts for. Everyone is User:ANONYMOUS until connections can prove otherwise. */
export interface Principal {
  readonly type: string
  readonly name: string
}

export const ANONYMOUS: Principal = { type: 'User', name: 'ANONYMOUS' }

/** What a handler may know of the connection that a request came over. */
export interface ConnectionInfo {
  /** As Kafka prints it: `127.0.0.1:9092-127.0.0.1:53420-3`. */
  readonly id: string
  readonly listenerName: string
  readonly clientAddress: string
  readonly clientPort: number
  /** The address and port of ours that the client dialled. */
  readonly localAddress: string
  readonly localPort: number
  readonly principal: Principal
  /** What the client calls itself in ApiVersions (KIP-511); 'unknown' until then. */
  clientSoftwareName: string
  clientSoftwareVersion: string
}

/** What a context needs of the connection's response queue. */
export interface ResponseSink {
  onResponded(context: RequestContext): void
}

export interface RequestContextFields {
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  /** The version to answer in: that of the request, but 0 for an ApiVersions request we don't know. */
  readonly responseVersion: number
  /** Of the whole request, header and all, without the size in front. */
  readonly requestBytes: number
}

// biome-ignore lint/suspicious/noExplicitAny: only a handler knows the type of its response
export class RequestContext<Res = any> {
  readonly handler: AnyHandler
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  readonly connection: ConnectionInfo
  readonly responseVersion: number
  readonly requestBytes: number
  readonly #sink: ResponseSink
  #frame: Pick<Frame, 'release'> | undefined
  #responded = false
  #response: Res | undefined
  #throttleMs = 0
  #meter: RequestMeter | undefined
  #isCharged = false
  #closesConnection = false
  #onAbandoned: (() => void) | undefined

  constructor(
    handler: AnyHandler,
    fields: RequestContextFields,
    connection: ConnectionInfo,
    sink: ResponseSink,
    frame: Pick<Frame, 'release'>,
  ) {
    this.handler = handler
    this.apiVersion = fields.apiVersion
    this.correlationId = fields.correlationId
    this.clientId = fields.clientId
    this.responseVersion = fields.responseVersion
    this.requestBytes = fields.requestBytes
    this.connection = connection
    this.#sink = sink
    this.#frame = frame
  }

  get apiKey(): number {
    return this.handler.apiKey
  }

  /** Answers; undefined: the client expects no response. Slices of files in it are released once they are sent. */
  respond(response: Res | undefined): void {
    assert(!this.#responded, `${this.handler.request.name} was answered twice`)
    this.#responded = true
    this.#onAbandoned = undefined
    if (response === undefined) this.release()
    else this.chargeTime()
    // Every response says for how long its client is throttled, in the versions that have the field.
    this.#response =
      response === undefined || this.#throttleMs === 0
        ? response
        : { ...response, throttleTimeMs: this.#throttleMs }
    this.#sink.onResponded(this)
  }

  /** No answer to this and nothing more: what was asked before is answered, then the connection is closed. */
  closeConnection(): void {
    this.#closesConnection = true
    this.respond(undefined)
  }

  get closesConnection(): boolean {
    return this.#closesConnection
  }

  /** `run` is called if the connection goes before the answer: whatever waits need not wait any longer. Replaces the former. */
  whenAbandoned(run: (() => void) | undefined): void {
    this.#onAbandoned = run
  }

  /** For the response queue alone: nobody is there to take an answer. */
  abandon(): void {
    this.#onAbandoned?.()
  }

  /** Gives the request's bytes back before the response has left. Nothing decoded from them as bytes may be used. */
  release(): void {
    this.#frame?.release()
    this.#frame = undefined
  }

  /**
   * Has the response say so, and reads nothing more from this connection for `durationMs` after it has left (KIP-219).
   */
  throttle(durationMs: number): void {
    if (durationMs > this.#throttleMs) this.#throttleMs = durationMs
  }

  /** The time this request takes counts for its client's quota. */
  measure(meter: RequestMeter): void {
    this.#meter = meter
  }

  /** Asks the quota on requests now, which else happens with the answer; then `throttleMs` has its say. */
  chargeTime(): void {
    if (this.#meter === undefined || this.#isCharged) return
    this.#isCharged = true
    this.throttle(this.#meter.charge(this))
  }

  /** Requests between brokers are not throttled. */
  exemptFromQuotas(): void {
    this.#meter = undefined
  }

  /** The response took this long to encode and write. */
  chargeResponse(durationMs: number): void {
    this.#meter?.chargeResponse(this, durationMs)
  }

  get throttleMs(): number {
    return this.#throttleMs
  }

  get responded(): boolean {
    return this.#responded
  }

  /** The response, handed over once: it does not stay reachable while its bytes wait for the socket. */
  takeResponse(): Res | undefined {
    const response = this.#response
    this.#response = undefined
    return response
  }
}
