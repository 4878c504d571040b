/**
 * What a log demands of bytes before it stages them: of a producer's batch, everything (it may change on the way: another
 * compression, the append time); of what a leader sent to its follower, only that it is whole and in order.
 */
import { ErrorCode } from '../protocol/error-codes.ts'
import { type BatchRules, validateBatch } from '../records/batch-validator.ts'
import { type CompressionName, codecById } from '../records/compression/codec.ts'
import { CompressionError } from '../records/compression/compression-error.ts'
import { isMessageCrcValid } from '../records/message.ts'
import { DECOMPRESSED_BYTES_MAX, InvalidRecordError } from '../records/record.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { recompressBatch } from '../records/record-batch-builder.ts'
import { type AppendOrigin, type AppendOutcome, appendFailure } from './append-outcome.ts'
import { lastOffsetOf } from './batch-scan.ts'
import type { LogConfig } from './log-config.ts'

export interface LeaderAppendContext {
  readonly topicPartition: string
  readonly config: LogConfig
  readonly origin: AppendOrigin
  readonly nowMs: number
  readonly logStartOffset: number
}

/** One reusable object: rules are read within the call only. */
const rules: { -readonly [K in keyof BatchRules]: BatchRules[K] } = {
  origin: 'client',
  nowMs: 0,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: 0,
  timestampAfterMaxMs: 0,
  compactedTopic: false,
}

/** @returns the batch to append, mostly the very buffer that came, or a failure. */
export function checkForLeader(records: Buffer, context: LeaderAppendContext): Buffer | AppendOutcome {
  const { config, topicPartition, logStartOffset } = context
  if (records.length > config.maxMessageBytes) return tooLarge(records.length, context)
  rules.origin = context.origin
  rules.nowMs = context.nowMs
  rules.timestampType = config.messageTimestampType
  rules.timestampBeforeMaxMs = config.messageTimestampBeforeMaxMs
  rules.timestampAfterMaxMs = config.messageTimestampAfterMaxMs
  rules.compactedTopic = config.cleanupPolicy.includes('compact')
  const invalid = validateBatch(records, rules)
  if (invalid !== undefined) {
    const message = `${invalid.message} (partition ${topicPartition})`
    const outcome = appendFailure(ErrorCode[invalid.error], message, logStartOffset)
    outcome.recordErrors = invalid.recordErrors
    return outcome
  }
  let batch = records
  const compression = config.compressionType === 'uncompressed' ? 'none' : config.compressionType
  if (compression !== 'producer' && !RecordBatch.isControl(batch)) {
    const recompressed = recompress(batch, compression, config)
    if (typeof recompressed === 'string')
      return appendFailure(ErrorCode.CORRUPT_MESSAGE, recompressed, logStartOffset)
    batch = recompressed
    if (batch.length > config.maxMessageBytes) return tooLarge(batch.length, context)
  }
  if (batch.length > config.segmentBytes) {
    const message = `batch of ${batch.length} bytes for ${topicPartition} does not fit into a segment of ${config.segmentBytes}`
    return appendFailure(ErrorCode.RECORD_LIST_TOO_LARGE, message, logStartOffset)
  }
  if (config.messageTimestampType === 'LogAppendTime') RecordBatch.setLogAppendTime(batch, 0, context.nowMs)
  return batch
}

/** @returns what is wrong with batches that a leader sent, the first of which may not start before `minOffset`. */
export function faultOfReplicated(records: Buffer, minOffset: number): string | undefined {
  let nextOffset = minOffset
  for (let at = 0; at < records.length; ) {
    const end = RecordBatch.batchEnd(records, at)
    if (end < 0) return `no whole batch at byte ${at} of ${records.length}`
    const magic = RecordBatch.magic(records, at)
    if (magic > 2) return `batch of magic ${magic}`
    // Messages of old formats stay in the logs of those who have them.
    if (!(magic === 2 ? RecordBatch.isCrcValid(records, at) : isMessageCrcValid(records, at, end)))
      return `wrong checksum of the batch at byte ${at}`
    const baseOffset = RecordBatch.baseOffset(records, at)
    const lastOffset = lastOffsetOf(records, at)
    if (baseOffset < nextOffset || lastOffset < baseOffset) {
      return `offsets ${baseOffset} to ${lastOffset} where ${nextOffset} or more was due`
    }
    nextOffset = lastOffset + 1
    at = end
  }
  return undefined
}

function recompress(batch: Buffer, compression: CompressionName, config: LogConfig): Buffer | string {
  if (codecById(RecordBatch.compressionId(batch))?.name === compression) return batch
  try {
    const level = levelOf(compression, config)
    return recompressBatch(batch, 0, { compression, maxBytes: DECOMPRESSED_BYTES_MAX, ...level })
  } catch (error) {
    if (error instanceof CompressionError || error instanceof InvalidRecordError) return error.message
    throw error
  }
}

function levelOf(compression: CompressionName, config: LogConfig): { level: number } | undefined {
  if (compression === 'gzip') return { level: config.compressionGzipLevel }
  return compression === 'zstd' ? { level: config.compressionZstdLevel } : undefined
}

function tooLarge(byteLength: number, context: LeaderAppendContext): AppendOutcome {
  const message = `batch of ${byteLength} bytes for ${context.topicPartition} is larger than max.message.bytes, ${context.config.maxMessageBytes}`
  return appendFailure(ErrorCode.MESSAGE_TOO_LARGE, message, context.logStartOffset)
}
