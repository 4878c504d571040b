/**
 * `leader-epoch-checkpoint` in a partition's folder: where each leader epoch begins, as lines of `epoch startOffset`
 * (KIP-101).
 */
import type { Disk } from '../base/disk.ts'
import { CheckpointError, checkpointInteger, readCheckpoint, writeCheckpoint } from './checkpoint-file.ts'
import type { EpochEntry } from './leader-epoch-cache.ts'

export const LEADER_EPOCH_CHECKPOINT = 'leader-epoch-checkpoint'

/** Throws DiskError. */
export function writeLeaderEpochs(disk: Disk, directory: string, entries: readonly EpochEntry[]): void {
  const lines = entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`)
  writeCheckpoint(disk, `${directory}/${LEADER_EPOCH_CHECKPOINT}`, lines)
}

/** In the order of the file; none without one. Throws CheckpointError or DiskError. */
export function readLeaderEpochs(disk: Disk, directory: string): EpochEntry[] {
  const path = `${directory}/${LEADER_EPOCH_CHECKPOINT}`
  return readCheckpoint(disk, path).map((line) => {
    const [epoch, startOffset, more] = line.trim().split(/\s+/)
    if (more !== undefined) throw new CheckpointError(`Malformed line in checkpoint file [${path}]: ${line}`)
    return {
      epoch: checkpointInteger(path, line, epoch),
      startOffset: checkpointInteger(path, line, startOffset),
    }
  })
}
