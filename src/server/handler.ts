/**
 * What a handler of one API is: the messages it speaks, the versions it offers, and a function from request to
 * response. What has no handler is not advertised, and a version outside `versions` never reaches `handle`.
 *
 * A handler answers in one of four ways
 * - returns the response: for everything that is known at once;
 * - returns a promise of it: for the rare and the slow;
 * - returns LATER, and calls `context.respond(response)` some time afterwards: for hot paths that wait (Produce,
 *   Fetch), since it costs neither a promise nor a turn of the loop;
 * - returns undefined (or responds with it): the client expects no response (acks=0).
 *
 * A handler reports a failure in its response. If it throws, that is our bug: it is logged and the connection is
 * closed; an AssertionError stops the process.
 */
import type { Message } from '../protocol/schema.ts'
import type { RequestContext } from './request-context.ts'

/** The handler will call `context.respond` itself. */
export const LATER = Symbol('LATER')

export type HandlerOutcome<Res> = Res | undefined | typeof LATER | Promise<Res | undefined>

export interface Handler<Req = never, Res = unknown> {
  readonly apiKey: number
  readonly request: Message<Req, unknown>
  readonly response: Message<unknown, Res>
  /** The versions that are advertised, both ends included. */
  readonly versions: readonly [first: number, last: number]
  handle(request: Req, context: RequestContext<Res>): HandlerOutcome<Res>
  /** The answer, in version 0, to a version outside `versions`. Without it such a request closes the connection. */
  unsupportedVersion?(context: RequestContext<Res>): Res
}

/** A handler as the table holds it: its types are known to itself alone. */
// biome-ignore lint/suspicious/noExplicitAny: the table pairs each request with the handler that described it
export type AnyHandler = Handler<any, any>

/** Ties a function to the messages that give it its types. */
export function defineHandler<Req, Res>(
  request: Message<Req, unknown>,
  response: Message<unknown, Res>,
  versions: readonly [first: number, last: number],
  handle: (request: Req, context: RequestContext<Res>) => HandlerOutcome<Res>,
): Handler<Req, Res> {
  return { apiKey: request.apiKey!, request, response, versions, handle }
}
