/**
 * What a leader checks before it takes in what a producer sent: the part of Kafka's LogValidator that concerns one
 * batch of magic 2. Old message sets are converted first (message-set.ts). Expected outcomes are values: undefined for a
 * good batch, so that the usual case allocates nothing, or a failure with the name of Kafka's error code, which the
 * log maps to its number (`ErrorCode[failure.error]`).
 *
 * How deep it looks, cheapest first:
 * - header: size, magic, CRC, counts, producer fields, the timestamp range as far as the header tells;
 * - uncompressed records are walked without making objects, so that everything stored can be read to the end;
 * - compressed records stay compressed, unless the topic is compacted (keys must be there), or timestamps are bounded
 *   below (the header knows only the largest), or the header's own timestamps break a bound (to name the records).
 *
 * The one thing it changes is a maxTimestamp that the walk found to be wrong, as Kafka does: indexes rely on it.
 *
 * Stricter than Kafka on purpose (docs/decisions): bytes behind the batch, transactional batches without a producer id,
 * the LogAppendTime flag from a client, offset deltas with gaps, 64-bit fields beyond 2^53.
 */
import { CompressionError } from './compression/codec.ts'
import { DECOMPRESSED_BYTES_MAX, InvalidRecordError, recordBytes, records } from './record.ts'
import * as RecordBatch from './record-batch.ts'
import { RecordWalk } from './record-walk.ts'

/** Names of Kafka's error codes. */
export type ValidationError =
  | 'CORRUPT_MESSAGE'
  | 'INVALID_RECORD'
  | 'INVALID_TIMESTAMP'
  | 'UNSUPPORTED_COMPRESSION_TYPE'
  | 'UNSUPPORTED_FOR_MESSAGE_FORMAT'
  | 'RECORD_LIST_TOO_LARGE'

/** One record that is wrong: its index in the batch, and why (KIP-467). */
export interface RecordFault {
  readonly batchIndex: number
  readonly message: string
}

export interface ValidationFailure {
  readonly error: ValidationError
  readonly message: string
  readonly recordErrors: readonly RecordFault[]
}

export interface BatchRules {
  /** Coordinators write control batches, and what they write is not walked. */
  readonly origin: 'client' | 'coordinator'
  readonly nowMs: number
  /** With LogAppendTime the producer's timestamps are not looked at: the log overwrites them. */
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  /** `message.timestamp.before.max.ms`; from 2^53 on, as its default is: no bound. */
  readonly timestampBeforeMaxMs: number
  /** `message.timestamp.after.max.ms`, likewise. */
  readonly timestampAfterMaxMs: number
  /** The topic is compacted: every record needs a key. */
  readonly compactedTopic: boolean
  /** What a compressed batch may grow to where it must be looked into; default DECOMPRESSED_BYTES_MAX. */
  readonly decompressedBytesMax?: number
}

/** Record errors named in one failure at most: the answer to a bad request must not outgrow the request. */
const RECORD_ERRORS_MAX = 1000

const walk = new RecordWalk()
const noRecordErrors: readonly RecordFault[] = []

/** `buffer` must hold exactly one batch of magic 2 and nothing else. */
export function validateBatch(buffer: Buffer, rules: BatchRules): ValidationFailure | undefined {
  const end = RecordBatch.batchEnd(buffer, 0)
  if (buffer.length === 0)
    return failure('INVALID_RECORD', 'the request holds no record batch for the partition')
  if (buffer.length > RecordBatch.MAGIC_AT) {
    const magic = RecordBatch.magic(buffer)
    if (magic > 2 || magic < 0) return failure('CORRUPT_MESSAGE', `invalid magic ${magic}`)
    if (magic < 2) return failure('INVALID_RECORD', `expected a record batch of magic 2, got magic ${magic}`)
  }
  if (end < 0) {
    // A batch that was cut short is none; one whose length is nonsense is corrupt. Clients try again after the latter.
    return failure(
      isCutShort(buffer) ? 'INVALID_RECORD' : 'CORRUPT_MESSAGE',
      `batch does not fit into the ${buffer.length} bytes that were sent`,
    )
  }
  if (end < buffer.length) {
    return RecordBatch.batchEnd(buffer, end) < 0
      ? failure('CORRUPT_MESSAGE', `${buffer.length - end} stray bytes follow the batch`)
      : failure('INVALID_RECORD', 'more than one record batch for a partition')
  }
  if (rules.origin === 'client' && RecordBatch.baseOffset(buffer) !== 0) {
    return failure('INVALID_RECORD', `base offset ${RecordBatch.baseOffset(buffer)} instead of 0`)
  }
  if (!RecordBatch.isCrcValid(buffer)) {
    const stored = RecordBatch.crc(buffer)
    return failure(
      'CORRUPT_MESSAGE',
      `stored crc is ${stored}, computed crc is ${RecordBatch.computeCrc(buffer)}`,
    )
  }
  if (rules.origin === 'coordinator') return undefined
  return validateHeader(buffer) ?? validateTimestampFlag(buffer) ?? validateRecords(buffer, rules)
}

