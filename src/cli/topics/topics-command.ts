/** kafka-topics.sh: topics are created, listed, described, given more partitions, deleted. */
import type { Admin } from '../../client/admin/admin.ts'
import type { CommandContext, KafkaCommand } from '../command/command.ts'
import { UsageError } from '../command/command.ts'
import { type BootstrapOptions, bootstrapOptions, required, withAdmin } from '../command/connection.ts'
import { collect, onlyAction, refuseBeside, wholeNumber } from '../command/options.ts'
import { prefixingProblems } from '../command/problem.ts'
import { serversOf } from '../command/servers.ts'

export interface TopicsOptions extends BootstrapOptions {
  readonly list?: true
  readonly describe?: true
  readonly create?: true
  readonly alter?: true
  readonly delete?: true
  readonly zookeeper?: string
  readonly topic?: string
  readonly topicId?: string
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly replicaAssignment?: string
  readonly config?: readonly string[]
  readonly deleteConfig?: readonly string[]
  readonly ifExists?: true
  readonly ifNotExists?: true
  readonly excludeInternal?: true
  readonly underReplicatedPartitions?: true
  readonly unavailablePartitions?: true
  readonly underMinIsrPartitions?: true
  readonly atMinIsrPartitions?: true
  readonly topicsWithOverrides?: true
  readonly json?: true
}

const ACTIONS = ['list', 'describe', 'create', 'alter', 'delete'] as const
type Action = (typeof ACTIONS)[number]

const REPORTS = [
  'underReplicatedPartitions',
  'underMinIsrPartitions',
  'atMinIsrPartitions',
  'unavailablePartitions',
] as const
/** Options that only some actions take. */
const TAKEN_BY: readonly (readonly [option: keyof TopicsOptions, actions: readonly Action[]])[] = [
  ['config', ['create', 'alter']],
  ['deleteConfig', ['alter']],
  ['partitions', ['create', 'alter']],
  ['replicationFactor', ['create']],
  ['replicaAssignment', ['create', 'alter']],
  ['ifExists', ['alter', 'delete', 'describe']],
  ['ifNotExists', ['create']],
  ['excludeInternal', ['list', 'describe']],
  ['topicId', ['describe']],
  ['topicsWithOverrides', ['describe']],
  ['json', ['list', 'describe']],
  ...REPORTS.map((report) => [report, ['describe'] as const] as const),
]
const CONFIGS_TOOL = '(To alter topic configurations, the kafka-configs tool can be used.)'

export const topicsCommand: KafkaCommand<TopicsOptions> = {
  name: 'kafka-topics',
  description: 'Create, list, describe, change or delete topics.',
  configure: (command) =>
    void bootstrapOptions(command)
      .option(
        '--zookeeper <servers>',
        'instead of --bootstrap-server, as before Kafka 3: host:port,host:port/chroot',
      )
      .option('--list', 'names of topics, one a line')
      .option('--describe', 'partitions, leaders, replicas and configs of topics')
      .option('--create', 'make a topic')
      .option('--alter', 'give topics more partitions')
      .option('--delete', 'delete topics')
      .option(
        '--topic <topic>',
        'the topic; for all actions but --create a regular expression that the whole name matches',
      )
      .option('--topic-id <id>', 'the topic to describe, by its id')
      .option('--partitions <count>', "default: the broker's num.partitions", (text) =>
        wholeNumber(text, 'partitions'),
      )
      .option(
        '--replication-factor <count>',
        "replicas of each partition; default: the broker's default.replication.factor",
        (text) => wholeNumber(text, 'replication-factor'),
      )
      .option(
        '--replica-assignment <brokers>',
        'the brokers of each partition, the preferred leader first: 1:2,2:3 for two partitions of two replicas',
      )
      .option('--config <name=value>', 'a config of the new topic; may be repeated', collect)
      .option('--delete-config <name>', 'with --zookeeper and --alter: back to the default', collect)
      .option('--if-exists', 'do nothing, without an error, where there is no such topic')
      .option('--if-not-exists', 'do nothing, without an error, where the topic exists')
      .option('--exclude-internal', 'leave out the topics that brokers keep for themselves')
      .option('--under-replicated-partitions', 'only partitions with a replica that is not in sync')
      .option('--unavailable-partitions', 'only partitions whose leader is not there')
      .option(
        '--under-min-isr-partitions',
        'only partitions with fewer replicas in sync than min.insync.replicas',
      )
      .option('--at-min-isr-partitions', 'only partitions with just min.insync.replicas in sync')
      .option('--topics-with-overrides', 'only topics with configs of their own, without their partitions')
      .option(
        '--partition-size-limit-per-response <count>',
        'accepted; pages have the size that brokers give them',
      )
      .option('--json', 'with --list and --describe: write one JSON array'),
  run: async (options, context) => {
    const action = onlyAction(options, ACTIONS)
    const isOldForm = options.zookeeper !== undefined && options.bootstrapServer === undefined
    checkOptions(options, action, isOldForm)
    if (options.bootstrapServer === undefined && options.zookeeper === undefined)
      throw new UsageError('--bootstrap-server must be specified')
    const connection = { ...options, bootstrapServer: await serversOf(options) }
    await prefixingProblems('Error while executing topic command : ', () =>
      withAdmin(connection, context, (admin) => perform(action, admin, options, context, isOldForm)),
    )
    return 0
  },
}

async function perform(
  action: Action,
  admin: Admin,
  options: TopicsOptions,
  context: CommandContext,
  isOldForm: boolean,
): Promise<void> {
  switch (action) {
    case 'list':
      return (await import('./list-topics.ts')).printTopics(admin, options, context)
    case 'describe':
      return (await import('./describe-topics.ts')).describeTopics(admin, options, context, isOldForm)
    default:
      return (await import('./change-topics.ts')).changeTopics(action, admin, options, context, isOldForm)
  }
}

function checkOptions(options: TopicsOptions, action: Action, isOldForm: boolean): void {
  if (action !== 'list' && action !== 'describe') required(options.topic, 'topic')
  if (
    action === 'describe' &&
    options.ifExists &&
    options.topic === undefined &&
    options.topicId === undefined
  )
    throw new UsageError('--topic or --topic-id is required to describe a topic')
  if (action === 'alter' && !isOldForm) {
    if (options.config !== undefined)
      throw new UsageError(
        `Option combination "[[bootstrap-server], [config]]" can't be used with option "[alter]" ${CONFIGS_TOOL}`,
      )
    required(options.partitions, 'partitions')
  }
  for (const [option, actions] of TAKEN_BY)
    refuseBeside(
      options,
      option,
      ACTIONS.filter((each) => !actions.includes(each)),
    )
  refuseBeside(options, 'deleteConfig', ['bootstrapServer'])
  if (action === 'create') refuseBeside(options, 'replicaAssignment', ['partitions', 'replicationFactor'])
  for (const report of REPORTS) refuseBeside(options, report, ['topicsWithOverrides'])
}
