/**
 * Requests about committed offsets: partitions that the cluster doesn't have are answered here, and the group
 * coordinator is asked about the others.
 */
import type { MetadataCache } from '../../metadata/metadata-cache.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'

export interface RequestedTopic<Partition> {
  /** Undefined: the request names the topic by an id that is not known. */
  readonly name: string | undefined
  readonly partitions: readonly Partition[]
}

export interface KnownPartitions<Topic, Partition> {
  /** In the order of the request. */
  readonly known: readonly { readonly topic: string; readonly partition: Partition }[]
  /** The request's topics, but for those without partitions, given the coordinator's error codes for `known`. */
  answer(errorCodes: readonly number[]): {
    readonly topic: Topic
    readonly partitions: { partitionIndex: number; errorCode: number }[]
  }[]
}

export function knownPartitions<
  Topic extends RequestedTopic<Partition>,
  Partition extends { readonly partitionIndex: number } = Topic['partitions'][number],
>(topics: readonly Topic[], metadataCache: MetadataCache): KnownPartitions<Topic, Partition> {
  const known: { topic: string; partition: Partition }[] = []
  /** Of each partition of each topic: an error code, or where it stands in `known`. */
  const fates = topics.map(({ name, partitions }) =>
    partitions.map((partition) => {
      if (name === undefined) return { errorCode: ErrorCode.UNKNOWN_TOPIC_ID }
      if (metadataCache.partition(name, partition.partitionIndex) === undefined) {
        return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }
      }
      return { index: known.push({ topic: name, partition }) - 1 }
    }),
  )
  const answer = (errorCodes: readonly number[]) =>
    topics
      .map((topic, t) => ({
        topic,
        partitions: topic.partitions.map(({ partitionIndex }, p) => {
          const fate = fates[t]![p]!
          return { partitionIndex, errorCode: fate.errorCode ?? errorCodes[fate.index]! }
        }),
      }))
      .filter(({ partitions }) => partitions.length > 0)
  return { known, answer }
}
