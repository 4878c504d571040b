/**
 * Syncs logs by time: every so often the logs that are due (flush.messages, flush.ms) are flushed, a few at once.
 *
 * The period is log.flush.scheduler.interval.ms, or the shortest flush.ms seen, whichever is less. Apache Kafka looks
 * only at the former, whose default is never, so that flush.ms alone has no effect there; here it does what it says.
 */
import type { Clock, Timer } from '../base/clock.ts'
import { DiskError } from '../base/disk.ts'
import { NEVER_MS } from './periodic-tasks.ts'
import { Sweep } from './sweep.ts'
import type { UnifiedLog } from './unified-log.ts'

/** Syncs under way at once: as many as the thread pool has threads by default. */
const FLUSHES_AT_ONCE_MAX = 4

export class FlushSchedule {
  readonly #clock: Clock
  readonly #logs: () => Iterable<UnifiedLog>
  readonly #sweep: Sweep<UnifiedLog>
  #periodMs: number
  #timer: Timer | undefined
  #isStarted = false

  constructor(options: { clock: Clock; logs: () => Iterable<UnifiedLog>; periodMs: number }) {
    this.#clock = options.clock
    this.#logs = options.logs
    this.#periodMs = options.periodMs
    this.#sweep = new Sweep(options.clock)
  }

  start(): void {
    this.#isStarted = true
    this.#schedule()
  }

  stop(): void {
    this.#isStarted = false
    this.#timer?.cancel()
    this.#sweep.cancel()
  }

  /** A log with this flush.ms has appeared. */
  considerFlushMs(flushMs: number): void {
    if (flushMs >= this.#periodMs) return
    this.#periodMs = Math.max(1, flushMs)
    if (this.#isStarted) this.#schedule()
  }

  #schedule(): void {
    this.#timer?.cancel()
    if (this.#periodMs >= NEVER_MS) return
    this.#timer = this.#clock.after(this.#periodMs, () => {
      this.#flushDue()
      this.#schedule()
    })
  }

  #flushDue(): void {
    const due: UnifiedLog[] = []
    const visit = (log: UnifiedLog): void => {
      if (!log.isOffline && log.flushDue(this.#clock.nowMs())) due.push(log)
    }
    this.#sweep.start([...this.#logs()], visit, () => void flushAll(due))
  }
}

/** Syncs the logs, a few at once. False if one failed; that log has reported why. */
export async function flushAll(logs: readonly UnifiedLog[]): Promise<boolean> {
  let index = 0
  let isSuccess = true
  const worker = async (): Promise<void> => {
    while (index < logs.length) {
      const log = logs[index++]!
      try {
        if (log.isOffline) isSuccess = false
        else await log.flush()
      } catch (error) {
        if (!(error instanceof DiskError)) throw error
        isSuccess = false
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(FLUSHES_AT_ONCE_MAX, logs.length) }, worker))
  return isSuccess
}
