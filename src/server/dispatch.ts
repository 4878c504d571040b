/**
 * From frame to handler and from response to frame: the table of handlers, and the two steps around each call.
 *
 * What can't be understood closes its connection, as in Kafka: there is no response format for an unknown API, and
 * after a malformed request nothing says that the next byte begins a request.
 */
import { AssertionError } from '../base/assert.ts'
import type { Logger } from '../base/logger.ts'
import { decode, encode } from '../protocol/codec.ts'
import {
  RequestHeader,
  ResponseHeader,
  requestHeaderVersion,
  responseHeaderVersion,
} from '../protocol/headers.ts'
import { DecodeError, Reader } from '../wire/reader.ts'
import type { Writer } from '../wire/writer.ts'
import type { Frame } from './frame-reader.ts'
import { type AnyHandler, LATER } from './handler.ts'
import type { RequestMeter } from './quotas/request-time-quotas.ts'
import { type ConnectionInfo, RequestContext, type ResponseSink } from './request-context.ts'

/** API key, version and correlation id: the part of the header that is the same in all its versions. */
const HEADER_BYTES_MIN = 8

export interface AdvertisedApi {
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
}

/** Which API is answered by whom. What isn't in here isn't advertised. */
export class HandlerTable {
  readonly #handlers: (AnyHandler | undefined)[] = []

  constructor(handlers: Iterable<AnyHandler> = []) {
    for (const handler of handlers) this.add(handler)
  }

  add(handler: AnyHandler): void {
    this.#handlers[handler.apiKey] = handler
  }

  get(apiKey: number): AnyHandler | undefined {
    return this.#handlers[apiKey]
  }

  /** In order of the keys. */
  advertised(): AdvertisedApi[] {
    const apis: AdvertisedApi[] = []
    for (const handler of this.#handlers) {
      if (handler === undefined) continue
      apis.push({ apiKey: handler.apiKey, minVersion: handler.versions[0], maxVersion: handler.versions[1] })
    }
    return apis
  }
}

/** A connection as the dispatcher sees it. */
export interface Requester extends ResponseSink {
  readonly info: ConnectionInfo
  /** Takes the request's place in the order of responses. */
  enqueue(context: RequestContext): void
  /** Closes the connection because of what it sent. */
  refuse(reason: string): void
}

/** Measures requests for the quota on their time. */
export interface RequestTiming {
  readonly isEnabled: boolean
  begin(): RequestMeter | undefined
}

export class Dispatcher {
  readonly #table: HandlerTable
  readonly #logger: Logger
  readonly timing: RequestTiming

  constructor(table: HandlerTable, logger: Logger, timing: RequestTiming) {
    this.#table = table
    this.#logger = logger
    this.timing = timing
  }

  /** Handles one request; the frame is released when it has been answered, or by its handler. */
  dispatch(requester: Requester, frame: Frame): void {
    const { bytes } = frame
    if (bytes.length < HEADER_BYTES_MIN) {
      refuse(requester, frame, `InvalidRequestException: Error parsing request header: ${bytes.length} bytes`)
      return
    }
    const apiKey = bytes.readInt16BE(0)
    const apiVersion = bytes.readInt16BE(2)
    const correlationId = bytes.readInt32BE(4)
    const handler = this.#table.get(apiKey)
    if (handler === undefined || apiVersion < handler.versions[0] || apiVersion > handler.versions[1]) {
      if (handler?.unsupportedVersion === undefined) {
        const what = `Received request api key ${apiKey} with version ${apiVersion} which is not enabled`
        refuse(requester, frame, `InvalidRequestException: ${what}`)
        return
      }
      const fields = {
        apiVersion,
        correlationId,
        clientId: null,
        responseVersion: 0,
        requestBytes: bytes.length,
      }
      const context = new RequestContext(handler, fields, requester.info, requester, frame)
      requester.enqueue(context)
      context.respond(handler.unsupportedVersion(context))
      return
    }
    this.#handle(requester, frame, handler, apiVersion, correlationId)
  }

  #handle(
    requester: Requester,
    frame: Frame,
    handler: AnyHandler,
    apiVersion: number,
    correlationId: number,
  ): void {
    const meter = this.timing.isEnabled ? this.timing.begin() : undefined
    let clientId: string | null
    let request: unknown
    try {
      const reader = new Reader(frame.bytes)
      clientId = decode(RequestHeader, requestHeaderVersion(handler.apiKey, apiVersion), reader).clientId
      request = decode(handler.request, apiVersion, reader)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      const what = `Error getting request for apiKey: ${handler.apiKey}, apiVersion: ${apiVersion}`
      refuse(requester, frame, `InvalidRequestException: ${what}: ${error.message}`)
      return
    }
    const requestBytes = frame.bytes.length
    const fields = { apiVersion, correlationId, clientId, responseVersion: apiVersion, requestBytes }
    const context = new RequestContext(handler, fields, requester.info, requester, frame)
    if (meter !== undefined) context.measure(meter)
    requester.enqueue(context)
    try {
      const outcome = handler.handle(request, context)
      meter?.stop()
      if (outcome === LATER) return
      if (outcome instanceof Promise) {
        outcome.then(
          (response) => context.respond(response),
          (error: unknown) => this.#fail(context, error),
        )
      } else {
        context.respond(outcome)
      }
    } catch (error) {
      this.#fail(context, error)
    }
  }

  /** A handler broke: the client sees its connection closed and asks again, other connections see nothing. */
  #fail(context: RequestContext, error: unknown): void {
    if (error instanceof AssertionError) throw error
    const { handler, apiVersion, correlationId, clientId, connection } = context
    const request = `${handler.request.name}(version=${apiVersion}, correlationId=${correlationId}, clientId=${clientId})`
    this.#logger.error(`Error when handling request ${request} from ${connection.id}`, error)
    if (!context.responded) context.closeConnection()
  }
}

function refuse(requester: Requester, frame: Frame, reason: string): void {
  frame.release()
  requester.refuse(reason)
}

/** Appends the frame of a response. EncodeError: our handler gave what the version can't carry; nothing was added. */
export function encodeResponse(context: RequestContext, response: unknown, writer: Writer): void {
  const { handler, responseVersion } = context
  writer.beginFrame()
  try {
    const headerVersion = responseHeaderVersion(handler.apiKey, responseVersion)
    encode(ResponseHeader, headerVersion, { correlationId: context.correlationId }, writer)
    encode(handler.response, responseVersion, response, writer)
    writer.endFrame()
  } catch (error) {
    writer.cancelFrame()
    throw error
  }
}
