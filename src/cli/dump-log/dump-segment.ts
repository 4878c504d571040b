/**
 * A segment: a line for each batch, and with `isDeep` one for each record in it. A batch that can't be read is told of, and
 * the next one follows; where no whole batch lies the walk ends, and says how much is left.
 */
import type { Disk, DiskFile } from '../../base/disk.ts'
import { isChecksumValid, lastOffsetOf, maxTimestampOf, scanFile } from '../../log/batch-scan.ts'
import { codecById } from '../../records/compression/codec.ts'
import { CompressionError } from '../../records/compression/compression-error.ts'
import { ControlRecordType, controlRecordType, coordinatorEpoch } from '../../records/control-record.ts'
import { readMessageSet } from '../../records/message-set.ts'
import { InvalidRecordError, type KafkaRecord, records } from '../../records/record.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { baseName, startOffsetOf } from './dump-file.ts'
import type { DumpOutput } from './dump-output.ts'
import type { RecordDecoder } from './record-decoders.ts'

const CODEC_OF_MAGIC_1_AT = 17
const OLD_CRC_AT = 12

export interface SegmentDump {
  readonly isDeep: boolean
  /** Undefined: keys and values are not shown. */
  readonly decoder: RecordDecoder | undefined
  readonly skipsMetadata: boolean
  readonly bytesMax: number
}

/** @returns the offsets that do not follow on each other, as pairs. Throws DiskError, UsageError. */
export async function dumpSegment(
  disk: Disk,
  path: string,
  dump: SegmentDump,
  output: DumpOutput,
): Promise<[number, number][]> {
  output.line(`Log starting offset: ${startOffsetOf(path)}`)
  const file = disk.open(path, 'read')
  const gaps: [number, number][] = []
  try {
    const sizeBytes = file.sizeBytes()
    const end = Math.min(sizeBytes, dump.bytesMax)
    let lastOffset = -1
    const onRecord = (offset: number): void => {
      if (lastOffset !== -1 && offset !== lastOffset + 1) gaps.push([lastOffset, offset])
      lastOffset = offset
    }
    let position = 0
    for (let isOver = false; !isOver && !output.isStopped; ) {
      isOver = true
      position = scanFile(file, position, end, (header, at, batchPosition, batchBytes) => {
        if (output.isFull || output.isStopped) {
          isOver = false
          return false
        }
        const range = { position: batchPosition, sizeBytes: batchBytes }
        output.line(batchLine(file, range, header, at))
        if (dump.isDeep) dumpRecords(file, range, dump, output, onRecord)
        return true
      })
      await output.flush()
    }
    if (position < end && end === sizeBytes && !output.isStopped) {
      output.line(`Found ${sizeBytes - position} invalid bytes at the end of ${baseName(path)}`)
    }
    return gaps
  } finally {
    file.close()
    await output.flush()
  }
}

interface Range {
  readonly position: number
  readonly sizeBytes: number
}

function batchLine(file: DiskFile, range: Range, header: Buffer, at: number): string {
  const magic = RecordBatch.magic(header, at)
  const isOld = magic < 2
  const codec = codecById(
    isOld
      ? header[at + CODEC_OF_MAGIC_1_AT]! & RecordBatch.COMPRESSION_MASK
      : RecordBatch.compressionId(header, at),
  )
  const crc = isOld ? header.readUInt32BE(at + OLD_CRC_AT) : RecordBatch.crc(header, at)
  const time = isOld ? maxTimestampOf(header, at) : RecordBatch.maxTimestamp(header, at)
  return [
    isOld ? `offset: ${lastOffsetOf(header, at)}` : batchFields(header, at),
    `position: ${range.position}`,
    `${timestampType(header, at)}: ${time}`,
    `size: ${range.sizeBytes}`,
    `magic: ${magic}`,
    `compresscodec: ${codec?.name ?? 'unknown'}`,
    `crc: ${crc}`,
    `isvalid: ${isChecksumValid(file, range, header, at)}`,
  ].join(' ')
}

