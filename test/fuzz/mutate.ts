/**
 * Damage, by seed: what a broken or hostile client could send in place of a good frame. Most of it keeps the size prefix
 * true, so that the broker gets to see the damage inside; some of it lies about the size.
 */
import type { RandomValues } from '../../src/protocol/random-values.testing.ts'
import type { Frame } from './frames.ts'

/** Larger than any frame the corpus has, so that repeating cannot make frames without end. */
const FRAME_BYTES_MAX = 64 * 1024

const HEADER_BYTES = 8
const WILD_LENGTHS = [-1, -2, 0, 1, 0x7f, 0x7fff, 0xffff, 0x10_0000, 0x7fff_ffff, -0x8000_0000]

export interface Mutant {
  /** As it goes over the wire, size first. */
  readonly bytes: Buffer
  /** False: the size lies, and what follows on this connection cannot be understood any more. */
  readonly isFramed: boolean
}

/** One in six is the good frame itself, so that the broker's state moves on as well. */
export function mutate(frame: Frame, corpus: readonly Frame[], random: RandomValues): Mutant {
  let bytes: Buffer = Buffer.from(frame.bytes)
  const rounds = random.below(6) === 0 ? 0 : 1 + random.below(2)
  for (let round = 0; round < rounds; round++) bytes = damage(bytes, corpus, random)
  if (bytes.length > FRAME_BYTES_MAX) bytes = bytes.subarray(0, FRAME_BYTES_MAX)
  const sizeLies = random.below(40) === 0
  const prefix = Buffer.alloc(4)
  prefix.writeInt32BE(sizeLies ? lyingSize(bytes.length, random) : bytes.length)
  return { bytes: Buffer.concat([prefix, bytes]), isFramed: !sizeLies }
}

function damage(bytes: Buffer, corpus: readonly Frame[], random: RandomValues): Buffer {
  if (bytes.length === 0) return Buffer.from([random.below(256)])
  // The first bytes name the API: damage there ends at the first look, so most of it goes behind them.
  const start = random.below(8) === 0 ? 0 : Math.min(HEADER_BYTES, bytes.length - 1)
  const at = start + random.below(bytes.length - start)
  switch (random.below(10)) {
    case 0:
    case 8:
      bytes[at]! ^= 1 << random.below(8)
      return bytes
    case 1:
    case 9:
      bytes[at] = random.below(256)
      return bytes
    case 2:
      return bytes.subarray(0, at)
    case 3: {
      const end = Math.min(bytes.length, at + 1 + random.below(64))
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)])
    }
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(16))])
    case 5: {
      const other = corpus[random.below(corpus.length)]!.bytes
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random.below(other.length))])
    }
    case 6: {
      const length = WILD_LENGTHS[random.below(WILD_LENGTHS.length)]!
      if (bytes.length < at + 4) bytes.fill(0xff, at)
      else if (random.below(2) === 0) bytes.writeInt32BE(length, at)
      else bytes.writeInt16BE(length >> 16, at)
      return bytes
    }
    default:
      // As a compact length: the largest varint, or one that never ends.
      bytes.fill(0xff, at, Math.min(bytes.length, at + 1 + random.below(10)))
      if (bytes.length > at + 5 && random.below(2) === 0) bytes[at + 4] = 0x0f
      return bytes
  }
}

function lyingSize(length: number, random: RandomValues): number {
  switch (random.below(4)) {
    case 0:
      return WILD_LENGTHS[random.below(WILD_LENGTHS.length)]!
    case 1:
      return length + 1 + random.below(1000)
    case 2:
      return random.below(length + 1)
    default:
      return 100 * 1024 * 1024 + random.below(1000)
  }
}
