/**
 * Finds records by their timestamp: through the time index to a segment and a place in it, over batch headers to the
 * batch, and then into its records, because the answer is a record's offset and not its batch's (KIP-79).
 */
import { CompressionError } from '../records/compression/compression-error.ts'
import { InvalidRecordError, records } from '../records/record.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { lastOffsetOf, maxTimestampOf } from './batch-scan.ts'
import type { LogSegment } from './log-segment.ts'

export interface TimestampOffset {
  readonly timestampMs: number
  readonly offset: number
  /** Of the batch; -1 if it has none. */
  readonly leaderEpoch: number
}

/** The first record at or above `startOffset` that is not older than `timestampMs`. Throws DiskError. */
export function findByTimestamp(
  segments: readonly LogSegment[],
  timestampMs: number,
  startOffset: number,
): TimestampOffset | undefined {
  for (const segment of segments) {
    if (segment.largestTimestampMs < timestampMs) continue
    const found = findInSegment(segment, timestampMs, startOffset)
    if (found !== undefined) return found
  }
  return undefined
}

/** The first record that no other record is younger than (KIP-734); undefined if none has a timestamp. */
export function findMaxTimestamp(
  segments: readonly LogSegment[],
  startOffset: number,
): TimestampOffset | undefined {
  let largestMs = -1
  for (const segment of segments) largestMs = Math.max(largestMs, segment.largestTimestampMs)
  return largestMs < 0 ? undefined : findByTimestamp(segments, largestMs, startOffset)
}

/**
 * The segments up to the newest that was complete at `timestampMs`: by its largest timestamp, or where no record has one
 * by its last write. Throws DiskError.
 */
export function findComplete(segments: readonly LogSegment[], timestampMs: number): readonly LogSegment[] {
  const newest = segments.findLastIndex((segment) => segment.retentionTimestampMs <= timestampMs)
  return segments.slice(0, newest + 1)
}

function findInSegment(
  segment: LogSegment,
  timestampMs: number,
  startOffset: number,
): TimestampOffset | undefined {
  const fromOffset = Math.max(segment.timeIndex.lookup(timestampMs), startOffset)
  let found: TimestampOffset | undefined
  segment.scan(segment.offsetIndex.lookup(fromOffset), (buffer, at, position, sizeBytes) => {
    if (maxTimestampOf(buffer, at) < timestampMs || lastOffsetOf(buffer, at) < startOffset) return true
    found = findInBatch(segment.readBytes(position, sizeBytes), timestampMs, startOffset)
    return found === undefined
  })
  return found
}

function findInBatch(batch: Buffer, timestampMs: number, startOffset: number): TimestampOffset | undefined {
  const isOld = RecordBatch.magic(batch) < 2
  const leaderEpoch = isOld ? -1 : RecordBatch.partitionLeaderEpoch(batch)
  const wholeBatch = {
    timestampMs: maxTimestampOf(batch, 0),
    offset: Math.max(RecordBatch.baseOffset(batch), startOffset),
    leaderEpoch,
  }
  if (isOld) return wholeBatch
  try {
    for (const record of records(batch)) {
      if (record.timestampMs >= timestampMs && record.offset >= startOffset) {
        return { timestampMs: record.timestampMs, offset: record.offset, leaderEpoch }
      }
    }
    return undefined
  } catch (error) {
    // The broker does not look into what it stores; a reader of this batch will find out. Its start is near enough.
    if (error instanceof InvalidRecordError || error instanceof CompressionError) return wholeBatch
    throw error
  }
}
