import assert from 'node:assert/strict'
import { silentLogger } from '../base/logger.ts'
import { BrokerConfig, type RunningBroker, startBroker } from '../broker/index.ts'
import type { MemoryStore } from '../coordination/memory-store.ts'
import type { TreeSession } from '../coordination/tree-session.ts'
import { inProcessCleaner } from '../log/cleaner/in-process-cleaner.ts'
import type { Message } from '../protocol/schema.ts'
import { bodyOf, frameOf } from '../server/socket-server.test.kit.ts'
import { ProcessView } from './process-view.test.kit.ts'
import { SimClock } from './sim-clock.ts'
import { type CrashOptions, type SimDisk, SimulatedCrash } from './sim-disk.ts'
import { type SimClient, SimNetwork } from './sim-network.ts'
import { SimRandom } from './sim-random.ts'

const PORT = 9092
/** The power is cut, and the disk forgets; or the process alone is killed, and the system keeps what was written. */
export type Death = CrashOptions | 'kill'

/** Of one life: a simulation that takes longer hangs. */
const STEPS_MAX = 20_000

export interface LifeOptions {
  readonly disk: SimDisk
  /** Outlives the broker, as a metadata store that syncs every write does. */
  readonly store: MemoryStore
  readonly seed: number
  readonly startMs: number
  /** The write boundary of the disk, counted in this life, at which it ends; undefined: it is shut down. */
  readonly deathAt: number | undefined
  readonly death: Death
  readonly properties: Readonly<Record<string, string>>
}

/** One life of a broker on simulated time, disk and network, from its start to a crash or a shutdown. */
export class Life {
  readonly clock: SimClock
  readonly network: SimNetwork
  readonly #options: LifeOptions
  readonly #sessions: TreeSession[] = []
  #broker: RunningBroker | undefined
  readonly #view: ProcessView
  /** What the next life finds; set by the death of this one. */
  #nextDisk: SimDisk | undefined

  constructor(options: LifeOptions) {
    this.#options = options
    this.clock = new SimClock(options.startMs)
    const random = new SimRandom(options.seed)
    this.network = new SimNetwork({ clock: this.clock, random, pieceBytesMax: 150 })
    const { disk, deathAt, death } = options
    this.#view = new ProcessView(disk)
    const first = disk.boundaryCount
    disk.onWriteBoundary(({ index }) => {
      if (deathAt === undefined || index - first !== deathAt || this.hasCrashed) return
      if (death === 'kill') {
        this.#view.kill()
        this.#nextDisk = disk
      } else this.#nextDisk = disk.crash(death)
    })
  }

  get hasCrashed(): boolean {
    return this.#nextDisk !== undefined
  }

  /** Runs until the broker is up or the power is gone. */
  async start(): Promise<void> {
    const { store, seed, properties } = this.#options
    const config = {
      'broker.id': '1',
      listeners: `PLAINTEXT://127.0.0.1:${PORT}`,
      'log.dirs': '/data',
      ...properties,
    }
    const starting = startBroker(BrokerConfig.parse(new Map(Object.entries(config))).config, {
      clock: this.clock,
      random: new SimRandom(seed + 1),
      disk: this.#view.disk,
      network: this.network,
      loggerFor: () => silentLogger,
      onFatal: (message) => assert.fail(message),
      startCleanerThread: inProcessCleaner({ disk: this.#view.disk, clock: this.clock }),
      openStore: async () => ({
        connect: () => {
          const session = store.connect()
          this.#sessions.push(session)
          return session
        },
        close: async () => {},
      }),
    })
    let failure: unknown
    starting.then(
      (broker) => {
        this.#broker = broker
      },
      (error: unknown) => {
        failure = error
      },
    )
    await this.until(() => this.#broker !== undefined || failure !== undefined)
    if (failure !== undefined && !this.hasCrashed) throw failure
  }

  connect(): WireClient {
    return new WireClient(this.network.connect(PORT))
  }

  /** Lets things happen until the condition holds or the power is gone. */
  async until(condition: () => boolean): Promise<void> {
    for (let step = 0; !this.hasCrashed && !condition(); step++) {
      assert.ok(step < STEPS_MAX, 'the simulation hangs')
      await this.#step()
    }
  }

  async shutdown(): Promise<void> {
    let isDown = false
    let failure: unknown
    this.#broker!.shutdown().then(
      () => {
        isDown = true
      },
      (error: unknown) => {
        failure = error
      },
    )
    await this.until(() => isDown || failure !== undefined)
    if (failure !== undefined && !this.hasCrashed) throw failure
  }

  /** The disk for the next life. What the dead broker's promises still try has no effect. */
  async end(): Promise<SimDisk> {
    for (const session of this.#sessions) await session.close()
    this.#options.disk.onWriteBoundary(undefined)
    this.#view.kill()
    return this.#nextDisk ?? this.#options.disk
  }

  async #step(): Promise<void> {
    try {
      this.network.run()
      await new Promise<void>((resolve) => void setImmediate(resolve))
      if (!this.hasCrashed) this.clock.advance(1)
    } catch (error) {
      if (!(error instanceof SimulatedCrash)) throw error
    }
  }
}

/** Frames over a simulated connection. */
export class WireClient {
  readonly #client: SimClient
  #received = Buffer.alloc(0)
  readonly #waiting: ((frame: Buffer) => void)[] = []
  #correlationId = 0

  constructor(client: SimClient) {
    this.#client = client
  }

  get isClosed(): boolean {
    return this.#client.isClosed
  }

  send<A, D>(
    request: Message<unknown, A>,
    response: Message<D, unknown>,
    version: number,
    body: A,
    onAnswer: (answer: D) => void,
  ): void {
    this.#waiting.push((frame) => onAnswer(bodyOf(response, version, frame)))
    this.#client.send(frameOf(request, version, this.#correlationId++, body))
  }

  /** Hands out the answers that have come. */
  poll(): void {
    this.#received = Buffer.concat([this.#received, this.#client.received()])
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0)
      if (this.#received.length < end) return
      const frame = this.#received.subarray(4, end)
      this.#received = this.#received.subarray(end)
      this.#waiting.shift()!(frame)
    }
  }
}
