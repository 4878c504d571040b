/**
 * How much of a log could be cleaned now: from the first dirty offset, where the last clean ended, up to the first
 * uncleanable one.
 *
 * Uncleanable are the active segment, whatever is not below the last stable offset (and so the high watermark), and
 * what is younger than min.compaction.lag.ms; always whole segments.
 */
import type { Logger } from '../../base/logger.ts'
import type { LogSegment } from '../log-segment.ts'
import type { UnifiedLog } from '../unified-log.ts'

export interface CleanableLog {
  readonly log: UnifiedLog
  readonly firstDirtyOffset: number
  /** The first uncleanable offset: where a segment starts. */
  readonly endOffset: number
  readonly cleanBytes: number
  readonly cleanableBytes: number
  /** Of the bytes below `endOffset`, those that are dirty; NaN of none. */
  readonly cleanableRatio: number
  /** By how much the oldest dirty record has outlived max.compaction.lag.ms. */
  readonly compactionDelayMs: number
  /** The checkpoint can't be of this log as it is: it is to be replaced by the first dirty offset. */
  readonly isCheckpointInvalid: boolean
}

/** `checkpoint`: as the last clean left it; undefined if there was none. Throws DiskError. */
export function cleanableLog(
  log: UnifiedLog,
  checkpoint: number | undefined,
  environment: { readonly nowMs: number; readonly logger: Logger },
): CleanableLog {
  const { nowMs, logger } = environment
  const { config } = log
  const segments = log.compaction.segments
  const { firstDirtyOffset, isCheckpointInvalid } = firstDirty(log, checkpoint, logger)
  const dirtyIndex = floorIndex(segments, firstDirtyOffset)
  const activeIndex = segments.length - 1
  let endIndex = Math.min(activeIndex, floorIndex(segments, log.lastStableOffset))
  if (config.minCompactionLagMs > 0) {
    for (let index = dirtyIndex; index < endIndex; index++) {
      if (segments[index]!.largestTimestampMs > nowMs - config.minCompactionLagMs) endIndex = index
    }
  }
  const endOffset = Math.max(segments[endIndex]!.baseOffset, segments[0]!.baseOffset)
  const cleanBytes = sizeOf(segments.filter(({ baseOffset }) => baseOffset < firstDirtyOffset))
  const cleanableBytes = sizeOf(segments.slice(dirtyIndex, endIndex))
  return {
    log,
    firstDirtyOffset,
    endOffset,
    cleanBytes,
    cleanableBytes,
    cleanableRatio: cleanableBytes / (cleanBytes + cleanableBytes),
    compactionDelayMs: compactionDelayMs(
      segments.slice(dirtyIndex, activeIndex),
      config.maxCompactionLagMs,
      nowMs,
    ),
    isCheckpointInvalid,
  }
}

function firstDirty(
  log: UnifiedLog,
  checkpoint: number | undefined,
  logger: Logger,
): { firstDirtyOffset: number; isCheckpointInvalid: boolean } {
  const { logStartOffset, logEndOffset, name } = log
  const { cleanupPolicy } = log.config
  if (checkpoint === undefined) return { firstDirtyOffset: logStartOffset, isCheckpointInvalid: false }
  if (checkpoint < logStartOffset) {
    // With retention that is how it goes.
    if (!cleanupPolicy.includes('delete')) {
      logger.warn(
        `Resetting first dirty offset of ${name} to log start offset ${logStartOffset} since the checkpointed offset ${checkpoint} is invalid.`,
      )
    }
    return { firstDirtyOffset: logStartOffset, isCheckpointInvalid: true }
  }
  if (checkpoint > logEndOffset) {
    logger.warn(
      `The last checkpoint dirty offset for partition ${name} is ${checkpoint}, which is larger than the log end offset ${logEndOffset}. Resetting to the log start offset ${logStartOffset}.`,
    )
    return { firstDirtyOffset: logStartOffset, isCheckpointInvalid: true }
  }
  return { firstDirtyOffset: checkpoint, isCheckpointInvalid: false }
}

/** Of the last segment that starts at or below the offset; the first one's if none does. */
function floorIndex(segments: readonly LogSegment[], offset: number): number {
  return Math.max(
    0,
    segments.findLastIndex(({ baseOffset }) => baseOffset <= offset),
  )
}

function sizeOf(segments: readonly LogSegment[]): number {
  return segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

/** max.compaction.lag.ms counts from the first batch of a segment, which is near enough to its oldest record. */
function compactionDelayMs(dirty: readonly LogSegment[], maxCompactionLagMs: number, nowMs: number): number {
  const cleanUntilMs = nowMs - maxCompactionLagMs
  if (cleanUntilMs <= 0) return 0
  let delayMs = 0
  for (const { firstTimestampMs } of dirty) {
    if (firstTimestampMs > 0) delayMs = Math.max(delayMs, cleanUntilMs - firstTimestampMs)
  }
  return delayMs
}
