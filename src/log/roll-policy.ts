/**
 * When a log starts a new segment: the active one would grow past `segment.bytes`, has taken records for longer than
 * `segment.ms` (or max.compaction.lag.ms), has a full index, or is too far behind for 31-bit relative offsets.
 */
import type { LogConfig } from './log-config.ts'
import type { LogSegment } from './log-segment.ts'

export interface NextBatch {
  readonly sizeBytes: number
  readonly maxTimestampMs: number
  readonly firstOffset: number
  readonly lastOffset: number
}

/** Whether the batch needs a new segment, where `stagedBytes` are on their way into the active one. */
export function mustRoll(
  active: LogSegment,
  stagedBytes: number,
  batch: NextBatch,
  limits: { config: LogConfig; nowMs: number; jitterSalt: number },
): boolean {
  const { config } = limits
  if (!active.canHold(batch.lastOffset)) return true
  const usedBytes = active.sizeBytes + stagedBytes
  if (usedBytes === 0) return false
  if (usedBytes + batch.sizeBytes > config.segmentBytes) return true
  if (active.sizeBytes === 0) return false
  if (active.isIndexFull) return true
  const limitMs = segmentMsMax(config) - jitterMs(config, limits.jitterSalt + active.baseOffset)
  return active.ageMs(limits.nowMs, batch.maxTimestampMs) > limitMs
}

/** What is in the active segment can't be compacted, so it may not be there longer than max.compaction.lag.ms. */
function segmentMsMax({ segmentMs, cleanupPolicy, maxCompactionLagMs }: LogConfig): number {
  return cleanupPolicy.includes('compact') ? Math.min(segmentMs, maxCompactionLagMs) : segmentMs
}

/** Spread over [0, segment.jitter.ms), fixed for each segment; it need not be random to keep logs from rolling at once. */
function jitterMs(config: LogConfig, salt: number): number {
  const range = Math.min(config.segmentJitterMs, segmentMsMax(config))
  return range <= 0 ? 0 : (Math.imul(salt | 0, 0x9e3779b1) >>> 0) % range
}

/** A number that differs between partitions. */
export function jitterSalt(topicPartition: string): number {
  let hash = 0
  for (let index = 0; index < topicPartition.length; index++) {
    hash = (Math.imul(hash, 31) + topicPartition.charCodeAt(index)) | 0
  }
  return hash
}
