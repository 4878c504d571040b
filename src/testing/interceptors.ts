/**
 * What a test puts between clients and the broker: a function that sees a request, decides when and whether it is
 * handled, and what is answered.
 */
import { type ApiKey, apiName } from '../protocol/api-keys.ts'
import { ErrorCode, type ErrorName } from '../protocol/error-codes.ts'
import { type AnyHandler, LATER } from '../server/handler.ts'
import type { RequestContext } from '../server/request-context.ts'

/** `Produce`, `CreateTopics`, ... or the number. */
export type ApiReference = PascalCase<keyof typeof ApiKey> | number

type PascalCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Capitalize<Lowercase<Head>>}${PascalCase<Tail>}`
  : Capitalize<Lowercase<Name>>

/** The client is not answered, and its connection stays as it is: every later answer on it waits behind this one. */
export const DROP = Symbol('DROP')
/** The connection is closed instead of an answer. */
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
 * `next` has the broker handle the request, once, and resolves with its response. What is returned is answered: that
 * response, another one, DROP or DISCONNECT.
 */
// biome-ignore lint/suspicious/noExplicitAny: which message it is the caller knows
export type Interceptor = (call: InterceptedCall, next: () => Promise<any>) => any

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

  /** @returns how to take it out again. The one that was added last comes first. */
  add(api: ApiReference, interceptor: Interceptor): () => void {
    const apiKey = typeof api === 'number' ? api : keyOf(api)
    const all = this.#byKey.get(apiKey) ?? []
    this.#byKey.set(apiKey, all)
    all.unshift(interceptor)
    return () => {
      const at = all.indexOf(interceptor)
      if (at >= 0) all.splice(at, 1)
    }
  }

  clear(): void {
    this.#byKey.clear()
  }

  wrap(handler: AnyHandler): AnyHandler {
    return {
      ...handler,
      handle: (request: unknown, context: RequestContext) => {
        const all = this.#byKey.get(handler.apiKey) ?? []
        if (all.length === 0) return handler.handle(request, context)
        void run(handler, request, context, [...all])
        return LATER
      },
    }
  }
}

async function run(
  handler: AnyHandler,
  request: unknown,
  context: RequestContext,
  interceptors: readonly Interceptor[],
): Promise<void> {
  const call: InterceptedCall = {
    api: nameOf(handler.apiKey),
    apiKey: handler.apiKey,
    version: context.apiVersion,
    clientId: context.clientId,
    request,
  }
  const nextOf = (index: number): (() => Promise<unknown>) => {
    const interceptor = interceptors[index]
    if (interceptor === undefined) return () => handled(handler, request, context)
    return async () => interceptor(call, nextOf(index + 1))
  }
  let answer: unknown
  try {
    answer = await nextOf(0)()
  } catch (error) {
    answer = DISCONNECT
    process.emitWarning(error instanceof Error ? error : String(error), 'SluiceInterceptorWarning')
  }
  if (answer === DROP || context.responded) return
  if (answer === DISCONNECT) context.closeConnection()
  else context.respond(answer)
}

/** What the broker answers, kept from the client. */
function handled(handler: AnyHandler, request: unknown, context: RequestContext): Promise<unknown> {
  return new Promise((resolve, reject) => {
    context.divertResponse(resolve)
    const outcome: unknown = handler.handle(request as never, context)
    if (outcome === LATER) return
    Promise.resolve(outcome).then((response) => context.respond(response), reject)
  })
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
