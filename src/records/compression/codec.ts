/**
 * The codecs of Kafka's record formats, by the id that a batch's attributes carry. A broker stores what the producer
 * compressed, so it calls these seldom: to convert formats, to look for keys on compacted topics, to recompress.
 *
 * Invariants: decompressing never gives, and never allocates for, more than `maxBytes`, whatever a header claims; bytes
 * that are no valid stream throw CompressionError and nothing else. The libraries are loaded at first use.
 */

import { tooLarge } from './compression-error.ts'
import { gzip } from './gzip.ts'
import { lz4 } from './lz4.ts'
import { snappy } from './snappy.ts'
import { zstd } from './zstd.ts'

export { CompressionError } from './compression-error.ts'

export type CompressionName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export interface Codec {
  readonly id: number
  readonly name: CompressionName
  /** `level`: for gzip (1 to 9) and zstd; absent, the library's default. The others have none. */
  compress(bytes: Uint8Array, level?: number): Buffer
  /** Throws CompressionError. The result may share memory with `bytes` (codec none). */
  decompress(bytes: Uint8Array, maxBytes: number): Buffer
}

const none: Codec = {
  id: 0,
  name: 'none',
  compress: (bytes) => asBuffer(bytes),
  decompress(bytes, maxBytes) {
    if (bytes.length > maxBytes) throw tooLarge('uncompressed', maxBytes)
    return asBuffer(bytes)
  },
}

/** In the order of their ids. */
export const codecs: readonly Codec[] = [none, gzip, snappy, lz4, zstd]

/** undefined for the ids that no codec has: 5, 6 and 7. */
export function codecById(id: number): Codec | undefined {
  return codecs[id]
}

/** By the name that `compression.type` uses; undefined for anything else, 'producer' and 'uncompressed' included. */
export function codecByName(name: string): Codec | undefined {
  return codecs.find((codec) => codec.name === name)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
