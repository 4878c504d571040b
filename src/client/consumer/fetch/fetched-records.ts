/**
 * What one fetch brought of one partition: batches, read record by record as they are handed out. Nothing is copied: keys
 * and values are slices of the response, or of what a batch decompressed to; one batch at a time is decompressed.
 *
 * Left out are records before the offset that was asked for, control batches, and for `read_committed` the batches of
 * aborted transactions, which the broker names (KIP-98).
 *
 * Invariant: what throws changes nothing, so the same record fails again until its partition is sought elsewhere.
 */
import { CompressionError } from '../../../records/compression/compression-error.ts'
import { ControlRecordType, controlRecordType } from '../../../records/control-record.ts'
import type { Message } from '../../../records/message.ts'
import { readMessageSet } from '../../../records/message-set.ts'
import { InvalidRecordError, recordBytes, records } from '../../../records/record.ts'
import * as RecordBatch from '../../../records/record-batch.ts'
import { readVarint, readVarlong, VarintError, varintEnd } from '../../../wire/varint.ts'
import { KafkaError } from '../../kafka-error.ts'
import type { Deserializer } from '../../options/serializers.ts'
import type { AssignedPartition } from '../assigned-partition.ts'
import {
  type ConsumerRecord,
  headersOf,
  type RecordHeader,
  type RecordHeaders,
  type TimestampType,
} from '../consumer-record.ts'
import { nameOf } from '../topic-partition.ts'

export interface RecordDecoding {
  readonly isReadCommitted: boolean
  readonly checksCrcs: boolean
  readonly deserializeKey: Deserializer<unknown>
  readonly deserializeValue: Deserializer<unknown>
}

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

const NO_BYTES = Buffer.alloc(0)
const NO_HEADERS: RecordHeaders = Object.freeze({})

export class FetchedRecords {
  readonly source: AssignedPartition
  readonly sizeBytes: number
  readonly highWatermark: number
  /** Where the next fetch goes on: behind the last whole batch. */
  readonly nextOffset: number
  /** At least one whole one. */
  readonly hasBatches: boolean
  /** Of the leader that wrote the last batch. */
  readonly endLeaderEpoch: number | undefined
  readonly #bytes: Buffer
  readonly #fromOffset: number
  readonly #decoding: RecordDecoding
  /** In the order of their first offsets; the next to come is at `#abortedIndex`. */
  readonly #aborted: readonly AbortedTransaction[]
  #abortedIndex = 0
  readonly #abortedProducers = new Set<number>()
  /** The next batch, and the one that is being read. */
  #batchAt = 0
  #readingAt = 0
  /** The open batch. */
  #body: Buffer = NO_BYTES
  #bodyAt = 0
  #recordsLeft = 0
  #baseOffset = 0
  #baseTimestamp = 0
  #appendTimeMs: number | undefined
  #leaderEpoch: number | undefined
  /** Messages of the formats before batches. */
  #messages: readonly Message[] = []
  #messageIndex = 0
  #messageTimestampType: TimestampType = 'NoTimestampType'

  constructor(options: {
    source: AssignedPartition
    bytes: Buffer
    fromOffset: number
    highWatermark: number
    aborted: readonly AbortedTransaction[] | null
    decoding: RecordDecoding
  }) {
    this.source = options.source
    this.sizeBytes = options.bytes.length
    this.highWatermark = options.highWatermark
    this.#bytes = options.bytes
    this.#fromOffset = options.fromOffset
    this.#decoding = options.decoding
    this.#aborted = [...(options.aborted ?? [])].sort((a, b) => a.firstOffset - b.firstOffset)
    const last = lastBatchAt(options.bytes)
    this.nextOffset = last < 0 ? options.fromOffset : Math.max(options.fromOffset, endOf(options.bytes, last))
    this.hasBatches = last >= 0
    this.endLeaderEpoch = last < 0 ? undefined : leaderEpochOf(options.bytes, last)
  }

