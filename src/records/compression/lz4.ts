/**
 * LZ4 frames as Kafka has them: independent blocks of 64 KiB, no content checksum. The frame is laid out here and the
 * library compresses single blocks, because its own framing picks block sizes by input size, and because reading block
 * by block bounds the output: a block's room is what its frame allows, what its input can produce (255 to 1), and what
 * the caller allows, whichever is least.
 *
 * Read: block sizes of 64 KiB to 4 MiB, block and content checksums verified where present, content size skipped.
 * Linked blocks and dictionaries are refused, as in Java's reader. Bytes behind the frame's end mark are ignored.
 *
 * Messages of magic 0 carry a wrong header checksum: early clients computed it over the frame's magic number as well
 * (KAFKA-3160). Both forms can be written; when reading a message of magic 0, the checksum is not looked at.
 */
import { createRequire } from 'node:module'
import type { Codec } from './codec.ts'
import { CompressionError, corrupt, tooLarge } from './compression-error.ts'
import { xxh32 } from './xxh32.ts'

type Lz4Module = typeof import('lz4-napi')

const FRAME_MAGIC = 0x184d2204
const VERSION_1 = 0x40
const INDEPENDENT_BLOCKS = 0x20
const BLOCK_CHECKSUMS = 0x10
const CONTENT_SIZE = 0x08
const CONTENT_CHECKSUM = 0x04
const RESERVED_OR_DICTIONARY = 0x03
const BLOCK_64_KIB = 0x40
const BLOCK_INPUT_BYTES = 64 * 1024
const STORED = 0x80000000
const EXPANSION_MAX = 255

let loaded: Lz4Module | undefined
const library = (): Lz4Module => (loaded ??= createRequire(import.meta.url)('lz4-napi') as Lz4Module)

export interface Lz4Options {
  /** The header checksum of messages of magic 0: written wrong in the way they have it, not checked when reading. */
  readonly brokenHeaderChecksum?: boolean
}

export const lz4: Codec = {
  id: 3,
  name: 'lz4',
  compress: (bytes) => compressLz4(bytes),
  decompress: (bytes, maxBytes) => decompressLz4(bytes, maxBytes),
}

export function compressLz4(bytes: Uint8Array, options: Lz4Options = {}): Buffer {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: Buffer[] = [frameHeader(options.brokenHeaderChecksum === true)]
  for (let start = 0; start < input.length; start += BLOCK_INPUT_BYTES) {
    const block = input.subarray(start, start + BLOCK_INPUT_BYTES)
    // The library puts the uncompressed size (4 bytes) before the block: the place where the frame wants the
    // compressed one.
    const sized = library().compressSync(block)
    const compressedBytes = sized.length - 4
    if (compressedBytes < block.length) {
      sized.writeUInt32LE(compressedBytes, 0)
      parts.push(sized)
    } else {
      const length = Buffer.allocUnsafe(4)
      length.writeUInt32LE((block.length | STORED) >>> 0)
      parts.push(length, block)
    }
  }
  parts.push(Buffer.alloc(4))
  return Buffer.concat(parts)
}

function frameHeader(brokenChecksum: boolean): Buffer {
  const header = Buffer.alloc(7)
  header.writeUInt32LE(FRAME_MAGIC, 0)
  header[4] = VERSION_1 | INDEPENDENT_BLOCKS
  header[5] = BLOCK_64_KIB
  header[6] = (xxh32(header.subarray(brokenChecksum ? 0 : 4, 6)) >>> 8) & 0xff
  return header
}

export function decompressLz4(bytes: Uint8Array, maxBytes: number, options: Lz4Options = {}): Buffer {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (input.length < 7) throw cutShort()
  if (input.readUInt32LE(0) !== FRAME_MAGIC)
    throw new CompressionError('corrupt', 'lz4 frame has no magic number')
  const flags = input[4]!
  if (
    (flags & 0xc0) !== VERSION_1 ||
    (flags & INDEPENDENT_BLOCKS) === 0 ||
    (flags & RESERVED_OR_DICTIONARY) !== 0
  ) {
    throw new CompressionError('unsupported', `lz4 frame has unsupported flags 0x${flags.toString(16)}`)
  }
  const sizeCode = input[5]! >>> 4
  if (sizeCode < 4 || sizeCode > 7 || (input[5]! & 0x0f) !== 0) {
    throw new CompressionError('unsupported', `lz4 frame has unsupported block size ${sizeCode}`)
  }
  const blockBytesMax = 1 << (8 + 2 * sizeCode)
  const descriptorEnd = 6 + ((flags & CONTENT_SIZE) !== 0 ? 8 : 0)
  if (input.length <= descriptorEnd) throw cutShort()
  if (options.brokenHeaderChecksum !== true) {
    const expected = (xxh32(input.subarray(4, descriptorEnd)) >>> 8) & 0xff
    if (input[descriptorEnd] !== expected)
      throw new CompressionError('corrupt', 'lz4 frame header checksum differs')
  }
  return decompressBlocks(input, descriptorEnd + 1, { flags, blockBytesMax, maxBytes })
}

interface FrameRules {
  readonly flags: number
  readonly blockBytesMax: number
  readonly maxBytes: number
}

function decompressBlocks(input: Buffer, start: number, rules: FrameRules): Buffer {
  const { flags, blockBytesMax, maxBytes } = rules
  const checksumBytes = (flags & BLOCK_CHECKSUMS) !== 0 ? 4 : 0
  const parts: Buffer[] = []
  let outputBytes = 0
  let position = start
  for (;;) {
    if (position + 4 > input.length) throw cutShort()
    const sizeField = input.readUInt32LE(position)
    const length = sizeField & 0x7fffffff
    position += 4
    if (sizeField === 0) break
    if (length > blockBytesMax)
      throw new CompressionError('corrupt', `lz4 block of ${length} bytes is too large`)
    if (position + length + checksumBytes > input.length) throw cutShort()
    const block = input.subarray(position, position + length)
    position += length + checksumBytes
    if (checksumBytes > 0 && xxh32(block) !== input.readUInt32LE(position - 4)) {
      throw new CompressionError('corrupt', 'lz4 block checksum differs')
    }
    const part = sizeField >= STORED ? block : decompressBlock(block, blockBytesMax, maxBytes - outputBytes)
    outputBytes += part.length
    if (outputBytes > maxBytes) throw tooLarge('lz4', maxBytes)
    parts.push(part)
  }
  const output = parts.length === 1 ? parts[0]! : Buffer.concat(parts, outputBytes)
  if ((flags & CONTENT_CHECKSUM) !== 0) {
    if (position + 4 > input.length) throw cutShort()
    if (xxh32(output) !== input.readUInt32LE(position)) {
      throw new CompressionError('corrupt', 'lz4 content checksum differs')
    }
  }
  return output
}

function decompressBlock(block: Buffer, blockBytesMax: number, bytesLeft: number): Buffer {
  const bytesPossible = Math.min(blockBytesMax, block.length * EXPANSION_MAX)
  const room = Math.min(bytesPossible, bytesLeft)
  const sized = Buffer.allocUnsafe(4 + block.length)
  sized.writeUInt32LE(room, 0)
  sized.set(block, 4)
  try {
    return library().uncompressSync(sized)
  } catch (error) {
    // Too little room and a broken block look the same; room that was cut by the limit is the likelier cause.
    throw room < bytesPossible ? tooLarge('lz4', bytesLeft) : corrupt('lz4', error)
  }
}

function cutShort(): CompressionError {
  return new CompressionError('corrupt', 'lz4 frame is cut short')
}
