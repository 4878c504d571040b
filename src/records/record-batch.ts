/**
 * A record batch of magic 2, read and changed where it lies: functions over (buffer, position of its first byte).
 * Functions rather than a view object, because produce and fetch look at every batch and must allocate nothing for it.
 * Import it as a namespace: `import * as RecordBatch from '../records/record-batch.ts'`.
 *
 * Layout (big-endian): baseOffset 8, batchLength 4 (bytes behind it), partitionLeaderEpoch 4, magic 1, crc 4,
 * attributes 2, lastOffsetDelta 4, baseTimestamp 8, maxTimestamp 8, producerId 8, producerEpoch 2, baseSequence 4,
 * recordCount 4, then the records, compressed as one block or not at all (KIP-98).
 *
 * Invariants: the CRC covers everything from the attributes on. So baseOffset and partitionLeaderEpoch, which the
 * leader fills in, may change without touching it; every other setter here recomputes it. Readers expect that the whole
 * header lies in the buffer: callers find batches with `batchEnd`, which checks that.
 *
 * 64-bit fields are numbers. Values beyond 2^53 read as the nearest double and never throw; the validator refuses them
 * in what clients send.
 */
import { crc32c } from '../wire/crc32c.ts'
import { readInt64, writeInt64 } from './int64.ts'

export const BASE_OFFSET_AT = 0
export const BATCH_LENGTH_AT = 8
export const PARTITION_LEADER_EPOCH_AT = 12
export const MAGIC_AT = 16
export const CRC_AT = 17
export const ATTRIBUTES_AT = 21
export const LAST_OFFSET_DELTA_AT = 23
export const BASE_TIMESTAMP_AT = 27
export const MAX_TIMESTAMP_AT = 35
export const PRODUCER_ID_AT = 43
export const PRODUCER_EPOCH_AT = 51
export const BASE_SEQUENCE_AT = 53
export const RECORD_COUNT_AT = 57
/** Bytes of a batch before its first record. */
export const HEADER_BYTES = 61
/** baseOffset and batchLength: what any entry of a log, of any magic, starts with. */
export const LOG_OVERHEAD_BYTES = 12
/** Up to and including the magic byte, which is at the same place in every format. */
export const PREFIX_BYTES = 17

export const NO_TIMESTAMP = -1
export const NO_PRODUCER_ID = -1
export const NO_PRODUCER_EPOCH = -1
export const NO_SEQUENCE = -1
export const NO_PARTITION_LEADER_EPOCH = -1
export const MAX_SEQUENCE = 0x7fffffff

export const COMPRESSION_MASK = 0x07
export const TIMESTAMP_TYPE_MASK = 0x08
export const TRANSACTIONAL_MASK = 0x10
export const CONTROL_MASK = 0x20
export const DELETE_HORIZON_MASK = 0x40

export function baseOffset(buffer: Buffer, position = 0): number {
  return readInt64(buffer, position + BASE_OFFSET_AT)
}
/** Bytes behind the length field; the whole batch takes LOG_OVERHEAD_BYTES more. May be anything in corrupt input. */
export function batchLength(buffer: Buffer, position = 0): number {
  return buffer.readInt32BE(position + BATCH_LENGTH_AT)
}
export function sizeInBytes(buffer: Buffer, position = 0): number {
  return buffer.readInt32BE(position + BATCH_LENGTH_AT) + LOG_OVERHEAD_BYTES
}
export function partitionLeaderEpoch(buffer: Buffer, position = 0): number {
  return buffer.readInt32BE(position + PARTITION_LEADER_EPOCH_AT)
}
export function magic(buffer: Buffer, position = 0): number {
  return buffer.readInt8(position + MAGIC_AT)
}
/** The stored checksum, an unsigned 32-bit integer. */
export function crc(buffer: Buffer, position = 0): number {
  return buffer.readUInt32BE(position + CRC_AT)
}
export function attributes(buffer: Buffer, position = 0): number {
  return buffer.readUInt16BE(position + ATTRIBUTES_AT)
}
/** The id of the codec: 0 none to 4 zstd; 5 to 7 are no codec of Kafka's. */
export function compressionId(buffer: Buffer, position = 0): number {
  return buffer[position + ATTRIBUTES_AT + 1]! & COMPRESSION_MASK
}
export function isLogAppendTime(buffer: Buffer, position = 0): boolean {
  return (buffer[position + ATTRIBUTES_AT + 1]! & TIMESTAMP_TYPE_MASK) !== 0
}
export function isTransactional(buffer: Buffer, position = 0): boolean {
  return (buffer[position + ATTRIBUTES_AT + 1]! & TRANSACTIONAL_MASK) !== 0
}
export function isControl(buffer: Buffer, position = 0): boolean {
  return (buffer[position + ATTRIBUTES_AT + 1]! & CONTROL_MASK) !== 0
}
/** The base timestamp holds the time after which tombstones may go, not a base of timestamps (KIP-534). */
export function hasDeleteHorizon(buffer: Buffer, position = 0): boolean {
  return (buffer[position + ATTRIBUTES_AT + 1]! & DELETE_HORIZON_MASK) !== 0
}
export function lastOffsetDelta(buffer: Buffer, position = 0): number {
  return buffer.readInt32BE(position + LAST_OFFSET_DELTA_AT)
}
export function lastOffset(buffer: Buffer, position = 0): number {
  return baseOffset(buffer, position) + lastOffsetDelta(buffer, position)
}
export function nextOffset(buffer: Buffer, position = 0): number {
  return lastOffset(buffer, position) + 1
}
export function baseTimestamp(buffer: Buffer, position = 0): number {
  return readInt64(buffer, position + BASE_TIMESTAMP_AT)
}
export function maxTimestamp(buffer: Buffer, position = 0): number {
  return readInt64(buffer, position + MAX_TIMESTAMP_AT)
}
export function producerId(buffer: Buffer, position = 0): number {
  return readInt64(buffer, position + PRODUCER_ID_AT)
}
export function hasProducerId(buffer: Buffer, position = 0): boolean {
  return producerId(buffer, position) > NO_PRODUCER_ID
}
export function producerEpoch(buffer: Buffer, position = 0): number {
  return buffer.readInt16BE(position + PRODUCER_EPOCH_AT)
}
export function baseSequence(buffer: Buffer, position = 0): number {
  return buffer.readInt32BE(position + BASE_SEQUENCE_AT)
}
/** NO_SEQUENCE without a base sequence; otherwise wraps past 2^31-1 to 0. */
export function lastSequence(buffer: Buffer, position = 0): number {
  const base = baseSequence(buffer, position)
  return base === NO_SEQUENCE ? NO_SEQUENCE : incrementSequence(base, lastOffsetDelta(buffer, position))
}
export function recordCount(buffer: Buffer, position = 0): number {
  return buffer.readInt32BE(position + RECORD_COUNT_AT)
}

