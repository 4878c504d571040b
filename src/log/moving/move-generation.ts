/**
 * `move-generation` in a partition's folder: which of two folders of one partition, in two log directories, is the one
 * that counts. A log that moves takes its new place before it leaves the old one, and whoever finds both after a crash
 * must know: it is the one of the higher generation. Without the file it is 0. Once the other folder is gone, so is
 * the file; Apache Kafka, which knows nothing of it, passes over it.
 */
import { type Disk, DiskError } from '../../base/disk.ts'

const MOVE_GENERATION = 'move-generation'

/** 0 without a file, and of one that can't be understood. Throws DiskError. */
export function readMoveGeneration(disk: Disk, directory: string): number {
  try {
    const generation = Number(disk.readFile(`${directory}/${MOVE_GENERATION}`).toString('latin1').trim())
    return Number.isSafeInteger(generation) && generation > 0 ? generation : 0
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return 0
    throw error
  }
}

/** Of two folders the one that counts; undefined if that can't be told. Throws DiskError. */
export function keepOne(disk: Disk, one: string, other: string): string | undefined {
  const generations = [readMoveGeneration(disk, one), readMoveGeneration(disk, other)] as const
  if (generations[0] === generations[1]) return undefined
  return generations[0] > generations[1] ? one : other
}

/** On the device when it returns. Throws DiskError. */
export function writeMoveGeneration(disk: Disk, directory: string, generation: number): void {
  disk.writeFileAtomic(`${directory}/${MOVE_GENERATION}`, `${generation}\n`)
}

/** Throws DiskError. */
export function removeMoveGeneration(disk: Disk, directory: string): void {
  disk.remove(`${directory}/${MOVE_GENERATION}`)
}