function batchFields(header: Buffer, at: number): string {
  const horizon = RecordBatch.hasDeleteHorizon(header, at)
    ? `OptionalLong[${RecordBatch.baseTimestamp(header, at)}]`
    : 'OptionalLong.empty'
  return [
    `baseOffset: ${RecordBatch.baseOffset(header, at)}`,
    `lastOffset: ${RecordBatch.lastOffset(header, at)}`,
    `count: ${RecordBatch.recordCount(header, at)}`,
    `baseSequence: ${RecordBatch.baseSequence(header, at)}`,
    `lastSequence: ${RecordBatch.lastSequence(header, at)}`,
    `producerId: ${RecordBatch.producerId(header, at)}`,
    `producerEpoch: ${RecordBatch.producerEpoch(header, at)}`,
    `partitionLeaderEpoch: ${RecordBatch.partitionLeaderEpoch(header, at)}`,
    `isTransactional: ${RecordBatch.isTransactional(header, at)}`,
    `isControl: ${RecordBatch.isControl(header, at)}`,
    `deleteHorizonMs: ${horizon}`,
  ].join(' ')
}

function timestampType(header: Buffer, at: number): string {
  const magic = RecordBatch.magic(header, at)
  if (magic === 0) return 'NoTimestampType'
  const isStamped =
    magic === 1
      ? (header[at + CODEC_OF_MAGIC_1_AT]! & RecordBatch.TIMESTAMP_TYPE_MASK) !== 0
      : RecordBatch.isLogAppendTime(header, at)
  return isStamped ? 'LogAppendTime' : 'CreateTime'
}

// --- Records -----------------------------------------------------------------------------------------------------------

type PlainRecord = Pick<KafkaRecord, 'offset' | 'timestampMs' | 'key' | 'value'>

function dumpRecords(
  file: DiskFile,
  { position, sizeBytes }: Range,
  dump: SegmentDump,
  output: DumpOutput,
  onRecord: (offset: number) => void,
): void {
  // Not more than the file has: the walk has looked.
  const batch = Buffer.allocUnsafe(sizeBytes)
  file.read(batch, 0, sizeBytes, position)
  const type = timestampType(batch, 0)
  const isOld = RecordBatch.magic(batch) < 2
  try {
    for (const record of isOld ? oldRecords(batch) : records(batch)) {
      onRecord(record.offset)
      output.line(recordLine(record, batch, type, dump))
    }
  } catch (error) {
    if (!(error instanceof InvalidRecordError || error instanceof CompressionError)) throw error
    output.note(`The batch at position ${position} can't be read: ${error.message}`)
  }
}

function oldRecords(batch: Buffer): readonly PlainRecord[] {
  const set = readMessageSet(batch)
  if ('error' in set) throw new InvalidRecordError(set.message)
  return set.messages
}

function recordLine(
  record: PlainRecord | KafkaRecord,
  batch: Buffer,
  type: string,
  dump: SegmentDump,
): string {
  const isOld = RecordBatch.magic(batch) < 2
  const isControl = !isOld && RecordBatch.isControl(batch)
  let line = ''
  // Whatever stands first of the record stands behind a bar.
  let prefix = '| '
  if (!dump.skipsMetadata) {
    const { offset, timestampMs, key, value } = record
    line = `${prefix}offset: ${offset} ${type}: ${timestampMs} keySize: ${key?.length ?? -1} valueSize: ${value?.length ?? -1}`
    prefix = ' '
    if ('sequence' in record) {
      line += ` sequence: ${record.sequence} headerKeys: [${record.headers.map((header) => header.key).join(',')}]`
    }
    if (isControl) line += ` ${controlFields(record)}`
  }
  if (dump.decoder === undefined || isControl) return line
  const { key, payload } = dump.decoder(record)
  if (key !== undefined) line += `${prefix}key: ${key}`
  return payload === undefined ? line : `${line} payload: ${payload}`
}

function controlFields({ key, value }: PlainRecord): string {
  const type = controlRecordType(key)
  if (type === ControlRecordType.ABORT || type === ControlRecordType.COMMIT) {
    const name = type === ControlRecordType.COMMIT ? 'COMMIT' : 'ABORT'
    return `endTxnMarker: ${name} coordinatorEpoch: ${coordinatorEpoch(value)}`
  }
  const [name = 'UNKNOWN'] = Object.entries(ControlRecordType).find(([, number]) => number === type) ?? []
  return `controlType: ${name}(${type})`
}
