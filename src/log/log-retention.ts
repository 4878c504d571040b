/**
 * Which old segments may go: those below the log's start, older than `retention.ms`, or beyond `retention.bytes`.
 * Always a run from the oldest on, never anything at or above the high watermark, and never the last segment if it
 * is empty. The last one goes by age and size, once a new one stands behind it, but not because the log starts there.
 */
import type { LogConfig } from './log-config.ts'
import type { LogSegment } from './log-segment.ts'
import type { LogSegments } from './log-segments.ts'

export interface RetentionLimits {
  readonly config: LogConfig
  readonly nowMs: number
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly highWatermark: number
}

/** How many segments, counted from the oldest, each rule lets go; each count includes what the one before let go. */
export interface DeletableSegments {
  readonly byStart: number
  readonly bySize: number
  readonly byTime: number
}

/** Throws DiskError. */
export function deletableSegments(segments: LogSegments, limits: RetentionLimits): DeletableSegments {
  const { config, nowMs, logStartOffset } = limits
  const byStart = count(segments, limits, (_segment, nextBaseOffset) => {
    return nextBaseOffset !== undefined && nextBaseOffset <= logStartOffset
  })
  if (!config.cleanupPolicy.includes('delete')) return { byStart, bySize: byStart, byTime: byStart }
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
  const bySizeToo = Math.max(byStart, bySize)
  return { byStart, bySize: bySizeToo, byTime: Math.max(bySizeToo, byTime) }
}

/** In Apache Kafka's words, why the segments go, while they are all still in the log. */
export function retentionLines(
  segments: LogSegments,
  deletable: DeletableSegments,
  limits: RetentionLimits,
): string[] {
  const { byStart, bySize, byTime } = deletable
  const { config, logStartOffset } = limits
  const lines: string[] = []
  if (byStart > 0) {
    lines.push(
      `Deleting segments due to log start offset ${logStartOffset} breach: ${segments.all.slice(0, byStart).join(',')}`,
    )
  }
  let sizeBytes = segments.sizeBytes
  for (const [index, segment] of segments.all.slice(0, byTime).entries()) {
    sizeBytes -= segment.sizeBytes
    if (index < byStart) continue
    const basis =
      segment.largestTimestampMs >= 0
        ? 'largest record timestamp in the segment'
        : 'last modified time of the segment'
    lines.push(
      index < bySize
        ? `Deleting segment ${segment} due to log retention size ${config.retentionBytes} breach. Log size after deletion will be ${sizeBytes}.`
        : `Deleting segment ${segment} due to log retention time ${config.retentionMs}ms breach based on the ${basis}`,
    )
  }
  return lines
}

function count(
  segments: LogSegments,
  limits: RetentionLimits,
  isDeletable: (segment: LogSegment, nextBaseOffset: number | undefined) => boolean,
): number {
  let found = 0
  for (; found < segments.count; found++) {
    const segment = segments.at(found)
    const nextBaseOffset = segments.nextBaseOffset(found)
    const endOffset = nextBaseOffset ?? limits.logEndOffset
    if (nextBaseOffset === undefined && segment.sizeBytes === 0) break
    if (limits.highWatermark < endOffset || !isDeletable(segment, nextBaseOffset)) break
  }
  return found
}
