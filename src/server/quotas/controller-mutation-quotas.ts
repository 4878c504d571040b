/**
 * The quota on partitions that are created and deleted (KIP-599). It is strict for requests of versions that know
 * THROTTLING_QUOTA_EXCEEDED: while tokens are owed nothing more is done. For older ones everything is done, and the
 * client is throttled afterwards.
 */
import type { Clock } from '../../base/clock.ts'
import type { MutationQuota } from '../../controller/mutation-quota.ts'
import { QuotaBounds, type QuotaClient } from './quota-bounds.ts'
import { QuotaSensors } from './quota-sensors.ts'
import type { QuotaWindow } from './sampled-rate.ts'
import { TokenBucket } from './token-bucket.ts'

export class ControllerMutationQuotas {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #bounds = new QuotaBounds()
  readonly #sensors: QuotaSensors<TokenBucket>

  constructor(clock: Pick<Clock, 'monotonicMs'>, window: QuotaWindow) {
    this.#clock = clock
    this.#sensors = new QuotaSensors(() => new TokenBucket(window))
  }

  setBound(path: string, bound: number | undefined): void {
    this.#bounds.set(path, bound)
  }

  /** For one request; undefined: no quota holds for its client. */
  forRequest(client: QuotaClient, isStrict: boolean): RequestMutationQuota | undefined {
    const quota = this.#bounds.isEmpty ? undefined : this.#bounds.of(client)
    if (quota === undefined) return undefined
    const bucket = this.#sensors.of(quota.sharers, this.#clock.monotonicMs())
    return new RequestMutationQuota(this.#clock, bucket, { perSecond: quota.bound, isStrict })
  }
}

export class RequestMutationQuota implements MutationQuota {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #bucket: TokenBucket
  readonly #perSecond: number
  readonly #isStrict: boolean
  #quietUntilMs = 0

  constructor(
    clock: Pick<Clock, 'monotonicMs'>,
    bucket: TokenBucket,
    { perSecond, isStrict }: { readonly perSecond: number; readonly isStrict: boolean },
  ) {
    this.#clock = clock
    this.#bucket = bucket
    this.#perSecond = perSecond
    this.#isStrict = isStrict
  }

  take(partitionCount: number): boolean {
    const nowMs = this.#clock.monotonicMs()
    const isTaken = !this.#isStrict || this.#bucket.tokens(this.#perSecond, nowMs) >= 0
    if (isTaken) this.#bucket.take(partitionCount, this.#perSecond, nowMs)
    // A strict order that leaves a debt behind is not throttled for it: the next one is refused.
    if (!isTaken || !this.#isStrict) this.#quietUntilMs = nowMs + this.#bucket.debtMs(this.#perSecond, nowMs)
    return isTaken
  }

  /** For how long the client should be quiet from now on. */
  get throttleMs(): number {
    return Math.max(0, Math.round(this.#quietUntilMs - this.#clock.monotonicMs()))
  }
}
