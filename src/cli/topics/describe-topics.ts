/** kafka-topics.sh --describe: a line for each topic, and one for each of its partitions. */
import type { Admin } from '../../client/admin/admin.ts'
import type { ConfigEntry } from '../../client/admin/config-entries.ts'
import type { OngoingReassignment } from '../../client/admin/reassignments.ts'
import type { PartitionDescription, TopicDescription } from '../../client/admin/topic-descriptions.ts'
import { nameOf, type TopicPartition } from '../../client/consumer/topic-partition.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import { ZERO_UUID } from '../../wire/text.ts'
import { type CommandContext, UsageError } from '../command/command.ts'
import { allTopics, topicNames } from './list-topics.ts'
import type { TopicsOptions } from './topics-command.ts'

const UUID_BYTES = 16

interface DescribedPartition extends PartitionDescription {
  readonly reassignment: OngoingReassignment | undefined
}

interface DescribedTopic extends TopicDescription {
  readonly partitions: readonly DescribedPartition[]
  /** Those that are not the default. */
  readonly configs: readonly ConfigEntry[]
  readonly minIsr: number
  readonly replicationFactor: number
}

export async function describeTopics(
  admin: Admin,
  options: TopicsOptions,
  context: CommandContext,
  isOldForm: boolean,
): Promise<void> {
  const topics = await findTopics(admin, options)
  if (topics.length === 0) return
  const described = await completed(admin, topics)
  const isShown = await partitionReport(admin, options)
  const shown = described
    .filter(({ configs }) => !options.topicsWithOverrides || configs.length > 0)
    .map((topic) => ({
      topic,
      partitions: topic.partitions.filter((each) => isShown?.(topic, each) ?? true),
    }))
  if (options.json) {
    const topicsWithAny = shown.filter(({ partitions }) => isShown === undefined || partitions.length > 0)
    return context.out(`${JSON.stringify(topicsWithAny.map((each) => plain(each.topic, each.partitions)))}\n`)
  }
  for (const { topic, partitions } of shown) {
    const lines: string[] = []
    if (isShown === undefined) lines.push(isOldForm ? oldTopicLine(topic) : topicLine(topic))
    if (!options.topicsWithOverrides)
      lines.push(...partitions.map((each) => partitionLine(topic.name, each, isOldForm)))
    await context.out(lines.map((line) => `${line}\n`).join(''))
  }
}

async function findTopics(admin: Admin, options: TopicsOptions): Promise<TopicDescription[]> {
  const { topicId, excludeInternal, ifExists } = options
  if (topicId === undefined || readUuid(topicId) === ZERO_UUID)
    return admin.describeTopics(await topicNames(admin, options))
  const listed = await allTopics(admin, excludeInternal)
  if (listed.some((each) => each.topicId === topicId)) return admin.describeTopics([{ topicId }])
  if (!ifExists) throw new UsageError(`TopicId '${topicId}' does not exist as expected`)
  return []
}

function readUuid(text: string): string {
  const { length } = Buffer.from(text, 'base64url')
  if (length !== UUID_BYTES) {
    throw new UsageError(
      `Input string \`${text}\` decoded as ${length} bytes, which is not equal to the expected ${UUID_BYTES} bytes of a base64-encoded UUID`,
    )
  }
  return text
}

async function completed(admin: Admin, topics: readonly TopicDescription[]): Promise<DescribedTopic[]> {
  const [configs, reassignments] = await Promise.all([
    admin.describeConfigs(topics.map(({ name }) => ({ type: 'topic', name }))),
    ongoingReassignments(admin, topics),
  ])
  return topics.map((topic, i) => {
    const all = configs[i]!.configs
    const partitions = topic.partitions.map((each) => ({
      ...each,
      reassignment: reassignments.get(nameOf({ topic: topic.name, partition: each.partition })),
    }))
    return {
      ...topic,
      partitions,
      configs: all.filter(({ isDefault }) => !isDefault),
      minIsr: Number(all.find(({ name }) => name === 'min.insync.replicas')?.value ?? 1),
      replicationFactor: partitions[0] === undefined ? 0 : replicationFactorOf(partitions[0]),
    }
  })
}

/** By the names of partitions; none where the broker can't tell, or may not. */
async function ongoingReassignments(
  admin: Admin,
  topics: readonly TopicDescription[],
): Promise<ReadonlyMap<string, OngoingReassignment>> {
  const all: TopicPartition[] = topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partition }) => ({ topic: name, partition })),
  )
  try {
    return new Map((await admin.listPartitionReassignments(all)).map((each) => [nameOf(each), each]))
  } catch (error) {
    const isRefused =
      error instanceof KafkaError &&
      (error.code === 'PROTOCOL' || error.code === 'CLUSTER_AUTHORIZATION_FAILED')
    if (isRefused) return new Map()
    throw error
  }
}