/** A sequence number `increment` (>= 0) steps on: after 2^31-1 comes 0. */
export function incrementSequence(sequence: number, increment: number): number {
  return sequence > MAX_SEQUENCE - increment
    ? increment - (MAX_SEQUENCE - sequence) - 1
    : sequence + increment
}

export function setBaseOffset(buffer: Buffer, position: number, offset: number): void {
  writeInt64(buffer, position + BASE_OFFSET_AT, offset)
}
export function setLastOffset(buffer: Buffer, position: number, offset: number): void {
  writeInt64(buffer, position + BASE_OFFSET_AT, offset - lastOffsetDelta(buffer, position))
}
export function setPartitionLeaderEpoch(buffer: Buffer, position: number, epoch: number): void {
  buffer.writeInt32BE(epoch, position + PARTITION_LEADER_EPOCH_AT)
}
/** Marks the batch as stamped by the broker at `timestampMs`; every record then has that time. New CRC. */
export function setLogAppendTime(buffer: Buffer, position: number, timestampMs: number): void {
  buffer[position + ATTRIBUTES_AT + 1]! |= TIMESTAMP_TYPE_MASK
  writeInt64(buffer, position + MAX_TIMESTAMP_AT, timestampMs)
  writeCrc(buffer, position)
}
/** For clients that left it out or got it wrong. New CRC. */
export function setMaxTimestamp(buffer: Buffer, position: number, timestampMs: number): void {
  writeInt64(buffer, position + MAX_TIMESTAMP_AT, timestampMs)
  writeCrc(buffer, position)
}

export function computeCrc(buffer: Buffer, position = 0): number {
  return crc32c(buffer.subarray(position + ATTRIBUTES_AT, position + sizeInBytes(buffer, position)))
}
export function isCrcValid(buffer: Buffer, position = 0): boolean {
  return computeCrc(buffer, position) === crc(buffer, position)
}
export function writeCrc(buffer: Buffer, position: number): void {
  buffer.writeUInt32BE(computeCrc(buffer, position), position + CRC_AT)
}

/**
 * Where the batch at `position` ends, if it lies whole in the buffer before `end`; -1 if it is cut off, or if its
 * length cannot be one (then nothing behind it can be found either). Of batches of magic 2 at least the header is
 * there; entries of magic 0 and 1 are found in the same way, and hold at least their magic byte.
 */
export function batchEnd(buffer: Buffer, position: number, end: number = buffer.length): number {
  if (position + PREFIX_BYTES > end) return -1
  const length = buffer.readInt32BE(position + BATCH_LENGTH_AT)
  const bytesMin = buffer[position + MAGIC_AT]! >= 2 ? HEADER_BYTES : PREFIX_BYTES
  if (length < bytesMin - LOG_OVERHEAD_BYTES || length > end - position - LOG_OVERHEAD_BYTES) return -1
  return position + LOG_OVERHEAD_BYTES + length
}

export interface BatchScan {
  readonly batchCount: number
  /** Bytes from the start up to the end of the last whole batch. */
  readonly validBytes: number
  /** Bytes follow the last whole batch: a batch cut short, or rubbish. */
  readonly truncated: boolean
}

/** Walks the boundaries of the batches in `buffer`; looks at lengths only, not at checksums. */
export function scanBatches(buffer: Buffer): BatchScan {
  let batchCount = 0
  let position = 0
  for (;;) {
    const end = batchEnd(buffer, position)
    if (end < 0) break
    batchCount++
    position = end
  }
  return { batchCount, validBytes: position, truncated: position < buffer.length }
}

/** The positions of the whole batches in `buffer`, for places where an allocation does not matter. */
export function* positions(buffer: Buffer): Generator<number, void, void> {
  let position = 0
  for (;;) {
    const end = batchEnd(buffer, position)
    if (end < 0) return
    yield position
    position = end
  }
}
