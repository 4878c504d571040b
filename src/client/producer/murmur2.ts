/** The hash by which Kafka's clients choose partitions: murmur2 over the key's bytes, with Kafka's seed. */
const SEED = 0x9747b28c
const M = 0x5bd1e995
const R = 24

/** A signed 32-bit number, as in Java. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  let h = SEED ^ length
  const words = length >>> 2
  for (let i = 0; i < words; i++) {
    const at = i << 2
    let k = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    k = Math.imul(k, M)
    k ^= k >>> R
    k = Math.imul(k, M)
    h = Math.imul(h, M) ^ k
  }
  const rest = words << 2
  const left = length & 3
  if (left === 3) h ^= bytes[rest + 2]! << 16
  if (left >= 2) h ^= bytes[rest + 1]! << 8
  if (left >= 1) h = Math.imul(h ^ bytes[rest]!, M)
  h ^= h >>> 13
  h = Math.imul(h, M)
  return h ^ (h >>> 15)
}

/** The partition of a key, as Java's producer chooses it. */
export function partitionForKey(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount
}
