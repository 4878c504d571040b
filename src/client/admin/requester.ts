/**
 * How the administrator asks: many things at once, each where it belongs, again while that may help, for as long as
 * there is time.
 *
 * A round finds the broker of each thing (`Route`), sends one request to each broker with all that is its, and keeps what
 * became of each thing. Those whose error is worth it go into the next round, after a pause that grows. When the time is
 * over, or the client is closed, what is left gets one error; what was done before stays done.
 */
import type { ErrorName } from '../../protocol/error-codes.ts'
import { KafkaError } from '../kafka-error.ts'
import { backoffMs, retrying, sleep } from '../network/backoff.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { Cluster } from '../network/cluster.ts'
import { type Outcome, settle } from '../outcomes.ts'
import { refuse, show } from './input.ts'
import { ANY_BROKER, type Route } from './routes.ts'

/** What every call of the administrator takes. */
export interface AdminCallOptions {
  /** In all, with every repetition; default: `default.api.timeout.ms`. */
  readonly timeoutMs?: number | undefined
}

export interface Asking<Thing, Value> extends AdminCallOptions {
  /** The name of the method, for messages. */
  readonly what: string
  readonly things: readonly Thing[]
  readonly nameOf: (thing: Thing) => string
  readonly route: Route<Thing>
  /**
   * One request, or a few: what became of each thing, in their order. A KafkaError that is thrown is everything's.
   * `timeoutMs` is how long the broker may take.
   */
  readonly call: (
    connection: BrokerConnection,
    things: readonly Thing[],
    timeoutMs: number,
  ) => Promise<readonly Outcome<Value>[]>
  /** Errors that are worth another round here, and are not elsewhere. */
  readonly repeats?: readonly ErrorName[]
}

export interface RequesterOptions {
  readonly cluster: Cluster
  readonly apiTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly retriesMax: number
}

/** Another attempt would not change these, or would say another thing of what the first has done. */
const FINAL: ReadonlySet<string> = new Set<ErrorName>([
  'REQUEST_TIMED_OUT',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'ELECTION_NOT_NEEDED',
  'PREFERRED_LEADER_NOT_AVAILABLE',
  'ELIGIBLE_LEADERS_NOT_AVAILABLE',
])
/** A topic that a broker does not know may be one that it was not told of yet. */
const UNKNOWN_TOPIC_ROUNDS = 4
/** Of `request.timeout.ms`, so that the broker's own word on a timeout comes before the end of the connection. */
const BROKER_SHARE = 0.9

export class Requester {
  readonly cluster: Cluster
  readonly requestTimeoutMs: number
  readonly #apiTimeoutMs: number
  readonly #retriesMax: number

  constructor(options: RequesterOptions) {
    this.cluster = options.cluster
    this.requestTimeoutMs = options.requestTimeoutMs
    this.#apiTimeoutMs = options.apiTimeoutMs
    this.#retriesMax = options.retriesMax
  }

  /** In the order of the things. Rejects with KafkaError, as `settle` has it. */
  async each<Thing, Value>(asking: Asking<Thing, Value>): Promise<Value[]> {
    const { what, things, nameOf, timeoutMs } = asking
    if (timeoutMs !== undefined && !(timeoutMs >= 0))
      refuse(`timeoutMs must be a number, not ${show(timeoutMs)}`)
    return settle(what, await this.#outcomes(asking), (index) => nameOf(things[index]!))
  }

  /** One thing that has no name of its own. */
  async one<Value>(
    asking: Pick<Asking<undefined, Value>, 'what' | 'route' | 'timeoutMs' | 'repeats'> & {
      readonly call: (connection: BrokerConnection, timeoutMs: number) => Promise<Outcome<Value>>
    },
  ): Promise<Value> {
    const [value] = await this.each<undefined, Value>({
      ...asking,
      things: [undefined],
      nameOf: () => asking.what,
      call: async (connection, _, timeoutMs) => [await asking.call(connection, timeoutMs)],
    })
    return value as Value
  }

  /** The ids of the brokers that there are now. */
  async brokerIds(what: string, timeoutMs = this.#apiTimeoutMs): Promise<number[]> {
    const { cluster } = this
    await retrying(what, cluster.retryOptions(timeoutMs), () => cluster.refresh())
    return cluster.metadata.brokers().map(({ nodeId }) => nodeId)
  }

  /** For what takes several steps: how much of the time is left. */
  countdown(timeoutMs: number = this.#apiTimeoutMs): () => number {
    const { clock } = this.cluster
    const deadlineMs = clock.monotonicMs() + timeoutMs
    return () => Math.max(0, deadlineMs - clock.monotonicMs())
  }

  #outcomes<Thing, Value>(asking: Asking<Thing, Value>): Promise<Outcome<Value>[]> {
    const { cluster } = this
    if (cluster.isClosed) return Promise.reject(new KafkaError('CLOSED', 'the client is closed'))
    const timeoutMs = asking.timeoutMs ?? this.#apiTimeoutMs
    const open = new OpenThings(asking, timeoutMs)
    if (open.count === 0) return Promise.resolve([])
    return new Promise((resolve, reject) => {
      const onTimeout = (): void => {
        open.endInTime()
        resolve(open.outcomes)
      }
      const timer = cluster.clock.after(timeoutMs, onTimeout, { keepsAlive: true })
      this.#run(asking, open, this.countdown(timeoutMs))
        .then(() => resolve(open.outcomes), reject)
        .finally(() => timer.cancel())
    })
  }

