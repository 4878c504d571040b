/**
 * The logs that move between the log directories of this broker (KIP-113), one chunk of one log in a turn, within the
 * limit of replica.alter.log.dirs.io.max.bytes.per.second. While a log moves neither the cleaner nor retention touches
 * it.
 *
 *   begun | found at the start ──copying──> caught up ──swapped──> done
 *                                     └──called off, deleted, directory failed──> dropped
 *
 * A disk that is full puts a move off; what can't be copied at all ends it, and a new order or a start tries again.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import { type Disk, DiskError } from '../../base/disk.ts'
import type { Logger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import { throwUncaught } from '../../base/uncaught.ts'
import type { CleanerCheckpoints } from '../cleaner/cleaner-checkpoints.ts'
import type { DepartedLog } from '../departed-logs.ts'
import type { LogDirUpkeep } from '../log-dir-upkeep.ts'
import { departingDirectoryName, futureDirectoryName, parentOf } from '../log-directory-name.ts'
import type { LogRegistry } from '../log-registry.ts'
import { writePartitionMetadata } from '../partition-metadata.ts'
import { isPassing } from '../passing-disk-errors.ts'
import type { UnifiedLog } from '../unified-log.ts'
import { CopyThrottle } from './copy-throttle.ts'
import { type CopyResult, copyStartOffset, LogMove } from './log-move.ts'
import { removeMoveGeneration } from './move-generation.ts'

/** Before something is tried again that a full disk has kept from going on. */
const RETRY_BACKOFF_MS = 1000

export interface LogMovesOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: LogRegistry
  readonly upkeep: LogDirUpkeep
  readonly cleanerCheckpoints: CleanerCheckpoints
  /** replica.alter.log.dirs.io.max.bytes.per.second, as it is now. */
  readonly bytesPerSecondMax: () => number
  /** An empty copy of a log. Throws DiskError. */
  readonly openCopy: (log: UnifiedLog, place: { directory: string; startOffset: number }) => UnifiedLog
  /** Whatever is under way on a log ends. */
  readonly abortCleaning: (log: UnifiedLog) => void
  readonly depart: (departed: DepartedLog) => void
  readonly onDiskError: (directory: string, message: string, error: DiskError) => void
  /** Whatever the error, the directory can't be trusted any more. */
  readonly onDirFailure: (directory: string, message: string, error: DiskError) => void
}

export class LogMoves {
  readonly #options: LogMovesOptions
  readonly #throttle: CopyThrottle
  /** In the order of their turns. */
  readonly #moves = new Map<string, LogMove>()
  #onMoved: ((log: UnifiedLog) => void) | undefined
  #timer: Timer | undefined

  constructor(options: LogMovesOptions) {
    this.#options = options
    this.#throttle = new CopyThrottle(options)
  }

  isMoving(log: UnifiedLog): boolean {
    return this.#moves.get(log.name)?.log === log
  }

  /** Copies from now on; `onMoved` is told of each log that has arrived, in the same turn. */
  start(onMoved: (log: UnifiedLog) => void): void {
    this.#onMoved = onMoved
    this.#schedule(0)
  }

  /** The copies stay, for the next start to go on with. */
  stop(): void {
    this.#onMoved = undefined
    this.#timer?.cancel()
    this.#moves.clear()
  }

  /** Starts moving a log. False if the directory does not take it, which has been dealt with. */
  tryBegin(log: UnifiedLog, destination: string): boolean {
    const { disk, random, clock } = this.#options
    const directory = `${destination}/${futureDirectoryName(log.topic, log.partition, random)}`
    try {
      this.#begin(log, directory)
      return true
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      // What is left of it would be taken up by the next start.
      disk.removeDirectory(directory).catch((cleanup: unknown) => {
        if (!(cleanup instanceof DiskError)) throwUncaught(clock, cleanup)
      })
      const message = `Error while creating log for ${log.name} in dir ${destination}`
      this.#options.onDiskError(destination, message, error)
      return false
    }
  }

