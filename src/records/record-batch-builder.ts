/**
 * Makes batches of magic 2: for coordinators and control records, for conversion and recompression, for the client and
 * the tests. What producers sent is never rebuilt here unless its topic asks for another compression.
 *
 * Invariant: the batch is what Apache Kafka's own builder would make of the same input, but for the compressed bytes:
 * offset deltas are relative to `baseOffset`, timestamps to the first record's, and lastOffsetDelta is the last record's.
 */
import { assert } from '../base/assert.ts'
import { varintSize, varlongSize, writeVarint, writeVarlong } from '../wire/varint.ts'
import { type CompressionName, codecByName } from './compression/codec.ts'
import { ControlRecordType, controlRecordKey, endTransactionValue } from './control-record.ts'
import { writeInt64 } from './int64.ts'
import { recordBytes } from './record.ts'
import * as RecordBatch from './record-batch.ts'

export interface RecordDraft {
  /** Default: one above the record before, the first one at the batch's base offset. */
  readonly offset?: number
  /** Milliseconds; default -1, none. */
  readonly timestampMs?: number
  readonly key?: Uint8Array | string | null
  readonly value?: Uint8Array | string | null
  readonly headers?: readonly { readonly key: string; readonly value: Uint8Array | string | null }[]
}

export interface BatchOptions {
  /** Default 0, what producers send. */
  readonly baseOffset?: number
  readonly compression?: CompressionName
  /** For gzip and zstd. */
  readonly compressionLevel?: number
  /** Set: the batch has this append time (LogAppendTime). Absent: CreateTime. */
  readonly logAppendTimeMs?: number
  readonly partitionLeaderEpoch?: number
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly isTransactional?: boolean
  readonly isControl?: boolean
}

/** One batch with these records, in order. An empty list gives a valid batch without records. */
export function buildBatch(drafts: readonly RecordDraft[], options: BatchOptions = {}): Buffer {
  const baseOffset = options.baseOffset ?? drafts[0]?.offset ?? 0
  const baseTimestamp = drafts[0]?.timestampMs ?? RecordBatch.NO_TIMESTAMP
  const encoded: Encoded[] = []
  let recordsBytes = 0
  let maxTimestamp = baseTimestamp
  let offset = baseOffset - 1
  for (const draft of drafts) {
    offset = draft.offset ?? offset + 1
    const timestampMs = draft.timestampMs ?? RecordBatch.NO_TIMESTAMP
    if (timestampMs > maxTimestamp) maxTimestamp = timestampMs
    const record = encode(draft, offset - baseOffset, timestampMs - baseTimestamp)
    recordsBytes += varintSize(record.bodyBytes) + record.bodyBytes
    encoded.push(record)
  }
  const lastOffsetDelta = Math.max(0, offset - baseOffset)
  assert(lastOffsetDelta <= 0x7fffffff, 'offsets of one batch span more than 2^31')

  const plain = Buffer.allocUnsafe(RecordBatch.HEADER_BYTES + recordsBytes)
  let at = RecordBatch.HEADER_BYTES
  for (const record of encoded) at = writeRecord(plain, at, record)
  assert(at === plain.length, 'record sizes were computed wrongly')

  const codec = codecByName(options.compression ?? 'none')
  assert(codec !== undefined, `unknown compression ${String(options.compression)}`)
  const batch =
    codec.id === 0
      ? plain
      : Buffer.concat([
          plain.subarray(0, RecordBatch.HEADER_BYTES),
          codec.compress(plain.subarray(RecordBatch.HEADER_BYTES), options.compressionLevel),
        ])
  const isAppendTime = options.logAppendTimeMs !== undefined
  writeInt64(batch, RecordBatch.BASE_OFFSET_AT, baseOffset)
  batch.writeInt32BE(batch.length - RecordBatch.LOG_OVERHEAD_BYTES, RecordBatch.BATCH_LENGTH_AT)
  batch.writeInt32BE(
    options.partitionLeaderEpoch ?? RecordBatch.NO_PARTITION_LEADER_EPOCH,
    RecordBatch.PARTITION_LEADER_EPOCH_AT,
  )
  batch.writeInt8(2, RecordBatch.MAGIC_AT)
  batch.writeUInt16BE(
    codec.id |
      (isAppendTime ? RecordBatch.TIMESTAMP_TYPE_MASK : 0) |
      (options.isTransactional === true ? RecordBatch.TRANSACTIONAL_MASK : 0) |
      (options.isControl === true ? RecordBatch.CONTROL_MASK : 0),
    RecordBatch.ATTRIBUTES_AT,
  )
  batch.writeInt32BE(lastOffsetDelta, RecordBatch.LAST_OFFSET_DELTA_AT)
  writeInt64(batch, RecordBatch.BASE_TIMESTAMP_AT, baseTimestamp)
  writeInt64(batch, RecordBatch.MAX_TIMESTAMP_AT, options.logAppendTimeMs ?? maxTimestamp)
  writeInt64(batch, RecordBatch.PRODUCER_ID_AT, options.producerId ?? RecordBatch.NO_PRODUCER_ID)
  batch.writeInt16BE(options.producerEpoch ?? RecordBatch.NO_PRODUCER_EPOCH, RecordBatch.PRODUCER_EPOCH_AT)
  batch.writeInt32BE(options.baseSequence ?? RecordBatch.NO_SEQUENCE, RecordBatch.BASE_SEQUENCE_AT)
  batch.writeInt32BE(drafts.length, RecordBatch.RECORD_COUNT_AT)
  RecordBatch.writeCrc(batch, 0)
  return batch
}

