/**
 * A batch of magic 2 that grows record by record, in one buffer: for producers, who don't know beforehand how many there
 * will be. Nothing is kept of a record but its bytes.
 *
 * Invariant: after `finish` the batch is what Apache Kafka's own builder would make of the same records, but for the
 * compressed bytes; its offsets count from 0.
 */
import { varintSize, varlongSize, writeVarint, writeVarlong } from '../wire/varint.ts'
import type { Codec } from './compression/codec.ts'
import { writeInt64 } from './int64.ts'
import * as RecordBatch from './record-batch.ts'

export interface BatchHeader {
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly isTransactional: boolean
}

/** Key and value in turn; a key is never null. */
export type HeaderFields = readonly (Uint8Array | null)[]

export const NO_HEADERS: HeaderFields = []

export class RecordBatchWriter {
  #buffer: Buffer
  #end = RecordBatch.HEADER_BYTES
  #recordCount = 0
  #baseTimestampMs = RecordBatch.NO_TIMESTAMP
  #maxTimestampMs = RecordBatch.NO_TIMESTAMP

  constructor(capacityBytes: number) {
    this.#buffer = Buffer.allocUnsafe(Math.max(capacityBytes, RecordBatch.HEADER_BYTES))
  }

  get recordCount(): number {
    return this.#recordCount
  }

  /** As it is now, not compressed. */
  get sizeBytes(): number {
    return this.#end
  }

  /** An upper bound of what a record takes in any batch. */
  static recordBytesMax(key: Uint8Array | null, value: Uint8Array | null, headers: HeaderFields): number {
    let bytes = 1 + 5 + 10 + 5 + 5 + (key?.length ?? 0) + 5 + (value?.length ?? 0) + 5
    for (const field of headers) bytes += 5 + (field?.length ?? 0)
    return bytes
  }

  append(timestampMs: number, key: Uint8Array | null, value: Uint8Array | null, headers: HeaderFields): void {
    if (this.#recordCount === 0) this.#baseTimestampMs = timestampMs
    if (timestampMs > this.#maxTimestampMs) this.#maxTimestampMs = timestampMs
    const timestampDelta = timestampMs - this.#baseTimestampMs
    const offsetDelta = this.#recordCount
    let bodyBytes =
      1 + varlongSize(timestampDelta) + varintSize(offsetDelta) + fieldBytes(key) + fieldBytes(value)
    bodyBytes += varintSize(headers.length >>> 1)
    for (const field of headers) bodyBytes += fieldBytes(field)
    this.#reserve(5 + bodyBytes)
    const buffer = this.#buffer
    let at = writeVarint(buffer, this.#end, bodyBytes)
    buffer[at++] = 0
    at = writeVarlong(buffer, at, timestampDelta)
    at = writeVarint(buffer, at, offsetDelta)
    at = writeField(buffer, at, key)
    at = writeField(buffer, at, value)
    at = writeVarint(buffer, at, headers.length >>> 1)
    for (const field of headers) at = writeField(buffer, at, field)
    this.#end = at
    this.#recordCount++
  }

  /** The records compressed, the header complete but for what `seal` writes. Nothing more can be appended. */
  finish(codec: Codec, level?: number): Buffer {
    let batch = this.#buffer.subarray(0, this.#end)
    if (codec.id !== 0) {
      const compressed = codec.compress(batch.subarray(RecordBatch.HEADER_BYTES), level)
      batch = Buffer.allocUnsafe(RecordBatch.HEADER_BYTES + compressed.length)
      compressed.copy(batch, RecordBatch.HEADER_BYTES)
    }
    writeInt64(batch, RecordBatch.BASE_OFFSET_AT, 0)
    batch.writeInt32BE(batch.length - RecordBatch.LOG_OVERHEAD_BYTES, RecordBatch.BATCH_LENGTH_AT)
    batch.writeInt32BE(RecordBatch.NO_PARTITION_LEADER_EPOCH, RecordBatch.PARTITION_LEADER_EPOCH_AT)
    batch.writeInt8(2, RecordBatch.MAGIC_AT)
    batch.writeUInt16BE(codec.id, RecordBatch.ATTRIBUTES_AT)
    batch.writeInt32BE(this.#recordCount - 1, RecordBatch.LAST_OFFSET_DELTA_AT)
    writeInt64(batch, RecordBatch.BASE_TIMESTAMP_AT, this.#baseTimestampMs)
    writeInt64(batch, RecordBatch.MAX_TIMESTAMP_AT, this.#maxTimestampMs)
    batch.writeInt32BE(this.#recordCount, RecordBatch.RECORD_COUNT_AT)
    return batch
  }

  #reserve(byteCount: number): void {
    const needed = this.#end + byteCount
    if (needed <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#end)
    this.#buffer = larger
  }
}

/** Who the batch is from, and with it the checksum. May be done anew: a batch that is tried again may get another name. */
export function sealBatch(batch: Buffer, header: BatchHeader): void {
  writeInt64(batch, RecordBatch.PRODUCER_ID_AT, header.producerId)
  batch.writeInt16BE(header.producerEpoch, RecordBatch.PRODUCER_EPOCH_AT)
  batch.writeInt32BE(header.baseSequence, RecordBatch.BASE_SEQUENCE_AT)
  const attributes = RecordBatch.attributes(batch) & ~RecordBatch.TRANSACTIONAL_MASK
  batch.writeUInt16BE(
    attributes | (header.isTransactional ? RecordBatch.TRANSACTIONAL_MASK : 0),
    RecordBatch.ATTRIBUTES_AT,
  )
  RecordBatch.writeCrc(batch, 0)
}

function fieldBytes(field: Uint8Array | null): number {
  return field === null ? 1 : varintSize(field.length) + field.length
}

function writeField(target: Buffer, start: number, field: Uint8Array | null): number {
  if (field === null) return writeVarint(target, start, -1)
  const at = writeVarint(target, start, field.length)
  target.set(field, at)
  return at + field.length
}
