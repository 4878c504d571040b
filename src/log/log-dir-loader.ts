/**
 * Opens what lies in a log directory at the start: finds out whether the last stop was clean, reads the checkpoints,
 * and tells for each partition's folder what it is. After a clean stop nothing but the folder is listed; a log that
 * was not closed in order recovers itself from its recovery point.
 */
import type { Clock } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import type { Logger } from '../base/logger.ts'
import { CheckpointError } from './checkpoint-file.ts'
import { takeCleanShutdown } from './clean-shutdown-file.ts'
import { type LogDirectoryName, logDirectoryName, parseLogDirectoryName } from './log-directory-name.ts'
import { LogDirsError } from './log-dirs.ts'
import {
  CLEANER_OFFSET_CHECKPOINT,
  LOG_START_OFFSET_CHECKPOINT,
  OffsetCheckpointFile,
  RECOVERY_POINT_CHECKPOINT,
} from './offset-checkpoint-file.ts'
import type { UnifiedLog } from './unified-log.ts'

/** Folders of a log directory that are none of a partition's: the metadata store, and Kafka's tiered storage cache. */
const FOREIGN_FOLDERS: ReadonlySet<string> = new Set(['__cluster_metadata-0', 'remote-log-index-cache'])

export interface FoundLog extends LogDirectoryName {
  /** Absolute. */
  readonly directory: string
  readonly recoveryPoint: number
  readonly logStartOffset: number
  /** Where the last compaction ended; undefined if there was none. */
  readonly cleanerOffset: number | undefined
}

export interface LoadedLogDir {
  readonly cleanShutdown: boolean
  readonly logCount: number
}

/**
 * Hands each partition's folder to `open`, which makes a log of it, or something else (undefined). Throws DiskError;
 * LogDirsError for a folder that is no partition's, before anything is changed.
 */
export function loadLogDir(options: {
  disk: Disk
  clock: Clock
  logger: Logger
  path: string
  open: (found: FoundLog, cleanShutdown: boolean) => UnifiedLog | undefined
}): LoadedLogDir {
  const { disk, clock, logger, path } = options
  const folders = listLogFolders(disk, path)
  const cleanShutdown = takeCleanShutdown(disk, path)
  const recoveryPoints = readOffsets(disk, path, RECOVERY_POINT_CHECKPOINT, logger)
  const logStartOffsets = readOffsets(disk, path, LOG_START_OFFSET_CHECKPOINT, logger)
  const cleanerOffsets = readOffsets(disk, path, CLEANER_OFFSET_CHECKPOINT, logger)
  for (const name of [RECOVERY_POINT_CHECKPOINT, LOG_START_OFFSET_CHECKPOINT, CLEANER_OFFSET_CHECKPOINT]) {
    new OffsetCheckpointFile({ disk, path: `${path}/${name}` }).ensureExists()
  }
  logger.info(
    folders.length === 0
      ? `No logs found to be loaded in ${path}`
      : cleanShutdown
        ? `Skipping recovery of ${folders.length} logs from ${path} since clean shutdown file was found`
        : `Recovering ${folders.length} logs from ${path} since no clean shutdown file was found`,
  )
  // A killed broker may have made folders whose names no sync has covered: what is written to them now relies on them.
  if (!cleanShutdown) disk.syncDirectory(path)
  let completed = 0
  for (const folder of folders) {
    const startMs = clock.monotonicMs()
    const key = logDirectoryName(folder.topic, folder.partition)
    const recoveryPoint = recoveryPoints.get(key) ?? 0
    const logStartOffset = logStartOffsets.get(key) ?? 0
    const cleanerOffset = cleanerOffsets.get(key)
    const found = { ...folder, recoveryPoint, logStartOffset, cleanerOffset }
    const log = options.open(found, cleanShutdown)
    completed++
    if (log === undefined) continue
    const elapsedMs = Math.round(clock.monotonicMs() - startMs)
    const line = `Completed load of ${describe(log)} with ${log.segmentCount} segments, local-log-start-offset ${log.logStartOffset} and log-end-offset ${log.logEndOffset} in ${elapsedMs}ms (${completed}/${folders.length} completed in ${path})`
    // A line for each of thousands of logs would be most of the start's time; a recovery is worth one.
    if (cleanShutdown) logger.debug(line)
    else logger.info(line)
  }
  return { cleanShutdown, logCount: folders.length }
}

function listLogFolders(disk: Disk, path: string): (LogDirectoryName & { readonly directory: string })[] {
  const folders = []
  for (const { name, kind } of disk.list(path)) {
    if (kind !== 'directory' || FOREIGN_FOLDERS.has(name)) continue
    const parsed = parseLogDirectoryName(name)
    if (parsed === undefined) throw strangerError(path, name)
    folders.push({ ...parsed, directory: `${path}/${name}` })
  }
  return folders
}

function describe(log: UnifiedLog): string {
  return `Log(dir=${log.directory}, topic=${log.topic}, partition=${log.partition}, highWatermark=${log.highWatermark}, lastStableOffset=${log.lastStableOffset}, logStartOffset=${log.logStartOffset}, logEndOffset=${log.logEndOffset})`
}

function readOffsets(disk: Disk, path: string, name: string, logger: Logger): Map<string, number> {
  try {
    return new OffsetCheckpointFile({ disk, path: `${path}/${name}` }).read()
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error
    const instead =
      name === RECOVERY_POINT_CHECKPOINT
        ? 'resetting the recovery checkpoint to 0'
        : name === CLEANER_OFFSET_CHECKPOINT
          ? 'compacting from the start of each log'
          : 'resetting to the base offset of the first segment'
    logger.warn(`Error occurred while reading ${name} file of directory ${path}, ${instead}`, error)
    return new Map()
  }
}

function strangerError(path: string, name: string): LogDirsError {
  return new LogDirsError(
    'KafkaException',
    `Found directory ${path}/${name}, '${name}' is not in the form of topic-partition or topic-partition.uniqueId-delete (if marked for deletion). Kafka's log directories (and children) should only contain Kafka topic data.`,
  )
}
