/**
 * Goes over the records of a batch of magic 2 without making objects of them: the check that a broker can afford on
 * everything it is sent. Lengths must nest exactly, offset deltas must count 0, 1, 2, ..., and there must be as many
 * records as the header says, so that whoever reads the log later can read it to the end.
 *
 * On the way it notes what the validator wants to know: the range of the timestamps, and the first record without key.
 * An instance is reused for batch after batch; its fields hold until the next `run`.
 *
 * Record: length varint, attributes 1, timestampDelta varlong, offsetDelta varint, key and value each behind a varint
 * length (negative: null), header count varint, each header a key and a value behind varint lengths.
 */
import { readVarint, readVarlong, VarintError, varintEnd } from '../wire/varint.ts'

export class RecordWalk {
  /** What is wrong, in words for the producer; null after a run that found nothing. */
  fault: string | null = null
  /** The record that is wrong, counted from 0. */
  faultIndex = -1
  /** Index of the first record without key, -1 if all have one. */
  firstNullKeyIndex = -1
  /** The range of timestamps, relative to the batch's base timestamp. */
  minTimestampDelta = 0
  maxTimestampDelta = 0

  /** True if `bytes` from `start` to `end` are exactly `recordCount` sound records, not compressed. */
  run(bytes: Uint8Array, start: number, end: number, recordCount: number): boolean {
    this.fault = null
    this.faultIndex = -1
    this.firstNullKeyIndex = -1
    this.minTimestampDelta = Infinity
    this.maxTimestampDelta = -Infinity
    let position = start
    let index = 0
    try {
      while (index < recordCount) {
        position = this.#plainRecords(bytes, position, end, index, recordCount)
        index = this.#nextIndex
        if (index === recordCount) break
        position = this.#anyRecord(bytes, position, end, index++)
        if (position < 0) return false
      }
    } catch (error) {
      if (!(error instanceof VarintError)) throw error
      this.#fail(index - 1, 'has fields that run past its end')
      return false
    }
    if (position !== end) {
      this.#fail(index, `is followed by ${end - position} more bytes: the batch counts ${recordCount}`)
      return false
    }
    return true
  }

  /** Where #plainRecords stopped. */
  #nextIndex = 0

  /**
   * Walks on over sound records without headers whose lengths and timestamps take one or two bytes, and stops before the
   * first that is different, or wrong: #anyRecord then looks at that one properly. One function, with all in locals, since
   * calls and fields triple its time.
   */
  #plainRecords(
    bytes: Uint8Array,
    start: number,
    end: number,
    startIndex: number,
    recordCount: number,
  ): number {
    let recordStart = start
    let index = startIndex
    let firstNullKeyIndex = -1
    let minTimestampDelta = 0x3fffffff
    let maxTimestampDelta = -0x40000000
    for (; index < recordCount; index++) {
      let at = recordStart
      let length = bytes[at++]!
      if (length >= 0x80) {
        const second = bytes[at++]!
        if (second >= 0x80) break
        length = (length & 0x7f) | (second << 7)
      }
      const recordEnd = at + (length >>> 1)
      if ((length & 1) !== 0 || recordEnd > end) break
      // A byte of attributes.
      at++
      let timestamp = bytes[at++]!
      if (timestamp >= 0x80) {
        const second = bytes[at++]!
        if (second >= 0x80) break
        timestamp = (timestamp & 0x7f) | (second << 7)
      }
      // The offset delta is known: these must be its bytes.
      const offset = index << 1
      if (offset < 0x80) {
        if (bytes[at++] !== offset) break
      } else {
        if (bytes[at++] !== ((offset & 0x7f) | 0x80)) break
        if (offset < 0x4000) {
          if (bytes[at++] !== offset >>> 7) break
        } else {
          if (offset >= 0x20_0000) break
          if (bytes[at++] !== (((offset >>> 7) & 0x7f) | 0x80) || bytes[at++] !== offset >>> 14) break
        }
      }
      let keyLength = bytes[at++]!
      if (keyLength >= 0x80) {
        const second = bytes[at++]!
        if (second >= 0x80) break
        keyLength = (keyLength & 0x7f) | (second << 7)
      }
      // Odd: negative, and so null.
      if ((keyLength & 1) === 0) at += keyLength >>> 1
      else if (firstNullKeyIndex < 0) firstNullKeyIndex = index
      let valueLength = bytes[at++]!
      if (valueLength >= 0x80) {
        const second = bytes[at++]!
        if (second >= 0x80) break
        valueLength = (valueLength & 0x7f) | (second << 7)
      }
      if ((valueLength & 1) === 0) at += valueLength >>> 1
      // The last byte is the count of headers.
      if (bytes[at] !== 0 || at + 1 !== recordEnd) break
      const timestampDelta = (timestamp >>> 1) ^ -(timestamp & 1)
      if (timestampDelta > maxTimestampDelta) maxTimestampDelta = timestampDelta
      if (timestampDelta < minTimestampDelta) minTimestampDelta = timestampDelta
      recordStart = recordEnd
    }
    this.#nextIndex = index
    if (index > startIndex) this.#note(minTimestampDelta, maxTimestampDelta, firstNullKeyIndex)
    return recordStart
  }

  #note(minTimestampDelta: number, maxTimestampDelta: number, nullKeyIndex: number): void {
    if (this.firstNullKeyIndex < 0) this.firstNullKeyIndex = nullKeyIndex
    if (minTimestampDelta < this.minTimestampDelta) this.minTimestampDelta = minTimestampDelta
    if (maxTimestampDelta > this.maxTimestampDelta) this.maxTimestampDelta = maxTimestampDelta
  }

  /** Returns where the record ends, -1 after a fault; a field that runs past it may throw VarintError instead. */
  #anyRecord(bytes: Uint8Array, start: number, end: number, index: number): number {
    const length = readVarint(bytes, start, end)
    let position = varintEnd()
    const recordEnd = position + length
    if (length < 0 || recordEnd > end) return this.#fail(index, `claims ${length} bytes of ${end - position}`)
    const timestampDelta = readVarlong(bytes, position + 1, recordEnd)
    const offsetDelta = readVarint(bytes, varintEnd(), recordEnd)
    const keyLength = readVarint(bytes, varintEnd(), recordEnd)
    // A length that leads past the record makes the next read fail, or the comparison with the record's end.
    const valueLength = readVarint(bytes, varintEnd() + Math.max(0, keyLength), recordEnd)
    const headerCount = readVarint(bytes, varintEnd() + Math.max(0, valueLength), recordEnd)
    position = varintEnd()
    if (headerCount < 0 || headerCount > recordEnd - position) {
      return this.#fail(index, `claims ${headerCount} headers`)
    }
    for (let header = 0; header < headerCount; header++) {
      const headerKeyLength = readVarint(bytes, position, recordEnd)
      if (headerKeyLength < 0) return this.#fail(index, 'has a header without a key')
      const headerValueLength = readVarint(bytes, varintEnd() + headerKeyLength, recordEnd)
      position = varintEnd() + Math.max(0, headerValueLength)
    }
    if (position !== recordEnd) {
      return this.#fail(
        index,
        `is ${length} bytes long, but its fields take ${length - (recordEnd - position)}`,
      )
    }
    if (offsetDelta !== index) return this.#fail(index, `has offset delta ${offsetDelta}, expected ${index}`)
    this.#note(timestampDelta, timestampDelta, keyLength < 0 ? index : -1)
    return recordEnd
  }

  #fail(index: number, fault: string): -1 {
    this.faultIndex = index
    this.fault = fault
    return -1
  }
}
