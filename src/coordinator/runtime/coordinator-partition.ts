/** Which partition of an internal topic a group or a transactional id belongs to. */

const INT32_MIN = -(2 ** 31)

/**
 * The absolute value of the hash of Java's String, with 0 for the one int that has none, so that every broker finds the
 * same partition. (The partitioner of records makes hashes positive in another way: by dropping the sign.)
 */
export function partitionFor(key: string, partitionCount: number): number {
  let hash = 0
  for (let i = 0; i < key.length; i++) hash = (Math.imul(31, hash) + key.charCodeAt(i)) | 0
  return (hash === INT32_MIN ? 0 : Math.abs(hash)) % partitionCount
}
