/**
 * The two checksums of Kafka's formats: CRC-32C (Castagnoli) over record batches of magic 2 and over snapshots, and
 * the older CRC-32 (IEEE, zlib's) over messages of magic 0 and 1.
 *
 * A native module does the work for all but tiny inputs, where calling it costs more than it saves (docs/decisions).
 * It is loaded at the first input that is worth it, so that it does not delay the start; where it cannot be loaded, the
 * table here, an eighth as fast, gives the same values.
 *
 * Invariant: `crc32c(b, crc32c(a))` equals `crc32c(a ++ b)`, so a checksum can run over buffers that lie apart.
 */
import { createRequire } from 'node:module'

type Checksum = (bytes: Uint8Array, initial: number) => number
type NativeModule = typeof import('@node-rs/crc32')

/** Below this many bytes the table beats the call into the native module. */
const NATIVE_BYTES_MIN = 100

/** CRC-32C of `bytes` as an unsigned 32-bit integer; `initial` is the checksum of what came before, 0 for nothing. */
export function crc32c(bytes: Uint8Array, initial = 0): number {
  if (bytes.length >= NATIVE_BYTES_MIN) {
    native ??= loadNative()
    if (native !== null) return native.crc32c(bytes, initial)
  }
  return tableCrc32c(bytes, initial)
}

/** CRC-32 (IEEE) of `bytes`, chained in the same way. */
export function crc32(bytes: Uint8Array, initial = 0): number {
  if (bytes.length >= NATIVE_BYTES_MIN) {
    native ??= loadNative()
    if (native !== null) return native.crc32(bytes, initial)
  }
  return tableCrc32(bytes, initial)
}

/** The table's own implementations, for tests and for machines without the native module. */
export const tableCrc32c: Checksum = lazyTableChecksum(0x82f63b78)
export const tableCrc32: Checksum = lazyTableChecksum(0xedb88320)

/** undefined: not tried yet; null: not to be had here. */
let native: NativeModule | null | undefined

function loadNative(): NativeModule | null {
  try {
    return createRequire(import.meta.url)('@node-rs/crc32') as NativeModule
  } catch {
    return null
  }
}

function lazyTableChecksum(polynomial: number): Checksum {
  let tables: Int32Array | undefined
  return (bytes, initial) => {
    tables ??= slicingTables(polynomial)
    return checksumByTables(tables, bytes, initial)
  }
}

/** Eight tables of 256 entries: table k advances a byte over k further zero bytes ("slicing by eight"). */
function slicingTables(polynomial: number): Int32Array {
  const tables = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1
    tables[byte] = value
  }
  for (let index = 256; index < tables.length; index++) {
    const before = tables[index - 256]!
    tables[index] = (before >>> 8) ^ tables[before & 0xff]!
  }
  return tables
}

function checksumByTables(tables: Int32Array, bytes: Uint8Array, initial: number): number {
  let crc = ~initial
  let position = 0
  for (const wholeEnd = bytes.length - 7; position < wholeEnd; position += 8) {
    crc ^=
      bytes[position]! |
      (bytes[position + 1]! << 8) |
      (bytes[position + 2]! << 16) |
      (bytes[position + 3]! << 24)
    crc =
      tables[0x700 + (crc & 0xff)]! ^
      tables[0x600 + ((crc >>> 8) & 0xff)]! ^
      tables[0x500 + ((crc >>> 16) & 0xff)]! ^
      tables[0x400 + (crc >>> 24)]! ^
      tables[0x300 + bytes[position + 4]!]! ^
      tables[0x200 + bytes[position + 5]!]! ^
      tables[0x100 + bytes[position + 6]!]! ^
      tables[bytes[position + 7]!]!
  }
  for (; position < bytes.length; position++) {
    crc = (crc >>> 8) ^ tables[(crc ^ bytes[position]!) & 0xff]!
  }
  return ~crc >>> 0
}
