/**
 * What happened for each second over the last windows, as Kafka counts it for quotas: values are summed in samples of
 * one window each, and a sample counts until its last value is `samples` windows old. A rate is their sum over the
 * time since the oldest began, but over no less than `samples - 1` windows: a first large value is no high rate.
 *
 * Invariant: at most `samples + 1` samples are kept.
 */
export interface QuotaWindow {
  readonly windowMs: number
  readonly samples: number
}

interface Sample {
  readonly startMs: number
  lastMs: number
  sum: number
}

export class SampledRate {
  readonly #window: QuotaWindow
  /** The oldest first. */
  readonly #samples: Sample[] = []

  constructor(window: QuotaWindow) {
    this.#window = window
  }

  record(value: number, nowMs: number): void {
    const { windowMs, samples } = this.#window
    let current = this.#samples.at(-1)
    if (current === undefined || nowMs - current.startMs >= windowMs) {
      current = { startMs: nowMs, lastMs: nowMs, sum: 0 }
      this.#samples.push(current)
      if (this.#samples.length > samples + 1) this.#samples.shift()
    }
    current.sum += value
    current.lastMs = nowMs
  }

  perSecond(nowMs: number): number {
    const elapsedMs = this.elapsedMs(nowMs)
    let sum = 0
    for (const sample of this.#samples) sum += sample.sum
    return (sum / elapsedMs) * 1000
  }

  /** The time that `perSecond` divides by. */
  elapsedMs(nowMs: number): number {
    const { windowMs, samples } = this.#window
    while (this.#samples.length > 0 && nowMs - this.#samples[0]!.lastMs >= samples * windowMs)
      this.#samples.shift()
    let elapsedMs = nowMs - (this.#samples[0]?.startMs ?? nowMs)
    const fullWindows = Math.floor(elapsedMs / windowMs)
    if (fullWindows < samples - 1) elapsedMs += (samples - 1 - fullWindows) * windowMs
    return Math.max(elapsedMs, 1)
  }
}

/** How long nothing may happen for the rate to be at its bound: with rate R and bound B over W, (R - B) / B * W. */
export function throttleMsOf(rate: SampledRate, bound: number, nowMs: number): number {
  const perSecond = rate.perSecond(nowMs)
  if (perSecond <= bound) return 0
  return Math.round(((perSecond - bound) / bound) * rate.elapsedMs(nowMs))
}
