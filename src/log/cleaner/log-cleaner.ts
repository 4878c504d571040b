/**
 * Compacts logs in the background: chooses the one that has most to gain, has a thread clean it, takes the cleaned
 * segments into the log, and remembers how far it is clean.
 *
 * All decisions are made here, on the event loop; threads read segments that no longer change and write files that are
 * nobody's yet. So nothing has to wait for a thread: who truncates or deletes a log, or ends its compaction, says so,
 * and what the thread brings after that is not taken.
 *
 * Invariants
 * - A folder is worked in by one thread at a time, also when its log was deleted meanwhile and another one has its name.
 * - A log whose bytes can't be read is not cleaned again before a restart: nothing of it is lost by waiting.
 * - Retention leaves alone what is being cleaned.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import { DiskError } from '../../base/disk.ts'
import type { Logger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import type { StartWorker } from '../../base/worker.ts'
import { CorruptIndexError } from '../index-file.ts'
import { parentOf } from '../log-directory-name.ts'
import { Sweep } from '../sweep.ts'
import type { UnifiedLog } from '../unified-log.ts'
import { cleanJobFor } from './clean-job.ts'
import { type CleanableLog, cleanableLog } from './cleanable-log.ts'
import type { CleanerCheckpoints } from './cleaner-checkpoints.ts'
import type { CleanerConfig } from './cleaner-config.ts'
import type { CleanedSegment, CleanFailure, CleanJob, FromCleaner, ToCleaner } from './cleaner-messages.ts'
import { describeStats } from './cleaner-stats.ts'
import { type CleanEnd, CleanerThread } from './cleaner-thread.ts'
import { HASH_SECRET_BYTES } from './key-hash.ts'

export interface LogCleanerOptions {
  /** Read when it is needed: it may change. */
  readonly config: () => CleanerConfig
  readonly startWorker: StartWorker<ToCleaner, FromCleaner>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly checkpoints: CleanerCheckpoints
  readonly logs: () => Iterable<UnifiedLog>
  /** Deletes what retention lets go of a log. */
  readonly retain: (log: UnifiedLog) => void
  readonly onDiskError: (directory: string, message: string, error: DiskError) => void
}

interface CleanUnderWay {
  readonly log: UnifiedLog
  readonly thread: CleanerThread
  readonly directory: string
  readonly firstDirtyOffset: number
  readonly truncations: number
  readonly preClean: PreCleanStats
  isAborted: boolean
}

interface PreCleanStats {
  readonly cleanableCount: number
  readonly delayedCount: number
  readonly delayMsMax: number
}

export class LogCleaner {
  readonly #options: LogCleanerOptions
  readonly #clock: Clock
  readonly #logger: Logger
  /** By id. Those beyond `log.cleaner.threads` rest. */
  readonly #threads: CleanerThread[] = []
  readonly #resting = new Set<CleanerThread>()
  /** By the folder's path when it began. */
  readonly #underWay = new Map<string, CleanUnderWay>()
  readonly #uncleanable = new WeakSet<UnifiedLog>()
  readonly #timers = new Map<CleanerThread, Timer>()
  readonly #retention: Sweep<UnifiedLog>
  #isStopped = false

  constructor(options: LogCleanerOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#logger = options.logger
    this.#retention = new Sweep(options.clock)
  }

  start(): void {
    this.#logger.info('Starting the log cleaner')
    this.#startThreads()
  }

  isCleaning(log: UnifiedLog): boolean {
    return this.#underWay.has(log.directory)
  }

  isUncleanable(log: UnifiedLog): boolean {
    return this.#uncleanable.has(log)
  }

  /** Nothing more is taken into this log from a clean under way. */
  abort(log: UnifiedLog): void {
    for (const clean of this.#underWay.values()) {
      if (clean.log !== log || clean.isAborted) continue
      clean.isAborted = true
      clean.thread.stop()
      this.#logger.info(`The cleaning for partition ${log.name} is aborted`)
    }
  }

