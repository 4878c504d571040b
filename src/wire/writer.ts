/**
 * Writes Kafka's primitive types into chunks. Small things are packed into a slab; large byte fields and slices of
 * files become chunks of their own between two parts of the slab, so that payloads are never copied or concatenated.
 *
 * One writer serves many messages: several frames (`beginFrame` ... `endFrame`) may go into it before `finish()` takes
 * what was written. The slab's rest stays in use afterwards, so a small reply costs one slice of the slab. What
 * `finish()` gave is never written again, and its memory is free when the last slice of the slab is dropped: whoever
 * must keep a small chunk for long (a reader that is slow) copies it, or it holds a whole slab.
 *
 * Invariants: `byteLength` counts everything written since the last `finish()`; bytes handed out stay untouched;
 * every failure is an EncodeError.
 */
import type { Chunk, FileSlice } from '../base/payload.ts'
import { isFileSlice } from '../base/payload.ts'
import { writeUnsignedVarint, writeVarint, writeVarlong } from './varint.ts'

/** A value can't be written: out of its type's range, too long, or not part of the version. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError'
}

export interface WriterOptions {
  /** Size of the slabs that small things are packed into. */
  readonly slabBytes?: number
}

const SLAB_BYTES = 64 * 1024
/** Byte fields longer than this are not copied. */
const COPY_BYTES_MAX = 1024
/** Up to this length a loop beats a call into the runtime's UTF-8 encoder. */
const SHORT_TEXT_MAX = 40
const INT16_MAX = 0x7fff
const INT32_MAX = 0x7fffffff

export class Writer {
  /** The slab that is being filled. `reserve` may replace it: read it anew after each call. */
  bytes: Buffer
  readonly #slabBytes: number
  #position = 0
  /** Where the part of the slab that belongs to the current output begins. */
  #partStart = 0
  #chunks: Chunk[] = []
  /** Bytes in `#chunks`. */
  #chunkBytes = 0
  #frame: FrameMark | undefined
  #nested: Writer | undefined

  constructor({ slabBytes = SLAB_BYTES }: WriterOptions = {}) {
    this.#slabBytes = slabBytes
    this.bytes = Buffer.allocUnsafeSlow(slabBytes)
  }

  /** Bytes written since the last `finish()`. */
  get byteLength(): number {
    return this.#chunkBytes + this.#position - this.#partStart
  }

  /** Makes room for `byteCount` bytes in a row, counts them as written, and returns their offset in `bytes`. */
  reserve(byteCount: number): number {
    const start = this.#position
    if (start + byteCount > this.bytes.length) return this.#reserveInNewSlab(byteCount)
    this.#position = start + byteCount
    return start
  }

  #reserveInNewSlab(byteCount: number): number {
    this.#closePart()
    this.bytes = Buffer.allocUnsafeSlow(Math.max(byteCount, this.#slabBytes))
    this.#partStart = 0
    this.#position = byteCount
    return 0
  }

  #closePart(): void {
    if (this.#position > this.#partStart) {
      this.#chunks.push(this.bytes.subarray(this.#partStart, this.#position))
      this.#chunkBytes += this.#position - this.#partStart
      this.#partStart = this.#position
    }
  }

  /** Leaves four bytes for the size of the frame that follows. Frames don't nest. */
  beginFrame(): void {
    if (this.#frame !== undefined) throw new EncodeError('the last frame was not ended')
    const sizeOffset = this.reserve(4)
    this.#frame = {
      bytes: this.bytes,
      sizeOffset,
      partStart: this.#partStart,
      chunkCount: this.#chunks.length,
      chunkBytes: this.#chunkBytes,
      bodyStart: this.byteLength,
    }
  }

  /** Fills in the size and returns the bytes of the frame, with its size field. */
  endFrame(): number {
    const frame = this.#frame
    if (frame === undefined) throw new EncodeError('there is no frame to end')
    const byteCount = this.byteLength - frame.bodyStart
    if (byteCount > INT32_MAX) throw new EncodeError(`a frame of ${byteCount} bytes is too large`)
    frame.bytes.writeInt32BE(byteCount, frame.sizeOffset)
    this.#frame = undefined
    return byteCount + 4
  }

