/**
 * Taking over a data folder that this broker's metadata store knows nothing of, such as Apache Kafka's: the store is
 * new, but the log directories hold partitions. Their topics are entered into the store with the ids in their
 * partition.metadata files and this broker as the one replica, so that their records are served again.
 *
 * Only a store without a cluster id is filled like this: in any other, a log without a topic is one that was deleted.
 */
import type { Logger } from '../base/logger.ts'
import { type Random, randomUuid } from '../base/random.ts'
import type { MetadataStore } from '../coordination/metadata-store.ts'
import type { LogManager } from '../log/log-manager.ts'
import { isInternalTopic } from '../metadata/topic-names.ts'
import { ConfigZnode, TopicZnode } from '../metadata/znodes.ts'

const COMPACTED = new Map([['cleanup.policy', 'compact']])

export async function adoptLogs(options: {
  store: MetadataStore
  logManager: LogManager
  brokerId: number
  random: Random
  logger: Logger
}): Promise<void> {
  const { store, logManager, brokerId, random, logger } = options
  const topics = new Map<string, { topicId: string | undefined; partitionCount: number }>()
  for (const { topic, partition, topicId } of logManager.allLogs()) {
    const known = topics.get(topic)
    topics.set(topic, {
      topicId: known?.topicId ?? topicId,
      partitionCount: Math.max(known?.partitionCount ?? 0, partition + 1),
    })
  }
  for (const [topic, { topicId, partitionCount }] of topics) {
    const replica = { replicas: [brokerId], addingReplicas: [], removingReplicas: [] }
    const partitions = new Map(Array.from({ length: partitionCount }, (_, partition) => [partition, replica]))
    const assignment = TopicZnode.encode({ topicId: topicId ?? randomUuid(random), partitions })
    await store.multi([
      { type: 'create', path: TopicZnode.path(topic), data: Buffer.from(assignment) },
      {
        type: 'create',
        path: ConfigZnode.entityPath('topics', topic),
        data: Buffer.from(ConfigZnode.encode(isInternalTopic(topic) ? COMPACTED : new Map())),
      },
    ])
    logger.info(`Adopted topic ${topic} with ${partitionCount} partitions from the log directories`)
  }
}
