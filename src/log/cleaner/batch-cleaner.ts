/**
 * Cleans one batch of magic 2: the same bytes if all of it stays, a new batch with the records that stay, or nothing.
 *
 * Invariants
 * - A record above the offset map stays. One without a key goes. Of the others stays the latest of its key, and if that is
 *   a tombstone, until the batch's delete horizon has passed.
 * - What stays keeps its offset, timestamp, headers, and the batch its producer, sequence and last offset: gaps are
 *   all that a reader sees, and a producer's numbering goes on (KIP-98).
 * - The first clean that finds tombstones, or a marker that nothing needs any more, sets the batch's delete horizon, in
 *   place of its base timestamp (KIP-534): from then on delete.retention.ms counts.
 * - The last batch of an active producer, and that of a cleaned segment, stays, without records if need be: the one
 *   tells the producer's last sequence number, the other where the segment ends.
 */
import { codecById } from '../../records/compression/codec.ts'
import { writeInt64 } from '../../records/int64.ts'
import { InvalidRecordError, recordBytes } from '../../records/record.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { RecordCursor } from '../../records/record-cursor.ts'
import { varlongSize, writeVarint, writeVarlong } from '../../wire/varint.ts'
import type { ActiveProducers } from './active-producers.ts'
import type { CleanedTransactions } from './cleaned-transactions.ts'
import type { CleanerStats } from './cleaner-stats.ts'
import type { OffsetMap } from './offset-map.ts'

export interface BatchCleanerOptions {
  readonly map: OffsetMap
  readonly transactions: CleanedTransactions
  readonly producers: ActiveProducers
  readonly nowMs: number
  readonly deleteRetentionMs: number
  readonly stats: CleanerStats
}

export class BatchCleaner {
  readonly #options: BatchCleanerOptions
  readonly #cursor = new RecordCursor()
  /** Ranges of the records that stay, as pairs of start and end in the batch's record bytes. */
  #kept: number[] = []
  #keptCount = 0
  #keptMaxTimestamp: number = RecordBatch.NO_TIMESTAMP
  #keptTombstones = false

  constructor(options: BatchCleanerOptions) {
    this.#options = options
  }

