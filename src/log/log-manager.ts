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
import { writeCleanShutdown } from './clean-shutdown-file.ts'
import { CleanerCheckpoints } from './cleaner/cleaner-checkpoints.ts'
import { LogCleaner } from './cleaner/log-cleaner.ts'
import { type DepartedLog, DepartedLogs } from './departed-logs.ts'
import { flushAll } from './flush-schedule.ts'
import type { LogConfig } from './log-config.ts'
import { describeLogDirs, type LogDirDescription } from './log-dir-description.ts'
import { LogDirFailureChannel } from './log-dir-failure.ts'
import { LogDirUpkeep } from './log-dir-upkeep.ts'
import { departingDirectoryName, isTooLongToMove, logDirectoryName } from './log-directory-name.ts'
import { type LogDirs, LogDirsError } from './log-dirs.ts'
import { LogHousekeeping } from './log-housekeeping.ts'
import { closeFailed, LogLoading } from './log-loading.ts'
import type { LogManagerOptions, LogOrError, TopicPartition } from './log-manager-options.ts'
import { LogRegistry } from './log-registry.ts'
import { LogMoves } from './moving/log-moves.ts'
import { PreferredLogDirs } from './moving/preferred-log-dirs.ts'
import { writePartitionMetadata } from './partition-metadata.ts'
import { isPassing } from './passing-disk-errors.ts'
import { UnifiedLog, type UnifiedLogOptions } from './unified-log.ts'

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
  readonly #registry = new LogRegistry()
  readonly #moves: LogMoves
  readonly #preferredDirs = new PreferredLogDirs()
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
        logs: () => this.#restingLogs(),
        retain: (log) => this.#guard(log, () => log.deleteOldSegments(this.#clock.nowMs())),
        onDiskError,
      })
    this.#housekeeping = new LogHousekeeping(options, {
      logs: () => this.#registry.current.values(),
      isCleaning: (log) => this.#cleaner?.isCleaning(log) === true || this.#moves.isMoving(log),
      guard: (log, run) => this.#guard(log, run),
      checkpointRecoveryPoints: () => this.checkpointRecoveryPoints(),
      checkpointLogStartOffsets: () => this.checkpointLogStartOffsets(),
    })
    this.#upkeep = new LogDirUpkeep({
      disk: options.disk,
      clock: options.clock,
      logs: () => this.#registry.all(),
      cleanerCheckpoints: this.#cleanerCheckpoints,
      onError: onDiskError,
    })
    this.#moves = new LogMoves({
      ...options,
      logger: this.#logger,
      registry: this.#registry,
      upkeep: this.#upkeep,
      cleanerCheckpoints: this.#cleanerCheckpoints,
      openCopy: ({ topic, partition, topicId, config }, { directory, startOffset }) => {
        const fresh = { recoveryPoint: startOffset, logStartOffset: startOffset, cleanShutdown: true }
        return this.#open({ directory, topic, partition, topicId, config, ...fresh })
      },
      bytesPerSecondMax: options.moveBytesPerSecondMax ?? (() => Number.POSITIVE_INFINITY),
      abortCleaning: (log) => this.#cleaner?.abort(log),
      depart: (departed) => this.#depart(departed),
      onDiskError,
      onDirFailure: (directory, message, error) => this.#failures.report(directory, message, error),
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
    manager.#load()
    manager.#housekeeping.start(manager.#logger)
    manager.#cleaner?.start()
    return manager
  }

  get(topic: string, partition: number): UnifiedLog | undefined {
    return this.#registry.current.get(logDirectoryName(topic, partition))
  }

  allLogs(): Iterable<UnifiedLog> {
    return this.#registry.current.values()
  }

  /** Whether it is one of them, in service or not. */
  hasLogDir(path: string): boolean {
    return this.#logDirs.configured.includes(path)
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
    const existing = this.#registry.current.get(name)
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
    // What is left of a move has no log to be a copy of.
    this.#moves.drop(name)
    for (const parent of this.#dirsFor(name)) {
      const log = this.#createLog(parent, topic, partition, options.topicId, config)
      if (log === undefined) continue
      this.#preferredDirs.forget(name)
      return { errorCode: ErrorCode.NONE, log }
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
    this.#moves.drop(name)
    this.#preferredDirs.forget(name)
    const log = this.#registry.current.get(name)
    if (log === undefined) {
      return this.#logDirs.offline.length > 0 ? ErrorCode.KAFKA_STORAGE_ERROR : ErrorCode.NONE
    }
    const parent = dirname(log.directory)
    this.#registry.deleteCurrent(log)
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
    this.#depart({ directory: log.directory, name, log })
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
    for (const log of this.#registry.ofTopic(topic)) this.#updateConfig(log, config)
    this.#housekeeping.considerFlushMs(config.flushMs)
  }

  /** For all logs; a topic with values of its own is asked for them again, since it inherits the others. */
  updateDefaultConfig(config: LogConfig): void {
    this.#defaultConfig = config
    this.#housekeeping.considerFlushMs(config.flushMs)
    for (const log of this.#registry.all()) {
      this.#updateConfig(log, this.#options.topicConfig(log.topic) ?? config)
    }
  }

  #updateConfig(log: UnifiedLog, config: LogConfig): void {
    if (!config.cleanupPolicy.includes('compact')) this.#cleaner?.abort(log)
    log.updateConfig(config)
  }

  /**
   * Moves a log to another directory (KIP-113); it is there some time after this returns. Asked for where it is, a move
   * under way is called off. LOG_DIR_NOT_FOUND: no such directory; KAFKA_STORAGE_ERROR: one is out of service;
   * REPLICA_NOT_AVAILABLE: there is no log yet, and it will be made there.
   */
  alterLogDir(topic: string, partition: number, path: string): number {
    if (isTooLongToMove(topic, partition)) return ErrorCode.INVALID_TOPIC_EXCEPTION
    if (!this.#logDirs.configured.includes(path)) return ErrorCode.LOG_DIR_NOT_FOUND
    if (!this.#logDirs.live.includes(path)) return ErrorCode.KAFKA_STORAGE_ERROR
    const name = logDirectoryName(topic, partition)
    const future = this.#registry.future.get(name)
    const log = this.#registry.current.get(name)
    const goesOn = log !== undefined && this.#moves.isMoving(log)
    if (future !== undefined && (!goesOn || dirname(future.directory) !== path)) this.#moves.drop(name)
    if (log === undefined) {
      this.#preferredDirs.remember(name, path)
      return ErrorCode.REPLICA_NOT_AVAILABLE
    }
    if (dirname(log.directory) === path || this.#registry.future.has(name)) return ErrorCode.NONE
    // One that is out of service may hold a copy already.
    if (this.#logDirs.offline.length > 0) return ErrorCode.KAFKA_STORAGE_ERROR
    return this.#moves.tryBegin(log, path) ? ErrorCode.NONE : ErrorCode.KAFKA_STORAGE_ERROR
  }

  /** Logs move from now on; `onMoved` is told of each that has arrived. */
  startMoves(onMoved: (log: UnifiedLog) => void): void {
    this.#moves.start(onMoved)
  }

  describeLogDirs(): LogDirDescription[] {
    return describeLogDirs(this.#logDirs, this.#disk, this.#registry)
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
    this.#moves.stop()
    await this.#departed.stop()
    await this.#cleaner?.shutdown()
    this.#upkeep.settle()
    for (const path of [...this.#logDirs.live]) await this.#shutdownDir(path)
    this.#logDirs.release()
    this.#logger.info('Shutdown complete.')
  }

  #load(): void {
    const loading = new LogLoading({
      ...this.#options,
      logger: this.#logger,
      registry: this.#registry,
      cleanerCheckpoints: this.#cleanerCheckpoints,
      depart: (departed) => this.#depart(departed),
      open: (found) => {
        const config = this.#options.topicConfig(found.topic) ?? this.#defaultConfig
        this.#housekeeping.considerFlushMs(config.flushMs)
        return this.#open({ ...found, config })
      },
    })
    const failure = loading.loadAll()
    if (this.#logDirs.live.length === 0) {
      throw new LogDirsError('KafkaException', `${this.#allFailedMessage()}: ${failure}`)
    }
    this.#moves.adopt()
  }

  #depart(departed: DepartedLog): void {
    this.#departed.add(departed, this.#defaultConfig.fileDeleteDelayMs)
  }

  #open(found: Omit<UnifiedLogOptions, 'disk' | 'clock' | 'logger' | 'producerIdExpirationMs'>): UnifiedLog {
    const log: UnifiedLog = UnifiedLog.load({
      ...found,
      disk: this.#disk,
      clock: this.#clock,
      logger: this.#options.loggers('kafka.log.UnifiedLog'),
      producerIdExpirationMs: this.#options.producerIdExpirationMs,
      onOffline: (error) => {
        // Where it lies then: it may have moved.
        const parent = dirname(log.directory)
        this.#failures.report(parent, `Disk error in log ${log.name} in dir ${parent}`, error)
      },
    })
    return log
  }

  /** Those that are not being moved. */
  #restingLogs(): UnifiedLog[] {
    return [...this.#registry.current.values()].filter((log) => !this.#moves.isMoving(log))
  }

  #guard(log: UnifiedLog, run: () => void): void {
    const parent = dirname(log.directory)
    if (log.isOffline || this.#registry.current.get(log.name) !== log) return
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
      this.#registry.addCurrent(log)
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
    const moveOn = this.#moves.beforeCut(log)
    cut()
    moveOn()
    const parent = dirname(log.directory)
    this.#cleanerCheckpoints.lower(parent, log, log.segmentBaseOffsets.at(-1)!)
    this.#upkeep.changed(parent, { withCheckpoints: true })
  }

  /** For a folder from the time before topics had ids. */
  #assignTopicId(log: UnifiedLog, topicId: string): void {
    this.#guard(log, () => writePartitionMetadata(this.#disk, log.directory, topicId))
    log.assignTopicId(topicId)
  }

  /** Live directories, the one that was asked for first, then the one with the fewest logs. */
  #dirsFor(name: string): string[] {
    const live = this.#logDirs.live.filter((path) => !this.#failures.hasFailed(path))
    const preferred = this.#preferredDirs.get(name)
    const byCount = this.#registry.byLogCount(live)
    return [...byCount.filter((path) => path === preferred), ...byCount.filter((path) => path !== preferred)]
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

  /** No space, or no descriptors left: that passes, and the directory is sound. Anything else ends its service. */
  #diskError(directory: string, message: string, error: DiskError): void {
    if (isPassing(error)) this.#logger.error(message, error)
    else this.#failures.report(directory, message, error)
  }

  #handleLogDirFailure(directory: string): void {
    if (!this.#logDirs.live.includes(directory)) return
    this.#logger.warn(`Stopping serving logs in dir ${directory}`)
    const failed = this.#registry.currentIn(directory)
    const failedFuture = this.#registry.futureIn(directory)
    this.#moves.onDirFailed(directory)
    for (const log of failed) this.#registry.deleteCurrent(log)
    for (const log of failedFuture) this.#registry.deleteFuture(log)
    const partitions: TopicPartition[] = failed.map(({ topic, partition }) => ({ topic, partition }))
    const names = partitions.map(({ topic, partition }) => logDirectoryName(topic, partition))
    this.#logger.warn(
      `Logs for partitions ${names.join(',')} are offline due to failure on log directory ${directory}`,
    )
    // Before the logs are closed: other logs of the directory may have appends that this tick has staged.
    this.#options.onLogDirFailure(directory, partitions)
    this.#cleanerCheckpoints.forget(directory)
    for (const log of failed) this.#cleaner?.abort(log)
    for (const log of [...failed, ...failedFuture]) closeFailed(log, this.#logger)
    this.#logDirs.takeOffline(directory)
    if (this.#logDirs.live.length === 0) this.#options.onAllLogDirsFailed(this.#allFailedMessage())
  }

  #allFailedMessage(): string {
    return `Shutdown broker because all log dirs in ${this.#logDirs.configured.join(', ')} have failed`
  }

  async #shutdownDir(path: string): Promise<void> {
    const logs = [...this.#registry.currentIn(path), ...this.#registry.futureIn(path)]
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
