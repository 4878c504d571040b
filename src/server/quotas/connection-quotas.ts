/**
 * The bounds on new connections for each second: of the whole broker (`max.connection.creation.rate`), and of each
 * address (`connection_creation_rate`, KIP-612). Both throttle for one window at most.
 */
import type { Clock } from '../../base/clock.ts'
import { QuotaSensors } from './quota-sensors.ts'
import { type QuotaWindow, SampledRate, throttleMsOf } from './sampled-rate.ts'

/** Kafka's default, and no bound. */
const RATE_MAX = 2 ** 31 - 1

export class ConnectionQuotas {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #window: QuotaWindow
  readonly #broker: SampledRate
  #brokerBound: number
  readonly #byAddress: QuotaSensors<SampledRate>
  readonly #boundsByAddress = new Map<string, number>()
  #defaultBound: number | undefined

  constructor(clock: Pick<Clock, 'monotonicMs'>, window: QuotaWindow, brokerBound = RATE_MAX) {
    this.#clock = clock
    this.#window = window
    this.#broker = new SampledRate(window)
    this.#brokerBound = brokerBound
    this.#byAddress = new QuotaSensors(() => new SampledRate(window))
  }

  get isEnabled(): boolean {
    return this.#brokerBound < RATE_MAX || this.#defaultBound !== undefined || this.#boundsByAddress.size > 0
  }

  updateBrokerBound(bound: number): void {
    this.#brokerBound = bound
  }

  /** `address` null: of all that have no bound of their own. */
  setBound(address: string | null, bound: number | undefined): void {
    if (address === null) this.#defaultBound = bound
    else if (bound === undefined) this.#boundsByAddress.delete(address)
    else this.#boundsByAddress.set(address, bound)
  }

  /** A connection is taken; @returns how long it and those behind it have to wait. */
  recordAccept(): number {
    return this.#record(this.#broker, this.#brokerBound)
  }

  /** @returns 0, or how long to hold the connection before it is closed: then it doesn't count, here and there. */
  recordAddress(address: string): number {
    const bound = this.#boundsByAddress.get(address) ?? this.#defaultBound
    if (bound === undefined) return 0
    const nowMs = this.#nowMs()
    const rate = this.#byAddress.of(address, nowMs)
    const throttleMs = this.#record(rate, bound)
    if (throttleMs > 0) {
      rate.record(-1, nowMs)
      this.#broker.record(-1, nowMs)
    }
    return throttleMs
  }

  #record(rate: SampledRate, bound: number): number {
    const nowMs = this.#nowMs()
    rate.record(1, nowMs)
    return Math.min(throttleMsOf(rate, bound, nowMs), this.#window.windowMs)
  }

  #nowMs(): number {
    return Math.floor(this.#clock.monotonicMs())
  }
}
