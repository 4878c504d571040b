/**
 * Keeps on disk what a restart must know of a log directory: its folders' names and the checkpoints of its logs.
 *
 * Folders that were made or renamed are synced once at the end of the tick, before anything written to them can have
 * been acknowledged. After deletions and truncations the checkpoints follow at once: a recovery point left from a
 * former log of the same name would hide a torn tail from recovery.
 *
 * A full disk is no failure of the directory: the former checkpoint stays, which costs the next recovery some time.
 */
import type { Clock } from '../base/clock.ts'
import { type Disk, DiskError } from '../base/disk.ts'
import type { CleanerCheckpoints } from './cleaner/cleaner-checkpoints.ts'
import {
  LOG_START_OFFSET_CHECKPOINT,
  OffsetCheckpointFile,
  type PartitionOffset,
  RECOVERY_POINT_CHECKPOINT,
} from './offset-checkpoint-file.ts'
import type { UnifiedLog } from './unified-log.ts'

export class LogDirUpkeep {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logs: () => Iterable<UnifiedLog>
  readonly #cleanerCheckpoints: CleanerCheckpoints
  readonly #onError: (directory: string, message: string, error: DiskError) => void
  /** Changed in this tick; true: the checkpoints are due as well. */
  readonly #changed = new Map<string, boolean>()

  constructor(options: {
    disk: Disk
    clock: Clock
    logs: () => Iterable<UnifiedLog>
    cleanerCheckpoints: CleanerCheckpoints
    onError: (directory: string, message: string, error: DiskError) => void
  }) {
    this.#disk = options.disk
    this.#clock = options.clock
    this.#logs = options.logs
    this.#cleanerCheckpoints = options.cleanerCheckpoints
    this.#onError = options.onError
  }

  /** A folder in `directory` was made; or renamed or its log cut, `withCheckpoints`. Settled at the end of the tick. */
  changed(directory: string, options: { withCheckpoints: boolean }): void {
    if (this.#changed.size === 0) this.#clock.endOfTick(() => this.settle())
    this.#changed.set(directory, options.withCheckpoints || this.#changed.get(directory) === true)
  }

  settle(): void {
    const changed = [...this.#changed]
    this.#changed.clear()
    for (const [directory, withCheckpoints] of changed) {
      this.#attempt(directory, `Error while syncing log directory ${directory}`, () =>
        this.#disk.syncDirectory(directory),
      )
      if (withCheckpoints) this.checkpoint(directory)
    }
  }

  /** All checkpoints. False if that of the recovery points or the log starts could not be written; that has been reported. */
  checkpoint(directory: string): boolean {
    this.#cleanerCheckpoints.writeLowered(directory)
    const hasRecoveryPoints = this.checkpointRecoveryPoints(directory)
    return this.checkpointLogStartOffsets(directory) && hasRecoveryPoints
  }

  checkpointRecoveryPoints(directory: string): boolean {
    return this.#write(directory, RECOVERY_POINT_CHECKPOINT, (log) => log.recoveryPoint)
  }

  /** Only of logs that start inside of a segment: of the others the segments' names tell. */
  checkpointLogStartOffsets(directory: string): boolean {
    return this.#write(directory, LOG_START_OFFSET_CHECKPOINT, (log) => {
      if (log.logStartOffset === 0) return undefined
      return log.logStartOffset > (log.segmentBaseOffsets[0] ?? 0) ? log.logStartOffset : undefined
    })
  }

  #write(directory: string, name: string, offsetOf: (log: UnifiedLog) => number | undefined): boolean {
    const offsets: PartitionOffset[] = []
    for (const log of this.#logs()) {
      if (!liesIn(directory, log)) continue
      const offset = offsetOf(log)
      if (offset !== undefined) offsets.push({ topic: log.topic, partition: log.partition, offset })
    }
    const file = new OffsetCheckpointFile({ disk: this.#disk, path: `${directory}/${name}` })
    const message = `Disk error while writing ${name} in directory ${directory}`
    return this.#attempt(directory, message, () => file.write(offsets))
  }

  #attempt(directory: string, message: string, run: () => void): boolean {
    try {
      run()
      return true
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#onError(directory, `${message}: ${error.message}`, error)
      return false
    }
  }
}

/** As `dirname` would tell, for very many logs. */
function liesIn(directory: string, log: UnifiedLog): boolean {
  return log.directory.lastIndexOf('/') === directory.length && log.directory.startsWith(directory)
}
