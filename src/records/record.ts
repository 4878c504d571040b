/**
 * The records of a batch of magic 2 as objects: for the places that look inside (conversion, timestamp lookup,
 * coordinators, clients, tests). Keys, values and header values are slices of the batch, or of what it decompressed to;
 * copy what must outlive it.
 *
 * Invariant: reading a batch with a valid checksum either gives its records or throws InvalidRecordError (they contradict
 * their own lengths or the header) or CompressionError; nothing else, and no allocation beyond `maxBytes`.
 */
import { readVarint, readVarlong, VarintError, varintEnd } from '../wire/varint.ts'
import { CompressionError, codecById } from './compression/codec.ts'
import * as RecordBatch from './record-batch.ts'

export interface RecordHeader {
  readonly key: string
  readonly value: Buffer | null
}

export interface KafkaRecord {
  readonly offset: number
  /** Milliseconds since the epoch; the batch's append time if the broker stamped it; -1 for none. */
  readonly timestampMs: number
  /** -1 when the producer numbers nothing. */
  readonly sequence: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

/** The bytes are no sequence of records, or not the one that the batch's header announces. */
export class InvalidRecordError extends Error {
  override readonly name = 'InvalidRecordError'
}

/** What a batch may decompress to where the caller has no limit of its own: far above any sane batch. */
export const DECOMPRESSED_BYTES_MAX = 128 * 1024 * 1024

/** The records' bytes, decompressed if need be; a slice of `buffer` if not. Throws CompressionError. */
export function recordBytes(buffer: Buffer, position = 0, maxBytes: number = DECOMPRESSED_BYTES_MAX): Buffer {
  const end = position + RecordBatch.sizeInBytes(buffer, position)
  const stored = buffer.subarray(position + RecordBatch.HEADER_BYTES, end)
  const id = RecordBatch.compressionId(buffer, position)
  if (id === 0) return stored
  const codec = codecById(id)
  if (codec === undefined) throw new CompressionError('unsupported', `no codec has the id ${id}`)
  return codec.decompress(stored, maxBytes)
}

/** All records of the batch at `position`. */
export function readRecords(buffer: Buffer, position = 0, maxBytes?: number): KafkaRecord[] {
  return [...records(buffer, position, maxBytes)]
}

const noHeaders: readonly RecordHeader[] = []

/** The records of the batch at `position` one by one; decompresses at the first step. */
export function* records(
  buffer: Buffer,
  position = 0,
  maxBytes: number = DECOMPRESSED_BYTES_MAX,
): Generator<KafkaRecord, void, void> {
  const bytes = recordBytes(buffer, position, maxBytes)
  const batch: BatchContext = {
    baseOffset: RecordBatch.baseOffset(buffer, position),
    baseTimestamp: RecordBatch.baseTimestamp(buffer, position),
    baseSequence: RecordBatch.baseSequence(buffer, position),
    appendTimeMs: RecordBatch.isLogAppendTime(buffer, position)
      ? RecordBatch.maxTimestamp(buffer, position)
      : undefined,
  }
  const count = RecordBatch.recordCount(buffer, position)
  let at = 0
  for (let index = 0; index < count; index++) {
    const record = readRecord(bytes, at, batch)
    at = recordEnd
    yield record
  }
  if (at !== bytes.length) {
    throw new InvalidRecordError(`${bytes.length - at} bytes follow the last of ${count} records`)
  }
}

interface BatchContext {
  readonly baseOffset: number
  readonly baseTimestamp: number
  readonly baseSequence: number
  readonly appendTimeMs: number | undefined
}

/** Where the record that was read last ends. */
let recordEnd = 0

function readRecord(bytes: Buffer, start: number, batch: BatchContext): KafkaRecord {
  try {
    const length = readVarint(bytes, start)
    const end = varintEnd() + length
    if (length < 0 || end > bytes.length)
      throw new InvalidRecordError(`record at ${start} claims ${length} bytes`)
    const timestampDelta = readVarlong(bytes, varintEnd() + 1, end)
    const offsetDelta = readVarint(bytes, varintEnd(), end)
    cursor = varintEnd()
    const key = readBytes(bytes, end)
    const value = readBytes(bytes, end)
    const headers = readHeaders(bytes, end)
    if (cursor !== end) throw new InvalidRecordError(`record at ${start} has ${end - cursor} bytes too many`)
    recordEnd = end
    return {
      offset: batch.baseOffset + offsetDelta,
      timestampMs: batch.appendTimeMs ?? batch.baseTimestamp + timestampDelta,
      sequence:
        batch.baseSequence < 0
          ? RecordBatch.NO_SEQUENCE
          : RecordBatch.incrementSequence(batch.baseSequence, offsetDelta),
      key,
      value,
      headers,
    }
  } catch (error) {
    if (error instanceof VarintError) {
      throw new InvalidRecordError(`record at ${start}: ${error.message}`, { cause: error })
    }
    throw error
  }
}

/** The place in the record being read: a cursor of this module, since reads never interleave. */
let cursor = 0

function readBytes(bytes: Buffer, end: number): Buffer | null {
  const length = readVarint(bytes, cursor, end)
  cursor = varintEnd()
  if (length < 0) return null
  if (length > end - cursor) throw new InvalidRecordError(`field at ${cursor} claims ${length} bytes`)
  const field = bytes.subarray(cursor, cursor + length)
  cursor += length
  return field
}

function readHeaders(bytes: Buffer, end: number): readonly RecordHeader[] {
  const count = readVarint(bytes, cursor, end)
  cursor = varintEnd()
  if (count === 0) return noHeaders
  if (count < 0 || count > end - cursor) throw new InvalidRecordError(`record claims ${count} headers`)
  const headers: RecordHeader[] = []
  for (let index = 0; index < count; index++) {
    const key = readBytes(bytes, end)
    if (key === null) throw new InvalidRecordError('record has a header without a key')
    headers.push({ key: key.toString('utf8'), value: readBytes(bytes, end) })
  }
  return headers
}
