/**
 * All logs of a broker: opens them at the start, makes and deletes them, and does for all of them what time asks for
 * (flush, checkpoints, retention, expiry of producers). Logs lie in one or more directories; a new one goes where
 * the fewest are.
 *
 * Invariants
 * - One log for each partition, in one directory.
 * - A log's folder survives a crash before anything written to it is acknowledged, and a deleted one does not come
 *   back: at the end of a tick with creations or deletions, the directory is synced.
 * - A recovery point on disk is never above what was synced, nor left from a former log of the same name: deletions
 *   and truncations are followed by a checkpoint at the end of the tick.
 * - A directory with a disk error goes out of service as a whole, at the end of the tick (KIP-112); none left is
 *   fatal for the broker.
 * - The marker of a clean shutdown is the last file written.
 */
import { dirname } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { type Disk, DiskError } from '../base/disk.ts'
import type { Logger } from '../base/logger.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { CheckpointError } from './checkpoint-file.ts'
import { writeCleanShutdown } from './clean-shutdown-file.ts'
import { CleanerCheckpoints } from './cleaner/cleaner-checkpoints.ts'
import { LogCleaner } from './cleaner/log-cleaner.ts'
import { type DepartedLog, DepartedLogs } from './departed-logs.ts'
import { flushAll } from './flush-schedule.ts'
import type { LogConfig } from './log-config.ts'
import { describeLogDirs, type LogDirDescription } from './log-dir-description.ts'
import { LogDirFailureChannel } from './log-dir-failure.ts'
import { type FoundLog, loadLogDir } from './log-dir-loader.ts'
import { LogDirUpkeep } from './log-dir-upkeep.ts'
import { departingDirectoryName, logDirectoryName } from './log-directory-name.ts'
import { type LogDirs, LogDirsError } from './log-dirs.ts'
import { LogHousekeeping } from './log-housekeeping.ts'
import type { LogManagerOptions, LogOrError, TopicPartition } from './log-manager-options.ts'
import { writePartitionMetadata } from './partition-metadata.ts'
import { isPassing } from './passing-disk-errors.ts'
import { UnifiedLog } from './unified-log.ts'

export type {
  LogManagerOptions,
  LogOrError,
  TopicPartition,
} from './log-manager-options.ts'

export class LogManager {
  readonly #options: LogManagerOptions
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #logDirs: LogDirs
  readonly #failures: LogDirFailureChannel
  #defaultConfig: LogConfig
  readonly #logs = new Map<string, UnifiedLog>()
  readonly #futureLogs = new Map<string, UnifiedLog>()
  /** How many of `#logs` lie in each directory. */
  readonly #logCounts = new Map<string, number>()
  readonly #departed: DepartedLogs
  readonly #housekeeping: LogHousekeeping
  readonly #cleanerCheckpoints: CleanerCheckpoints
  /** undefined: nothing is compacted. */
  readonly #cleaner: LogCleaner | undefined
  readonly #upkeep: LogDirUpkeep
  #isStopped = false