  #begin(log: UnifiedLog, directory: string): void {
    const { disk, registry, upkeep, logger, abortCleaning, openCopy } = this.#options
    disk.makeDirectory(directory)
    if (log.topicId !== undefined) writePartitionMetadata(disk, directory, log.topicId)
    const copy = openCopy(log, { directory, startOffset: copyStartOffset(log) })
    registry.addFuture(copy)
    // A recovery point that some former log of this name has left there must not be taken for this one's.
    upkeep.changed(parentOf(directory), { withCheckpoints: true })
    abortCleaning(log)
    this.#add(log, copy)
    logger.info(`Created log for partition ${log.name} in ${directory}, as its future replica`)
  }

  /** Takes up what an earlier run of this broker, or Apache Kafka, has left: once, when all logs are loaded. */
  adopt(): void {
    for (const copy of [...this.#options.registry.future.values()]) {
      const log = this.#options.registry.current.get(copy.name)
      // Its log may lie in a directory that is out of service.
      if (log === undefined) continue
      const destination = parentOf(copy.directory)
      const isOther = log.topicId !== undefined && copy.topicId !== undefined && log.topicId !== copy.topicId
      if (isOther || parentOf(log.directory) === destination) {
        this.drop(copy.name)
      } else if (copy.logEndOffset > log.logEndOffset) {
        // The log has lost in a crash what the copy still has: what is written now would differ from it.
        this.#startOver(log, copy)
      } else this.#add(log, copy)
    }
  }

  /** Calls a move off, if there is one, or lets a copy go that has no log. It is gone for good when this returns. */
  drop(name: string): void {
    const { disk, random, registry, depart, upkeep, onDiskError } = this.#options
    this.#moves.delete(name)
    const copy = registry.future.get(name)
    if (copy === undefined) return
    registry.deleteFuture(copy)
    const parent = parentOf(copy.directory)
    try {
      copy.renameDirectory(
        `${parent}/${departingDirectoryName(copy.topic, copy.partition, 'delete', random)}`,
      )
      disk.syncDirectory(parent)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      onDiskError(parent, `Error while renaming dir for ${name} in log dir ${parent}`, error)
    }
    depart({ directory: copy.directory, name, log: copy })
    upkeep.changed(parent, { withCheckpoints: true })
  }

  /** Batches of the log are about to be cut away that the copy may have. @returns how to go on afterwards. */
  beforeCut(log: UnifiedLog): () => void {
    const copy = this.#moves.get(log.name)?.copy
    if (copy === undefined) return () => {}
    const destination = parentOf(copy.directory)
    this.drop(log.name)
    return () => void this.tryBegin(log, destination)
  }

  /** The directory is out of service: nothing moves from there or to there. */
  onDirFailed(directory: string): void {
    for (const [name, move] of this.#moves)
      if (move.source === directory || move.destination === directory) this.#moves.delete(name)
  }

  #add(log: UnifiedLog, copy: UnifiedLog): void {
    this.#moves.set(log.name, new LogMove(log, copy, this.#options.disk))
    this.#schedule(0)
  }

  #startOver(log: UnifiedLog, copy: UnifiedLog): void {
    const destination = parentOf(copy.directory)
    this.drop(copy.name)
    this.tryBegin(log, destination)
  }

  // --- Turns ---------------------------------------------------------------------------------------------------------

  #schedule(delayMs: number): void {
    if (this.#onMoved === undefined || this.#timer !== undefined || this.#moves.size === 0) return
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = undefined
      this.#schedule(this.#turn())
    })
  }

  /** @returns how long to wait before the next one. */
  #turn(): number {
    const throttledMs = this.#throttle.waitMs()
    if (throttledMs > 0) return throttledMs
    const nowMs = this.#options.clock.monotonicMs()
    let waitMs = Number.POSITIVE_INFINITY
    for (const [name, move] of this.#moves) {
      if (move.pausedUntilMs > nowMs) {
        waitMs = Math.min(waitMs, move.pausedUntilMs - nowMs)
        continue
      }
      // To the end of the row.
      this.#moves.delete(name)
      if (!move.log.isOpen || !move.copy.isOpen) continue
      this.#moves.set(name, move)
      this.#advance(move)
      return this.#throttle.waitMs()
    }
    return waitMs
  }

  #advance(move: LogMove): void {
    let result: CopyResult = move.copyChunk(this.#throttle.chunkBytes)
    if (result.kind === 'copied') this.#throttle.spend(result.byteLength)
    // What is staged is written before this turn's end, and comes with the next.
    if (result.kind === 'copied' && move.copy.logEndOffset === move.log.logEndOffset)
      result = { kind: 'caughtUp' }
    if (result.kind === 'caughtUp' && !move.log.hasStaged) this.#finish(move)
    else if (result.kind === 'outrun') this.#startOver(move.log, move.copy)
    else if (result.kind === 'failed') this.#onFailure(move, result)
  }

  #onFailure(move: LogMove, { message, isPassing }: CopyResult & { kind: 'failed' }): void {
    const { logger } = this.#options
    const { name } = move.log
    if (isPassing) {
      this.#pause(move)
      logger.warn(`The replica of ${name} could not be moved on to ${move.destination} yet: ${message}`)
    } else {
      this.#moves.delete(name)
      logger.error(`The replica of ${name} can't be moved to ${move.destination}: ${message}`)
    }
  }

  #finish(move: LogMove): void {
    const { log, copy, source, destination } = move
    const { registry, cleanerCheckpoints, upkeep, logger } = this.#options
    if (!this.#claim(move)) return
    this.#moves.delete(log.name)
    registry.deleteFuture(copy)
    const former = move.swap()
    registry.moved(source, destination)
    const cleanedTo = cleanerCheckpoints.get(source, log)
    cleanerCheckpoints.remove(source, log)
    if (cleanedTo !== undefined) cleanerCheckpoints.raise(destination, log, cleanedTo)
    this.#removeFormer(log, former, source)
    upkeep.changed(source, { withCheckpoints: true })
    logger.info(`The current replica is successfully replaced with the future replica for ${log.name}`)
    this.#onMoved?.(log)
  }

  /** False if it could not be done, which has been dealt with. */
  #claim(move: LogMove): boolean {
    const { log, destination, source } = move
    const message = `Error while moving ${log.name} to dir ${destination}`
    try {
      move.prepare()
      // Where the log starts, deleted records or not, and what needs no recovery.
      if (!this.#options.upkeep.checkpoint(destination)) return this.#pause(move)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      if (!isPassing(error)) this.#options.onDirFailure(destination, message, error)
      return this.#pause(move)
    }
    try {
      move.claimPlace()
      return true
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#moves.delete(log.name)
      this.#options.onDirFailure(destination, message, error)
    }
    try {
      move.takeBack()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      // After a restart either folder might count, so nothing may be acknowledged in this one.
      this.#options.onDirFailure(source, message, error)
    }
    return false
  }

  #pause(move: LogMove): false {
    move.pausedUntilMs = this.#options.clock.monotonicMs() + RETRY_BACKOFF_MS
    return false
  }

  #removeFormer(log: UnifiedLog, former: string, source: string): void {
    const { disk, random, depart, onDiskError } = this.#options
    const directory = `${source}/${departingDirectoryName(log.topic, log.partition, 'delete', random)}`
    try {
      disk.rename(former, directory)
      disk.syncDirectory(source)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      // The move generation tells a start which one counts.
      onDiskError(source, `Error while renaming dir for ${log.name} in log dir ${source}`, error)
      return
    }
    depart({ directory, name: log.name, log: undefined })
    try {
      removeMoveGeneration(disk, log.directory)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      onDiskError(parentOf(log.directory), `Disk error in log ${log.name}`, error)
    }
  }
}