  async shutdown(): Promise<void> {
    this.#isStopped = true
    this.#logger.info('Shutting down the log cleaner.')
    for (const timer of this.#timers.values()) timer.cancel()
    this.#retention.cancel()
    for (const { log } of [...this.#underWay.values()]) this.abort(log)
    await this.#idle()
    for (const thread of this.#threads) await thread.shutdown()
    await this.#options.checkpoints.settle()
  }

  // --- A thread's round ----------------------------------------------------------------------------------------------

  /** As many as there are to be; the first one sees to it each time it comes round. */
  #startThreads(): void {
    const { config, startWorker } = this.#options
    for (let id = 0; id < config().threads; id++) {
      const known = this.#threads[id]
      if (known !== undefined && !this.#resting.delete(known)) continue
      const thread = known ?? new CleanerThread({ id, clock: this.#clock, startWorker })
      this.#threads[id] = thread
      this.#logger.info(`[kafka-log-cleaner-thread-${id}]: Starting`)
      this.#continue(thread, 0)
    }
  }

  #continue(thread: CleanerThread, delayMs: number): void {
    if (this.#isStopped) return
    if (thread.id >= this.#options.config().threads) {
      this.#resting.add(thread)
      void thread.shutdown()
      this.#logger.info(`[kafka-log-cleaner-thread-${thread.id}]: Stopped`)
      return
    }
    this.#timers.set(
      thread,
      this.#clock.after(delayMs, () => this.#round(thread)),
    )
  }

  #round(thread: CleanerThread): void {
    if (thread.id === 0) this.#startThreads()
    const chosen = this.#choose()
    if (chosen !== undefined && this.#clean(thread, chosen.filthiest, chosen.preClean)) return
    this.#retainCompacted()
    this.#continue(thread, this.#options.config().backoffMs)
  }

  #choose(): { filthiest: CleanableLog; preClean: PreCleanStats } | undefined {
    let filthiest: CleanableLog | undefined
    let cleanableCount = 0
    let delayedCount = 0
    let delayMsMax = 0
    for (const log of this.#options.logs()) {
      if (!log.config.cleanupPolicy.includes('compact') || !log.isOpen) continue
      if (this.isCleaning(log) || this.isUncleanable(log)) continue
      const found = this.#measure(log)
      if (found === undefined) continue
      delayMsMax = Math.max(delayMsMax, found.compactionDelayMs)
      if (found.compactionDelayMs > 0) delayedCount++
      const isDue = found.compactionDelayMs > 0 && found.cleanableBytes > 0
      if (!isDue && !(found.cleanableRatio > log.config.minCleanableDirtyRatio)) continue
      cleanableCount++
      if (filthiest === undefined || found.cleanableRatio > filthiest.cleanableRatio) filthiest = found
    }
    if (filthiest === undefined) return undefined
    return { filthiest, preClean: { cleanableCount, delayedCount, delayMsMax } }
  }

  #measure(log: UnifiedLog): CleanableLog | undefined {
    const { checkpoints } = this.#options
    const parent = parentOf(log.directory)
    try {
      const checkpoint = checkpoints.get(parent, log)
      const found = cleanableLog(log, checkpoint, { nowMs: this.#clock.nowMs(), logger: this.#logger })
      if (found.isCheckpointInvalid) checkpoints.raise(parent, log, found.firstDirtyOffset)
      return found
    } catch (error) {
      this.#diskError(log, error)
      return undefined
    }
  }

  /** False if it could not be started. */
  #clean(thread: CleanerThread, cleanable: CleanableLog, preClean: PreCleanStats): boolean {
    const { log, firstDirtyOffset } = cleanable
    const { config, random } = this.#options
    let job: CleanJob
    try {
      const secret = random.bytes(HASH_SECRET_BYTES)
      job = cleanJobFor(cleanable, { config: config(), nowMs: this.#clock.nowMs(), secret })
    } catch (error) {
      this.#diskError(log, error)
      return false
    }
    const { directory } = log
    const clean: CleanUnderWay = {
      log,
      thread,
      directory,
      firstDirtyOffset,
      truncations: log.compaction.truncations,
      preClean,
      isAborted: false,
    }
    this.#underWay.set(directory, clean)
    thread.start(job, {
      onLog: (level, line) => this.#logger[level](`Cleaner ${thread.id}: ${line}`),
      onCleaned: (segment) => this.#take(clean, segment),
      onEnd: (end) => this.#onEnd(clean, end),
    })
    return true
  }

  #take(clean: CleanUnderWay, segment: CleanedSegment): boolean {
    const { log, isAborted, truncations } = clean
    if (isAborted || !log.isOpen || this.#isStopped) return false
    if (log.compaction.swapIn(segment, truncations)) return true
    clean.isAborted = true
    return false
  }

  // --- Its end -------------------------------------------------------------------------------------------------------

  #onEnd(clean: CleanUnderWay, end: CleanEnd): void {
    this.#underWay.delete(clean.directory)
    const isSuccess = this.#conclude(clean, end)
    this.#retainCompacted()
    this.#onIdle?.()
    this.#continue(clean.thread, isSuccess ? 0 : this.#options.config().backoffMs)
  }

  /** False if another try should wait. */
  #conclude(clean: CleanUnderWay, end: CleanEnd): boolean {
    const { log, thread, firstDirtyOffset, preClean } = clean
    const prefix = `[kafka-log-cleaner-thread-${thread.id}]: `
    if (end.kind === 'died') {
      this.#logger.error(`${prefix}Error due to`, end.error)
      this.#markUncleanable(log, prefix, end.error.message)
      return false
    }
    if (clean.isAborted || end.kind === 'stopped') return true
    if (end.kind === 'failed') {
      this.#onFailure(log, prefix, end.failure)
      return false
    }
    const { nextDirtyOffset, stats } = end
    this.#options.checkpoints.raise(parentOf(log.directory), log, nextDirtyOffset)
    const cleaned = { threadId: thread.id, name: log.name, from: firstDirtyOffset, to: nextDirtyOffset }
    this.#logger.info(prefix + describeStats(stats, cleaned))
    if (preClean.delayedCount > 0) {
      this.#logger.info(
        `${prefix}\tCleanable partitions: ${preClean.cleanableCount}, Delayed partitions: ${preClean.delayedCount}, max delay: ${preClean.delayMsMax}`,
      )
    }
    if (stats.invalidMessagesRead > 0) {
      this.#logger.warn(`${prefix}\tFound ${stats.invalidMessagesRead} invalid messages during compaction.`)
    }
    return true
  }

  #onFailure(log: UnifiedLog, prefix: string, failure: CleanFailure): void {
    if (failure.kind === 'corrupt') this.#markUncleanable(log, prefix, failure.message)
    else this.#diskError(log, new DiskError(failure.code, failure.path, failure.message))
  }

  #markUncleanable(log: UnifiedLog, prefix: string, reason: string): void {
    this.#uncleanable.add(log)
    this.#logger.warn(
      `${prefix}Unexpected exception thrown when cleaning log ${log.name} in ${log.directory}. Marking its partition (${log.name}) as uncleanable: ${reason}`,
    )
  }

  #diskError(log: UnifiedLog, error: unknown): void {
    if (!(error instanceof DiskError)) throw error
    if (error instanceof CorruptIndexError) {
      this.#markUncleanable(log, '', error.message)
      return
    }
    const parent = parentOf(log.directory)
    this.#options.onDiskError(
      parent,
      `Failed to clean up log for ${log.name} in dir ${parent} due to IOException`,
      error,
    )
  }

  /** Compacted logs are looked after here, so that nothing is deleted from a log that is being cleaned. */
  #retainCompacted(): void {
    if (this.#isStopped) return
    const compacted = [...this.#options.logs()].filter((log) => log.config.cleanupPolicy.includes('compact'))
    this.#retention.start(compacted, (log) => {
      if (!this.isCleaning(log)) this.#options.retain(log)
    })
  }

  #onIdle: (() => void) | undefined

  /** Resolves when no clean is under way. */
  #idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = () => {
        if (this.#underWay.size === 0) resolve()
      }
      this.#onIdle()
    })
  }
}
