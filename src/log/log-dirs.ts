/**
 * The directories of `log.dirs` before any log is opened: made, checked, locked, and known to belong to this broker.
 * Separate from the log manager because the metadata store, which may live in the first of them, needs the lock and
 * tells the cluster's id before logs can be loaded.
 *
 * A directory that can't be used is left out (KIP-112); none left, a lock held by someone else, or the wrong owner
 * stop the start with a LogDirsError, whose message says on one line what to do.
 */
import { dirname } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { type Disk, DiskError, type DiskLock } from '../base/disk.ts'
import type { Logger } from '../base/logger.ts'
import { type MetaProperties, readMetaProperties, writeMetaProperties } from './meta-properties.ts'

/** Why the broker can't start on these directories. `name` is that of Kafka's exception. */
export class LogDirsError extends Error {
  override name: string
  constructor(name: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = name
  }
}

export class LogDirs {
  /** As configured, absolute. */
  readonly configured: readonly string[]
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #live: string[] = []
  readonly #locks = new Map<string, DiskLock>()
  readonly #metaProperties = new Map<string, MetaProperties>()

  private constructor(options: { paths: readonly string[]; disk: Disk; clock: Clock; logger: Logger }) {
    this.configured = options.paths
    this.#disk = options.disk
    this.#clock = options.clock
    this.#logger = options.logger
  }

  /**
   * Makes missing directories, locks all, reads their meta.properties. `paths` are absolute. Throws LogDirsError;
   * then nothing stays locked.
   */
  static open(options: { paths: readonly string[]; disk: Disk; clock: Clock; logger: Logger }): LogDirs {
    if (new Set(options.paths).size < options.paths.length) {
      throw new LogDirsError('KafkaException', `Duplicate log directory found: ${options.paths.join(', ')}`)
    }
    const dirs = new LogDirs(options)
    try {
      for (const path of options.paths) dirs.#openOne(path)
    } catch (error) {
      dirs.release()
      throw error
    }
    if (dirs.#live.length === 0) {
      const list = options.paths.join(', ')
      throw new LogDirsError(
        'KafkaException',
        `Shutdown broker because none of the specified log dirs from ${list} can be created or validated`,
      )
    }
    return dirs
  }

  /** The usable ones, in the order of the configuration. */
  get live(): readonly string[] {
    return this.#live
  }
  get offline(): readonly string[] {
    return this.configured.filter((path) => !this.#live.includes(path))
  }
  /** What the directories say, if any does. */
  get storedBrokerId(): number | undefined {
    for (const { brokerId } of this.#metaProperties.values()) if (brokerId !== undefined) return brokerId
    return undefined
  }
  get storedClusterId(): string | undefined {
    for (const { clusterId } of this.#metaProperties.values()) if (clusterId !== undefined) return clusterId
    return undefined
  }

  /**
   * Checks that all directories belong to this broker of this cluster, and writes it into those that are new. An
   * undefined id is not checked and not written: call it early with what is known, to fail early, and again.
   * Throws LogDirsError (InconsistentBrokerIdException, InconsistentClusterIdException).
   */
  claim(owner: { brokerId: number | undefined; clusterId: string | undefined }): void {
    for (const stored of this.#metaProperties.values()) checkOwner(owner, stored)
    if (owner.brokerId === undefined || owner.clusterId === undefined) return
    for (const path of [...this.#live]) {
      const stored = this.#metaProperties.get(path)
      if (stored?.brokerId !== undefined && stored.clusterId !== undefined) continue
      const properties: MetaProperties = {
        version: stored?.version ?? 0,
        brokerId: owner.brokerId,
        clusterId: owner.clusterId,
        others: stored?.others ?? new Map(),
      }
      try {
        writeMetaProperties(this.#disk, path, properties, this.#clock.nowMs())
        this.#metaProperties.set(path, properties)
      } catch (error) {
        if (!(error instanceof DiskError)) throw error
        this.#logger.error(`Error while writing meta.properties to ${path}`, error)
        this.takeOffline(path)
      }
    }
  }

  /** After a disk error: the directory is not used any more, and unlocked. */
  takeOffline(path: string): void {
    const index = this.#live.indexOf(path)
    if (index >= 0) this.#live.splice(index, 1)
    this.#locks.get(path)?.release()
    this.#locks.delete(path)
  }

  /** Gives the locks back; idempotent. */
  release(): void {
    for (const lock of this.#locks.values()) lock.release()
    this.#locks.clear()
  }

  /** Makes a directory with its parents; none of them is gone after a crash. */
  #makeDurably(path: string): void {
    const parent = dirname(path)
    if (parent !== path && this.#disk.stat(parent) === undefined) this.#makeDurably(parent)
    this.#disk.makeDirectory(path)
    this.#disk.syncDirectory(parent)
  }

  #openOne(path: string): void {
    try {
      const kind = this.#disk.stat(path)?.kind
      if (kind === undefined) {
        this.#logger.info(`Log directory ${path} not found, creating it.`)
        this.#makeDurably(path)
      } else if (kind !== 'directory') {
        throw new DiskError('ENOTDIR', path, `${path} is not a readable log directory.`)
      }
      const lock = this.#disk.tryLock(`${path}/.lock`)
      if (lock === undefined) {
        throw new LogDirsError(
          'KafkaException',
          `Failed to acquire lock on file .lock in ${path}. A Kafka instance in another process or thread is using this directory.`,
        )
      }
      this.#locks.set(path, lock)
      const properties = readMetaProperties(this.#disk, path)
      if (typeof properties === 'string') throw new LogDirsError('KafkaException', properties)
      if (properties === undefined) this.#logger.info(`No meta.properties file found in ${path}.`)
      else this.#metaProperties.set(path, properties)
      this.#live.push(path)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#logger.error(`Failed to create or validate data directory ${path}`, error)
      this.takeOffline(path)
    }
  }
}

function checkOwner(
  owner: { brokerId: number | undefined; clusterId: string | undefined },
  stored: MetaProperties,
): void {
  if (owner.brokerId !== undefined && stored.brokerId !== undefined && owner.brokerId !== stored.brokerId) {
    throw new LogDirsError(
      'InconsistentBrokerIdException',
      `Configured broker.id ${owner.brokerId} doesn't match stored broker.id ${stored.brokerId} in meta.properties. If you moved your data, make sure your configured broker.id matches. If you intend to create a new broker, you should remove all data in your data directories (log.dirs).`,
    )
  }
  if (
    owner.clusterId !== undefined &&
    stored.clusterId !== undefined &&
    owner.clusterId !== stored.clusterId
  ) {
    throw new LogDirsError(
      'InconsistentClusterIdException',
      `The Cluster ID ${owner.clusterId} doesn't match stored clusterId Some(${stored.clusterId}) in meta.properties. The broker is trying to join the wrong cluster. Configured zookeeper.connect may be wrong.`,
    )
  }
}
