/**
 * The one error of the client. `code` is the broker's name for what went wrong (`UNKNOWN_TOPIC_OR_PARTITION`, ...), or
 * one of the client's own: INVALID_CONFIG, CLOSED, NETWORK, TIMEOUT, AUTHENTICATION, PROTOCOL, INVALID_STATE,
 * BUFFER_FULL, SERIALIZATION, PARTIAL, NO_OFFSET, LOG_TRUNCATED.
 */
import { type ErrorName, errorMessage, errorName, isRetriable } from '../protocol/error-codes.ts'

export type ClientErrorName =
  /** An option is unknown, or its value is none that it can have. */
  | 'INVALID_CONFIG'
  /** The client, or what was asked, was closed or called off. */
  | 'CLOSED'
  /** A connection could not be made, or broke. */
  | 'NETWORK'
  /** It was not done in the time that it had. */
  | 'TIMEOUT'
  /** The broker did not accept who we say we are, or can't talk about it. */
  | 'AUTHENTICATION'
  /** The broker has no version of the API that does what was asked, or sent what can't be understood. */
  | 'PROTOCOL'
  /** Called at the wrong time: no transaction is open, nothing is subscribed, ... */
  | 'INVALID_STATE'
  /** A record waited longer than `max.block.ms` for room in `buffer.memory`. */
  | 'BUFFER_FULL'
  /** A key or value could not be turned into bytes, or bytes into it. */
  | 'SERIALIZATION'
  /** Of several things that were asked for some failed: `details` says which, `results` holds what came of the others. */
  | 'PARTIAL'
  /** Nothing is committed for a partition, and `auto.offset.reset` says not to guess. */
  | 'NO_OFFSET'
  /** What was read is not what the new leader of the partition has there, and `auto.offset.reset` is none. */
  | 'LOG_TRUNCATED'

export class KafkaError extends Error {
  override readonly name = 'KafkaError'
  readonly code: ErrorName | ClientErrorName
  /** The broker's number for it; undefined for the client's own errors. */
  readonly errno: number | undefined
  /** What the broker gave as the reason, without what was asked; undefined for the client's own errors. */
  readonly reason: string | undefined
  /** The same may succeed when it is tried again. */
  readonly retriable: boolean
  /** The transaction, if there is one, can only be aborted. */
  readonly abortable: boolean
  /** The producer can't go on: another one has taken its place, or its state is not known any more. */
  readonly fatal: boolean
  /** Of PARTIAL: what failed, by whatever was asked for by name: topics, groups, partitions. */
  readonly details: ReadonlyMap<string, KafkaError> | undefined
  /** Of PARTIAL: what came of the rest, by the same names; undefined for what gives nothing but its being done. */
  readonly results: ReadonlyMap<string, unknown> | undefined
  /** The record that could not be read, or the last of a batch that could not: seek behind it to go on without. */
  readonly record: { readonly topic: string; readonly partition: number; readonly offset: number } | undefined

  constructor(
    code: ErrorName | ClientErrorName,
    message: string,
    options: {
      errno?: number
      reason?: string
      retriable?: boolean
      abortable?: boolean
      fatal?: boolean
      details?: ReadonlyMap<string, KafkaError>
      results?: ReadonlyMap<string, unknown>
      record?: { topic: string; partition: number; offset: number }
      cause?: unknown
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.errno = options.errno
    this.reason = options.reason
    this.retriable = options.retriable ?? false
    this.abortable = options.abortable ?? false
    this.fatal = options.fatal ?? false
    this.details = options.details
    this.results = options.results
    this.record = options.record
  }

  /** Of a code in a response. `what` says what was asked; `text` is the broker's own message, if it sent one. */
  static of(errno: number, what: string, text?: string | null): KafkaError {
    const said = text || errorMessage(errno) || errorName(errno)
    const options = { errno, reason: said, retriable: isRetriable(errno) }
    return new KafkaError(errorName(errno), `${what}: ${said}`, options)
  }
}
