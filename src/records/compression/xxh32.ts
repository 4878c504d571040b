/** xxHash32 with seed 0: the checksum inside LZ4 frames. Kafka's frames carry it over two header bytes. */
const PRIME_1 = 0x9e3779b1 | 0
const PRIME_2 = 0x85ebca77 | 0
const PRIME_3 = 0xc2b2ae3d | 0
const PRIME_4 = 0x27d4eb2f | 0
const PRIME_5 = 0x165667b1 | 0

/** An unsigned 32-bit integer. */
export function xxh32(bytes: Uint8Array): number {
  const length = bytes.length
  let position = 0
  let hash: number
  if (length >= 16) {
    let lane1 = (PRIME_1 + PRIME_2) | 0
    let lane2 = PRIME_2
    let lane3 = 0
    let lane4 = -PRIME_1 | 0
    for (; position + 16 <= length; position += 16) {
      lane1 = round(lane1, word(bytes, position))
      lane2 = round(lane2, word(bytes, position + 4))
      lane3 = round(lane3, word(bytes, position + 8))
      lane4 = round(lane4, word(bytes, position + 12))
    }
    hash = (rotate(lane1, 1) + rotate(lane2, 7) + rotate(lane3, 12) + rotate(lane4, 18)) | 0
  } else {
    hash = PRIME_5
  }
  hash = (hash + length) | 0
  for (; position + 4 <= length; position += 4) {
    hash = Math.imul(rotate((hash + Math.imul(word(bytes, position), PRIME_3)) | 0, 17), PRIME_4)
  }
  for (; position < length; position++) {
    hash = Math.imul(rotate((hash + Math.imul(bytes[position]!, PRIME_5)) | 0, 11), PRIME_1)
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2)
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3)
  return (hash ^ (hash >>> 16)) >>> 0
}

function round(lane: number, input: number): number {
  return Math.imul(rotate((lane + Math.imul(input, PRIME_2)) | 0, 13), PRIME_1)
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

function word(bytes: Uint8Array, position: number): number {
  return (
    bytes[position]! |
    (bytes[position + 1]! << 8) |
    (bytes[position + 2]! << 16) |
    (bytes[position + 3]! << 24)
  )
}