function isCutShort(buffer: Buffer): boolean {
  if (buffer.length < RecordBatch.LOG_OVERHEAD_BYTES) return true
  const sizeBytes = RecordBatch.sizeInBytes(buffer)
  return sizeBytes >= RecordBatch.HEADER_BYTES && sizeBytes > buffer.length
}

function validateHeader(buffer: Buffer): ValidationFailure | undefined {
  const count = RecordBatch.recordCount(buffer)
  const lastOffsetDelta = RecordBatch.lastOffsetDelta(buffer)
  if (count <= 0) return failure('INVALID_RECORD', `invalid record count ${count}`)
  if (lastOffsetDelta !== count - 1) {
    return failure(
      'INVALID_RECORD',
      `last offset delta ${lastOffsetDelta} contradicts the count of ${count} records`,
    )
  }
  if (RecordBatch.compressionId(buffer) > 4) {
    return failure('UNSUPPORTED_COMPRESSION_TYPE', `no codec has the id ${RecordBatch.compressionId(buffer)}`)
  }
  if (RecordBatch.isControl(buffer)) return failure('INVALID_RECORD', 'clients may not write control records')
  const producerId = RecordBatch.producerId(buffer)
  if (!Number.isSafeInteger(producerId))
    return failure('INVALID_RECORD', `producer id ${producerId} is out of range`)
  if (producerId > RecordBatch.NO_PRODUCER_ID) {
    if (RecordBatch.baseSequence(buffer) < 0) {
      return failure(
        'INVALID_RECORD',
        `sequence ${RecordBatch.baseSequence(buffer)} with producer id ${producerId}`,
      )
    }
    if (RecordBatch.producerEpoch(buffer) < 0) {
      return failure(
        'INVALID_RECORD',
        `epoch ${RecordBatch.producerEpoch(buffer)} with producer id ${producerId}`,
      )
    }
  } else if (RecordBatch.isTransactional(buffer)) {
    return failure('INVALID_RECORD', 'transactional batch without a producer id')
  }
  return undefined
}

function validateTimestampFlag(buffer: Buffer): ValidationFailure | undefined {
  if (!RecordBatch.isLogAppendTime(buffer)) return undefined
  return failure('INVALID_TIMESTAMP', 'producers may not set the timestamp type to LogAppendTime')
}

/** A compressed batch whose header gives no cause to look inside is done here. */
function validateRecords(buffer: Buffer, rules: BatchRules): ValidationFailure | undefined {
  const checksTimes = rules.timestampType === 'CreateTime'
  const boundedBelow = checksTimes && rules.timestampBeforeMaxMs <= Number.MAX_SAFE_INTEGER
  const isCompressed = RecordBatch.compressionId(buffer) !== 0
  const mustOpen =
    !isCompressed || rules.compactedTopic || boundedBelow || (checksTimes && !headerTimesFit(buffer, rules))
  if (!mustOpen) return undefined

  let bytes: Buffer
  try {
    bytes = recordBytes(buffer, 0, rules.decompressedBytesMax ?? DECOMPRESSED_BYTES_MAX)
  } catch (error) {
    return decompressionFailure(error)
  }
  if (!walk.run(bytes, 0, bytes.length, RecordBatch.recordCount(buffer))) {
    const message = `record ${walk.fault}`
    return failure('INVALID_RECORD', `record ${walk.faultIndex} of the batch ${walk.fault}`, [
      { batchIndex: walk.faultIndex, message },
    ])
  }
  if (rules.compactedTopic && walk.firstNullKeyIndex >= 0) return recordFailures(buffer, rules)
  const baseTimestamp = RecordBatch.baseTimestamp(buffer)
  const earliest = baseTimestamp + walk.minTimestampDelta
  const latest = baseTimestamp + walk.maxTimestampDelta
  if (checksTimes && !rangeFits(earliest, latest, rules)) {
    const found = recordFailures(buffer, rules)
    if (found !== undefined) return found
  }
  if (checksTimes && latest !== RecordBatch.maxTimestamp(buffer))
    RecordBatch.setMaxTimestamp(buffer, 0, latest)
  return undefined
}