  /** Takes back the frame that was begun. Slices of files in it stay the caller's to release. */
  cancelFrame(): void {
    const frame = this.#frame
    if (frame === undefined) return
    this.#chunks.length = frame.chunkCount
    this.#chunkBytes = frame.chunkBytes
    this.bytes = frame.bytes
    this.#partStart = frame.partStart
    this.#position = frame.sizeOffset
    this.#frame = undefined
  }

  /** Takes what was written, in order. Whoever gets the chunks releases the slices of files among them. */
  finish(): Chunk[] {
    if (this.#frame !== undefined) throw new EncodeError('the last frame was not ended')
    this.#closePart()
    const chunks = this.#chunks
    this.#chunks = []
    this.#chunkBytes = 0
    return chunks
  }

  bool(value: boolean): void {
    const at = this.reserve(1)
    this.bytes[at] = value ? 1 : 0
  }

  int8(value: number): void {
    if ((value << 24) >> 24 !== value) throw outOfRange('int8', value)
    const at = this.reserve(1)
    this.bytes[at] = value
  }

  int16(value: number): void {
    if ((value << 16) >> 16 !== value) throw outOfRange('int16', value)
    const at = this.reserve(2)
    this.bytes.writeInt16BE(value, at)
  }

  uint16(value: number): void {
    if ((value & 0xffff) !== value) throw outOfRange('uint16', value)
    const at = this.reserve(2)
    this.bytes.writeUInt16BE(value, at)
  }

  int32(value: number): void {
    if ((value | 0) !== value) throw outOfRange('int32', value)
    const at = this.reserve(4)
    this.bytes.writeInt32BE(value, at)
  }

  uint32(value: number): void {
    if (value >>> 0 !== value) throw outOfRange('uint32', value)
    const at = this.reserve(4)
    this.bytes.writeUInt32BE(value, at)
  }

  /** A 64-bit integer within +-(2^53 - 1). */
  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw outOfRange('int64', value)
    this.int64Rounded(value)
  }

  /** A 64-bit integer given as a double; from 2^63 on, Long.MAX_VALUE. */
  int64Rounded(value: number): void {
    const high = int64High(value)
    const at = this.reserve(8)
    this.bytes.writeInt32BE(high, at)
    this.bytes.writeUInt32BE(int64Low(value), at + 4)
  }

  float64(value: number): void {
    const at = this.reserve(8)
    this.bytes.writeDoubleBE(value, at)
  }

  unsignedVarint(value: number): void {
    if (value >>> 0 !== value) throw outOfRange('unsigned varint', value)
    if (value < 0x80) {
      const at = this.reserve(1)
      this.bytes[at] = value
      return
    }
    const at = this.reserve(5)
    this.#position = writeUnsignedVarint(this.bytes, at, value)
  }

  varint(value: number): void {
    if ((value | 0) !== value) throw outOfRange('varint', value)
    const at = this.reserve(5)
    this.#position = writeVarint(this.bytes, at, value)
  }

  varlong(value: number): void {
    if (!Number.isSafeInteger(value)) throw outOfRange('varlong', value)
    const at = this.reserve(10)
    this.#position = writeVarlong(this.bytes, at, value)
  }

  /** A uuid given as 22 characters of base64url. */
  uuid(value: string): void {
    const at = this.reserve(16)
    if (value.length !== 22 || this.bytes.write(value, at, 16, 'base64url') !== 16) {
      throw new EncodeError(`'${value}' is no uuid`)
    }
  }

  /** A string behind its length as int16; null is -1. */
  string(value: string | null): void {
    if (value === null) {
      this.int16(-1)
      return
    }
    const length = value.length
    if (length <= SHORT_TEXT_MAX) {
      const at = this.reserve(2 + length)
      const bytes = this.bytes
      if (writeAscii(bytes, at + 2, value)) {
        bytes[at] = 0
        bytes[at + 1] = length
        return
      }
      this.#position = at
    }
    const byteCount = Buffer.byteLength(value, 'utf8')
    if (byteCount > INT16_MAX) throw new EncodeError(`a string of ${byteCount} bytes is too long`)
    this.int16(byteCount)
    this.#text(value, byteCount)
  }

