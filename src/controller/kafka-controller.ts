/**
 * Every broker's part in having a controller: it stands for election, and while it is elected it holds an
 * ActiveController.
 *
 *   standby --election won--> active --moved, expired, store lost--> standby
 *
 * Everything happens in one event queue. Losing the session ends the office at once; a ControllerMovedError, or any
 * failure of the store within an event, ends it and leads to a new election: loading anew is the one way back to a
 * context that is known to be right.
 */
import { AssertionError } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { LoggerFactory } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import {
  isStoreError,
  type MetadataStore,
  type Operation,
  type SessionEvent,
} from '../coordination/metadata-store.ts'
import { ActiveController, type AutoLeaderRebalance } from './active-controller.ts'
import type { BrokerChannel } from './broker-channel.ts'
import { ControllerElection } from './controller-election.ts'
import { ControllerEventQueue } from './controller-event-queue.ts'
import { ControllerMovedError } from './controller-store.ts'

export interface KafkaControllerOptions {
  readonly brokerId: number
  readonly store: MetadataStore
  readonly channel: BrokerChannel
  readonly clock: Clock
  readonly random: Random
  readonly loggers: LoggerFactory
  /** The listener at which brokers reach each other. */
  readonly interBrokerListener: string
  readonly deleteTopicEnable: boolean
  /** Whether unclean.leader.election.enable holds for a topic. */
  readonly uncleanElectionAllowed: (topic: string) => Promise<boolean>
  readonly autoLeaderRebalance?: AutoLeaderRebalance | undefined
  /** Registers the broker again: its node went with the old session. */
  readonly onNewSession: () => Promise<void>
}

/** Wait before another election after the store failed in a way that no session event will follow. */
const RETRY_BACKOFF_MS = 1000

export class KafkaController {
  readonly #options: KafkaControllerOptions
  readonly #election: ControllerElection
  readonly #queue: ControllerEventQueue
  readonly #logger
  #active: ActiveController | undefined
  #activeControllerId = -1
  #stopListening = (): void => {}
  #stopped = false
  /** The session in which the broker is registered. */
  #sessionId = 0

  constructor(options: KafkaControllerOptions) {
    this.#options = options
    this.#logger = options.loggers('kafka.controller.KafkaController')
    this.#election = new ControllerElection(options)
    this.#queue = new ControllerEventQueue((error) => this.#eventFailed(error))
  }

  /** In office, as far as this broker knows: a write of it proves it. */
  get isActive(): boolean {
    return this.#active !== undefined
  }

  /** The controller's broker id as last read, -1 if there is none. */
  get activeControllerId(): number {
    return this.#activeControllerId
  }

  /** Undefined on standby. */
  get active(): ActiveController | undefined {
    return this.#active
  }

  /** The first operation of a write that only the controller may do; undefined on standby. */
  fence(): Operation | undefined {
    return this.#active?.fence()
  }

  isTopicQueuedForDeletion(topic: string): boolean {
    return this.#active?.context.isTopicQueuedForDeletion(topic) ?? false
  }

  /** The name of a topic the controller knows by this id. */
  topicName(topicId: string): string | undefined {
    return this.#active?.context.topicById(topicId)?.name
  }

  /**
   * The broker must be registered, and its channel answering. Resolves when the first election is decided and, if it
   * was won, this broker has heard what it leads and what the cluster looks like.
   */
  async start(): Promise<void> {
    this.#sessionId = this.#options.store.sessionId
    this.#stopListening = this.#options.store.onSessionEvent((event) => this.#sessionChanged(event))
    this.#queue.put('elect', () => this.#elect())
    await this.#queue.idle()
    await this.#active?.ownBrokerTold()
  }

  /** Leaves office; the store's session, and with it /controller, is the caller's to close. */
  async shutdown(): Promise<void> {
    this.#stopped = true
    this.#stopListening()
    await this.#queue.close()
    this.#resign()
  }

  /** Resolves when no event runs or waits: for tests, and for a stop that wants changes announced. */
  idle(): Promise<void> {
    return this.#queue.idle()
  }