/** Replicas that are being added do not count yet. The reassignment may have ended between the two answers. */
function replicationFactorOf({ replicas, reassignment }: DescribedPartition): number {
  if (reassignment === undefined) return replicas.length
  const changing = [...reassignment.removingReplicas, ...reassignment.addingReplicas]
  return replicas.some((id) => changing.includes(id))
    ? reassignment.replicas.length - reassignment.addingReplicas.length
    : replicas.length
}

type PartitionReport = (topic: DescribedTopic, partition: DescribedPartition) => boolean

/** Which partitions are asked for; undefined: all, and the topics themselves. */
async function partitionReport(admin: Admin, options: TopicsOptions): Promise<PartitionReport | undefined> {
  const reports: PartitionReport[] = []
  if (options.underReplicatedPartitions)
    reports.push((_, partition) => partition.isr.length < replicationFactorOf(partition))
  if (options.underMinIsrPartitions)
    reports.push(({ minIsr }, { leader, isr }) => leader === null || isr.length < minIsr)
  if (options.atMinIsrPartitions) reports.push(({ minIsr }, { isr }) => isr.length === minIsr)
  if (options.unavailablePartitions) {
    const { brokers } = await admin.describeCluster()
    const alive = new Set(brokers.map(({ nodeId }) => nodeId))
    reports.push((_, { leader }) => leader === null || !alive.has(leader))
  }
  return reports.length === 0
    ? undefined
    : (topic, partition) => reports.some((report) => report(topic, partition))
}

function topicLine(topic: DescribedTopic): string {
  return [
    `Topic: ${topic.name}`,
    ...(topic.topicId === null ? [] : [`TopicId: ${topic.topicId}`]),
    `PartitionCount: ${topic.partitions.length}`,
    `ReplicationFactor: ${topic.replicationFactor}`,
    `Configs: ${configsOf(topic.configs)}`,
  ].join('\t')
}

/** As it was before Kafka 2.3, when ZooKeeper told of nothing but the topic's own configs. */
function oldTopicLine(topic: DescribedTopic): string {
  const { name, partitions, replicationFactor } = topic
  const own = topic.configs.filter(({ source }) => source === 'dynamic-topic')
  return `Topic:${name}\tPartitionCount:${partitions.length}\tReplicationFactor:${replicationFactor}\tConfigs:${configsOf(own)}`
}

function configsOf(configs: readonly ConfigEntry[]): string {
  return configs.map(({ name, value }) => `${name}=${value}`).join(',')
}

function partitionLine(topic: string, partition: DescribedPartition, isOldForm: boolean): string {
  const { leader, replicas, isr, reassignment } = partition
  const cells = [
    '',
    `Topic: ${topic}`,
    `Partition: ${partition.partition}`,
    `Leader: ${leader ?? 'none'}`,
    `Replicas: ${replicas.join(',')}`,
    `Isr: ${isr.join(',')}`,
  ]
  if (isOldForm) return cells.join('\t')
  if (reassignment !== undefined) {
    cells.push(`Adding Replicas: ${reassignment.addingReplicas.join(',')}`)
    cells.push(`Removing Replicas: ${reassignment.removingReplicas.join(',')}`)
  }
  cells.push(`Elr: ${partition.eligibleLeaderReplicas?.join(',') ?? 'N/A'}`)
  cells.push(`LastKnownElr: ${partition.lastKnownEligibleLeaderReplicas?.join(',') ?? 'N/A'}`)
  return cells.join('\t')
}

/** For scripts. */
function plain(topic: DescribedTopic, partitions: readonly DescribedPartition[]): object {
  return {
    topic: topic.name,
    topicId: topic.topicId,
    partitionCount: topic.partitions.length,
    replicationFactor: topic.replicationFactor,
    configs: Object.fromEntries(topic.configs.map(({ name, value }) => [name, value])),
    partitions: partitions.map(({ partition, leader, replicas, isr, reassignment, ...rest }) => ({
      partition,
      leader,
      replicas,
      isr,
      elr: rest.eligibleLeaderReplicas,
      lastKnownElr: rest.lastKnownEligibleLeaderReplicas,
      ...(reassignment && {
        addingReplicas: reassignment.addingReplicas,
        removingReplicas: reassignment.removingReplicas,
      }),
    })),
  }
}
