/**
 * Which old segments may go: those below the log's start, older than `retention.ms`, or beyond `retention.bytes`.
 * Always a run from the oldest on, never anything at or above the high watermark, and never the last segment if it
 * is empty.
 */
import type { LogConfig } from './log-config.ts'
import type { LogSegment } from './log-segment.ts'
import type { LogSegments } from './log-segments.ts'

export type RetentionReason = 'log start offset' | 'retention time' | 'retention size'

export interface RetentionLimits {
  readonly config: LogConfig
  readonly nowMs: number
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly highWatermark: number
}

/** @returns how many segments go, counted from the oldest, and why. Throws DiskError. */
export function deletableSegments(
  segments: LogSegments,
  limits: RetentionLimits,
): { count: number; reason: RetentionReason } {
  const { config, nowMs, logStartOffset } = limits
  const byStart = count(segments, limits, (_segment, endOffset) => endOffset <= logStartOffset)
  if (!config.cleanupPolicy.includes('delete')) return { count: byStart, reason: 'log start offset' }
  let excessBytes = config.retentionBytes < 0 ? 0 : segments.sizeBytes - config.retentionBytes
  const bySize = count(segments, limits, (segment) => {
    if (config.retentionBytes < 0 || excessBytes < segment.sizeBytes) return false
    excessBytes -= segment.sizeBytes
    return true
  })
  const byTime = count(
    segments,
    limits,
    (segment) => config.retentionMs >= 0 && nowMs - segment.retentionTimestampMs > config.retentionMs,
  )
  if (byTime >= bySize && byTime > byStart) return { count: byTime, reason: 'retention time' }
  if (bySize > byStart) return { count: bySize, reason: 'retention size' }
  return { count: byStart, reason: 'log start offset' }
}

function count(
  segments: LogSegments,
  limits: RetentionLimits,
  isDeletable: (segment: LogSegment, endOffset: number) => boolean,
): number {
  let found = 0
  for (; found < segments.count; found++) {
    const segment = segments.at(found)
    const nextBaseOffset = segments.nextBaseOffset(found)
    const endOffset = nextBaseOffset ?? limits.logEndOffset
    if (nextBaseOffset === undefined && segment.sizeBytes === 0) break
    if (limits.highWatermark < endOffset || !isDeletable(segment, endOffset)) break
  }
  return found
}
