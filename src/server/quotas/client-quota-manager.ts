/**
 * One kind of quota on a rate: bytes produced, bytes fetched, or time of the broker. Whoever uses something records it
 * and is told for how long to be quiet; it is up to the caller to see to that (KIP-13, KIP-219).
 *
 * Invariant: while no quota of the kind is set, `isEnabled` is false and nothing is recorded.
 */
import type { Clock } from '../../base/clock.ts'
import { QuotaBounds, type QuotaClient } from './quota-bounds.ts'
import { QuotaSensors } from './quota-sensors.ts'
import { type QuotaWindow, SampledRate, throttleMsOf } from './sampled-rate.ts'

/** The field on the wire is an int32; Node's timers go as far. */
const THROTTLE_MS_MAX = 2 ** 31 - 1

export class ClientQuotaManager {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #window: QuotaWindow
  readonly #throttleMsMax: number
  readonly #bounds = new QuotaBounds()
  readonly #sensors: QuotaSensors<SampledRate>
  #isEnabled = false

  constructor(
    clock: Pick<Clock, 'monotonicMs'>,
    window: QuotaWindow,
    { throttleMsMax = THROTTLE_MS_MAX }: { readonly throttleMsMax?: number } = {},
  ) {
    this.#clock = clock
    this.#window = window
    this.#throttleMsMax = throttleMsMax
    this.#sensors = new QuotaSensors(() => new SampledRate(window))
  }

  get isEnabled(): boolean {
    return this.#isEnabled
  }

  /** `path` is the entity's, below /config. What was recorded so far counts for the new bound too. */
  setBound(path: string, bound: number | undefined): void {
    this.#bounds.set(path, bound)
    this.#isEnabled = !this.#bounds.isEmpty
  }

  /** @returns for how long the client should be quiet, in ms. */
  record(client: QuotaClient, value: number): number {
    const quota = this.#isEnabled ? this.#bounds.of(client) : undefined
    if (quota === undefined) return 0
    const nowMs = Math.floor(this.#clock.monotonicMs())
    const rate = this.#sensors.of(quota.sharers, nowMs)
    rate.record(value, nowMs)
    return Math.min(throttleMsOf(rate, quota.bound, nowMs), this.#throttleMsMax)
  }

  /** The most that can be recorded at once without being throttled for certain. */
  valueMax(client: QuotaClient): number {
    const quota = this.#isEnabled ? this.#bounds.of(client) : undefined
    if (quota === undefined) return Number.POSITIVE_INFINITY
    return (quota.bound * (this.#window.samples - 1) * this.#window.windowMs) / 1000
  }
}
