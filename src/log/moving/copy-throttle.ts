/** Keeps copying within replica.alter.log.dirs.io.max.bytes.per.second, which may change at any time. */
import type { Clock } from '../../base/clock.ts'

/** How much is copied in one turn of the loop. */
const CHUNK_BYTES_MAX = 1024 * 1024

export class CopyThrottle {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #bytesPerSecondMax: () => number
  #paidUntilMs = 0

  constructor(options: { clock: Pick<Clock, 'monotonicMs'>; bytesPerSecondMax: () => number }) {
    this.#clock = options.clock
    this.#bytesPerSecondMax = options.bytesPerSecondMax
  }

  /** At most a second's worth, so that a change of the limit is felt soon. */
  get chunkBytes(): number {
    return Math.max(1, Math.min(CHUNK_BYTES_MAX, this.#bytesPerSecondMax()))
  }

  /** So much was copied. @returns how long to wait before more is. */
  spend(byteLength: number): number {
    const nowMs = this.#clock.monotonicMs()
    const costMs = (byteLength * 1000) / Math.max(1, this.#bytesPerSecondMax())
    this.#paidUntilMs = Math.max(this.#paidUntilMs, nowMs) + costMs
    return this.#paidUntilMs - nowMs
  }
}
