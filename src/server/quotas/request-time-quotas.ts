/**
 * The quota on the time that a client's requests take the broker, in percent of a second for each second (KIP-124).
 * Kafka counts the threads that handle requests and the threads of the network; here both are the event loop: the time
 * in which a request is decoded and handled, until its handler returns or answers, and the time in which its response
 * is encoded and written. What a request waits for (a log's write at the end of the turn, replication, the metadata
 * store) is nobody's.
 */
import type { Clock } from '../../base/clock.ts'
import { ClientQuotaManager } from './client-quota-manager.ts'
import type { QuotaClient } from './quota-bounds.ts'
import type { QuotaWindow } from './sampled-rate.ts'

/** What one request takes. */
export interface RequestMeter {
  /** The handler has returned or answered; the first call counts. */
  stop(): void
  /** @returns for how long the client should be quiet, in ms. */
  charge(client: QuotaClient): number
  /** For the response; counts when the next request is charged. */
  chargeResponse(client: QuotaClient, durationMs: number): void
}

/** A second is 100 percent of a second. */
const PERCENT_PER_MS = 0.1

export class RequestTimeQuotas {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #manager: ClientQuotaManager

  constructor(clock: Pick<Clock, 'monotonicMs'>, window: QuotaWindow) {
    this.#clock = clock
    this.#manager = new ClientQuotaManager(clock, window, { throttleMsMax: window.windowMs })
  }

  get isEnabled(): boolean {
    return this.#manager.isEnabled
  }

  setBound(path: string, percent: number | undefined): void {
    this.#manager.setBound(path, percent)
  }

  /** A request begins. Undefined: nothing is measured. */
  begin(): RequestMeter | undefined {
    if (!this.#manager.isEnabled) return undefined
    const clock = this.#clock
    const manager = this.#manager
    const startMs = clock.monotonicMs()
    let durationMs: number | undefined
    const stop = (): number => (durationMs ??= clock.monotonicMs() - startMs)
    return {
      stop,
      charge: (client) => manager.record(client, stop() * PERCENT_PER_MS),
      chargeResponse: (client, responseMs) => void manager.record(client, responseMs * PERCENT_PER_MS),
    }
  }
}