  /** Runs work of the controller in its queue. Undefined on standby, or if it lost the office meanwhile. */
  whileActive<T>(work: (active: ActiveController) => Promise<T>): Promise<T | undefined> {
    return this.#queue.ask(async () => (this.#active === undefined ? undefined : await work(this.#active)))
  }

  /** Unclean elections may be allowed for a topic from now on: partitions that wait for a leader get another try. */
  uncleanElectionEnabled(topic: string): void {
    this.#queue.put(`uncleanElection ${topic}`, async () => await this.#active?.electOffline(topic))
  }

  async #elect(): Promise<void> {
    await this.#election.watch(this.#controllerChanged)
    if (this.#active !== undefined) return
    const result = await this.#election.elect()
    if (result.type === 'lost') {
      this.#activeControllerId = result.controllerId
      return
    }
    const { brokerId, loggers } = this.#options
    this.#activeControllerId = brokerId
    this.#logger.info(
      `[Controller id=${brokerId}] ${brokerId} successfully elected as the controller. Epoch incremented to ` +
        `${result.epoch} and epoch zk version is now ${result.epochZkVersion}`,
    )
    const active: ActiveController = new ActiveController({
      ...this.#options,
      autoLeaderRebalance: this.#options.autoLeaderRebalance,
      epoch: result.epoch,
      epochZkVersion: result.epochZkVersion,
      logger: this.#logger,
      stateChangeLogger: loggers('state.change.logger'),
      enqueue: (name, run) =>
        this.#queue.put(name === undefined ? undefined : `${result.epoch} ${name}`, async () => {
          if (this.#active === active) await run()
        }),
    })
    this.#active = active
    await active.takeOver()
  }

  /** One function, so that the watch is set once however often it is asked for. */
  readonly #controllerChanged = (): void => {
    this.#queue.put('controllerChange', async () => {
      await this.#election.watch(this.#controllerChanged)
      if (this.#active !== undefined && (await this.#stillElected())) return
      this.#resign()
      await this.#elect()
    })
  }

  async #stillElected(): Promise<boolean> {
    const stat = await this.#options.store.exists('/controller')
    return stat !== undefined && stat.ephemeralOwner === this.#options.store.sessionId
  }

  #resign(): void {
    if (this.#active === undefined) return
    this.#logger.info(`[Controller id=${this.#options.brokerId}] Resigned`)
    this.#active.close()
    this.#active = undefined
    this.#activeControllerId = -1
  }

  #sessionChanged(event: SessionEvent): void {
    if (event === 'expired') {
      // At once, not in turn: the event that runs now must find that it is out of office.
      this.#resign()
    } else if (event === 'connected') {
      const sessionId = this.#options.store.sessionId
      if (sessionId === this.#sessionId) this.#queue.put('elect', () => this.#elect())
      else this.#queue.put('newSession', () => this.#startSession(sessionId))
    }
  }

  async #startSession(sessionId: number): Promise<void> {
    this.#sessionId = sessionId
    await this.#options.onNewSession()
    await this.#elect()
  }

  async #eventFailed(error: unknown): Promise<void> {
    if (error instanceof AssertionError) throw error
    if (this.#stopped) return
    const wasActive = this.#active !== undefined
    this.#resign()
    if (error instanceof ControllerMovedError) {
      this.#logger.info(`[Controller id=${this.#options.brokerId}] ${error.message}`)
      this.#queue.put('elect', () => this.#elect())
      return
    }
    if (isStoreError(error, 'SystemError')) {
      this.#logger.error('The metadata store has failed', error)
      return
    }
    if (!isStoreError(error) || wasActive) this.#logger.error('A controller event failed', error)
    // Lost connections and sessions are followed by a session event; anything else gets another try.
    if (isStoreError(error, 'ConnectionLoss') || isStoreError(error, 'SessionExpired')) return
    this.#options.clock.after(RETRY_BACKOFF_MS, () => this.#queue.put('elect', () => this.#elect()))
  }
}
