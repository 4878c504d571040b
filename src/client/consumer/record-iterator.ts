/**
 * Records, or batches of them, one after the other for `for await`. Where some are buffered no turn is taken and nothing
 * is waited for: the promise is resolved already. To stop iterating leaves the consumer as it is, and iterating again goes
 * on where it stopped.
 */
import { consumeTracing } from '../diagnostics.ts'
import type { ConsumerCore } from './consumer-core.ts'
import type { ConsumerRecord } from './consumer-record.ts'

export interface IterateOptions {
  /** Ends the wait for records: the loop throws the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

export class HandOutIterator<Each> implements AsyncIterableIterator<Each, undefined> {
  readonly #core: ConsumerCore
  readonly #take: () => Each | undefined
  readonly #signal: AbortSignal | undefined
  readonly #trace: HandOutTrace | undefined
  #hasBegun = false

  constructor(
    core: ConsumerCore,
    take: () => Each | undefined,
    options: IterateOptions,
    trace?: HandOutTrace,
  ) {
    this.#core = core
    this.#take = take
    this.#signal = options.signal
    this.#trace = trace
  }

  next(): Promise<IteratorResult<Each, undefined>> {
    this.#trace?.end()
    let taken: Each | undefined
    try {
      taken = this.#core.takeAtOnce(this.#take)
    } catch (error) {
      return Promise.reject(error)
    }
    return taken === undefined ? this.#nextInTurn() : Promise.resolve({ value: taken, done: false })
  }

  async #nextInTurn(): Promise<IteratorResult<Each, undefined>> {
    if (this.#hasBegun && this.#core.isIdle) return { value: undefined, done: true }
    this.#hasBegun = true
    const options = { timeoutMs: Number.POSITIVE_INFINITY, signal: this.#signal }
    const taken: Each | undefined = await this.#core.turn<Each>(this.#take, options)
    return taken === undefined ? { value: undefined, done: true } : { value: taken, done: false }
  }

  async return(): Promise<IteratorResult<Each, undefined>> {
    this.#trace?.end()
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** From when a record is handed out until the next one is asked for; told as the handling by a function is (`run`). */
export class HandOutTrace {
  readonly #labels: { readonly clientId: string; readonly groupId: string | undefined }
  #context: object | undefined

  constructor(labels: { clientId: string; groupId: string | undefined }) {
    this.#labels = labels
  }

  begin(record: ConsumerRecord<never, never>): void {
    if (!consumeTracing.start.hasSubscribers && !consumeTracing.asyncEnd.hasSubscribers) return
    this.#context = traceContext(this.#labels, record)
    consumeTracing.start.publish(this.#context)
    consumeTracing.end.publish(this.#context)
  }

  end(): void {
    if (this.#context === undefined) return
    consumeTracing.asyncStart.publish(this.#context)
    consumeTracing.asyncEnd.publish(this.#context)
    this.#context = undefined
  }
}

export function traceContext(
  { clientId, groupId }: { readonly clientId: string; readonly groupId: string | undefined },
  record: ConsumerRecord<never, never>,
): object {
  const { topic, partition, offset, headers } = record
  return { clientId, groupId, topic, partition, offset, headers, record }
}
