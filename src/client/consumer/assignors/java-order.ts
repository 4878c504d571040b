/**
 * The order in which Java's hash tables are walked. Kafka's assignors leave some choices to it (which of several members
 * keeps one partition more), so whoever is to choose as they do has to know it.
 *
 * A table has a power of two of buckets, at least 16, and at most three quarters as many entries; within a bucket entries
 * stand in the order in which they came.
 */
const BUCKETS_MIN = 16
const LOAD = 0.75

/** Of a text, as a signed 32-bit number. */
export function javaHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}

export function bucketCount(entryCount: number): number {
  let count = BUCKETS_MIN
  while (entryCount > count * LOAD) count *= 2
  return count
}

export function bucketOf(hash: number, buckets: number): number {
  return (hash ^ (hash >>> 16)) & (buckets - 1)
}

/** As a table walks them into which they came in the given order. */
export function inHashOrder<Each>(all: readonly Each[], keyOf: (each: Each) => string): Each[] {
  const buckets = bucketCount(all.length)
  return all
    .map((each) => ({ each, bucket: bucketOf(javaHash(keyOf(each)), buckets) }))
    .sort((a, b) => a.bucket - b.bucket)
    .map(({ each }) => each)
}
