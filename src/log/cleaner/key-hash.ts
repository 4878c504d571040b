/**
 * 128 bits of a record's key, by SipHash-2-4 (Aumasson, Bernstein) under a secret that each clean draws anew.
 *
 * Two keys with the same hash would be taken for one, and the older record dropped. With a good hash of 128 bits that
 * doesn't happen by chance; the secret keeps anyone from making it happen, as can be done with MD5, which Apache Kafka
 * takes. SipHash is also several times as fast as calling out for an MD5 of a short key.
 *
 * The 64-bit state is kept in pairs of 32-bit integers, low word first, all in locals of one function: calls and fields
 * triple its time.
 */

/** Bytes of the secret. */
export const HASH_SECRET_BYTES = 16

export class KeyHash {
  /** The last hash, as four signed 32-bit words. */
  word0 = 0
  word1 = 0
  word2 = 0
  word3 = 0
  readonly #secret: Int32Array

  constructor(secret: Uint8Array) {
    const view = new DataView(secret.buffer, secret.byteOffset, HASH_SECRET_BYTES)
    this.#secret = Int32Array.from([0, 4, 8, 12], (at) => view.getInt32(at, true))
  }

  /** Hashes `bytes` from `start` to `end` into the four words. */
  hash(bytes: Uint8Array, start: number, end: number): void {
    const k0Low = this.#secret[0]!
    const k0High = this.#secret[1]!
    const k1Low = this.#secret[2]!
    const k1High = this.#secret[3]!
    let v0Low = k0Low ^ 0x70736575
    let v0High = k0High ^ 0x736f6d65
    let v1Low = k1Low ^ 0x6e646f6d ^ 0xee
    let v1High = k1High ^ 0x646f7261
    let v2Low = k0Low ^ 0x6e657261
    let v2High = k0High ^ 0x6c796765
    let v3Low = k1Low ^ 0x79746573
    let v3High = k1High ^ 0x74656462
    const length = end - start
    // Whole words, and the last one: what is left over, with the length in its top byte.
    const wordCount = (length >>> 3) + 1
    let position = start
    // Two more steps after the words give a half of the result each.
    for (let step = 0; step < wordCount + 2; step++) {
      let messageLow = 0
      let messageHigh = 0
      let rounds = 4
      if (step < wordCount) {
        rounds = 2
        if (step < wordCount - 1) {
          messageLow =
            bytes[position]! |
            (bytes[position + 1]! << 8) |
            (bytes[position + 2]! << 16) |
            (bytes[position + 3]! << 24)
          messageHigh =
            bytes[position + 4]! |
            (bytes[position + 5]! << 8) |
            (bytes[position + 6]! << 16) |
            (bytes[position + 7]! << 24)
          position += 8
        } else {
          messageHigh = length << 24
          for (let shift = 0; position < end; shift += 8) {
            if (shift < 32) messageLow |= bytes[position++]! << shift
            else messageHigh |= bytes[position++]! << (shift - 32)
          }
        }
        v3Low ^= messageLow
        v3High ^= messageHigh
      } else if (step === wordCount) v2Low ^= 0xee
      else v1Low ^= 0xdd
      for (let round = 0; round < rounds; round++) {
        let low = (v0Low + v1Low) | 0
        v0High = (v0High + v1High + (low >>> 0 < v0Low >>> 0 ? 1 : 0)) | 0
        v0Low = low
        let rotated = (v1Low << 13) | (v1High >>> 19)
        v1High = ((v1High << 13) | (v1Low >>> 19)) ^ v0High
        v1Low = rotated ^ v0Low
        rotated = v0Low
        v0Low = v0High
        v0High = rotated
        low = (v2Low + v3Low) | 0
        v2High = (v2High + v3High + (low >>> 0 < v2Low >>> 0 ? 1 : 0)) | 0
        v2Low = low
        rotated = (v3Low << 16) | (v3High >>> 16)
        v3High = ((v3High << 16) | (v3Low >>> 16)) ^ v2High
        v3Low = rotated ^ v2Low
        low = (v0Low + v3Low) | 0
        v0High = (v0High + v3High + (low >>> 0 < v0Low >>> 0 ? 1 : 0)) | 0
        v0Low = low
        rotated = (v3Low << 21) | (v3High >>> 11)
        v3High = ((v3High << 21) | (v3Low >>> 11)) ^ v0High
        v3Low = rotated ^ v0Low
        low = (v2Low + v1Low) | 0
        v2High = (v2High + v1High + (low >>> 0 < v2Low >>> 0 ? 1 : 0)) | 0
        v2Low = low
        rotated = (v1Low << 17) | (v1High >>> 15)
        v1High = ((v1High << 17) | (v1Low >>> 15)) ^ v2High
        v1Low = rotated ^ v2Low
        rotated = v2Low
        v2Low = v2High
        v2High = rotated
      }
      if (step < wordCount) {
        v0Low ^= messageLow
        v0High ^= messageHigh
      } else if (step === wordCount) {
        this.word0 = v0Low ^ v1Low ^ v2Low ^ v3Low
        this.word1 = v0High ^ v1High ^ v2High ^ v3High
      } else {
        this.word2 = v0Low ^ v1Low ^ v2Low ^ v3Low
        this.word3 = v0High ^ v1High ^ v2High ^ v3High
      }
    }
  }
}
