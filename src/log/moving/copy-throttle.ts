/**
 * Keeps copying within replica.alter.log.dirs.io.max.bytes.per.second, as it is at each moment: what was copied is a
 * debt, and time pays it off at the pace that holds then.
 */
import type { Clock } from '../../base/clock.ts'

/** How much is copied in one turn of the loop. */
const CHUNK_BYTES_MAX = 1024 * 1024
/** A change of the limit is felt that soon. */
const WAIT_MS_MAX = 1000

export class CopyThrottle {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #bytesPerSecondMax: () => number
  #debtBytes = 0
  #settledMs = 0

  constructor(options: { clock: Pick<Clock, 'monotonicMs'>; bytesPerSecondMax: () => number }) {
    this.#clock = options.clock
    this.#bytesPerSecondMax = options.bytesPerSecondMax
  }

  get chunkBytes(): number {
    return Math.max(1, Math.min(CHUNK_BYTES_MAX, this.#bytesPerSecondMax()))
  }

  spend(byteLength: number): void {
    this.waitMs()
    this.#debtBytes += byteLength
  }

  /** Nothing is copied meanwhile; whole milliseconds, 0 if more may be copied now. */
  waitMs(): number {
    const bytesPerMs = Math.max(Number.MIN_VALUE, this.#bytesPerSecondMax() / 1000)
    const nowMs = this.#clock.monotonicMs()
    const paidBytes =
      bytesPerMs === Number.POSITIVE_INFINITY ? bytesPerMs : bytesPerMs * (nowMs - this.#settledMs)
    this.#settledMs = nowMs
    this.#debtBytes = Math.max(0, this.#debtBytes - paidBytes)
    return Math.min(WAIT_MS_MAX, Math.ceil(this.#debtBytes / bytesPerMs))
  }
}
