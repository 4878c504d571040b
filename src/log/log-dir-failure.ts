/**
 * Where failures of log directories are gathered (KIP-112). Whoever meets a disk error reports it, at any depth of
 * any operation; the directory is taken out of service at the end of the tick, once, when nobody is in the middle of
 * an operation on its logs.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'

export class LogDirFailureChannel {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #onFailure: (directory: string) => void
  readonly #failed = new Set<string>()

  constructor(options: { clock: Clock; logger: Logger; onFailure: (directory: string) => void }) {
    this.#clock = options.clock
    this.#logger = options.logger
    this.#onFailure = options.onFailure
  }

  /** Idempotent: a directory fails once. */
  report(directory: string, message: string, error: unknown): void {
    if (this.#failed.has(directory)) return
    this.#failed.add(directory)
    this.#logger.error(message, error)
    this.#clock.endOfTick(() => this.#onFailure(directory))
  }

  hasFailed(directory: string): boolean {
    return this.#failed.has(directory)
  }
}
