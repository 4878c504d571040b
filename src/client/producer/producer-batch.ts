/**
 * Records for one partition on their way, and who waits for them. It takes records until it is closed, then it is sent,
 * perhaps several times, and in the end everyone is told: the offset, or why there is none.
 */
import { type Codec, codecById } from '../../records/compression/codec.ts'
import { readRecords } from '../../records/record.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import {
  type BatchHeader,
  type HeaderFields,
  RecordBatchWriter,
  sealBatch,
} from '../../records/record-batch-writer.ts'
import type { KafkaError } from '../kafka-error.ts'

export interface RecordMetadata {
  readonly topic: string
  readonly partition: number
  /** -1 where the broker was not asked (acks=0). */
  readonly offset: number
  /** Milliseconds: the record's own, or the broker's where the topic has it so. */
  readonly timestamp: number
}

export interface BatchCompression {
  readonly codec: Codec
  readonly level: number | undefined
}

export type OnRecordSent = (metadata: RecordMetadata) => void
export type OnRecordFailed = (error: KafkaError) => void

let batchCount = 0

export class ProducerBatch {
  readonly topic: string
  readonly partition: number
  /** In the order in which they were made; the parts of one that was split share its number, and tell where they began in it. */
  readonly number: number
  readonly partStart: number
  readonly createdMs: number
  /** Of `buffer.memory`. */
  readonly reservedBytes: number
  attempts = 0
  /** Not to be sent before. */
  retryAtMs = 0
  /** Under which name and number it was sent; undefined: it was not, or is to get another. */
  header: BatchHeader | undefined
  /** It is in a request under way; the outcome counts even if it was given up meanwhile. */
  isDone = false
  readonly #sizeBytesMax: number
  readonly #writer: RecordBatchWriter
  readonly #onSent: OnRecordSent[] = []
  readonly #onFailed: OnRecordFailed[] = []
  readonly #timestampsMs: number[] = []
  #bytes: Buffer | undefined

  constructor(options: {
    topic: string
    partition: number
    createdMs: number
    sizeBytesMax: number
    reservedBytes: number
    /** What it is likely to need; it grows where that is not enough. Default: all that it may have. */
    capacityBytes?: number
    number?: number
    partStart?: number
  }) {
    this.topic = options.topic
    this.number = options.number ?? batchCount++
    this.partStart = options.partStart ?? 0
    this.partition = options.partition
    this.createdMs = options.createdMs
    this.reservedBytes = options.reservedBytes
    this.#sizeBytesMax = options.sizeBytesMax
    this.#writer = new RecordBatchWriter(options.capacityBytes ?? options.reservedBytes)
  }

  get recordCount(): number {
    return this.#timestampsMs.length
  }

  get isClosed(): boolean {
    return this.#bytes !== undefined
  }

  /** It has got its share, and waits for no more. */
  get isFull(): boolean {
    return this.isClosed || this.#writer.sizeBytes >= this.#sizeBytesMax
  }

  /** Before they were compressed. */
  get writtenBytes(): number {
    return this.#writer.sizeBytes
  }

  /** Closed: as it goes over the wire. */
  get sizeBytes(): number {
    return this.#bytes?.length ?? this.#writer.sizeBytes
  }

  /** Its records were sent first. */
  comesBefore(other: ProducerBatch): boolean {
    return this.number < other.number || (this.number === other.number && this.partStart < other.partStart)
  }

  hasRoomFor(recordBytes: number): boolean {
    if (this.isClosed) return false
    return this.recordCount === 0 || this.#writer.sizeBytes + recordBytes <= this.#sizeBytesMax
  }

  append(
    timestampMs: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: HeaderFields,
    onSent: OnRecordSent,
    onFailed: OnRecordFailed,
  ): void {
    this.#writer.append(timestampMs, key, value, headers)
    this.#onSent.push(onSent)
    this.#onFailed.push(onFailed)
    this.#timestampsMs.push(timestampMs)
  }

  close({ codec, level }: BatchCompression): void {
    this.#bytes ??= this.#writer.finish(codec, level)
  }

  /** The bytes to send, under this name and number. */
  sealed(header: BatchHeader): Buffer {
    this.header = header
    sealBatch(this.#bytes!, header)
    return this.#bytes!
  }

  complete(baseOffset: number, logAppendTimeMs: number): void {
    if (this.isDone) return
    this.isDone = true
    const { topic, partition } = this
    for (let i = 0; i < this.#onSent.length; i++) {
      const timestamp = logAppendTimeMs >= 0 ? logAppendTimeMs : this.#timestampsMs[i]!
      this.#onSent[i]!({ topic, partition, offset: baseOffset < 0 ? -1 : baseOffset + i, timestamp })
    }
  }

  /** `errorOf`: what single records are told, where that differs. */
  fail(error: KafkaError, errorOf: (index: number) => KafkaError = () => error): void {
    if (this.isDone) return
    this.isDone = true
    this.#onFailed.forEach((onFailed, i) => void onFailed(errorOf(i)))
  }

  /** The same records, in order, in batches of about half the size: this one was too large for the broker. */
  split(compression: BatchCompression): ProducerBatch[] {
    const { topic, partition, createdMs, number } = this
    const sizeBytesMax = Math.max(RecordBatch.HEADER_BYTES + 1, Math.ceil(this.#writer.sizeBytes / 2))
    const parts: ProducerBatch[] = []
    for (const [i, { timestampMs, key, value, headers }] of readRecords(this.#bytes!).entries()) {
      const fields = headers.flatMap((header) => [Buffer.from(header.key), header.value])
      let part = parts.at(-1)
      if (!part?.hasRoomFor(RecordBatchWriter.recordBytesMax(key, value, fields))) {
        // What was reserved goes back with the first part.
        const reservedBytes = parts.length === 0 ? this.reservedBytes : 0
        part = new ProducerBatch({
          topic,
          partition,
          createdMs,
          number,
          partStart: this.partStart + i,
          sizeBytesMax,
          reservedBytes,
        })
        parts.push(part)
        part.attempts = 1
        if (this.header !== undefined) part.header = withSequence(this.header, i)
      }
      part.append(timestampMs, key, value, fields, this.#onSent[i]!, this.#onFailed[i]!)
    }
    for (const part of parts) part.close(compression)
    this.isDone = true
    return parts
  }
}

function withSequence(header: BatchHeader, index: number): BatchHeader {
  if (header.baseSequence < 0) return header
  return { ...header, baseSequence: (header.baseSequence + index) % (RecordBatch.MAX_SEQUENCE + 1) }
}

export function compressionOf(name: string, levels: { gzip: number; zstd: number }): BatchCompression {
  const codec = [0, 1, 2, 3, 4].map((id) => codecById(id)!).find((each) => each.name === name)!
  if (name === 'gzip') return { codec, level: levels.gzip < 0 ? undefined : levels.gzip }
  return { codec, level: name === 'zstd' ? levels.zstd : undefined }
}
