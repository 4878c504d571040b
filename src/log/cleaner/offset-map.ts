/**
 * The latest offset of each key in the dirty part of a log: what cleaning goes by. An open hash table over the hashes
 * of keys, 24 bytes an entry whatever the keys are, so that log.cleaner.dedupe.buffer.size says how many fit.
 *
 * Invariants
 * - The table is as large as the clean can need, never larger than what it was given, and never more than
 *   log.cleaner.io.buffer.load.factor of it is used.
 * - The number of slots is prime, so a probe that steps by the hash passes through all of them.
 * - All records up to and including `latestOffset`, and none above it, are in the map: what lies above is not cleaned.
 */
import { KeyHash } from './key-hash.ts'

/** Four words of hash, and an offset. */
export const ENTRY_BYTES = 24
const HASH_WORDS = 4

export class OffsetMap {
  /** Keys that it takes. */
  readonly keysMax: number
  /** Of the last record that was looked at for the map; -1 before the first. */
  latestOffset = -1
  readonly #slotCount: number
  readonly #hashes: Int32Array
  /** One above the offset; 0 for an empty slot. */
  readonly #offsets: Float64Array
  readonly #keyHash: KeyHash
  #size = 0

  /** `keysExpected`: no more keys will come, so a smaller table does. */
  constructor(options: {
    bytesMax: number
    loadFactor: number
    keysExpected: number
    secret: Uint8Array
  }) {
    const { bytesMax, loadFactor, keysExpected, secret } = options
    const slotsMax = Math.max(3, Math.floor(bytesMax / ENTRY_BYTES))
    const slotsWanted = Math.ceil((keysExpected + 1) / loadFactor) + 2
    this.#slotCount = largestPrimeUpTo(Math.min(slotsMax, Math.max(64, slotsWanted)))
    this.keysMax = Math.max(1, Math.min(this.#slotCount - 1, Math.floor(this.#slotCount * loadFactor)))
    this.#hashes = new Int32Array(this.#slotCount * HASH_WORDS)
    this.#offsets = new Float64Array(this.#slotCount)
    this.#keyHash = new KeyHash(secret)
  }

  get size(): number {
    return this.#size
  }
  get isFull(): boolean {
    return this.#size >= this.keysMax
  }
  /** The used part of the slots, 0 to 1. */
  get utilization(): number {
    return this.#size / this.#slotCount
  }

  /** The key lies in `bytes` from `start` to `end`. Only while the map is not full. */
  put(bytes: Uint8Array, start: number, end: number, offset: number): void {
    const slot = this.#find(bytes, start, end)
    if (this.#offsets[slot] === 0) {
      const at = slot * HASH_WORDS
      this.#hashes[at] = this.#keyHash.word0
      this.#hashes[at + 1] = this.#keyHash.word1
      this.#hashes[at + 2] = this.#keyHash.word2
      this.#hashes[at + 3] = this.#keyHash.word3
      this.#size++
    }
    this.#offsets[slot] = offset + 1
    this.latestOffset = offset
  }

  /** -1 for a key that the dirty part does not hold. */
  get(bytes: Uint8Array, start: number, end: number): number {
    return this.#offsets[this.#find(bytes, start, end)]! - 1
  }

  /** The slot of the key, or the empty one where it would go. */
  #find(bytes: Uint8Array, start: number, end: number): number {
    this.#keyHash.hash(bytes, start, end)
    const { word0, word1, word2, word3 } = this.#keyHash
    const slotCount = this.#slotCount
    const step = 1 + ((word1 >>> 0) % (slotCount - 1))
    let slot = (word0 >>> 0) % slotCount
    while (this.#offsets[slot] !== 0) {
      const at = slot * HASH_WORDS
      if (
        this.#hashes[at] === word0 &&
        this.#hashes[at + 1] === word1 &&
        this.#hashes[at + 2] === word2 &&
        this.#hashes[at + 3] === word3
      )
        return slot
      slot += step
      if (slot >= slotCount) slot -= slotCount
    }
    return slot
  }
}

function largestPrimeUpTo(limit: number): number {
  let candidate = limit
  while (!isPrime(candidate)) candidate--
  return candidate
}

function isPrime(candidate: number): boolean {
  if (candidate % 2 === 0) return candidate === 2
  for (let divisor = 3; divisor * divisor <= candidate; divisor += 2) {
    if (candidate % divisor === 0) return false
  }
  return candidate > 1
}