  /** A string behind its length plus one as varint; null is 0. */
  compactString(value: string | null): void {
    if (value === null) {
      this.unsignedVarint(0)
      return
    }
    const length = value.length
    if (length <= SHORT_TEXT_MAX) {
      const at = this.reserve(1 + length)
      const bytes = this.bytes
      if (writeAscii(bytes, at + 1, value)) {
        bytes[at] = length + 1
        return
      }
      this.#position = at
    }
    const byteCount = Buffer.byteLength(value, 'utf8')
    // Kafka's own limit: a compact string is no longer than a plain one.
    if (byteCount > INT16_MAX) throw new EncodeError(`a string of ${byteCount} bytes is too long`)
    this.unsignedVarint(byteCount + 1)
    this.#text(value, byteCount)
  }

  #text(value: string, byteCount: number): void {
    const at = this.reserve(byteCount)
    this.bytes.write(value, at, byteCount, 'utf8')
  }

  /** Bytes as they are. Long ones are kept as they come, so they must not change until they are sent. */
  raw(value: Uint8Array): void {
    const length = value.length
    if (length > COPY_BYTES_MAX) {
      this.chunk(value)
      return
    }
    const at = this.reserve(length)
    this.bytes.set(value, at)
  }

  /** Appends a chunk without copying it. */
  chunk(value: Chunk): void {
    this.#closePart()
    this.#chunks.push(value)
    this.#chunkBytes += value.byteLength
  }

  /** A byte field behind its length: int32, or varint of the length plus one where compact. Null is -1, or 0. */
  byteField(value: Uint8Array | readonly Chunk[] | FileSlice | null, compact: boolean): void {
    if (value === null) {
      if (compact) this.unsignedVarint(0)
      else this.int32(-1)
      return
    }
    const byteCount = payloadBytes(value)
    if (byteCount > INT32_MAX) throw new EncodeError(`a field of ${byteCount} bytes is too long`)
    if (compact) this.unsignedVarint(byteCount + 1)
    else this.int32(byteCount)
    if (value instanceof Uint8Array) this.raw(value)
    else if (isChunks(value)) for (const chunk of value) this.#append(chunk)
    else this.chunk(value)
  }

  #append(chunk: Chunk): void {
    if (isFileSlice(chunk)) this.chunk(chunk)
    else this.raw(chunk)
  }

  /**
   * A writer for something whose size stands in front of it; hand it to `sized` when done. There is one per level:
   * it is taken again by the next call.
   */
  nested(): Writer {
    this.#nested ??= new Writer({ slabBytes: 512 })
    this.#nested.#chunks.length = 0
    this.#nested.#chunkBytes = 0
    this.#nested.#partStart = this.#nested.#position
    return this.#nested
  }

  /** Appends what a nested writer holds, behind its size as varint. */
  sized(nested: Writer): void {
    this.unsignedVarint(nested.byteLength)
    for (const chunk of nested.finish()) this.#append(chunk)
  }
}

interface FrameMark {
  readonly bytes: Buffer
  readonly sizeOffset: number
  readonly partStart: number
  readonly chunkCount: number
  readonly chunkBytes: number
  readonly bodyStart: number
}

function isChunks(value: Uint8Array | readonly Chunk[] | FileSlice): value is readonly Chunk[] {
  return Array.isArray(value)
}

function payloadBytes(value: Uint8Array | readonly Chunk[] | FileSlice): number {
  if (!isChunks(value)) return value.byteLength
  let byteCount = 0
  for (const chunk of value) byteCount += chunk.byteLength
  return byteCount
}

/** Writes text if all of it is ASCII; the bytes behind `at` are undefined if not. */
function writeAscii(bytes: Buffer, at: number, value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code > 0x7f) return false
    bytes[at + i] = code
  }
  return true
}

const TWO_TO_32 = 0x1_0000_0000
const TWO_TO_63 = 2 ** 63

/** The upper half of a 64-bit integer given as a double, as int32. */
export function int64High(value: number): number {
  if (value >= TWO_TO_63) return 0x7fffffff
  if (value <= -TWO_TO_63) return -0x80000000
  return Math.floor(value / TWO_TO_32)
}

/** The lower half of a 64-bit integer given as a double, as uint32. */
export function int64Low(value: number): number {
  if (value >= TWO_TO_63) return 0xffffffff
  if (value <= -TWO_TO_63) return 0
  return value - Math.floor(value / TWO_TO_32) * TWO_TO_32
}

function outOfRange(type: string, value: number): EncodeError {
  return new EncodeError(`${value} is no ${type}`)
}
