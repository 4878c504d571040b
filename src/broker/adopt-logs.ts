/**
 * Taking over a data folder that this broker's metadata store knows nothing of, such as Apache Kafka's: the store is
 * new, but the log directories hold partitions. Their topics are entered into the store with the ids in their
 * partition.metadata files and this broker as the one replica, so that their records are served again.
 *
 * Only a store without a cluster id is filled like this: in any other, a log without a topic is one that was deleted.
 * The id is written when this is done, so what a crash cuts short is taken up again at the next start.
 */
import type { Logger } from '../base/logger.ts'
import { type Random, randomUuid } from '../base/random.ts'
import type { MetadataStore, Operation } from '../coordination/metadata-store.ts'
import type { LogManager } from '../log/log-manager.ts'
import { isInternalTopic } from '../metadata/topic-names.ts'
import { ConfigZnode, TopicsZnode, TopicZnode } from '../metadata/znodes.ts'

const COMPACTED = new Map([['cleanup.policy', 'compact']])
const NO_CONFIG = new Map<string, string>()
/** Each write waits for the disk. */
const TOPICS_IN_ONE_WRITE = 200

interface FoundTopic {
  readonly topicId: string | undefined
  readonly partitionCount: number
}

export async function adoptLogs(options: {
  store: MetadataStore
  logManager: LogManager
  brokerId: number
  random: Random
  logger: Logger
}): Promise<void> {
  const { store, logManager, brokerId, random, logger } = options
  const found = topicsOf(logManager)
  for (const topic of (await store.children(TopicsZnode.path)) ?? []) found.delete(topic)
  const topics = [...found]
  for (let first = 0; first < topics.length; first += TOPICS_IN_ONE_WRITE) {
    const some = topics.slice(first, first + TOPICS_IN_ONE_WRITE)
    await store.multi(
      some.flatMap(([topic, { topicId, partitionCount }]) =>
        creations(topic, topicId ?? randomUuid(random), partitionCount, brokerId),
      ),
    )
    for (const [topic, { partitionCount }] of some) {
      logger.info(`Adopted topic ${topic} with ${partitionCount} partitions from the log directories`)
    }
  }
}

function topicsOf(logManager: LogManager): Map<string, FoundTopic> {
  const topics = new Map<string, FoundTopic>()
  for (const { topic, partition, topicId } of logManager.allLogs()) {
    const known = topics.get(topic)
    topics.set(topic, {
      topicId: known?.topicId ?? topicId,
      partitionCount: Math.max(known?.partitionCount ?? 0, partition + 1),
    })
  }
  return topics
}

function creations(topic: string, topicId: string, partitionCount: number, brokerId: number): Operation[] {
  const replica = { replicas: [brokerId], addingReplicas: [], removingReplicas: [] }
  const partitions = new Map(Array.from({ length: partitionCount }, (_, partition) => [partition, replica]))
  const config = isInternalTopic(topic) ? COMPACTED : NO_CONFIG
  return [
    { type: 'create', path: TopicZnode.path(topic), data: TopicZnode.encode({ topicId, partitions }) },
    { type: 'create', path: ConfigZnode.entityPath('topics', topic), data: ConfigZnode.encode(config) },
  ]
}
