/**
 * Walks the batches of a segment's file by their headers. Bytes of records are read only where small batches lie so
 * close together that one read fetches several headers.
 *
 * Entries of magic 0 and 1, which an old Kafka may have left in the folder, are walked too: their offset field is
 * the offset of their last message.
 */
import type { DiskFile } from '../base/disk.ts'
import { readInt64 } from '../records/int64.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { crc32, crc32c } from '../wire/crc32c.ts'

/** Where small batches lie dense, one read of this size covers a stride of the offset index and more. */
const CHUNK_BYTES = 8 * 1024
const CRC_CHUNK_BYTES = 256 * 1024
const TIMESTAMP_OF_MAGIC_1_AT = 18
const OLD_CRC_AT = 12
/** The smallest entry of magic 0 or 1, and as much of it as anyone here looks at. */
const OLD_ENTRY_BYTES = 26

let spareChunk: Buffer | undefined

/**
 * Called for each whole batch: its header lies in `buffer` at `at`,
 * valid during the call; `position` and `sizeBytes` say where the batch lies in the file. False ends the walk.
 */
export type BatchVisitor = (buffer: Buffer, at: number, position: number, sizeBytes: number) => boolean

/**
 * @returns where the walk ended: behind the last batch visited, or at its start if the visitor ended the walk. Less
 * than `to` without the visitor's doing means that no whole batch lies there.
 */
export function scanFile(file: DiskFile, from: number, to: number, visit: BatchVisitor): number {
  const chunk = spareChunk ?? Buffer.allocUnsafe(CHUNK_BYTES)
  spareChunk = undefined
  try {
    let position = from
    let chunkStart = 0
    let chunkEnd = 0
    while (position < to) {
      if (position < chunkStart || Math.min(position + RecordBatch.HEADER_BYTES, to) > chunkEnd) {
        chunkStart = position
        chunkEnd = position + file.read(chunk, 0, Math.min(CHUNK_BYTES, to - position), position)
      }
      const at = position - chunkStart
      if (position + RecordBatch.PREFIX_BYTES > chunkEnd) return position
      const sizeBytes = RecordBatch.sizeInBytes(chunk, at)
      const headerBytes = RecordBatch.magic(chunk, at) >= 2 ? RecordBatch.HEADER_BYTES : OLD_ENTRY_BYTES
      if (sizeBytes < headerBytes || position + sizeBytes > to) return position
      if (position + headerBytes > chunkEnd) return position
      if (!visit(chunk, at, position, sizeBytes)) return position
      position += sizeBytes
    }
    return position
  } finally {
    spareChunk = chunk
  }
}

/** Of an entry of any magic. */
export function lastOffsetOf(buffer: Buffer, at: number): number {
  const offset = RecordBatch.baseOffset(buffer, at)
  return RecordBatch.magic(buffer, at) >= 2 ? offset + RecordBatch.lastOffsetDelta(buffer, at) : offset
}

/** Of the records in the entry, in milliseconds; -1 where it has none of them, or they have no time. */
export function maxTimestampOf(buffer: Buffer, at: number): number {
  const magic = RecordBatch.magic(buffer, at)
  if (magic >= 2) {
    // What compaction leaves of a batch keeps the time of records that are gone.
    const isEmpty = RecordBatch.recordCount(buffer, at) === 0
    return isEmpty ? RecordBatch.NO_TIMESTAMP : RecordBatch.maxTimestamp(buffer, at)
  }
  return magic === 0 ? RecordBatch.NO_TIMESTAMP : readInt64(buffer, at + TIMESTAMP_OF_MAGIC_1_AT)
}

/**
 * Reads an entry of any magic piece by piece, however large it claims to be, and compares its checksum. Its header lies
 * in `header` at `headerAt`. Old magics count too: of a torn batch the byte that tells the magic may be lost, and a
 * zero there looks like magic 0.
 */
export function isChecksumValid(
  file: DiskFile,
  range: { readonly position: number; readonly sizeBytes: number },
  header: Buffer,
  headerAt: number,
): boolean {
  const isOld = RecordBatch.magic(header, headerAt) < 2
  const checksum = isOld ? crc32 : crc32c
  const expected = isOld ? header.readUInt32BE(headerAt + OLD_CRC_AT) : RecordBatch.crc(header, headerAt)
  const piece = Buffer.allocUnsafe(Math.min(CRC_CHUNK_BYTES, range.sizeBytes))
  const end = range.position + range.sizeBytes
  let crc = 0
  let at = range.position + (isOld ? RecordBatch.MAGIC_AT : RecordBatch.ATTRIBUTES_AT)
  while (at < end) {
    const byteCount = file.read(piece, 0, Math.min(piece.length, end - at), at)
    if (byteCount === 0) return false
    crc = checksum(piece.subarray(0, byteCount), crc)
    at += byteCount
  }
  return crc === expected
}
