/**
 * What a test puts between clients and the broker: a function that sees a request, decides when and whether it is
 * handled, and what is answered.
 */
import { type ApiKey, apiName } from '../protocol/api-keys.ts'
import { ErrorCode, type ErrorName } from '../protocol/error-codes.ts'
import { encodeResponse } from '../server/dispatch.ts'
import { type AnyHandler, LATER } from '../server/handler.ts'
import { RequestContext } from '../server/request-context.ts'
import { Writer } from '../wire/writer.ts'

const CHECK_SLAB_BYTES = 4096

/** `Produce`, `CreateTopics`, ... or the number. */
export type ApiReference = PascalCase<keyof typeof ApiKey> | number

type PascalCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Capitalize<Lowercase<Head>>}${PascalCase<Tail>}`
  : Capitalize<Lowercase<Name>>

/**
 * The client is not answered, and its connection stays as it is: every later answer on it waits behind this one. It ends
 * when the client gives up, or with `reset` and `close`.
 */
export const DROP = Symbol('DROP')
/** The connection is closed instead of an answer, once what was asked before has been answered. */
export const DISCONNECT = Symbol('DISCONNECT')

export interface InterceptedCall {
  readonly api: string
  readonly apiKey: number
  readonly version: number
  readonly clientId: string | null
  /** The request, decoded. Its bytes (records) are gone once it has been handled. */
  // biome-ignore lint/suspicious/noExplicitAny: which message it is the caller knows
  readonly request: any
}

/**
 * `next` has the broker handle the request and resolves with its response; called again, it is the same response. What the
 * interceptor returns, or resolves with, is answered: that response, another one, DROP or DISCONNECT. If it is undefined,
 * the broker's own response is. One that throws closes the connection, with a warning of the process.
 */
// biome-ignore lint/suspicious/noExplicitAny: which message it is the caller knows
export type Interceptor = (call: InterceptedCall, next: () => Promise<any>) => unknown

/**
 * A response with every error code in it replaced: what a client sees when the broker did not manage. (If it was the
 * result of `next()`, the broker did manage, and the client is told otherwise.)
 */
export function failWith<Response>(response: Response, error: ErrorName | number): Response {
  const code = typeof error === 'number' ? error : ErrorCode[error]
  return replaceErrorCodes(response, code) as Response
}

function replaceErrorCodes(value: unknown, code: number): unknown {
  if (Array.isArray(value)) return value.map((each) => replaceErrorCodes(each, code))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      /errorCode$/i.test(key) ? code : replaceErrorCodes(each, code),
    ]),
  )
}

export class Interceptors {
  readonly #byKey = new Map<number, Interceptor[]>()
  /** Requests that are in interceptors, or were dropped. */
  readonly #unanswered = new Set<RequestContext>()

  /** @returns how to take it out again. The one that was added last comes first. */
  add(api: ApiReference, interceptor: Interceptor): () => void {
    const apiKey = typeof api === 'number' ? api : keyOf(api)
    const before = this.#byKey.get(apiKey) ?? []
    // Each has an entry of its own: the same function may be added twice.
    const entry: Interceptor = (call, next) => interceptor(call, next)
    this.#byKey.set(apiKey, [entry, ...before])
    return () => {
      const all = this.#byKey.get(apiKey) ?? []
      this.#byKey.set(
        apiKey,
        all.filter((each) => each !== entry),
      )
    }
  }

  /** Takes all out, and closes the connections of those that are not answered: they would keep a broker from stopping. */
  clear(): void {
    this.#byKey.clear()
    const unanswered = [...this.#unanswered]
    this.#unanswered.clear()
    for (const context of unanswered) context.closeConnection()
  }

  wrap(handler: AnyHandler): AnyHandler {
    return {
      ...handler,
      handle: (request: unknown, context: RequestContext) => {
        const interceptors = this.#byKey.get(handler.apiKey) ?? []
        if (interceptors.length === 0) return handler.handle(request, context)
        void this.#run(interceptors, request, context, new Handling(handler, request, context))
        return LATER
      },
    }
  }

  async #run(
    interceptors: readonly Interceptor[],
    request: unknown,
    context: RequestContext,
    handling: Handling,
  ): Promise<void> {
    const { apiKey, apiVersion: version, clientId } = context
    const call: InterceptedCall = { api: nameOf(apiKey), apiKey, version, clientId, request }
    const nextOf = (index: number): (() => Promise<unknown>) => {
      const interceptor = interceptors[index]
      if (interceptor === undefined) return () => handling.response()
      let answer: Promise<unknown> | undefined
      const ask = async (): Promise<unknown> => {
        const next = nextOf(index + 1)
        return (await interceptor(call, next)) ?? (await next())
      }
      return () => {
        answer ??= ask()
        return answer
      }
    }
    this.#unanswered.add(context)
    context.whenAbandoned(() => {
      this.#unanswered.delete(context)
      handling.abandon()
    })
    let answer: unknown
    try {
      answer = await nextOf(0)()
      if (answer !== DROP && answer !== DISCONNECT) checkEncodable(context, answer)
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error), 'SluiceInterceptorWarning')
      answer = DISCONNECT
    }
    if (answer === DROP || !this.#unanswered.delete(context)) return
    if (answer === DISCONNECT) context.closeConnection()
    else context.respond(answer)
  }
}

/** A request in the broker's hands, whose answer is kept from the client. */
class Handling {
  readonly #handler: AnyHandler
  readonly #request: unknown
  readonly #context: RequestContext
  #inner: RequestContext | undefined
  #response: Promise<unknown> | undefined

  constructor(handler: AnyHandler, request: unknown, context: RequestContext) {
    this.#handler = handler
    this.#request = request
    this.#context = context
  }

  /** Has it handled, once. */
  response(): Promise<unknown> {
    this.#response ??= new Promise((resolve, reject) => this.#handle(resolve, reject))
    return this.#response
  }

  /** The client has gone: what waits need not wait any longer. */
  abandon(): void {
    if (this.#inner?.responded === false) this.#inner.abandon()
  }

  #handle(resolve: (response: unknown) => void, reject: (error: unknown) => void): void {
    const outer = this.#context
    const onResponded = (inner: RequestContext): void => {
      outer.throttle(inner.throttleMs)
      const response = inner.takeResponse()
      resolve(inner.closesConnection ? DISCONNECT : response)
    }
    const release = (): void => outer.release()
    const inner = new RequestContext(this.#handler, outer, outer.connection, { onResponded }, { release })
    this.#inner = inner
    const outcome: unknown = this.#handler.handle(this.#request as never, inner)
    if (outcome === LATER) return
    Promise.resolve(outcome).then((response) => inner.respond(response), reject)
  }
}

/** Whoever made up an answer hears what is wrong with it; the client would only see its connection closed. */
function checkEncodable(context: RequestContext, answer: unknown): void {
  if (answer !== undefined) encodeResponse(context, answer, new Writer({ slabBytes: CHECK_SLAB_BYTES }))
}

function nameOf(apiKey: number): string {
  const name = apiName(apiKey) ?? String(apiKey)
  return name
    .split('_')
    .map((part) => part[0]! + part.slice(1).toLowerCase())
    .join('')
}

function keyOf(api: string): number {
  for (let key = 0; key < 128; key++) if (apiName(key) !== undefined && nameOf(key) === api) return key
  throw new TypeError(`there is no API ${api}`)
}
