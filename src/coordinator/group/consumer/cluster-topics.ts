/** The topics of the cluster as consumer groups need them: which there are, how many partitions, and whether it changed. */
import type { MetadataCache } from '../../../metadata/metadata-cache.ts'
import { ZERO_UUID } from '../../../wire/text.ts'
import type { SubscribedTopic } from './consumer-group-change.ts'

export class ClusterTopics {
  readonly #metadataCache: MetadataCache
  /** Another number: something may have changed. */
  version = 0

  constructor(metadataCache: MetadataCache) {
    this.#metadataCache = metadataCache
    metadataCache.onUpdate(() => this.version++)
  }

  names(): Iterable<string> {
    return this.#metadataCache.topicNames()
  }

  /** Undefined too for a topic without an id: members are told of partitions by id. */
  topic(name: string): SubscribedTopic | undefined {
    const topic = this.#metadataCache.topic(name)
    if (topic === undefined || topic.topicId === ZERO_UUID) return undefined
    return { topicId: topic.topicId, partitionCount: topic.partitions.size }
  }

  nameOf(topicId: string): string | undefined {
    return this.#metadataCache.topicById(topicId)?.name
  }
}
