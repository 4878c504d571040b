/** kafka-get-offsets.sh: the first, the last, or a time's offset of partitions, one `topic:partition:offset` a line. */
import type { Admin } from '../../client/admin/admin.ts'
import type { ListedOffset, OffsetSpec } from '../../client/admin/offsets.ts'
import { nameOf, type TopicPartition } from '../../client/consumer/topic-partition.ts'
import { type KafkaCommand, UsageError } from '../command/command.ts'
import { type BootstrapOptions, bootstrapOptions, withAdmin } from '../command/connection.ts'
import { partially } from '../command/outcomes.ts'
import { type PartitionFilter, partitionFilter, partitionPatterns } from './partition-patterns.ts'

interface GetOffsetsOptions extends BootstrapOptions {
  readonly topic?: string
  readonly partitions?: string
  readonly topicPartitions?: string
  readonly time: string
  readonly excludeInternalTopics?: true
  readonly json?: true
}

const SPECS: readonly OffsetSpec[] = [
  'latest',
  'earliest',
  'max-timestamp',
  'earliest-local',
  'latest-tiered',
]

export const getOffsetsCommand: KafkaCommand<GetOffsetsOptions> = {
  name: 'kafka-get-offsets',
  description: 'Show the offsets of partitions.',
  configure: (command) =>
    void bootstrapOptions(command)
      .option('--topic <regex>', 'topics, by a regular expression; without it, all')
      .option('--partitions <ids>', 'partitions of these topics: 0,1,5; without it, all')
      .option('--topic-partitions <patterns>', 'both in one: topic1:1,topic2:0-3,topic3,topic4:5-,:-3')
      .option(
        '--time <when>',
        `a timestamp in ms, or ${SPECS.map((spec, i) => `${spec} (-${i + 1})`).join(', ')}`,
        'latest',
      )
      .option('--exclude-internal-topics', 'leave out the topics that brokers keep for themselves')
      .option('--json', 'write one JSON array'),
  run: async (options, context) => {
    const at = readTime(options.time)
    const filter = await readFilter(options)
    const offsets = await withAdmin(options, context, async (admin) => {
      const partitions = await partitionsOf(admin, filter, options.excludeInternalTopics === true)
      if (partitions.length === 0)
        throw new UsageError('Could not match any topic-partitions with the specified filters')
      return listOffsets(admin, partitions, at, context.note)
    })
    const known = offsets.filter(({ offset }) => offset >= 0)
    if (options.json) await context.out(`${JSON.stringify(known, ['topic', 'partition', 'offset'])}\n`)
    else await context.out(known.map((each) => `${each.topic}:${each.partition}:${each.offset}\n`).join(''))
    return 0
  },
}

function readTime(time: string): OffsetSpec {
  const named = SPECS.find((spec, i) => spec === time || time === String(-1 - i))
  if (named !== undefined) return named
  if (!/^-?\d+$/.test(time)) {
    throw new UsageError(
      `Malformed time argument ${time}. Please use ${SPECS.map((spec, i) => `-${i + 1} or ${spec}`).join(' / ')}, or a timestamp in milliseconds`,
    )
  }
  return Number(time)
}

async function readFilter(options: GetOffsetsOptions): Promise<PartitionFilter> {
  const { topic, partitions, topicPartitions } = options
  if (topicPartitions === undefined) return partitionFilter(topic, partitions)
  if (topic !== undefined || partitions !== undefined) {
    throw new UsageError('--topic-partitions cannot be used with --topic or --partitions')
  }
  return partitionPatterns(topicPartitions)
}

async function partitionsOf(
  admin: Admin,
  filter: PartitionFilter,
  excludeInternal: boolean,
): Promise<TopicPartition[]> {
  const listed = await admin.listTopics({ listInternal: !excludeInternal })
  const topics = listed.map(({ name }) => name).filter((name) => filter.mayMatchTopic(name))
  const described = await admin.describeTopics(topics)
  return described
    .flatMap(({ name, partitions }) => partitions.map(({ partition }) => ({ topic: name, partition })))
    .filter(({ topic, partition }) => filter.matches(topic, partition))
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
}

/** Those that fail are told of and left out. */
async function listOffsets(
  admin: Admin,
  partitions: readonly TopicPartition[],
  at: OffsetSpec,
  note: (line: string) => void,
): Promise<ListedOffset[]> {
  const asked = admin.listOffsets(partitions.map((partition) => ({ ...partition, at })))
  const { done, failed } = await partially(partitions.map(nameOf), asked)
  for (const [name, { message }] of failed) {
    note(`Skip getting offsets for topic-partition ${name} due to error: ${message}`)
  }
  return [...done.values()]
}
