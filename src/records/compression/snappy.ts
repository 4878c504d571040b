/**
 * snappy as Kafka's clients frame it. Java's library (snappy-java, "xerial") puts a 16-byte header in front - 0x82,
 * `SNAPPY`, 0x00, version 1, compatible with 1 - and then blocks of up to 32 KiB of input, each behind its compressed
 * length (big-endian). librdkafka and others may send one raw snappy block instead; both are read, Java's is written.
 *
 * A raw block claims its uncompressed length up front. The claim is checked against the limit, and against what so many
 * bytes of input can produce at all, before the library may allocate by it.
 */
import { createRequire } from 'node:module'
import type { Codec } from './codec.ts'
import { CompressionError, corrupt, tooLarge } from './compression-error.ts'

type SnappyModule = typeof import('snappy')

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER = Buffer.concat([XERIAL_MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])])
const BLOCK_INPUT_BYTES = 32 * 1024
/** The densest element is a copy: three bytes for sixty-four. */
const EXPANSION_MAX = 22

let loaded: SnappyModule | undefined
const library = (): SnappyModule => (loaded ??= createRequire(import.meta.url)('snappy') as SnappyModule)

export const snappy: Codec = {
  id: 2,
  name: 'snappy',
  compress(bytes) {
    const parts: Buffer[] = [XERIAL_HEADER]
    for (let start = 0; start < bytes.length; start += BLOCK_INPUT_BYTES) {
      const block = library().compressSync(bytes.subarray(start, start + BLOCK_INPUT_BYTES))
      const length = Buffer.allocUnsafe(4)
      length.writeUInt32BE(block.length)
      parts.push(length, block)
    }
    return Buffer.concat(parts)
  },
  decompress(bytes, maxBytes) {
    const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return startsWithMagic(input, 0) ? decompressXerial(input, maxBytes) : decompressRaw(input, maxBytes)
  },
}

function startsWithMagic(input: Buffer, position: number): boolean {
  return (
    input.length >= position + XERIAL_HEADER.length &&
    input.compare(XERIAL_MAGIC, 0, XERIAL_MAGIC.length, position, position + XERIAL_MAGIC.length) === 0
  )
}

function decompressXerial(input: Buffer, maxBytes: number): Buffer {
  const parts: Buffer[] = []
  let outputBytes = 0
  let position = 0
  while (position < input.length) {
    // Streams may be joined; then a header stands where a length would.
    if (startsWithMagic(input, position)) {
      if (input.readInt32BE(position + 12) > 1) {
        throw new CompressionError('unsupported', 'snappy stream needs a newer reader')
      }
      position += XERIAL_HEADER.length
      continue
    }
    if (position + 4 > input.length) throw new CompressionError('corrupt', 'snappy stream is cut short')
    const length = input.readInt32BE(position)
    position += 4
    if (length <= 0 || length > input.length - position) {
      throw new CompressionError(
        'corrupt',
        `snappy block claims ${length} of ${input.length - position} bytes`,
      )
    }
    const part = decompressRaw(input.subarray(position, position + length), maxBytes - outputBytes)
    outputBytes += part.length
    position += length
    parts.push(part)
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, outputBytes)
}

function decompressRaw(block: Buffer, maxBytes: number): Buffer {
  const claimed = claimedLength(block)
  if (claimed > block.length * EXPANSION_MAX) {
    throw new CompressionError('corrupt', `snappy block of ${block.length} bytes claims to hold ${claimed}`)
  }
  if (claimed > maxBytes) throw tooLarge('snappy', maxBytes)
  try {
    return library().uncompressSync(block, { asBuffer: true }) as Buffer
  } catch (error) {
    throw corrupt('snappy', error)
  }
}

/** The varint that a raw block starts with. */
function claimedLength(block: Buffer): number {
  let value = 0
  for (let index = 0; index < 5; index++) {
    const byte = block[index]
    if (byte === undefined) break
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return value
  }
  throw new CompressionError('corrupt', 'snappy block has no length')
}
