/**
 * An offset for each partition of a log directory, in Kafka's format (`topic partition offset` lines):
 * `recovery-point-offset-checkpoint`, `log-start-offset-checkpoint`, `replication-offset-checkpoint` (the high
 * watermarks, written by the replica manager) and `cleaner-offset-checkpoint`.
 */
import type { Disk } from '../base/disk.ts'
import { CheckpointError, checkpointInteger, readCheckpoint, writeCheckpoint } from './checkpoint-file.ts'

export const RECOVERY_POINT_CHECKPOINT = 'recovery-point-offset-checkpoint'
export const LOG_START_OFFSET_CHECKPOINT = 'log-start-offset-checkpoint'
export const REPLICATION_OFFSET_CHECKPOINT = 'replication-offset-checkpoint'
export const CLEANER_OFFSET_CHECKPOINT = 'cleaner-offset-checkpoint'

export interface PartitionOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export function offsetLines(offsets: Iterable<PartitionOffset>): string[] {
  return Array.from(offsets, ({ topic, partition, offset }) => `${topic} ${partition} ${offset}`)
}

export class OffsetCheckpointFile {
  readonly path: string
  readonly #disk: Disk

  constructor(options: { disk: Disk; path: string }) {
    this.#disk = options.disk
    this.path = options.path
  }

  /** Kafka has the file from the start on, empty. */
  ensureExists(): void {
    this.#disk.open(this.path, 'create').close()
  }

  /** Throws DiskError. */
  write(offsets: Iterable<PartitionOffset>): void {
    writeCheckpoint(this.#disk, this.path, offsetLines(offsets))
  }

  /** Offsets by the name of the partition's folder (`topic-partition`); throws CheckpointError or DiskError. */
  read(): Map<string, number> {
    const offsets = new Map<string, number>()
    for (const line of readCheckpoint(this.#disk, this.path)) {
      const [topic, partition, offset, more] = line.trim().split(/\s+/)
      if (topic === undefined || more !== undefined) {
        throw new CheckpointError(`Malformed line in checkpoint file [${this.path}]: ${line}`)
      }
      const index = checkpointInteger(this.path, line, partition)
      offsets.set(`${topic}-${index}`, checkpointInteger(this.path, line, offset))
    }
    return offsets
  }
}
