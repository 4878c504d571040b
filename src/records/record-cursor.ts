/**
 * Steps over the records of a batch of magic 2 without making objects of them, for whoever sorts and copies records:
 * where a record lies, its timestamp and offset, its key, and whether it has a value. An instance is reused for batch
 * after batch; its fields hold until the next step.
 *
 * Invariant: key and value lie within their record, and the records within the bytes; anything else throws
 * InvalidRecordError.
 */
import { readVarint, readVarlong, VarintError, varintEnd } from '../wire/varint.ts'
import { InvalidRecordError } from './record.ts'

const NO_BYTES = Buffer.alloc(0)

export class RecordCursor {
  /** The record, its length field included, lies in `bytes` from `start` to `end`. */
  bytes: Buffer = NO_BYTES
  start = 0
  end = 0
  /** Behind the length: a byte of attributes, then the timestamp. */
  bodyStart = 0
  timestampDelta = 0
  /** Behind the timestamp: the offset delta and all that follows it. */
  restStart = 0
  offsetDelta = 0
  /** -1 without a key. */
  keyStart = -1
  keyEnd = -1
  hasValue = false

  /** `bytes` are the records of a batch, decompressed if need be. */
  reset(bytes: Buffer): void {
    this.bytes = bytes
    this.start = 0
    this.end = 0
  }

  /** False at the end of the bytes. */
  next(): boolean {
    const { bytes } = this
    this.start = this.end
    if (this.start === bytes.length) return false
    try {
      const length = readVarint(bytes, this.start)
      const bodyStart = varintEnd()
      this.bodyStart = bodyStart
      if (length < 0 || length > bytes.length - bodyStart)
        throw new InvalidRecordError(`record at ${this.start} claims ${length} bytes`)
      const end = bodyStart + length
      this.timestampDelta = readVarlong(bytes, bodyStart + 1, end)
      this.restStart = varintEnd()
      this.offsetDelta = readVarint(bytes, this.restStart, end)
      const keyLength = readVarint(bytes, varintEnd(), end)
      const keyStart = varintEnd()
      this.keyStart = keyLength < 0 ? -1 : keyStart
      this.keyEnd = keyLength < 0 ? -1 : keyStart + keyLength
      const valueLength = readVarint(bytes, keyStart + Math.max(0, keyLength), end)
      this.hasValue = valueLength >= 0
      if (varintEnd() + Math.max(0, valueLength) > end)
        throw new InvalidRecordError(`the value of the record at ${this.start} runs past its end`)
      this.end = end
      return true
    } catch (error) {
      if (!(error instanceof VarintError)) throw error
      throw new InvalidRecordError(`record at ${this.start}: ${error.message}`, { cause: error })
    }
  }
}
