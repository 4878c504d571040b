/**
 * Whether a log was ever compacted, as its batches tell: where the settings of a topic are unknown or were changed, and
 * recovery has to know a gap that compaction left from records that were lost.
 *
 * Compaction leaves batches with fewer records than offsets, with a delete horizon, and gaps between them; a log that
 * was only appended to has none of that.
 */
import * as RecordBatch from '../records/record-batch.ts'
import { lastOffsetOf } from './batch-scan.ts'
import type { LogSegment } from './log-segment.ts'

/** Reads headers up to the first trace. Throws DiskError. */
export function hasTracesOfCompaction(segments: readonly LogSegment[]): boolean {
  let isFound = false
  for (const segment of segments) {
    let nextOffset = segment.baseOffset
    segment.scan(0, (buffer, at) => {
      const isOld = RecordBatch.magic(buffer, at) < 2
      const lastOffset = lastOffsetOf(buffer, at)
      // The offset of an old entry is that of its last message, so one with several seems to have a gap before it.
      const isGap = !isOld && RecordBatch.baseOffset(buffer, at) > nextOffset
      isFound = isGap || (!isOld && isThinned(buffer, at))
      nextOffset = lastOffset + 1
      return !isFound
    })
    if (isFound) return true
  }
  return false
}

function isThinned(buffer: Buffer, at: number): boolean {
  return (
    RecordBatch.hasDeleteHorizon(buffer, at) ||
    RecordBatch.recordCount(buffer, at) <= RecordBatch.lastOffsetDelta(buffer, at)
  )
}
