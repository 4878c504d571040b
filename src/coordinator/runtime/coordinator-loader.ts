/**
 * Replays a partition of an internal topic into a shard: batch by batch from the log's start to its end, in slices of
 * time, so that a long log does not hold up the loop.
 *
 * A record or batch that can't be read is logged and passed over: one bad record must not keep every other group or
 * transaction of the partition from being served.
 */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { CompressionError } from '../../records/compression/compression-error.ts'
import { ControlRecordType, controlRecordType } from '../../records/control-record.ts'
import { InvalidRecordError, type KafkaRecord, readRecords } from '../../records/record.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { DecodeError } from '../../wire/reader.ts'
import type { CoordinatorLog, ProducerIdentity } from './coordinator-log.ts'
import type { CoordinatorShard } from './coordinator-shard.ts'

/** How long a load may hold the loop. */
const SLICE_MS_MAX = 10

export interface LoadOptions {
  /** `__consumer_offsets-3`, for messages. */
  readonly name: string
  readonly log: CoordinatorLog
  readonly shard: CoordinatorShard
  readonly clock: Clock
  readonly logger: Logger
  /** Bytes read at once. */
  readonly bufferBytes: number
  /** Asked after each pause: false gives the load up. */
  readonly isCurrent: () => boolean
}

/** @returns false if it was given up. Rejects with DiskError. */
export async function loadShard(options: LoadOptions): Promise<boolean> {
  const { name, log, shard, clock, logger, bufferBytes, isCurrent } = options
  const startMs = clock.monotonicMs()
  // A leader's log is not truncated, and nobody else appends to it before the shard is loaded.
  const endOffset = log.logEndOffset
  let untilMs = startMs + SLICE_MS_MAX
  let recordCount = 0
  for (let offset = log.logStartOffset; offset < endOffset; ) {
    const bytes = await log.read(offset, bufferBytes)
    if (!isCurrent()) return false
    if (bytes.length === 0) break
    for (let at = 0; at < bytes.length; at += RecordBatch.sizeInBytes(bytes, at)) {
      recordCount += replayBatch(bytes, at, shard, logger, name)
      offset = RecordBatch.lastOffset(bytes, at) + 1
      if (clock.monotonicMs() < untilMs) continue
      await new Promise<void>((resolve) => void clock.after(0, resolve))
      if (!isCurrent()) return false
      untilMs = clock.monotonicMs() + SLICE_MS_MAX
    }
  }
  const elapsedMs = Math.round(clock.monotonicMs() - startMs)
  logger.info(
    `Finished loading of metadata from ${name} with epoch ${log.leaderEpoch} in ${elapsedMs}ms. Loaded ${recordCount} records.`,
  )
  return true
}

function replayBatch(
  bytes: Buffer,
  at: number,
  shard: CoordinatorShard,
  logger: Logger,
  name: string,
): number {
  let records: KafkaRecord[]
  try {
    records = readRecords(bytes, at)
  } catch (error) {
    if (!(error instanceof InvalidRecordError || error instanceof CompressionError)) throw error
    const offset = RecordBatch.baseOffset(bytes, at)
    logger.error(`The batch at offset ${offset} of ${name} can't be read and is passed over`, error)
    return 0
  }
  const isTransactional = RecordBatch.isTransactional(bytes, at)
  const producer = isTransactional ? producerOf(bytes, at) : undefined
  if (RecordBatch.isControl(bytes, at)) {
    for (const { key } of records) {
      const type = controlRecordType(key)
      if (type !== ControlRecordType.COMMIT && type !== ControlRecordType.ABORT) continue
      shard.replayEndTransaction(producerOf(bytes, at), type === ControlRecordType.COMMIT)
    }
    return 0
  }
  for (const { key, value, offset } of records) {
    try {
      if (key === null) throw new DecodeError('a record without a key')
      shard.replay({ key, value }, { offset, producer })
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      logger.error(`The record at offset ${offset} of ${name} can't be read and is passed over`, error)
    }
  }
  return records.length
}

function producerOf(bytes: Buffer, at: number): ProducerIdentity {
  return {
    producerId: RecordBatch.producerId(bytes, at),
    producerEpoch: RecordBatch.producerEpoch(bytes, at),
  }
}