  /**
   * `buffer` is that batch. Returns it, a batch in its place, or undefined if it goes. Throws InvalidRecordError or
   * CompressionError.
   */
  clean(buffer: Buffer, options: { isLastOfSegment: boolean }): Buffer | undefined {
    const { transactions, producers, nowMs, stats } = this.#options
    const isControl = RecordBatch.isControl(buffer)
    const isUnneeded = isControl ? transactions.onControlBatch(buffer, 0) : transactions.onBatch(buffer, 0)
    const hasHorizon = RecordBatch.hasDeleteHorizon(buffer)
    const isPastHorizon = hasHorizon && RecordBatch.baseTimestamp(buffer) <= nowMs
    const mustStay = options.isLastOfSegment || producers.isLastBatch(buffer)
    if (isUnneeded && (!isControl || isPastHorizon)) return mustStay ? withoutRecords(buffer) : undefined

    const count = RecordBatch.recordCount(buffer)
    stats.messagesRead += count
    const records = isControl ? this.#keepAll(buffer, count) : this.#choose(buffer, count, isPastHorizon)
    if (this.#keptCount === 0) return mustStay ? withoutRecords(buffer) : undefined
    stats.messagesWritten += this.#keptCount
    const setsHorizon = !hasHorizon && (isControl ? isUnneeded : this.#keptTombstones)
    if (this.#keptCount === count && !setsHorizon) return buffer
    return this.#rebuild(buffer, records, setsHorizon)
  }

  #keepAll(buffer: Buffer, count: number): Buffer {
    const records = recordBytes(buffer)
    this.#kept = count === 0 ? [] : [0, records.length]
    this.#keptCount = count
    this.#keptMaxTimestamp = RecordBatch.maxTimestamp(buffer)
    this.#keptTombstones = false
    return records
  }

  /** @returns the batch's records, decompressed. */
  #choose(buffer: Buffer, count: number, isPastHorizon: boolean): Buffer {
    const { map, stats } = this.#options
    const cursor = this.#cursor
    const baseOffset = RecordBatch.baseOffset(buffer)
    const baseTimestamp = RecordBatch.baseTimestamp(buffer)
    // Above the map nothing has been superseded yet, so the time of a tombstone there has not begun.
    const countsTombstones = RecordBatch.lastOffset(buffer) <= map.latestOffset
    const records = recordBytes(buffer)
    this.#kept = []
    this.#keptCount = 0
    this.#keptMaxTimestamp = RecordBatch.NO_TIMESTAMP
    this.#keptTombstones = false
    cursor.reset(records)
    let seenCount = 0
    while (cursor.next()) {
      seenCount++
      const offset = baseOffset + cursor.offsetDelta
      if (offset <= map.latestOffset) {
        if (cursor.keyStart < 0) {
          stats.invalidMessagesRead++
          continue
        }
        if (offset < map.get(records, cursor.keyStart, cursor.keyEnd)) continue
        if (!cursor.hasValue && isPastHorizon) continue
      }
      if (this.#kept.at(-1) === cursor.start) this.#kept[this.#kept.length - 1] = cursor.end
      else this.#kept.push(cursor.start, cursor.end)
      this.#keptCount++
      if (!cursor.hasValue) this.#keptTombstones = countsTombstones
      const timestampMs = baseTimestamp + cursor.timestampDelta
      if (timestampMs > this.#keptMaxTimestamp) this.#keptMaxTimestamp = timestampMs
    }
    if (seenCount !== count)
      throw new InvalidRecordError(
        `the batch at ${baseOffset} holds ${seenCount} records in place of ${count}`,
      )
    return records
  }

  #rebuild(buffer: Buffer, records: Buffer, setsHorizon: boolean): Buffer {
    const { nowMs, deleteRetentionMs } = this.#options
    // delete.retention.ms may be anything up to Long.MAX_VALUE.
    const horizonMs = Math.min(nowMs + deleteRetentionMs, Number.MAX_SAFE_INTEGER)
    const kept = setsHorizon ? this.#withBaseTimestamp(buffer, records, horizonMs) : this.#joined(records)
    const codec = codecById(RecordBatch.compressionId(buffer))!
    const batch = Buffer.concat([buffer.subarray(0, RecordBatch.HEADER_BYTES), codec.compress(kept)])
    batch.writeInt32BE(batch.length - RecordBatch.LOG_OVERHEAD_BYTES, RecordBatch.BATCH_LENGTH_AT)
    batch.writeInt32BE(this.#keptCount, RecordBatch.RECORD_COUNT_AT)
    if (!RecordBatch.isLogAppendTime(batch))
      writeInt64(batch, RecordBatch.MAX_TIMESTAMP_AT, this.#keptMaxTimestamp)
    if (setsHorizon) {
      const attributes = RecordBatch.attributes(batch) | RecordBatch.DELETE_HORIZON_MASK
      batch.writeUInt16BE(attributes, RecordBatch.ATTRIBUTES_AT)
      writeInt64(batch, RecordBatch.BASE_TIMESTAMP_AT, horizonMs)
    }
    RecordBatch.writeCrc(batch, 0)
    return batch
  }

  #joined(records: Buffer): Buffer {
    const ranges: Buffer[] = []
    for (let index = 0; index < this.#kept.length; index += 2)
      ranges.push(records.subarray(this.#kept[index]!, this.#kept[index + 1]!))
    return ranges.length === 1 ? ranges[0]! : Buffer.concat(ranges)
  }

  /** The records that stay, their timestamps counted from another base. */
  #withBaseTimestamp(buffer: Buffer, records: Buffer, baseTimestampMs: number): Buffer {
    const appendTimeMs = RecordBatch.isLogAppendTime(buffer) ? RecordBatch.maxTimestamp(buffer) : undefined
    const formerBaseMs = RecordBatch.baseTimestamp(buffer)
    const kept = this.#joined(records)
    const cursor = this.#cursor
    cursor.reset(kept)
    // A delta takes at most ten bytes in place of one, and the length that counts it at most one more.
    const target = Buffer.allocUnsafe(kept.length + this.#keptCount * 10)
    let at = 0
    while (cursor.next()) {
      const delta = (appendTimeMs ?? formerBaseMs + cursor.timestampDelta) - baseTimestampMs
      const restBytes = cursor.end - cursor.restStart
      const bodyBytes = 1 + varlongSize(delta) + restBytes
      at = writeVarint(target, at, bodyBytes)
      target[at++] = kept[cursor.bodyStart]!
      at = writeVarlong(target, at, delta)
      at += kept.copy(target, at, cursor.restStart, cursor.end)
    }
    return target.subarray(0, at)
  }
}

/** A batch with its header only, as Apache Kafka leaves it: producer, sequence, offsets and the maximum timestamp. */
function withoutRecords(buffer: Buffer): Buffer {
  const batch = Buffer.from(buffer.subarray(0, RecordBatch.HEADER_BYTES))
  batch.writeInt32BE(batch.length - RecordBatch.LOG_OVERHEAD_BYTES, RecordBatch.BATCH_LENGTH_AT)
  const dropped = RecordBatch.COMPRESSION_MASK | RecordBatch.DELETE_HORIZON_MASK
  batch.writeUInt16BE(RecordBatch.attributes(batch) & ~dropped, RecordBatch.ATTRIBUTES_AT)
  writeInt64(batch, RecordBatch.BASE_TIMESTAMP_AT, RecordBatch.NO_TIMESTAMP)
  batch.writeInt32BE(0, RecordBatch.RECORD_COUNT_AT)
  RecordBatch.writeCrc(batch, 0)
  return batch
}