  private constructor(options: LogManagerOptions) {
    this.#options = options
    this.#disk = options.disk
    this.#clock = options.clock
    this.#logger = options.loggers('kafka.log.LogManager')
    this.#logDirs = options.logDirs
    this.#defaultConfig = options.defaultConfig
    this.#departed = new DepartedLogs({
      clock: options.clock,
      remove: (departed) => this.#removeDeparted(departed),
    })
    const onDiskError = (directory: string, message: string, error: DiskError): void =>
      this.#diskError(directory, message, error)
    this.#cleanerCheckpoints = new CleanerCheckpoints({ ...options, onError: onDiskError })
    this.#cleaner =
      options.cleaner &&
      new LogCleaner({
        ...options,
        ...options.cleaner,
        logger: options.loggers('kafka.log.LogCleaner'),
        checkpoints: this.#cleanerCheckpoints,
        logs: () => this.#logs.values(),
        retain: (log) => this.#guard(log, () => log.deleteOldSegments(this.#clock.nowMs())),
        onDiskError,
      })
    this.#housekeeping = new LogHousekeeping(options, {
      logs: () => this.#logs.values(),
      isCleaning: (log) => this.#cleaner?.isCleaning(log) === true,
      guard: (log, run) => this.#guard(log, run),
      checkpointRecoveryPoints: () => this.checkpointRecoveryPoints(),
      checkpointLogStartOffsets: () => this.checkpointLogStartOffsets(),
    })
    this.#upkeep = new LogDirUpkeep({
      disk: options.disk,
      clock: options.clock,
      logs: () => this.#logs.values(),
      cleanerCheckpoints: this.#cleanerCheckpoints,
      onError: onDiskError,
    })
    this.#failures = new LogDirFailureChannel({
      clock: options.clock,
      logger: this.#logger,
      onFailure: (directory) => this.#handleLogDirFailure(directory),
    })
  }

  /** Opens all logs, recovering those that need it, and starts the periodic tasks. Throws LogDirsError. */
  static start(options: LogManagerOptions): LogManager {
    const manager = new LogManager(options)
    manager.#loadAll()
    manager.#housekeeping.start(manager.#logger)
    manager.#cleaner?.start()
    return manager
  }

  get(topic: string, partition: number): UnifiedLog | undefined {
    return this.#logs.get(logDirectoryName(topic, partition))
  }

  allLogs(): IterableIterator<UnifiedLog> {
    return this.#logs.values()
  }

  logsOfTopic(topic: string): UnifiedLog[] {
    return [...this.#logs.values()].filter((log) => log.topic === topic)
  }

  get liveLogDirs(): readonly string[] {
    return this.#logDirs.live
  }

  /**
   * The partition's log, made where there is none. `isNew`: this broker never had it, so it can't lie in a directory
   * that is out of service. KAFKA_STORAGE_ERROR: it may lie in such a directory, or no directory took it.
   * INCONSISTENT_TOPIC_ID: the folder belongs to another topic of that name (KIP-516).
   */
  getOrCreateLog(
    topic: string,
    partition: number,
    options: { topicId: string | undefined; isNew?: boolean; config?: LogConfig },
  ): LogOrError {
    const name = logDirectoryName(topic, partition)
    const existing = this.#logs.get(name)
    if (existing !== undefined) {
      if (
        options.topicId !== undefined &&
        existing.topicId !== undefined &&
        existing.topicId !== options.topicId
      ) {
        const message = `Tried to assign topic ID ${options.topicId} to log for topic partition ${name},but log already contained topic ID ${existing.topicId}`
        return { errorCode: ErrorCode.INCONSISTENT_TOPIC_ID, log: undefined, message }
      }
      if (existing.topicId === undefined && options.topicId !== undefined)
        this.#assignTopicId(existing, options.topicId)
      return { errorCode: ErrorCode.NONE, log: existing }
    }
    if (options.isNew !== true && this.#logDirs.offline.length > 0) {
      const message = `Can not create log for ${name} because log directories ${this.#logDirs.offline.join(',')} are offline`
      return { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, log: undefined, message }
    }
    const config = options.config ?? this.#options.topicConfig(topic) ?? this.#defaultConfig
    for (const parent of this.#dirsByLogCount()) {
      const log = this.#createLog(parent, topic, partition, options.topicId, config)
      if (log !== undefined) return { errorCode: ErrorCode.NONE, log }
    }
    const message = `No log directories available. Tried ${this.#logDirs.configured.join(', ')}`
    return { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, log: undefined, message }
  }

  /**
   * Renames the partition's folder to `TP.<32 hex>-delete`; it is removed after file.delete.delay.ms. Kafka's code:
   * 0, also where there was no log; KAFKA_STORAGE_ERROR if the log may lie in a directory that is out of service.
   */
  asyncDelete(topic: string, partition: number): number {
    const name = logDirectoryName(topic, partition)
    const log = this.#logs.get(name)
    if (log === undefined) {
      return this.#logDirs.offline.length > 0 ? ErrorCode.KAFKA_STORAGE_ERROR : ErrorCode.NONE
    }
    const parent = dirname(log.directory)
    this.#logs.delete(name)
    this.#count(parent, -1)
    this.#cleaner?.abort(log)
    this.#cleanerCheckpoints.remove(parent, log)
    const departing = departingDirectoryName(topic, partition, 'delete', this.#options.random)
    try {
      log.renameDirectory(`${parent}/${departing}`)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#diskError(parent, `Error while renaming dir for ${name} in log dir ${parent}`, error)
      return ErrorCode.KAFKA_STORAGE_ERROR
    }
    this.#departed.add({ directory: log.directory, name, log }, this.#defaultConfig.fileDeleteDelayMs)
    this.#logger.info(
      `Log for partition ${name} is renamed to ${log.directory} and is scheduled for deletion`,
    )
    this.#upkeep.changed(parent, { withCheckpoints: true })
    return ErrorCode.NONE
  }

  /** Cuts a log; its recovery point is checkpointed, so that none is left above what the log then holds. */
  truncateTo(log: UnifiedLog, offset: number): void {
    this.#cut(log, () => log.truncateTo(offset))
  }

  truncateFullyAndStartAt(log: UnifiedLog, offset: number): void {
    this.#cut(log, () => log.truncateFullyAndStartAt(offset))
  }

  /** `config` is the topic's whole effective configuration. */
  updateTopicConfig(topic: string, config: LogConfig): void {
    for (const log of this.logsOfTopic(topic)) {
      if (!config.cleanupPolicy.includes('compact')) this.#cleaner?.abort(log)
      log.updateConfig(config)
    }
    this.#housekeeping.considerFlushMs(config.flushMs)
  }

  /** For logs made from now on; the caller updates the topics that inherit a changed value. */
  updateDefaultConfig(config: LogConfig): void {
    this.#defaultConfig = config
    this.#housekeeping.considerFlushMs(config.flushMs)
  }

  describeLogDirs(): LogDirDescription[] {
    const current = [...this.#logs.values()].map((log) => ({ log, isFuture: false }))
    const future = [...this.#futureLogs.values()].map((log) => ({ log, isFuture: true }))
    return describeLogDirs(this.#logDirs, this.#disk, [...current, ...future])
  }

  checkpointRecoveryPoints(): void {
    for (const path of this.#logDirs.live) this.#upkeep.checkpointRecoveryPoints(path)
  }

  checkpointLogStartOffsets(): void {
    for (const path of this.#logDirs.live) this.#upkeep.checkpointLogStartOffsets(path)
  }

  /**
   * Flushes and closes all logs, writes the checkpoints and the markers of a clean shutdown, and gives back the
   * locks. The caller has stopped all appends. Disk errors cost a directory its marker, nothing more.
   */
  async shutdown(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#logger.info('Shutting down.')
    this.#housekeeping.stop()
    await this.#departed.stop()
    await this.#cleaner?.shutdown()
    this.#upkeep.settle()
    for (const path of [...this.#logDirs.live]) await this.#shutdownDir(path)
    this.#logDirs.release()
    this.#logger.info('Shutdown complete.')
  }

  // --- Start ---------------------------------------------------------------------------------------------------------

  #loadAll(): void {
    const startMs = this.#clock.monotonicMs()
    this.#logger.info(`Loading logs from log dirs ArrayBuffer(${this.#logDirs.live.join(', ')})`)
    const uncleanDirs: string[] = []
    let reason = ''
    let count = 0
    for (const path of [...this.#logDirs.live]) {
      try {
        const loaded = loadLogDir({
          disk: this.#disk,
          clock: this.#clock,
          logger: this.#logger,
          path,
          open: (found, cleanShutdown) => this.#loadFound(found, cleanShutdown),
        })
        count += loaded.logCount
        if (!loaded.cleanShutdown && loaded.logCount > 0) uncleanDirs.push(path)
      } catch (error) {
        if (!(error instanceof DiskError || error instanceof CheckpointError)) throw error
        this.#failAtStart(path, error)
        reason = error.message
      }
    }
    if (this.#logDirs.live.length === 0) {
      throw new LogDirsError('KafkaException', `${this.#allFailedMessage()}: ${reason}`)
    }
    const elapsedMs = Math.round(this.#clock.monotonicMs() - startMs)
    const unclean =
      uncleanDirs.length === 0 ? '' : ` (unclean log dirs = ArrayBuffer(${uncleanDirs.join(', ')}))`
    this.#logger.info(`Loaded ${count} logs in ${elapsedMs}ms${unclean}`)
    this.#logger.info(`Logs loading complete in ${elapsedMs} ms.`)
  }

  #loadFound(found: FoundLog, cleanShutdown: boolean): UnifiedLog | undefined {
    const name = logDirectoryName(found.topic, found.partition)
    if (found.state === 'delete') {
      const departed = { directory: found.directory, name, log: undefined }
      this.#departed.add(departed, this.#defaultConfig.fileDeleteDelayMs)
      return undefined
    }
    if (found.state === 'stray') {
      this.#logger.warn(`Loaded stray log: ${found.directory}`)
      return undefined
    }
    const logs = found.state === 'future' ? this.#futureLogs : this.#logs
    const other = logs.get(name)
    if (other !== undefined) {
      throw new LogDirsError(
        'IllegalStateException',
        `Duplicate log directories for ${name} are found in both ${found.directory} and ${other.directory}. It is likely because log directory failure happened while broker was replacing current replica with future replica. Recover broker from this failure by manually deleting one of the two directories for this partition. It is recommended to delete the partition in the log directory that is known to have failed recently.`,
      )
    }
    const config = this.#options.topicConfig(found.topic) ?? this.#defaultConfig
    const { topic, partition, cleanerOffset } = found
    const wasCompacted = cleanerOffset !== undefined
    const log = this.#open({ ...found, topicId: undefined, cleanShutdown, wasCompacted, config })
    if (cleanerOffset !== undefined && logs === this.#logs) {
      this.#cleanerCheckpoints.found(dirname(found.directory), { topic, partition, offset: cleanerOffset })
    }
    logs.set(name, log)
    if (logs === this.#logs) this.#count(dirname(found.directory), 1)
    this.#housekeeping.considerFlushMs(config.flushMs)
    return log
  }

  #open(found: {
    directory: string
    topic: string
    partition: number
    topicId: string | undefined
    config: LogConfig
    recoveryPoint: number
    logStartOffset: number
    cleanShutdown: boolean
    wasCompacted?: boolean
  }): UnifiedLog {
    const { topic, partition } = found
    const parent = dirname(found.directory)
    return UnifiedLog.load({
      ...found,
      disk: this.#disk,
      clock: this.#clock,
      logger: this.#options.loggers('kafka.log.UnifiedLog'),
      producerIdExpirationMs: this.#options.producerIdExpirationMs,
      onOffline: (error) =>
        this.#failures.report(parent, `Disk error in log ${topic}-${partition} in dir ${parent}`, error),
    })
  }

  #guard(log: UnifiedLog, run: () => void): void {
    const parent = dirname(log.directory)
    if (log.isOffline || this.#logs.get(logDirectoryName(log.topic, log.partition)) !== log) return
    try {
      run()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#diskError(parent, `Disk error in log ${log.topic}-${log.partition} in dir ${parent}`, error)
    }
  }

  // --- Making and deleting -------------------------------------------------------------------------------------------

  #createLog(
    parent: string,
    topic: string,
    partition: number,
    topicId: string | undefined,
    config: LogConfig,
  ): UnifiedLog | undefined {
    const name = logDirectoryName(topic, partition)
    const directory = `${parent}/${name}`
    try {
      this.#disk.makeDirectory(directory)
      if (topicId !== undefined) writePartitionMetadata(this.#disk, directory, topicId)
      const fresh = { recoveryPoint: 0, logStartOffset: 0, cleanShutdown: true }
      const log = this.#open({ directory, topic, partition, topicId, config, ...fresh })
      this.#logs.set(name, log)
      this.#count(parent, 1)
      this.#housekeeping.considerFlushMs(config.flushMs)
      this.#upkeep.changed(parent, { withCheckpoints: false })
      this.#logger.info(`Created log for partition ${name} in ${directory} with properties {}`)
      return log
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#diskError(parent, `Error while creating log for ${name} in dir ${parent}`, error)
      return undefined
    }
  }

  /** Nothing from where it is cut is clean any more. */
  #cut(log: UnifiedLog, cut: () => void): void {
    this.#cleaner?.abort(log)
    cut()
    const parent = dirname(log.directory)
    this.#cleanerCheckpoints.lower(parent, log, log.segmentBaseOffsets.at(-1)!)
    this.#upkeep.changed(parent, { withCheckpoints: true })
  }

  /** For a folder from the time before topics had ids. */
  #assignTopicId(log: UnifiedLog, topicId: string): void {
    this.#guard(log, () => writePartitionMetadata(this.#disk, log.directory, topicId))
    log.assignTopicId(topicId)
  }

  /** Live directories, the one with the fewest logs first. */
  #dirsByLogCount(): string[] {
    const live = this.#logDirs.live.filter((path) => !this.#failures.hasFailed(path))
    return live.sort((a, b) => (this.#logCounts.get(a) ?? 0) - (this.#logCounts.get(b) ?? 0))
  }

  #count(directory: string, change: 1 | -1): void {
    this.#logCounts.set(directory, (this.#logCounts.get(directory) ?? 0) + change)
  }

  async #removeDeparted(departed: DepartedLog): Promise<void> {
    const parent = dirname(departed.directory)
    if (!this.#logDirs.live.includes(parent)) return
    try {
      if (departed.log !== undefined) await departed.log.delete()
      else await this.#disk.removeDirectory(departed.directory)
      this.#logger.info(`Deleted log for partition ${departed.name} in ${departed.directory}.`)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#diskError(parent, `Error while deleting log for ${departed.name} in dir ${parent}`, error)
    }
  }

  // --- Checkpoints, failures, the end --------------------------------------------------------------------------------

  #logsIn(path: string, logs: ReadonlyMap<string, UnifiedLog>): UnifiedLog[] {
    return [...logs.values()].filter((log) => dirname(log.directory) === path)
  }

  /** No space, or no descriptors left: that passes, and the directory is sound. Anything else ends its service. */
  #diskError(directory: string, message: string, error: DiskError): void {
    if (isPassing(error)) this.#logger.error(message, error)
    else this.#failures.report(directory, message, error)
  }

  #handleLogDirFailure(directory: string): void {
    if (!this.#logDirs.live.includes(directory)) return
    this.#logger.warn(`Stopping serving logs in dir ${directory}`)
    const failed = this.#logsIn(directory, this.#logs)
    const failedFuture = this.#logsIn(directory, this.#futureLogs)
    for (const log of failed) this.#logs.delete(logDirectoryName(log.topic, log.partition))
    for (const log of failedFuture) this.#futureLogs.delete(logDirectoryName(log.topic, log.partition))
    this.#logCounts.delete(directory)
    const partitions: TopicPartition[] = failed.map(({ topic, partition }) => ({ topic, partition }))
    const names = partitions.map(({ topic, partition }) => logDirectoryName(topic, partition))
    this.#logger.warn(
      `Logs for partitions ${names.join(',')} are offline due to failure on log directory ${directory}`,
    )
    // Before the logs are closed: other logs of the directory may have appends that this tick has staged.
    this.#options.onLogDirFailure(directory, partitions)
    this.#cleanerCheckpoints.forget(directory)
    for (const log of failed) this.#cleaner?.abort(log)
    for (const log of [...failed, ...failedFuture]) this.#closeFailed(log)
    this.#logDirs.takeOffline(directory)
    if (this.#logDirs.live.length === 0) this.#options.onAllLogDirsFailed(this.#allFailedMessage())
  }

  #closeFailed(log: UnifiedLog): void {
    try {
      log.close()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#logger.debug(`Could not close log ${log.directory}: ${error.message}`)
    }
  }

  #failAtStart(path: string, error: Error): void {
    this.#logger.error(`Error while loading log dir ${path}`, error)
    for (const log of this.#logsIn(path, this.#logs)) {
      this.#logs.delete(logDirectoryName(log.topic, log.partition))
      this.#closeFailed(log)
    }
    this.#logDirs.takeOffline(path)
  }

  #allFailedMessage(): string {
    return `Shutdown broker because all log dirs in ${this.#logDirs.configured.join(', ')} have failed`
  }

  async #shutdownDir(path: string): Promise<void> {
    const logs = [...this.#logsIn(path, this.#logs), ...this.#logsIn(path, this.#futureLogs)]
    const flushed = await flushAll(logs)
    try {
      for (const log of logs) log.close()
      if (!flushed || this.#failures.hasFailed(path)) return
      if (this.#upkeep.checkpoint(path)) writeCleanShutdown(this.#disk, path)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#logger.warn(`There was an error while closing the logs of ${path}: ${error.message}`, error)
    }
  }
}
