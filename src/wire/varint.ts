/**
 * Variable-length integers as Kafka writes them: seven bits a byte, least significant group first, the high bit set
 * on every byte but the last. Unsigned varints carry lengths and tags, zigzag varints and varlongs carry record fields.
 *
 * Invariants: a read never goes past 5 bytes (varint) or 10 bytes (varlong), nor past `end`; it either gives a value or
 * throws VarintError, which is a DecodeError. Reads leave the position behind the value in `varintEnd()`, so that no pair is allocated.
 */

/** The input is no valid encoding of what was asked for: cut short, corrupt, or a value that we don't represent. */
export class DecodeError extends Error {
  override readonly name: string = 'DecodeError'
}

/** The bytes at the given offset are no varint: cut short, or longer than its type allows. */
export class VarintError extends DecodeError {
  override readonly name = 'VarintError'
  /** `truncated`: more bytes may complete it; `overlong`: no bytes can. */
  readonly reason: 'truncated' | 'overlong'
  readonly offset: number

  constructor(reason: 'truncated' | 'overlong', offset: number) {
    super(reason === 'truncated' ? `varint at ${offset} is cut short` : `varint at ${offset} is too long`)
    this.reason = reason
    this.offset = offset
  }
}

let endOffset = 0

/** Where the last read ended, or the last write: the offset of the byte behind it. Valid until the next call here. */
export function varintEnd(): number {
  return endOffset
}

/** Reads an unsigned varint of up to 32 bits at `offset`; bytes from `end` on are not touched. */
export function readUnsignedVarint(bytes: Uint8Array, offset: number, end: number = bytes.length): number {
  let byte = 0
  let position = offset
  if (position < end) {
    byte = bytes[position]!
    if (byte < 0x80) {
      endOffset = position + 1
      return byte
    }
  }
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    if (position >= end) throw new VarintError('truncated', offset)
    byte = bytes[position++]!
    if (shift === 28 && byte > 0x0f) throw new VarintError('overlong', offset)
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      endOffset = position
      return value >>> 0
    }
  }
  throw new VarintError('overlong', offset)
}

/** Reads a zigzag varint: a signed 32-bit integer. */
export function readVarint(bytes: Uint8Array, offset: number, end: number = bytes.length): number {
  const raw = readUnsignedVarint(bytes, offset, end)
  return (raw >>> 1) ^ -(raw & 1)
}

/**
 * Reads a zigzag varlong as a number. Values beyond 2^53 lose their low bits; `readVarlongBig` keeps them, for the
 * places where every one of the 64 bits is legal.
 */
export function readVarlong(bytes: Uint8Array, offset: number, end: number = bytes.length): number {
  const limit = Math.min(offset + 4, end)
  let raw = 0
  let shift = 0
  for (let position = offset; position < limit; shift += 7) {
    const byte = bytes[position++]!
    raw |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      endOffset = position
      return (raw >>> 1) ^ -(raw & 1)
    }
  }
  // Five bytes and more are rare (a timestamp delta of days, an offset delta never): exactness over speed.
  return Number(readVarlongBig(bytes, offset, end))
}

/** Reads a zigzag varlong with all its 64 bits. */
export function readVarlongBig(bytes: Uint8Array, offset: number, end: number = bytes.length): bigint {
  let low = 0
  let high = 0
  let position = offset
  for (let shift = 0; shift < 70; shift += 7) {
    if (position >= end) throw new VarintError('truncated', offset)
    const byte = bytes[position++]!
    if (shift === 63 && byte > 1) throw new VarintError('overlong', offset)
    const bits = byte & 0x7f
    if (shift < 28) low |= bits << shift
    else if (shift === 28) {
      low |= bits << 28
      high |= bits >>> 4
    } else high |= bits << (shift - 32)
    if (byte < 0x80) {
      endOffset = position
      const raw = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
      return (raw >> 1n) ^ -(raw & 1n)
    }
  }
  throw new VarintError('overlong', offset)
}

/** Writes an unsigned 32-bit value (0 to 2^32-1) and returns the offset behind it. The caller made room: 5 bytes. */
export function writeUnsignedVarint(bytes: Uint8Array, offset: number, value: number): number {
  let rest = value >>> 0
  while (rest > 0x7f) {
    bytes[offset++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[offset++] = rest
  endOffset = offset
  return offset
}

/** Writes a signed 32-bit value in zigzag form and returns the offset behind it. Room needed: 5 bytes. */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  return writeUnsignedVarint(bytes, offset, (value << 1) ^ (value >> 31))
}

/** Writes a signed 64-bit value in zigzag form and returns the offset behind it. Room needed: 10 bytes. */
export function writeVarlong(bytes: Uint8Array, offset: number, value: number | bigint): number {
  if (typeof value === 'number' && value >= -0x40000000 && value < 0x40000000) {
    return writeVarint(bytes, offset, value)
  }
  const wide = BigInt(value)
  let rest = BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n))
  while (rest > 0x7fn) {
    bytes[offset++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  bytes[offset++] = Number(rest)
  endOffset = offset
  return offset
}

/** How many bytes `writeUnsignedVarint` takes: 1 to 5. */
export function unsignedVarintSize(value: number): number {
  const rest = value >>> 0
  if (rest < 0x80) return 1
  if (rest < 0x4000) return 2
  if (rest < 0x200000) return 3
  return rest < 0x10000000 ? 4 : 5
}

/** How many bytes `writeVarint` takes: 1 to 5. */
export function varintSize(value: number): number {
  return unsignedVarintSize((value << 1) ^ (value >> 31))
}

/** How many bytes `writeVarlong` takes: 1 to 10. */
export function varlongSize(value: number | bigint): number {
  if (typeof value === 'number' && value >= -0x40000000 && value < 0x40000000) return varintSize(value)
  const wide = BigInt(value)
  let rest = BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n))
  let size = 1
  while (rest > 0x7fn) {
    rest >>= 7n
    size++
  }
  return size
}
