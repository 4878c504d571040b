/**
 * kafka.tools.ConsumerOffsetChecker, as Kafka had it until 0.9: how far a group is with its topics, in a line for each
 * partition. It is told of ZooKeeper (`--zkconnect`) and finds the brokers there.
 */
import type { Admin } from '../../client/admin/admin.ts'
import { nameOf, type TopicPartition } from '../../client/consumer/topic-partition.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import { type KafkaCommand, UsageError } from '../command/command.ts'
import { required, withAdmin } from '../command/connection.ts'
import { collect, wholeNumber } from '../command/options.ts'
import { columns, type Row } from '../command/table.ts'
import { zookeeperBrokers } from '../command/zookeeper-brokers.ts'
import { compareByPartition, endOffsets } from './group-partitions.ts'

interface ConsumerOffsetCheckerOptions {
  readonly zookeeper?: string
  readonly zkconnect?: string
  readonly group?: string
  readonly topic: readonly string[]
  readonly brokerInfo?: true
  readonly 'socket.timeout.ms': string
}

const HEADER = ['Group', 'Topic', 'Pid', 'Offset', 'logSize', 'Lag', 'Owner']
const WIDTHS = [15, 30, 3, 15, 15, 15, 0]
const UNKNOWN = 'unknown'

export const consumerOffsetCheckerCommand: KafkaCommand<ConsumerOffsetCheckerOptions> = {
  name: 'kafka-consumer-offset-checker',
  description: 'Check how far a consumer group is. kafka-consumer-groups.sh --describe tells more.',
  configure: (command) =>
    void command
      .option('--zookeeper <servers>', 'where ZooKeeper is: host:port,host:port/chroot')
      .option('--zkconnect <servers>', 'the same')
      .option('--group <id>', 'the group')
      .option(
        '--topic <topics>',
        'topics, with commas between them; without it, all that the group has offsets for',
        collect,
        [],
      )
      .option('--broker-info', 'show the brokers, too')
      .option('--socket.timeout.ms <ms>', 'how long to wait for each answer', '6000'),
  run: async (options, context) => {
    const group = required(options.group, 'group')
    const zookeeper = required(options.zookeeper ?? options.zkconnect, 'zookeeper')
    const timeoutMs = wholeNumber(options['socket.timeout.ms'], 'socket.timeout.ms', 1)
    const bootstrapServer = await zookeeperBrokers(zookeeper)
    return withAdmin({ bootstrapServer }, context, async (admin) => {
      const topics = options.topic.flatMap((list) => list.split(',')).filter((topic) => topic !== '')
      const rows = await rowsOf(admin, group, topics, timeoutMs)
      await context.out(columns([HEADER, ...rows], WIDTHS))
      if (options.brokerInfo) {
        const { brokers } = await admin.describeCluster({ timeoutMs })
        await context.out(
          `BROKER INFO\n${brokers.map(({ nodeId, host, port }) => `${nodeId} -> ${host}:${port}\n`).join('')}`,
        )
      }
      return 0
    })
  },
}

async function rowsOf(
  admin: Admin,
  groupId: string,
  topics: readonly string[],
  timeoutMs: number,
): Promise<Row[]> {
  const [committed] = await admin.listGroupOffsets([groupId], { timeoutMs })
  const offsets = new Map(committed!.offsets.map((each) => [nameOf(each), each.offset]))
  const partitions: TopicPartition[] = (
    topics.length === 0
      ? [...committed!.offsets]
      : (await admin.describeTopics(topics, { timeoutMs })).flatMap(({ name, partitions }) =>
          partitions.map(({ partition }) => ({ topic: name, partition })),
        )
  ).sort(compareByPartition)
  if (partitions.length === 0) throw new UsageError(`The group ${groupId} has no offsets`)
  const ends = await endOffsets(admin, partitions, timeoutMs)
  const owners = await ownersOf(admin, groupId, timeoutMs)
  return partitions.map((each) => {
    const name = nameOf(each)
    const [offset, end] = [offsets.get(name) ?? undefined, ends.get(name)]
    const lag = offset === undefined || end === undefined ? UNKNOWN : end - offset
    return [
      groupId,
      each.topic,
      each.partition,
      offset ?? UNKNOWN,
      end ?? UNKNOWN,
      lag,
      owners.get(name) ?? 'none',
    ]
  })
}

/** By partition; a group that only keeps offsets has none. */
async function ownersOf(admin: Admin, groupId: string, timeoutMs: number): Promise<Map<string, string>> {
  try {
    const [group] = await admin.describeGroups([groupId], { timeoutMs })
    return new Map(
      group!.members.flatMap(({ memberId, assignment }) =>
        (assignment ?? []).map((partition) => [nameOf(partition), memberId]),
      ),
    )
  } catch (error) {
    if (error instanceof KafkaError && error.code === 'GROUP_ID_NOT_FOUND') return new Map()
    throw error
  }
}
