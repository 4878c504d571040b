/**
 * Opens all logs at the start, directory by directory, and tells what folders are that hold none: leftovers of deleted
 * partitions, copies that were on their way from one directory to another (KIP-113), and of two folders of one
 * partition the one that counts.
 *
 * A directory that can't be read is out of service, with all of its logs.
 */
import { dirname } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { type Disk, DiskError } from '../base/disk.ts'
import type { Logger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import { CheckpointError } from './checkpoint-file.ts'
import type { CleanerCheckpoints } from './cleaner/cleaner-checkpoints.ts'
import type { DepartedLog } from './departed-logs.ts'
import { type FoundLog, loadLogDir } from './log-dir-loader.ts'
import { departingDirectoryName, logDirectoryName } from './log-directory-name.ts'
import { type LogDirs, LogDirsError } from './log-dirs.ts'
import type { LogRegistry } from './log-registry.ts'
import { keepOne } from './moving/move-generation.ts'
import type { UnifiedLog } from './unified-log.ts'

export interface LogLoadingOptions {
  readonly logDirs: LogDirs
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: LogRegistry
  readonly cleanerCheckpoints: CleanerCheckpoints
  /** A folder that is renamed to be removed. */
  readonly depart: (departed: DepartedLog) => void
  /** Throws DiskError or CheckpointError. */
  readonly open: (
    found: FoundLog & { topicId: undefined; cleanShutdown: boolean; wasCompacted: boolean },
  ) => UnifiedLog
}

export class LogLoading {
  readonly #options: LogLoadingOptions

  constructor(options: LogLoadingOptions) {
    this.#options = options
  }

  /** Why the last directory failed that did; '' if none. Throws LogDirsError for what a person has to look at. */
  loadAll(): string {
    const { disk, clock, logger, logDirs } = this.#options
    const startMs = clock.monotonicMs()
    logger.info(`Loading logs from log dirs ArrayBuffer(${logDirs.live.join(', ')})`)
    const uncleanDirs: string[] = []
    let failure = ''
    let count = 0
    for (const path of [...logDirs.live]) {
      try {
        const open = (found: FoundLog, cleanShutdown: boolean) => this.#load(found, cleanShutdown)
        const loaded = loadLogDir({ disk, clock, logger, path, open })
        count += loaded.logCount
        if (!loaded.cleanShutdown && loaded.logCount > 0) uncleanDirs.push(path)
      } catch (error) {
        if (!(error instanceof DiskError || error instanceof CheckpointError)) throw error
        this.#fail(path, error)
        failure = error.message
      }
    }
    const elapsedMs = Math.round(clock.monotonicMs() - startMs)
    const unclean =
      uncleanDirs.length === 0 ? '' : ` (unclean log dirs = ArrayBuffer(${uncleanDirs.join(', ')}))`
    logger.info(`Loaded ${count} logs in ${elapsedMs}ms${unclean}`)
    logger.info(`Logs loading complete in ${elapsedMs} ms.`)
    return failure
  }

  #load(found: FoundLog, cleanShutdown: boolean): UnifiedLog | undefined {
    const { logger, registry, depart } = this.#options
    const { topic, partition, directory } = found
    switch (found.state) {
      case 'delete':
        depart({ directory, name: logDirectoryName(topic, partition), log: undefined })
        return undefined
      case 'stray':
        logger.warn(`Loaded stray log: ${directory}`)
        return undefined
      case 'future':
        return this.#loadFuture(found, cleanShutdown)
      case 'current': {
        const other = registry.current.get(logDirectoryName(topic, partition))
        return other === undefined || this.#supersedes(found, other)
          ? this.#loadCurrent(found, cleanShutdown)
          : undefined
      }
    }
  }

  #loadCurrent(found: FoundLog, cleanShutdown: boolean): UnifiedLog {
    const { open, registry, cleanerCheckpoints } = this.#options
    const { topic, partition, cleanerOffset, directory } = found
    const wasCompacted = cleanerOffset !== undefined
    const log = open({ ...found, topicId: undefined, cleanShutdown, wasCompacted })
    if (wasCompacted)
      cleanerCheckpoints.found(dirname(directory), { topic, partition, offset: cleanerOffset })
    registry.addCurrent(log)
    return log
  }

  #loadFuture(found: FoundLog, cleanShutdown: boolean): UnifiedLog | undefined {
    const { open, registry } = this.#options
    // Of two moves the later one had called the earlier off; either can be begun anew.
    if (registry.future.has(logDirectoryName(found.topic, found.partition))) {
      this.#departFound(found)
      return undefined
    }
    const log = open({ ...found, topicId: undefined, cleanShutdown, wasCompacted: false })
    registry.addFuture(log)
    return log
  }

  /** Whether the folder that was found counts, and not the one that was opened. The other one goes. */
  #supersedes(found: FoundLog, other: UnifiedLog): boolean {
    const { disk, logger, registry, depart } = this.#options
    const kept = keepOne(disk, found.directory, other.directory)
    if (kept === undefined) {
      throw new LogDirsError(
        'IllegalStateException',
        `Duplicate log directories for ${other.name} are found in both ${found.directory} and ${other.directory}. It is likely because log directory failure happened while broker was replacing current replica with future replica. Recover broker from this failure by manually deleting one of the two directories for this partition. It is recommended to delete the partition in the log directory that is known to have failed recently.`,
      )
    }
    logger.warn(
      `Partition ${other.name} had come to ${kept} before the last stop: its other folder is deleted`,
    )
    if (kept === other.directory) {
      this.#departFound(found)
      return false
    }
    registry.deleteCurrent(other)
    other.renameDirectory(this.#departingPath(other))
    disk.syncDirectory(dirname(other.directory))
    depart({ directory: other.directory, name: other.name, log: other })
    return true
  }

  #departFound(found: FoundLog): void {
    const { disk, depart } = this.#options
    const directory = this.#departingPath(found)
    disk.rename(found.directory, directory)
    disk.syncDirectory(dirname(directory))
    depart({ directory, name: logDirectoryName(found.topic, found.partition), log: undefined })
  }

  #departingPath({
    directory,
    topic,
    partition,
  }: Pick<FoundLog, 'directory' | 'topic' | 'partition'>): string {
    const name = departingDirectoryName(topic, partition, 'delete', this.#options.random)
    return `${dirname(directory)}/${name}`
  }

  #fail(path: string, error: Error): void {
    const { logger, registry, logDirs } = this.#options
    logger.error(`Error while loading log dir ${path}`, error)
    for (const log of [...registry.currentIn(path), ...registry.futureIn(path)]) {
      registry.deleteCurrent(log)
      registry.deleteFuture(log)
      closeFailed(log, logger)
    }
    logDirs.takeOffline(path)
  }
}

/** As well as a directory lets it that is out of service. */
export function closeFailed(log: UnifiedLog, logger: Logger): void {
  try {
    log.close()
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    logger.debug(`Could not close log ${log.directory}: ${error.message}`)
  }
}