  /** The next record; undefined at the end. Throws KafkaError (CORRUPT_MESSAGE, SERIALIZATION). */
  next(): ConsumerRecord<never, never> | undefined {
    try {
      for (;;) {
        while (this.#recordsLeft > 0) {
          const record = this.#readRecord()
          if (record !== undefined) return record
        }
        if (this.#messageIndex < this.#messages.length) return this.#readMessage()
        if (!this.#openBatch()) return undefined
      }
    } catch (error) {
      throw this.#explained(error)
    }
  }

  /** Opens the next batch with records to hand out. */
  #openBatch(): boolean {
    const bytes = this.#bytes
    for (;;) {
      const at = this.#batchAt
      const end = RecordBatch.batchEnd(bytes, at)
      if (end < 0) return false
      this.#readingAt = at
      if (RecordBatch.magic(bytes, at) < 2) {
        this.#openMessages(at, end)
        return true
      }
      if (this.#decoding.checksCrcs && !RecordBatch.isCrcValid(bytes, at)) {
        throw new InvalidRecordError('the checksum is wrong')
      }
      const isWanted = !this.#isPassedOver(at) && RecordBatch.lastOffset(bytes, at) >= this.#fromOffset
      if (isWanted) this.#open(at)
      this.#batchAt = end
      if (this.#recordsLeft > 0) return true
    }
  }

  #open(at: number): void {
    const bytes = this.#bytes
    this.#body = recordBytes(bytes, at)
    this.#bodyAt = 0
    this.#recordsLeft = RecordBatch.recordCount(bytes, at)
    this.#baseOffset = RecordBatch.baseOffset(bytes, at)
    this.#baseTimestamp = RecordBatch.baseTimestamp(bytes, at)
    this.#appendTimeMs = RecordBatch.isLogAppendTime(bytes, at)
      ? RecordBatch.maxTimestamp(bytes, at)
      : undefined
    this.#leaderEpoch = leaderEpochOf(bytes, at)
  }

  /** Control batches, and what was aborted. */
  #isPassedOver(at: number): boolean {
    const bytes = this.#bytes
    const isControl = RecordBatch.isControl(bytes, at)
    if (!this.#decoding.isReadCommitted || !RecordBatch.hasProducerId(bytes, at)) return isControl
    const lastOffset = RecordBatch.lastOffset(bytes, at)
    while (
      this.#abortedIndex < this.#aborted.length &&
      this.#aborted[this.#abortedIndex]!.firstOffset <= lastOffset
    ) {
      this.#abortedProducers.add(this.#aborted[this.#abortedIndex++]!.producerId)
    }
    const producerId = RecordBatch.producerId(bytes, at)
    if (isControl) {
      const [marker] = records(bytes, at)
      if (marker !== undefined && controlRecordType(marker.key) === ControlRecordType.ABORT) {
        this.#abortedProducers.delete(producerId)
      }
      return true
    }
    return RecordBatch.isTransactional(bytes, at) && this.#abortedProducers.has(producerId)
  }

  // --- Records -------------------------------------------------------------------------------------------------------

  /** Undefined: it lies before what was asked for. */
  #readRecord(): ConsumerRecord<never, never> | undefined {
    const body = this.#body
    const start = this.#bodyAt
    const length = readVarint(body, start)
    let at = varintEnd()
    const end = at + length
    if (length < 0 || end > body.length) throw new InvalidRecordError(`a record claims ${length} bytes`)
    const timestampDelta = readVarlong(body, at + 1, end)
    const offset = this.#baseOffset + readVarint(body, varintEnd(), end)
    if (offset < this.#fromOffset) {
      this.#advance(end)
      return undefined
    }
    const keyLength = readVarint(body, varintEnd(), end)
    const keyAt = varintEnd()
    at = keyLength > 0 ? keyAt + keyLength : keyAt
    const valueLength = readVarint(body, at, end)
    const valueAt = varintEnd()
    at = valueLength > 0 ? valueAt + valueLength : valueAt
    const headerCount = readVarint(body, at, end)
    const headersAt = varintEnd()
    const headers = headerCount === 0 ? NO_HEADERS : readHeaders(body, headersAt, end, headerCount)
    if ((headerCount === 0 ? headersAt : headersEnd) !== end)
      throw new InvalidRecordError('the fields of a record do not add up to its length')
    const { topic, partition } = this.source
    const key = keyLength < 0 ? null : this.#decode('key', body.subarray(keyAt, keyAt + keyLength), offset)
    const value =
      valueLength < 0 ? null : this.#decode('value', body.subarray(valueAt, valueAt + valueLength), offset)
    this.#advance(end)
    return {
      topic,
      partition,
      offset,
      timestamp: this.#appendTimeMs ?? this.#baseTimestamp + timestampDelta,
      timestampType: this.#appendTimeMs === undefined ? 'CreateTime' : 'LogAppendTime',
      key,
      value,
      headers,
      leaderEpoch: this.#leaderEpoch,
    }
  }

