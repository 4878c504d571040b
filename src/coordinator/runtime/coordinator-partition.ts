/** Which partition of an internal topic a group or a transactional id belongs to. */

/** The hash of Java's String, made positive as Kafka's Utils.abs does, so that every broker finds the same partition. */
export function partitionFor(key: string, partitionCount: number): number {
  let hash = 0
  for (let i = 0; i < key.length; i++) hash = (Math.imul(31, hash) + key.charCodeAt(i)) | 0
  return (hash & 0x7fffffff) % partitionCount
}
