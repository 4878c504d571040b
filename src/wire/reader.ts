/**
 * Reads Kafka's primitive types from a buffer, front to back. Byte fields come out as slices that share the buffer's
 * memory; whoever keeps one longer than the request copies it.
 *
 * Invariants: never reads at or past `end`; every failure is a DecodeError; lengths are checked against the bytes that
 * remain before anything is allocated for them.
 */
import { decodeText, decodeUuid } from './text.ts'
import { DecodeError, readUnsignedVarint, readVarint, readVarlong, varintEnd } from './varint.ts'

export { DecodeError } from './varint.ts'

export class Reader {
  readonly bytes: Buffer
  /** Offset of the next byte to read. Generated codecs keep their own copy and put it back. */
  position: number
  /** Offset behind the last byte that may be read. */
  end: number
  /** How many more objects a message may unfold into; codecs that use it set it at their start. */
  objectsLeft = 0

  constructor(bytes: Uint8Array, position = 0, end: number = bytes.length) {
    this.bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.position = position
    this.end = end
  }

  get remaining(): number {
    return this.end - this.position
  }

  #take(byteCount: number): number {
    const start = this.position
    if (byteCount > this.end - start) {
      throw new DecodeError(`cut short: ${byteCount} bytes wanted at ${start}, ${this.end - start} there`)
    }
    this.position = start + byteCount
    return start
  }

  bool(): boolean {
    return this.bytes[this.#take(1)] !== 0
  }

  int8(): number {
    return this.bytes.readInt8(this.#take(1))
  }

  int16(): number {
    return this.bytes.readInt16BE(this.#take(2))
  }

  uint16(): number {
    return this.bytes.readUInt16BE(this.#take(2))
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#take(4))
  }

  uint32(): number {
    return this.bytes.readUInt32BE(this.#take(4))
  }

  /** A 64-bit integer within +-(2^53 - 1); others are a DecodeError. */
  int64(): number {
    const value = this.int64Rounded()
    if (!Number.isSafeInteger(value))
      throw new DecodeError(`64-bit integer beyond 2^53 at ${this.position - 8}`)
    return value
  }

  /** A 64-bit integer, beyond 2^53 rounded to the nearest double. */
  int64Rounded(): number {
    const at = this.#take(8)
    return this.bytes.readInt32BE(at) * 0x1_0000_0000 + this.bytes.readUInt32BE(at + 4)
  }

  float64(): number {
    return this.bytes.readDoubleBE(this.#take(8))
  }

  unsignedVarint(): number {
    const value = readUnsignedVarint(this.bytes, this.position, this.end)
    this.position = varintEnd()
    return value
  }

  varint(): number {
    const value = readVarint(this.bytes, this.position, this.end)
    this.position = varintEnd()
    return value
  }

  varlong(): number {
    const value = readVarlong(this.bytes, this.position, this.end)
    this.position = varintEnd()
    return value
  }

  /** A uuid as 22 characters of base64url. */
  uuid(): string {
    return decodeUuid(this.bytes, this.#take(16))
  }

  /** UTF-8 text of a known length in bytes; malformed sequences become U+FFFD. */
  text(byteCount: number): string {
    const start = this.#take(byteCount)
    return decodeText(this.bytes, start, start + byteCount)
  }

  /** The next bytes, sharing memory with the buffer. */
  slice(byteCount: number): Buffer {
    const start = this.#take(byteCount)
    return this.bytes.subarray(start, start + byteCount)
  }
}