function headerTimesFit(buffer: Buffer, rules: BatchRules): boolean {
  return (
    timeFits(RecordBatch.baseTimestamp(buffer), rules) && timeFits(RecordBatch.maxTimestamp(buffer), rules)
  )
}

/** A "no timestamp" among others hides the earliest of them, so then each record has to be looked at. */
function rangeFits(earliestMs: number, latestMs: number, rules: BatchRules): boolean {
  if (earliestMs === RecordBatch.NO_TIMESTAMP && latestMs !== earliestMs) return false
  return timeFits(earliestMs, rules) && timeFits(latestMs, rules)
}

function timeFits(timestampMs: number, rules: BatchRules): boolean {
  if (timestampMs === RecordBatch.NO_TIMESTAMP) return true
  const ageMs = rules.nowMs - timestampMs
  return (
    ageMs <= rules.timestampBeforeMaxMs &&
    -ageMs <= rules.timestampAfterMaxMs &&
    Number.isSafeInteger(timestampMs)
  )
}

/** The slow path: names every record that is wrong. A wrong timestamp outranks a missing key, as in Kafka. */
function recordFailures(buffer: Buffer, rules: BatchRules): ValidationFailure | undefined {
  const faults: RecordFault[] = []
  let timestampFaults = 0
  let batchIndex = 0
  try {
    for (const record of records(buffer, 0, rules.decompressedBytesMax)) {
      if (rules.compactedTopic && record.key === null) {
        faults.push({ batchIndex, message: 'Compacted topic cannot accept message without key' })
      } else if (rules.timestampType === 'CreateTime' && !timeFits(record.timestampMs, rules)) {
        timestampFaults++
        faults.push({
          batchIndex,
          message: `Timestamp ${record.timestampMs} is not within ${acceptedRange(rules)}`,
        })
      }
      batchIndex++
      if (faults.length === RECORD_ERRORS_MAX) break
    }
  } catch (error) {
    if (error instanceof InvalidRecordError) return failure('INVALID_RECORD', error.message)
    return decompressionFailure(error)
  }
  if (faults.length === 0) return undefined
  if (timestampFaults > 0) {
    return failure(
      'INVALID_TIMESTAMP',
      'One or more records have been rejected due to invalid timestamp',
      faults,
    )
  }
  return failure(
    'INVALID_RECORD',
    `One or more records have been rejected due to ${faults.length} record errors in total`,
    faults,
  )
}

function acceptedRange(rules: BatchRules): string {
  const unbounded = (limitMs: number): boolean => limitMs > Number.MAX_SAFE_INTEGER
  const from = unbounded(rules.timestampBeforeMaxMs) ? '-infinity' : rules.nowMs - rules.timestampBeforeMaxMs
  const to = unbounded(rules.timestampAfterMaxMs) ? 'infinity' : rules.nowMs + rules.timestampAfterMaxMs
  return `[${from}, ${to}]`
}

function decompressionFailure(error: unknown): ValidationFailure {
  if (!(error instanceof CompressionError)) throw error
  const code = error.fault === 'too-large' ? 'RECORD_LIST_TOO_LARGE' : 'CORRUPT_MESSAGE'
  return failure(code, error.message)
}

function failure(
  error: ValidationError,
  message: string,
  recordErrors: readonly RecordFault[] = noRecordErrors,
): ValidationFailure {
  return { error, message, recordErrors }
}
