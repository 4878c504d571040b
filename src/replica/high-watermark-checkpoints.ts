/**
 * `replication-offset-checkpoint` in each log directory: the high watermarks of its partitions, so that after a
 * restart a follower knows what is committed before it has heard from its leader.
 */
import { dirname } from 'node:path'
import { type Disk, DiskError } from '../base/disk.ts'
import type { Logger } from '../base/logger.ts'
import { CheckpointError } from '../log/checkpoint-file.ts'
import {
  OffsetCheckpointFile,
  type PartitionOffset,
  REPLICATION_OFFSET_CHECKPOINT,
} from '../log/offset-checkpoint-file.ts'
import type { UnifiedLog } from '../log/unified-log.ts'
import type { Partition } from './partition.ts'

export class HighWatermarkCheckpoints {
  readonly #disk: Disk
  readonly #logger: Logger
  /** As found when first asked, by log directory: what this process writes later it has in memory anyway. */
  readonly #found = new Map<string, Map<string, number>>()
  /** What this process last wrote, by log directory: an idle broker leaves its disks alone. */
  readonly #written = new Map<string, readonly PartitionOffset[]>()

  constructor(disk: Disk, logger: Logger) {
    this.#disk = disk
    this.#logger = logger
  }

  /** The high watermark that a log had when the broker was last up; the log's start if there is no telling. */
  of(log: UnifiedLog): number {
    const directory = dirname(log.directory)
    let found = this.#found.get(directory)
    if (found === undefined) {
      found = this.#read(directory)
      this.#found.set(directory, found)
    }
    const checkpointed = found.get(`${log.topic}-${log.partition}`) ?? log.logStartOffset
    return Math.min(Math.max(checkpointed, log.logStartOffset), log.logEndOffset)
  }

  /** A log that is deleted takes its entry along: one made anew under its name starts from nothing. */
  forget(log: UnifiedLog): void {
    this.#found.get(dirname(log.directory))?.delete(`${log.topic}-${log.partition}`)
  }

  /** Writes the file of each directory. A directory that can't be written to has failed, and is found out by others. */
  write(directories: Iterable<string>, partitions: Iterable<Partition>): void {
    const byDirectory = new Map<string, PartitionOffset[]>()
    for (const directory of directories) byDirectory.set(directory, [])
    for (const { log } of partitions) {
      if (log === undefined) continue
      const { topic, partition, highWatermark } = log
      byDirectory.get(dirname(log.directory))?.push({ topic, partition, offset: highWatermark })
    }
    for (const [directory, offsets] of byDirectory) {
      if (areEqual(offsets, this.#written.get(directory))) continue
      try {
        this.#file(directory).write(offsets)
        this.#written.set(directory, offsets)
      } catch (error) {
        if (!(error instanceof DiskError)) throw error
        this.#logger.error(`Error while writing to checkpoint file ${this.#file(directory).path}`, error)
      }
    }
  }

  #read(directory: string): Map<string, number> {
    try {
      return new Map(this.#file(directory).read())
    } catch (error) {
      if (!(error instanceof CheckpointError) && !(error instanceof DiskError)) throw error
      this.#logger.warn(`High watermarks start from the logs' beginnings: ${error.message}`)
      return new Map()
    }
  }

  #file(directory: string): OffsetCheckpointFile {
    return new OffsetCheckpointFile({
      disk: this.#disk,
      path: `${directory}/${REPLICATION_OFFSET_CHECKPOINT}`,
    })
  }
}

function areEqual(a: readonly PartitionOffset[], b: readonly PartitionOffset[] | undefined): boolean {
  return (
    a.length === b?.length &&
    a.every(({ topic, partition, offset }, i) => {
      const other = b[i]!
      return offset === other.offset && partition === other.partition && topic === other.topic
    })
  )
}