export interface EndTransactionMarker {
  readonly committed: boolean
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly timestampMs: number
  readonly baseOffset?: number
  readonly partitionLeaderEpoch?: number
}

/** The control batch that ends a transaction on one partition: one record, one offset, never compressed. */
export function buildEndTransactionMarker(marker: EndTransactionMarker): Buffer {
  const key = controlRecordKey(marker.committed ? ControlRecordType.COMMIT : ControlRecordType.ABORT)
  const value = endTransactionValue(marker.coordinatorEpoch)
  return buildBatch([{ timestampMs: marker.timestampMs, key, value }], {
    baseOffset: marker.baseOffset ?? 0,
    partitionLeaderEpoch: marker.partitionLeaderEpoch ?? RecordBatch.NO_PARTITION_LEADER_EPOCH,
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    isTransactional: true,
    isControl: true,
  })
}

/**
 * The same batch with its records compressed by another codec, for a topic whose `compression.type` is not the
 * producer's; header and records stay as they are. Throws CompressionError. Allocates at most `maxBytes` on the way.
 */
export function recompressBatch(
  buffer: Buffer,
  position: number,
  target: { readonly compression: CompressionName; readonly level?: number; readonly maxBytes: number },
): Buffer {
  const codec = codecByName(target.compression)
  assert(codec !== undefined, `unknown compression ${target.compression}`)
  const batch = Buffer.concat([
    buffer.subarray(position, position + RecordBatch.HEADER_BYTES),
    codec.compress(recordBytes(buffer, position, target.maxBytes), target.level),
  ])
  batch.writeInt32BE(batch.length - RecordBatch.LOG_OVERHEAD_BYTES, RecordBatch.BATCH_LENGTH_AT)
  const attributes = RecordBatch.attributes(batch) & ~RecordBatch.COMPRESSION_MASK
  batch.writeUInt16BE(attributes | codec.id, RecordBatch.ATTRIBUTES_AT)
  RecordBatch.writeCrc(batch, 0)
  return batch
}

/** A record with its parts as bytes and its size known, so that all are written into one buffer of the right size. */
interface Encoded {
  readonly bodyBytes: number
  readonly timestampDelta: number
  readonly offsetDelta: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** Key and value in turn. */
  readonly headers: readonly (Uint8Array | null)[]
}

function encode(draft: RecordDraft, offsetDelta: number, timestampDelta: number): Encoded {
  const key = toBytes(draft.key)
  const value = toBytes(draft.value)
  const headers: (Uint8Array | null)[] = []
  let bodyBytes =
    1 + varlongSize(timestampDelta) + varintSize(offsetDelta) + fieldSize(key) + fieldSize(value)
  for (const header of draft.headers ?? []) headers.push(toBytes(header.key), toBytes(header.value))
  bodyBytes += varintSize(headers.length / 2)
  for (const field of headers) bodyBytes += fieldSize(field)
  return { bodyBytes, timestampDelta, offsetDelta, key, value, headers }
}

function writeRecord(target: Buffer, start: number, record: Encoded): number {
  let at = writeVarint(target, start, record.bodyBytes)
  target[at++] = 0
  at = writeVarlong(target, at, record.timestampDelta)
  at = writeVarint(target, at, record.offsetDelta)
  at = writeField(target, at, record.key)
  at = writeField(target, at, record.value)
  at = writeVarint(target, at, record.headers.length / 2)
  for (const field of record.headers) at = writeField(target, at, field)
  return at
}

function toBytes(value: Uint8Array | string | null | undefined): Uint8Array | null {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? Buffer.from(value) : value
}

function fieldSize(field: Uint8Array | null): number {
  return field === null ? varintSize(-1) : varintSize(field.length) + field.length
}

function writeField(target: Buffer, start: number, field: Uint8Array | null): number {
  const at = writeVarint(target, start, field === null ? -1 : field.length)
  if (field === null) return at
  target.set(field, at)
  return at + field.length
}
