/**
 * Syncs a log to the device, one round at a time, and keeps its recovery point.
 *
 * A round syncs all that is in the log when it starts; whoever asks meanwhile for more shares the next round. So a
 * log has at most one sync under way and one waiting, however many appends want one.
 *
 * Invariant: the recovery point moves only after the segments' data, the indexes of sealed segments, the folder's
 * entries of new segments, and the leader epochs are on the device, and never past a truncation that happened
 * meanwhile.
 *
 * A sync that fails is final (`onFailure`). What only kept it from being asked for, no descriptor or no room for an
 * index, puts the round off: whoever waits gets the error, and the next flush tries again.
 */

import type { Clock } from '../base/clock.ts'
import { DiskError } from '../base/disk.ts'
import type { LogConfig } from './log-config.ts'
import type { LogSegments } from './log-segments.ts'
import { isPassing, lacksDescriptor } from './passing-disk-errors.ts'

export interface LogFlusherOptions {
  readonly segments: LogSegments
  readonly clock: Clock
  readonly recoveryPoint: number
  readonly logEndOffset: () => number
  readonly isClosed: () => boolean
  readonly syncDirectory: () => void
  readonly beforeAdvance: () => void
  readonly onFailure: (error: Error) => void
  readonly onPutOff: (error: Error) => void
}

/** Something could not be written, and nothing was lost by it. */
class PutOffError extends DiskError {
  override name = 'PutOffError'
}

export class LogFlusher {
  readonly #options: LogFlusherOptions
  #recoveryPoint: number
  #lastFlushMs: number
  #round: Promise<void> | undefined
  /** What the running round covers. */
  #roundTarget = 0
  #nextRound: Promise<void> | undefined
  #truncations = 0

  constructor(options: LogFlusherOptions) {
    this.#options = options
    this.#recoveryPoint = options.recoveryPoint
    this.#lastFlushMs = options.clock.nowMs()
  }

  get recoveryPoint(): number {
    return this.#recoveryPoint
  }
  get lastFlushMs(): number {
    return this.#lastFlushMs
  }

  /** `flush.messages` or `flush.ms` ask for a sync now. */
  isDue(nowMs: number, { flushMessages, flushMs }: Pick<LogConfig, 'flushMessages' | 'flushMs'>): boolean {
    const unsyncedCount = this.#options.logEndOffset() - this.#recoveryPoint
    if (unsyncedCount <= 0) return false
    return unsyncedCount >= flushMessages || nowMs - this.#lastFlushMs >= flushMs
  }

  /** All of the log is on the device when it returns: for the end of a copy, while nothing else happens. Throws DiskError. */
  syncNow(): void {
    const { segments, logEndOffset, syncDirectory, beforeAdvance } = this.#options
    const first = segments.floorIndex(Math.max(0, this.#recoveryPoint - 1))
    for (const segment of segments.all.slice(Math.max(0, first))) segment.syncNow()
    beforeAdvance()
    syncDirectory()
    this.#recoveryPoint = logEndOffset()
  }

  flush(upToOffset: number): Promise<void> {
    if (upToOffset <= this.#recoveryPoint) return Promise.resolve()
    if (this.#round === undefined) return this.#start()
    if (upToOffset <= this.#roundTarget) return this.#round
    const start = (): Promise<void> => {
      this.#nextRound = undefined
      return this.#start()
    }
    this.#nextRound ??= this.#round.then(start, start)
    return this.#nextRound
  }

  /** Syncs what is sealed, up to `sealedEnd`, once the tick is over; whatever the flush settings say, as in Apache Kafka. */
  flushSealed(sealedEnd: number): void {
    const { clock, isClosed, logEndOffset } = this.#options
    clock.endOfTick(() => {
      if (isClosed()) return
      this.flush(Math.min(sealedEnd, logEndOffset())).catch((error: unknown) => {
        if (error instanceof DiskError) return
        // A bug: it is thrown where nobody catches it.
        clock.endOfTick(() => {
          throw error
        })
      })
    })
  }

  /** The log now ends at `offset`. */
  truncatedTo(offset: number): void {
    this.#truncations++
    this.#roundTarget = Math.min(this.#roundTarget, offset)
    this.#recoveryPoint = Math.min(this.#recoveryPoint, offset)
  }

  #start(): Promise<void> {
    this.#round = this.#sync().finally(() => {
      this.#round = undefined
    })
    return this.#round
  }

  async #sync(): Promise<void> {
    try {
      for (;;) {
        const target = this.#options.logEndOffset()
        const truncations = this.#truncations
        this.#roundTarget = target
        this.#checkOpen()
        await this.#syncSegments()
        this.#checkOpen()
        unlessPassing(() => this.#options.beforeAdvance())
        if (truncations !== this.#truncations) continue
        this.#recoveryPoint = Math.max(this.#recoveryPoint, target)
        this.#lastFlushMs = this.#options.clock.nowMs()
        return
      }
    } catch (error) {
      if (error instanceof DiskError) {
        if (error instanceof PutOffError || lacksDescriptor(error)) this.#options.onPutOff(error)
        else this.#options.onFailure(error)
      }
      throw error
    }
  }

  async #syncSegments(): Promise<void> {
    const { segments } = this.#options
    // The one that ends at the recovery point may have been sealed since, with indexes that no sync has covered.
    const first = segments.floorIndex(Math.max(0, this.#recoveryPoint - 1))
    const unsynced = segments.all.slice(Math.max(0, first))
    for (const segment of unsynced) if (!segment.isClosed) unlessPassing(() => segment.writePendingIndexes())
    for (const segment of unsynced) {
      this.#checkOpen()
      if (!segment.isClosed) await segment.sync()
    }
    // A segment that was replaced meanwhile counts: its names, and those that took their place, may be lost together.
    if (unsynced.every((segment) => segment.isDirectorySynced)) return
    this.#checkOpen()
    this.#options.syncDirectory()
    for (const segment of unsynced) segment.isDirectorySynced = true
  }

  /** A log that was closed while its sync was under way promises nothing more. */
  #checkOpen(): void {
    if (this.#options.isClosed()) throw new DiskError('ECANCELED', '', 'the log was closed during its sync')
  }
}

/** For writes that may be repeated, before the sync is asked for. */
function unlessPassing(write: () => void): void {
  try {
    write()
  } catch (error) {
    if (!(error instanceof DiskError) || !isPassing(error)) throw error
    throw new PutOffError(error.code, error.path, error.message, { cause: error })
  }
}
