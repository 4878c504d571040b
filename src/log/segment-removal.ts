/**
 * Segments on their way out: renamed at once, so that a restart does not find them again, and removed after
 * `file.delete.delay.ms`, or by the next start.
 */
import type { Clock } from '../base/clock.ts'
import { type Disk, DiskError } from '../base/disk.ts'
import type { Logger } from '../base/logger.ts'
import type { LogSegment } from './log-segment.ts'
import type { ProducerStateManager } from './producer-state-manager.ts'

export interface RemovalContext {
  readonly disk: Disk
  readonly clock: Clock
  readonly logger: Logger
  readonly fileDeleteDelayMs: number
}

/**
 * Of segments that are no longer the log's, with the snapshots of the producers at their starts, but for the one at
 * `keptSnapshotOffset`. Throws DiskError.
 */
export function removeSegments(
  segments: readonly LogSegment[],
  producers: ProducerStateManager,
  context: RemovalContext,
  keptSnapshotOffset = -1,
): void {
  const paths: string[] = []
  for (const segment of segments) {
    paths.push(...segment.markDeleted())
    if (segment.baseOffset === keptSnapshotOffset) continue
    const snapshot = producers.markSnapshotForDeletion(segment.baseOffset)
    if (snapshot !== undefined) paths.push(snapshot)
  }
  if (paths.length === 0) return
  context.clock.after(context.fileDeleteDelayMs, () => {
    removeFiles(paths, context).catch((error: unknown) => {
      // A bug: it is thrown where nobody catches it.
      context.clock.endOfTick(() => {
        throw error
      })
    })
  })
}

/** One after the other: the thread pool has more to do. */
async function removeFiles(paths: readonly string[], { disk, logger }: RemovalContext): Promise<void> {
  for (const path of paths) {
    try {
      await disk.removeAsync(path)
      logger.info(`Deleted ${path}.`)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      logger.warn(`Could not delete ${path}; the next start will`, error)
    }
  }
}
