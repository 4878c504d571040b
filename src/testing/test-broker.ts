/**
 * A whole broker in a test's own process: on a free port of 127.0.0.1, with its data in memory. Clients of any kind reach
 * it by TCP; nothing of it is left behind.
 */
import { silentLogger } from '../base/logger.ts'
import { type RunningBroker, startBroker as startRealBroker } from '../broker/start-broker.ts'
import { MemoryStore } from '../coordination/memory-store.ts'
import { inProcessCleaner } from '../log/cleaner/in-process-cleaner.ts'
import { BrokerConfig } from '../metadata/config/broker-config.ts'
import { SystemClock } from '../os/clock.ts'
import { SystemNetwork } from '../os/network.ts'
import { SystemRandom } from '../os/random.ts'
import { type ApiReference, type Interceptor, Interceptors } from './interceptors.ts'
import { LeapingClock, parseDurationMs } from './leaping-clock.ts'
import { MemoryDisk } from './memory-disk.ts'

export interface TestBrokerOptions {
  /** As in server.properties, over what suits a test (one partition for each internal topic, no rebalance delay, ...). */
  readonly properties?: Readonly<Record<string, string | number | boolean>>
  /** Default: a free one. */
  readonly port?: number
}

/** What a broker starts from: nothing, or what another one holds. */
interface Origin {
  readonly disk: MemoryDisk
  readonly store: MemoryStore
  readonly clock: LeapingClock
}

const DEFAULTS: Readonly<Record<string, string>> = {
  'broker.id': '1',
  'log.dirs': '/data',
  'offsets.topic.num.partitions': '1',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.num.partitions': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
  // In a leap every connection would have been idle for too long.
  'connections.max.idle.ms': '-1',
  'log.cleaner.dedupe.buffer.size': String(4 * 1024 * 1024),
}

/** Rejects with ConfigError for properties that can't be, NetworkError for a port in use. */
export function startBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  return TestBroker.start(options, fresh())
}

export class TestBroker {
  readonly #options: TestBrokerOptions
  readonly #interceptors: Interceptors
  #origin: Origin
  #broker: RunningBroker
  #isClosed = false

  private constructor(
    options: TestBrokerOptions,
    origin: Origin,
    broker: RunningBroker,
    interceptors: Interceptors,
  ) {
    this.#options = options
    this.#origin = origin
    this.#broker = broker
    this.#interceptors = interceptors
  }

  /** For `startBroker` and `fork`. */
  static async start(options: TestBrokerOptions, origin: Origin): Promise<TestBroker> {
    const interceptors = new Interceptors()
    return new TestBroker(options, origin, await launch(options, origin, interceptors), interceptors)
  }

  get port(): number {
    return this.#broker.listeners[0]!.port
  }

  /** `127.0.0.1:PORT`. */
  get bootstrapServers(): string {
    return `127.0.0.1:${this.port}`
  }

  get brokerId(): number {
    return this.#broker.brokerId
  }

  get clusterId(): string {
    return this.#broker.clusterId
  }

  /** The broker's time, in milliseconds since the Unix epoch. */
  nowMs(): number {
    return this.#origin.clock.nowMs()
  }

  /**
   * Has the broker's time pass at once: `'7d'`, `'30s'`, or milliseconds. Retention, the timeouts of sessions and
   * transactions, and whatever else waits for time, are done when it resolves. The clients' time does not pass.
   */
  async advance(duration: string | number): Promise<void> {
    await this.#origin.clock.advance(parseDurationMs(duration))
  }

  /** Puts a function between clients and an API, until what is returned is called, or `reset`. */
  intercept(api: ApiReference, interceptor: Interceptor): () => void {
    return this.#interceptors.add(api, interceptor)
  }

  /**
   * Forgets everything, interceptors too: an empty broker on the same port, in the present. Connections are closed, and
   * clients that are open make new ones; a consumer or producer that was in a group or transaction has lost it.
   */
  async reset(): Promise<void> {
    this.#checkOpen()
    const { port } = this
    await this.#stop()
    this.#origin = fresh()
    this.#broker = await launch({ ...this.#options, port }, this.#origin, this.#interceptors)
  }

  /** Another broker, on a port of its own, that goes on from all that this one holds now. */
  async fork(): Promise<TestBroker> {
    this.#checkOpen()
    const { disk, store, clock } = this.#origin
    const forkedClock = new LeapingClock(new SystemClock(), clock.leaptMs)
    const origin = { disk: disk.fork(forkedClock), store: store.fork(forkedClock), clock: forkedClock }
    const { port: _, ...options } = this.#options
    return TestBroker.start(options, origin)
  }

  /** Again it has no effect. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new Error('the broker is closed')
  }

  async #stop(): Promise<void> {
    this.#interceptors.clear()
    await this.#broker.shutdown()
    this.#origin.clock.stop()
  }
}

function fresh(): Origin {
  const clock = new LeapingClock(new SystemClock())
  return { disk: new MemoryDisk(clock), store: new MemoryStore(clock), clock }
}

function launch(
  { properties = {}, port = 0 }: TestBrokerOptions,
  { disk, store, clock }: Origin,
  interceptors: Interceptors,
): Promise<RunningBroker> {
  const given = Object.entries(properties).map(([key, value]): [string, string] => [key, String(value)])
  const listeners: [string, string] = ['listeners', `PLAINTEXT://127.0.0.1:${port}`]
  const { config } = BrokerConfig.parse(new Map([...Object.entries(DEFAULTS), listeners, ...given]))
  return startRealBroker(config, {
    clock,
    disk,
    random: new SystemRandom(),
    network: new SystemNetwork(),
    loggerFor: () => silentLogger,
    onFatal: (message) => process.emitWarning(message, 'SluiceBrokerWarning'),
    openStore: async () => ({ connect: () => store.connect(), close: async () => {} }),
    startCleanerThread: inProcessCleaner({ disk, clock }),
    wrapHandler: (handler) => interceptors.wrap(handler),
  })
}
