/**
 * Reads a segment's file from one end to the other, in chunks of whole batches, each batch checked.
 *
 * Invariants
 * - The buffer has the size of log.cleaner.io.buffer.size. A batch that is larger gets a buffer of its own, and only
 *   once its checksum has shown that its length is no accident.
 * - What is handed out has sound framing, ascending offsets and sound checksums; anything else throws CorruptLogError.
 */
import type { DiskFile } from '../../base/disk.ts'
import { isMessageCrcValid } from '../../records/message.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { isChecksumValid, lastOffsetOf, scanFile } from '../batch-scan.ts'

/** A smaller buffer would hold no header. */
const BUFFER_BYTES_MIN = 1024

/** The log's bytes are not what was written: the partition can't be cleaned, and nothing of it is touched. */
export class CorruptLogError extends Error {
  override name = 'CorruptLogError'
}

/** Whole batches in `buffer` from 0 to `byteLength`, until the next one is asked for. They lie at `position`. */
export interface Chunk {
  readonly buffer: Buffer
  readonly byteLength: number
  readonly position: number
}

export class SegmentChunks {
  readonly #buffer: Buffer

  constructor(bufferBytes: number) {
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(BUFFER_BYTES_MIN, bufferBytes))
  }

  /** From the batch that holds `startOffset`, or follows it, to `sizeBytes`. Throws DiskError. */
  *read(file: DiskFile, sizeBytes: number, startOffset: number): Generator<Chunk, void, void> {
    let position = scanFile(file, 0, sizeBytes, (buffer, at) => lastOffsetOf(buffer, at) < startOffset)
    let lastOffset = -1
    while (position < sizeBytes) {
      const wanted = Math.min(this.#buffer.length, sizeBytes - position)
      const filled = file.read(this.#buffer, 0, wanted, position)
      let end = wholeBatches(this.#buffer, filled)
      let buffer = this.#buffer
      if (end === 0) {
        buffer = largeBatch(file, { buffer, filled, position, sizeBytes })
        end = buffer.length
      }
      for (let at = 0; at < end; at += RecordBatch.sizeInBytes(buffer, at)) {
        checkBatch(file, buffer, at, position, lastOffset)
        lastOffset = lastOffsetOf(buffer, at)
      }
      yield { buffer, byteLength: end, position }
      position += end
    }
  }
}

function wholeBatches(buffer: Buffer, filled: number): number {
  let end = 0
  for (;;) {
    const next = RecordBatch.batchEnd(buffer, end, filled)
    if (next < 0) return end
    end = next
  }
}

function largeBatch(
  file: DiskFile,
  found: { buffer: Buffer; filled: number; position: number; sizeBytes: number },
): Buffer {
  const { buffer, filled, position, sizeBytes } = found
  const batchBytes = filled < RecordBatch.HEADER_BYTES ? -1 : RecordBatch.sizeInBytes(buffer)
  if (batchBytes <= filled || batchBytes > sizeBytes - position)
    throw new CorruptLogError(`there is no whole batch at position ${position} of ${file.path}`)
  if (!isChecksumValid(file, { position, sizeBytes: batchBytes }, buffer, 0))
    throw wrongChecksum(file, position)
  const large = Buffer.allocUnsafeSlow(batchBytes)
  if (file.read(large, 0, batchBytes, position) < batchBytes)
    throw new CorruptLogError(`${file.path} is shorter than it was`)
  return large
}

function checkBatch(file: DiskFile, buffer: Buffer, at: number, position: number, before: number): void {
  const end = at + RecordBatch.sizeInBytes(buffer, at)
  const isOld = RecordBatch.magic(buffer, at) < 2
  const isSound = isOld ? isMessageCrcValid(buffer, at, end) : RecordBatch.isCrcValid(buffer, at)
  if (!isSound) throw wrongChecksum(file, position + at)
  const baseOffset = RecordBatch.baseOffset(buffer, at)
  if (baseOffset <= before || lastOffsetOf(buffer, at) < baseOffset)
    throw new CorruptLogError(
      `the batch at position ${position + at} of ${file.path} has offset ${baseOffset} behind ${before}`,
    )
}

function wrongChecksum(file: DiskFile, position: number): CorruptLogError {
  return new CorruptLogError(`the batch at position ${position} of ${file.path} has a wrong checksum`)
}
