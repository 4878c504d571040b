/**
 * Tokens that come back at the rate of a quota, up to what comes in all windows together. They may become fewer than
 * none: a large order is taken as long as nothing is owed, and the debt is waited for. A new bucket is full (KIP-599).
 */
import type { QuotaWindow } from './sampled-rate.ts'

export class TokenBucket {
  readonly #burstSeconds: number
  #tokens: number | undefined
  #updatedMs = 0

  constructor({ windowMs, samples }: QuotaWindow) {
    this.#burstSeconds = (windowMs / 1000) * samples
  }

  /** What is there with this many coming back each second. */
  tokens(perSecond: number, nowMs: number): number {
    const burst = this.#burstSeconds * perSecond
    const refilled =
      this.#tokens === undefined ? burst : this.#tokens + (perSecond * (nowMs - this.#updatedMs)) / 1000
    this.#updatedMs = nowMs
    this.#tokens = Math.min(burst, refilled)
    return this.#tokens
  }

  take(count: number, perSecond: number, nowMs: number): void {
    this.#tokens = this.tokens(perSecond, nowMs) - count
  }

  /** How long until nothing is owed. */
  debtMs(perSecond: number, nowMs: number): number {
    return Math.max(0, Math.round((-this.tokens(perSecond, nowMs) / perSecond) * 1000))
  }
}
