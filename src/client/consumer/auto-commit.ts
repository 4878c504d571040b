/**
 * Commits by themselves (`enable.auto.commit`): every `auto.commit.interval.ms`, and when partitions or the group are left.
 * The timer only makes one due: it is made in the user's turn, when he is done with what he was handed.
 */
import type { Clock, Timer } from '../../base/clock.ts'

export interface AutoCommitOptions {
  readonly clock: Clock
  readonly isEnabled: boolean
  readonly intervalMs: number
  readonly commitConsumed: () => Promise<void>
  readonly hasPartitions: () => boolean
  /** `isDue` is true now. */
  readonly onDue: () => void
}

export class AutoCommit {
  readonly #options: AutoCommitOptions
  #timer: Timer | undefined
  #isDue = false

  constructor(options: AutoCommitOptions) {
    this.#options = options
  }

  get isDue(): boolean {
    return this.#isDue
  }

  schedule(): void {
    const { clock, isEnabled, intervalMs, onDue } = this.#options
    if (!isEnabled || this.#timer !== undefined) return
    this.#timer = clock.after(intervalMs, () => {
      this.#isDue = true
      onDue()
    })
  }

  /** Nothing waits for it. */
  commitDue(): void {
    this.#isDue = false
    this.#timer = undefined
    this.schedule()
    if (this.#options.hasPartitions()) void this.commit()
  }

  /** What was consumed, if it is to be done by itself. Never rejects: whoever has the partitions next reads it again. */
  async commit(): Promise<void> {
    if (this.#options.isEnabled) await this.#options.commitConsumed().catch(() => {})
  }

  stop(): void {
    this.#timer?.cancel()
  }
}