  #advance(end: number): void {
    if (this.#recordsLeft === 1 && end !== this.#body.length) {
      throw new InvalidRecordError('bytes follow the last record of a batch')
    }
    this.#bodyAt = end
    this.#recordsLeft -= 1
  }

  #decode(what: 'key' | 'value', bytes: Buffer, offset: number): never {
    const { topic, partition } = this.source
    const { deserializeKey, deserializeValue } = this.#decoding
    try {
      return (what === 'key' ? deserializeKey : deserializeValue)(bytes, topic) as never
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const message = `the ${what} of the record at offset ${offset} of ${nameOf(this.source)}: ${reason}`
      throw new KafkaError('SERIALIZATION', message, { cause: error, record: { topic, partition, offset } })
    }
  }

  // --- Messages of magic 0 and 1 -------------------------------------------------------------------------------------

  #openMessages(at: number, end: number): void {
    const set = readMessageSet(this.#bytes.subarray(at, end))
    if ('error' in set) throw new InvalidRecordError(set.message)
    this.#messages = set.messages.filter(({ offset }) => offset >= this.#fromOffset)
    this.#messageIndex = 0
    this.#messageTimestampType = messageTimestampType(this.#bytes, at)
    this.#leaderEpoch = undefined
    this.#batchAt = end
  }

  #readMessage(): ConsumerRecord<never, never> {
    const { topic, partition } = this.source
    const { offset, timestampMs, key, value } = this.#messages[this.#messageIndex]!
    const record = {
      topic,
      partition,
      offset,
      timestamp: timestampMs,
      timestampType: this.#messageTimestampType,
      key: (key === null ? null : this.#decode('key', key, offset)) as never,
      value: (value === null ? null : this.#decode('value', value, offset)) as never,
      headers: NO_HEADERS,
      leaderEpoch: undefined,
    }
    this.#messageIndex += 1
    return record
  }

  #explained(error: unknown): unknown {
    const isCorrupt =
      error instanceof InvalidRecordError || error instanceof CompressionError || error instanceof VarintError
    if (!isCorrupt) return error
    const { topic, partition, position } = this.source
    // To seek behind it passes all of the batch, as far as its header can be believed.
    const lastOffset = Math.max(position, endOf(this.#bytes, this.#readingAt) - 1)
    const offset = lastOffset <= this.nextOffset ? lastOffset : position
    const message = `the batch of ${nameOf(this.source)} that ends with offset ${offset} can't be read: ${error.message}`
    return new KafkaError('CORRUPT_MESSAGE', message, { cause: error, record: { topic, partition, offset } })
  }
}

/** Where the last whole batch starts; -1: there is none. */
function lastBatchAt(bytes: Buffer): number {
  let last = -1
  let at = 0
  for (;;) {
    const end = RecordBatch.batchEnd(bytes, at)
    if (end < 0) return last
    last = at
    at = end
  }
}

function endOf(bytes: Buffer, at: number): number {
  return RecordBatch.magic(bytes, at) < 2
    ? RecordBatch.baseOffset(bytes, at) + 1
    : RecordBatch.nextOffset(bytes, at)
}

function leaderEpochOf(bytes: Buffer, at: number): number | undefined {
  if (RecordBatch.magic(bytes, at) < 2) return undefined
  const leaderEpoch = RecordBatch.partitionLeaderEpoch(bytes, at)
  return leaderEpoch < 0 ? undefined : leaderEpoch
}

/** In magic 1 the attributes are one byte, right behind the magic. */
function messageTimestampType(bytes: Buffer, at: number): TimestampType {
  if (RecordBatch.magic(bytes, at) === 0) return 'NoTimestampType'
  return (bytes[at + RecordBatch.MAGIC_AT + 1]! & RecordBatch.TIMESTAMP_TYPE_MASK) === 0
    ? 'CreateTime'
    : 'LogAppendTime'
}

/** Where the headers that were read last end. */
let headersEnd = 0

function readHeaders(body: Buffer, start: number, end: number, count: number): RecordHeaders {
  if (count < 0 || count > end - start) throw new InvalidRecordError(`a record claims ${count} headers`)
  const headers: RecordHeader[] = []
  let at = start
  for (let index = 0; index < count; index++) {
    const keyLength = readVarint(body, at, end)
    const keyAt = varintEnd()
    if (keyLength < 0) throw new InvalidRecordError('a record has a header without a key')
    const valueLength = readVarint(body, keyAt + keyLength, end)
    const valueAt = varintEnd()
    at = valueLength < 0 ? valueAt : valueAt + valueLength
    if (at > end) throw new InvalidRecordError(`a header claims ${valueLength} bytes`)
    const key = body.toString('utf8', keyAt, keyAt + keyLength)
    headers.push({ key, value: valueLength < 0 ? null : body.subarray(valueAt, at) })
  }
  headersEnd = at
  return headersOf(headers)
}
