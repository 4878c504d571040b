/**
 * Brings the producers' state up to date from the batches of the log: after a start, a recovery, a truncation.
 * Only headers are read, and of transaction markers the whole batch.
 */
import * as RecordBatch from '../records/record-batch.ts'
import { lastOffsetOf } from './batch-scan.ts'
import type { LogSegment } from './log-segment.ts'
import type { LogSegments } from './log-segments.ts'
import type { CompletedTxn, ProducerStateManager } from './producer-state-manager.ts'

const NO_TXNS: readonly CompletedTxn[] = []

/** From where the state ends up to `toOffset`; nothing below `fromOffset` counts. Throws DiskError. */
export function replayProducers(
  producers: ProducerStateManager,
  segments: LogSegments,
  fromOffset: number,
  toOffset: number,
): void {
  const startOffset = Math.max(fromOffset, producers.mapEndOffset)
  if (startOffset < toOffset) {
    for (let index = Math.max(0, segments.floorIndex(startOffset)); index < segments.count; index++) {
      const segment = segments.at(index)
      if (segment.baseOffset >= toOffset) break
      const position = startOffset <= segment.baseOffset ? 0 : segment.positionOf(startOffset)
      if (position < 0) continue
      segment.scan(position, (buffer, at, found) => {
        if (RecordBatch.baseOffset(buffer, at) >= toOffset) return false
        if (RecordBatch.magic(buffer, at) >= 2) replayBatch(producers, segment, buffer, at, found)
        return true
      })
    }
  }
  producers.updateMapEndOffset(toOffset)
}

/** The batch whose header lies in `buffer` at `at`, and which lies in the segment at `position`. */
export function replayBatch(
  producers: ProducerStateManager,
  segment: LogSegment,
  buffer: Buffer,
  at: number,
  position: number,
): readonly CompletedTxn[] {
  if (!RecordBatch.hasProducerId(buffer, at)) return NO_TXNS
  if (RecordBatch.isControl(buffer, at)) {
    // What is not a marker that we know (KRaft's own control records, a compacted one) changes nothing.
    producers.stage(segment.readBytes(position, RecordBatch.sizeInBytes(buffer, at)), 0, 'replication')
  } else producers.stage(buffer, at, 'replication')
  return producers.commit(lastOffsetOf(buffer, at) + 1)
}