  async #run<Thing, Value>(
    asking: Asking<Thing, Value>,
    open: OpenThings<Thing, Value>,
    remainingMs: () => number,
  ): Promise<void> {
    const { clock, random } = this.cluster
    const { backoff, isOver } = this.cluster.retryOptions(0)
    for (let round = 1; ; round++) {
      await this.#round(asking, open, remainingMs, round)
      if (open.count === 0) return
      if (round > this.#retriesMax) return open.endAsTheyAre()
      await sleep(clock, backoffMs(backoff, round, random))
      const over = isOver?.()
      if (over !== undefined) return open.end(over)
      if (open.count === 0) return
    }
  }

  async #round<Thing, Value>(
    { route, call, repeats = [] }: Asking<Thing, Value>,
    open: OpenThings<Thing, Value>,
    remainingMs: () => number,
    round: number,
  ): Promise<void> {
    const note = (index: number, thing: Thing, outcome: Outcome<Value>): void => {
      if (!(outcome instanceof KafkaError) || !isWorthRepeating(outcome, repeats, round, route)) {
        open.settle(index, outcome)
        return
      }
      route.forget(thing)
      open.keep(index, outcome)
    }
    const asked = await open.byBroker(route, note)
    await Promise.all(
      Array.from(asked, async ([brokerId, parts]) => {
        const things = parts.map(({ thing }) => thing)
        const brokerTimeoutMs = Math.min(remainingMs(), this.requestTimeoutMs * BROKER_SHARE)
        const outcomes = await caught(things.length, async () => {
          const connection =
            brokerId === ANY_BROKER
              ? await this.cluster.anyConnection()
              : await this.cluster.connectionTo(brokerId)
          return call(connection, things, Math.max(1, Math.floor(brokerTimeoutMs)))
        })
        for (const [i, { index, thing }] of parts.entries()) note(index, thing, outcomes[i]!)
      }),
    )
  }
}

/** The things of one call: those that are settled, and why those that are not have to be asked for again. */
class OpenThings<Thing, Value> {
  readonly outcomes: Outcome<Value>[]
  readonly #asking: Asking<Thing, Value>
  readonly #timeoutMs: number
  readonly #open = new Map<number, KafkaError | undefined>()

  constructor(asking: Asking<Thing, Value>, timeoutMs: number) {
    this.#asking = asking
    this.#timeoutMs = timeoutMs
    this.outcomes = new Array<Outcome<Value>>(asking.things.length)
    for (const index of asking.things.keys()) this.#open.set(index, undefined)
  }

  get count(): number {
    return this.#open.size
  }

  /** What is open, by where it is to be asked. */
  async byBroker(
    route: Route<Thing>,
    note: (index: number, thing: Thing, error: KafkaError) => void,
  ): Promise<Map<number, { index: number; thing: Thing }[]>> {
    const indexes = [...this.#open.keys()]
    const things = indexes.map((index) => this.#asking.things[index]!)
    const places = await caught(things.length, () => route.find(things))
    const byBroker = new Map<number, { index: number; thing: Thing }[]>()
    for (const [i, place] of places.entries()) {
      const part = { index: indexes[i]!, thing: things[i]! }
      if (place instanceof KafkaError) {
        note(part.index, part.thing, place)
        continue
      }
      const parts = byBroker.get(place)
      if (parts === undefined) byBroker.set(place, [part])
      else parts.push(part)
    }
    return byBroker
  }

  /** What comes when the time was over is passed over. */
  settle(index: number, outcome: Outcome<Value>): void {
    if (this.#open.delete(index)) this.outcomes[index] = outcome
  }

  keep(index: number, error: KafkaError): void {
    if (this.#open.has(index)) this.#open.set(index, error)
  }

  end(error: KafkaError): void {
    for (const index of this.#open.keys()) this.outcomes[index] = error
    this.#open.clear()
  }

  /** There are no more attempts. */
  endAsTheyAre(): void {
    for (const [index, error] of this.#open) this.outcomes[index] = error!
    this.#open.clear()
  }

  /** One error for all that is left, with what stood in the way of the first of it. */
  endInTime(): void {
    if (this.#open.size === 0) return
    const { what, things, nameOf } = this.#asking
    const [index, cause] = this.#open.entries().next().value!
    const left = things.length === 1 ? what : `${what} (${nameOf(things[index]!)})`
    const reason = cause === undefined ? 'no answer has come' : cause.message
    const message = `${left} was not done within ${this.#timeoutMs} ms: ${reason}`
    this.end(new KafkaError('TIMEOUT', message, { retriable: true, cause }))
  }
}

function isWorthRepeating<Thing>(
  error: KafkaError,
  repeats: readonly ErrorName[],
  round: number,
  route: Route<Thing>,
): boolean {
  if (repeats.some((name) => name === error.code)) return true
  if (error.code === 'UNKNOWN_TOPIC_OR_PARTITION')
    return route.dependsOnTopics && round < UNKNOWN_TOPIC_ROUNDS
  return error.retriable && !FINAL.has(error.code)
}

/** An error of the whole is each one's. */
async function caught<Value>(
  count: number,
  ask: () => Promise<readonly Outcome<Value>[]>,
): Promise<readonly Outcome<Value>[]> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    return new Array<KafkaError>(count).fill(error)
  }
}
