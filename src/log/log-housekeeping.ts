/**
 * What time asks of all logs: retention, syncs, checkpoints, expiry of producers. Walks over the logs are cut into
 * slices, so that thousands of them don't hold up the loop.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { FlushSchedule } from './flush-schedule.ts'
import type { LogManagerOptions } from './log-manager-options.ts'
import { PeriodicTasks, printedPeriodMs } from './periodic-tasks.ts'
import { Sweep } from './sweep.ts'
import type { UnifiedLog } from './unified-log.ts'

/** The first run of each task, as in Apache Kafka. */
const INITIAL_TASK_DELAY_MS = 30_000

export interface HousekeepingDuties {
  readonly logs: () => Iterable<UnifiedLog>
  /** Nothing is to be deleted from it now. */
  readonly isCleaning: (log: UnifiedLog) => boolean
  /** Runs something on a log that is still in service, and takes care of its disk errors. */
  readonly guard: (log: UnifiedLog, run: () => void) => void
  readonly checkpointRecoveryPoints: () => void
  readonly checkpointLogStartOffsets: () => void
}

export class LogHousekeeping {
  readonly #options: LogManagerOptions
  readonly #duties: HousekeepingDuties
  readonly #clock: Clock
  readonly #tasks: PeriodicTasks
  readonly #sweeps: Sweep<UnifiedLog>[] = []
  readonly #flushSchedule: FlushSchedule

  constructor(options: LogManagerOptions, duties: HousekeepingDuties) {
    this.#options = options
    this.#duties = duties
    this.#clock = options.clock
    const initialDelayMs = options.initialTaskDelayMs ?? INITIAL_TASK_DELAY_MS
    this.#tasks = new PeriodicTasks({ clock: options.clock, initialDelayMs })
    this.#flushSchedule = new FlushSchedule({
      clock: options.clock,
      logs: duties.logs,
      periodMs: Math.min(options.flushSchedulerIntervalMs, options.defaultConfig.flushMs),
    })
  }

  start(logger: Logger): void {
    const options = this.#options
    logger.info(`Starting log cleanup with a period of ${printedPeriodMs(options.retentionCheckMs)} ms.`)
    const flushPeriod = printedPeriodMs(options.flushSchedulerIntervalMs)
    logger.info(`Starting log flusher with a default period of ${flushPeriod} ms.`)
    this.#flushSchedule.start()
    const retain = this.#sweeper((log) => {
      if (!this.#duties.isCleaning(log)) log.deleteOldSegments(this.#clock.nowMs())
    })
    this.#tasks.repeat(options.retentionCheckMs, retain)
    this.#tasks.repeat(options.flushRecoveryOffsetCheckpointMs, this.#duties.checkpointRecoveryPoints)
    this.#tasks.repeat(options.flushStartOffsetCheckpointMs, this.#duties.checkpointLogStartOffsets)
    const expire = this.#sweeper((log) => log.removeExpiredProducers(this.#clock.nowMs()))
    this.#tasks.repeat(options.producerIdExpirationCheckIntervalMs, expire)
  }

  stop(): void {
    this.#tasks.cancel()
    this.#flushSchedule.stop()
    for (const sweep of this.#sweeps) sweep.cancel()
  }

  /** A log with this flush.ms is there from now on. */
  considerFlushMs(flushMs: number): void {
    this.#flushSchedule.considerFlushMs(flushMs)
  }

  /** A task over all logs, in slices. */
  #sweeper(visit: (log: UnifiedLog) => void): () => void {
    const sweep = new Sweep<UnifiedLog>(this.#clock)
    this.#sweeps.push(sweep)
    return () => {
      sweep.start([...this.#duties.logs()], (log) => this.#duties.guard(log, () => visit(log)))
    }
  }
}
