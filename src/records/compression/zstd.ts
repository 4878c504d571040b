/**
 * Zstandard: by Node's own zlib where it has it (22.15 and later), else by a prebuilt module.
 *
 * The frames are walked first, down to their block headers (RFC 8878, 3.1.1): that finds truncation, which not every
 * library reports, and bounds what can come out: exactly for stored and repeated blocks, by the largest block size for
 * compressed ones. Node's decoder takes an output limit as well. The module does not, so there the bound must hold
 * before it is called, with one block of slack, since a stream's last block is seldom full.
 */
import { createRequire } from 'node:module'
import * as zlib from 'node:zlib'
import type { Codec } from './codec.ts'
import { CompressionError, corrupt, tooLarge } from './compression-error.ts'

/** What Node's zlib has from 22.15 on; the types in use are Node 20's. */
interface NodeZstd {
  zstdCompressSync(bytes: Uint8Array, options?: { params?: { [key: number]: number } }): Buffer
  zstdDecompressSync(bytes: Uint8Array, options: { maxOutputLength: number }): Buffer
  constants: { ZSTD_c_compressionLevel: number }
}
type ZstdModule = typeof import('@toondepauw/node-zstd')

const LEVEL_DEFAULT = 3
const FRAME_MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
const BLOCK_BYTES_MAX = 128 * 1024
/** Producers write one frame. Thousands of empty ones would cost a call each. */
const FRAMES_MAX = 1024

const nodeZstd: NodeZstd | undefined =
  'zstdDecompressSync' in zlib ? (zlib as unknown as NodeZstd) : undefined

let loaded: ZstdModule | undefined
const library = (): ZstdModule =>
  (loaded ??= createRequire(import.meta.url)('@toondepauw/node-zstd') as ZstdModule)

export const zstd: Codec = {
  id: 4,
  name: 'zstd',
  compress: (bytes, level) => (nodeZstd === undefined ? compressByModule : compressByNode)(bytes, level),
  decompress: (bytes, maxBytes) =>
    (nodeZstd === undefined ? decompressByModule : decompressByNode)(bytes, maxBytes),
}

function compressByNode(bytes: Uint8Array, level = LEVEL_DEFAULT): Buffer {
  return nodeZstd!.zstdCompressSync(bytes, {
    params: { [nodeZstd!.constants.ZSTD_c_compressionLevel]: level },
  })
}

function decompressByNode(bytes: Uint8Array, maxBytes: number): Buffer {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: Buffer[] = []
  let outputBytes = 0
  let frameStart = 0
  // Node stops behind the first frame, so each one is decoded on its own.
  for (const frameEnd of walkFrames(input).frameEnds) {
    const part = decompressFrameByNode(input.subarray(frameStart, frameEnd), maxBytes - outputBytes)
    outputBytes += part.length
    frameStart = frameEnd
    parts.push(part)
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, outputBytes)
}

function decompressFrameByNode(frame: Buffer, maxBytes: number): Buffer {
  let output: Buffer
  try {
    output = nodeZstd!.zstdDecompressSync(frame, { maxOutputLength: Math.max(1, maxBytes) })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge('zstd', maxBytes)
    throw corrupt('zstd', error)
  }
  if (output.length > maxBytes) throw tooLarge('zstd', maxBytes)
  return output
}

/** Exported for the tests: what runs on a Node without zstd of its own. */
export function compressByModule(bytes: Uint8Array, level = LEVEL_DEFAULT): Buffer {
  return new (library().Encoder)(level).encodeSync(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  )
}

export function decompressByModule(bytes: Uint8Array, maxBytes: number): Buffer {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (walkFrames(input).outputBytesMax > maxBytes + BLOCK_BYTES_MAX) throw tooLarge('zstd', maxBytes)
  let output: Buffer
  try {
    output = new (library().Decoder)().decodeSync(input)
  } catch (error) {
    throw corrupt('zstd', error)
  }
  if (output.length > maxBytes) throw tooLarge('zstd', maxBytes)
  return output
}

interface FrameWalk {
  /** The most that all frames together can hold. */
  readonly outputBytesMax: number
  readonly frameEnds: readonly number[]
}

/** Throws unless the frames are whole. Looks at frame and block headers only. */
function walkFrames(input: Buffer): FrameWalk {
  const frameEnds: number[] = []
  let outputBytesMax = 0
  let position = 0
  if (input.length === 0) throw cutShort()
  while (position < input.length) {
    if (frameEnds.length === FRAMES_MAX)
      throw new CompressionError('unsupported', 'zstd data has too many frames')
    if (position + 8 > input.length) throw cutShort()
    const magic = input.readUInt32LE(position)
    if (magic >>> 4 === SKIPPABLE_MAGIC >>> 4) {
      position += 8 + input.readUInt32LE(position + 4)
      if (position > input.length) throw cutShort()
      frameEnds.push(position)
      continue
    }
    if (magic !== FRAME_MAGIC) throw new CompressionError('corrupt', 'zstd frame has no magic number')
    const descriptor = input[position + 4]!
    const singleSegment = (descriptor & 0x20) !== 0
    const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 0x03]!
    const contentSizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6]!
    position += 5 + (singleSegment ? 0 : 1) + dictionaryIdBytes + contentSizeBytes
    for (let last = false; !last; ) {
      if (position + 3 > input.length) throw cutShort()
      const header = input.readUIntLE(position, 3)
      const size = header >>> 3
      const kind = (header >>> 1) & 0x03
      last = (header & 0x01) !== 0
      if (kind === 3 || size > BLOCK_BYTES_MAX) throw new CompressionError('corrupt', 'zstd block is invalid')
      position += 3 + (kind === 1 ? 1 : size)
      outputBytesMax += kind === 2 ? BLOCK_BYTES_MAX : size
      if (position > input.length) throw cutShort()
    }
    if ((descriptor & 0x04) !== 0) position += 4
    if (position > input.length) throw cutShort()
    frameEnds.push(position)
  }
  return { outputBytesMax, frameEnds }
}

function cutShort(): CompressionError {
  return new CompressionError('corrupt', 'zstd data is cut short')
}
