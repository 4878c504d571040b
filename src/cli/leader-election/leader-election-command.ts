/** kafka-leader-election.sh: the preferred replica, or any that lives, becomes the leader of partitions. */
import type { Election, ElectionType } from '../../client/admin/reassignments.ts'
import { nameOf, type TopicPartition } from '../../client/consumer/topic-partition.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import { type KafkaCommand, UsageError } from '../command/command.ts'
import { type BootstrapOptions, bootstrapOptions, withAdmin } from '../command/connection.ts'
import { javaError } from '../command/java-error.ts'
import { duplicates, objectsIn, partitionIn, readJsonFile } from '../command/json-file.ts'
import { wholeNumber } from '../command/options.ts'
import { type Outcomes, partially } from '../command/outcomes.ts'

interface LeaderElectionOptions extends BootstrapOptions {
  readonly 'admin.config'?: string
  readonly electionType?: string
  readonly topic?: string
  readonly partition?: number
  readonly allTopicPartitions?: true
  readonly pathToJsonFile?: string
}

export const leaderElectionCommand: KafkaCommand<LeaderElectionOptions> = {
  name: 'kafka-leader-election',
  description: 'Have partitions elect their preferred leaders, or any leader that lives.',
  configure: (command) =>
    void bootstrapOptions(command)
      .option('--admin.config <file>', 'the same as --command-config')
      .option(
        '--election-type <type>',
        'preferred: the first of the replicas; unclean: any, at the cost of the records that it does not have',
      )
      .option('--topic <name>', 'a topic, with --partition')
      .option('--partition <number>', 'a partition of --topic', (text) => wholeNumber(text, 'partition', 0))
      .option('--all-topic-partitions', 'all partitions')
      .option('--path-to-json-file <file>', 'partitions: {"partitions":[{"topic":"orders","partition":1}]}'),
  run: async (options, context) => {
    const { type, partitions } = readOptions(options)
    const commandConfig = options.commandConfig ?? options['admin.config']
    const connection = { ...options, ...(commandConfig !== undefined && { commandConfig }) }
    return withAdmin(connection, context, async (admin) => {
      const outcomes =
        partitions === undefined
          ? await electAll(admin.electLeaders(type))
          : await partially(partitions.map(nameOf), admin.electLeaders(type, partitions))
      await context.out(
        linesOf(type.toUpperCase(), outcomes)
          .map((line) => `${line}\n`)
          .join(''),
      )
      const { failed } = outcomes
      if (failed.size > 0) throw new UsageError(`${failed.size} replica(s) could not be elected`)
      return 0
    })
  },
}

/** Which partitions there are is known from the answer alone. */
async function electAll(asked: Promise<Election[]>): Promise<Outcomes<Election>> {
  try {
    return { done: new Map((await asked).map((each) => [nameOf(each), each])), failed: new Map() }
  } catch (error) {
    if (!(error instanceof KafkaError) || error.details === undefined) throw error
    return { done: (error.results ?? new Map()) as ReadonlyMap<string, Election>, failed: error.details }
  }
}

function linesOf(type: string, { done, failed }: Outcomes<Election>): string[] {
  const lines: string[] = []
  const names = (isElected: boolean): string[] =>
    [...done].filter(([, each]) => each.isElected === isElected).map(([name]) => name)
  const [elected, valid] = [names(true), names(false)]
  if (elected.length > 0)
    lines.push(`Successfully completed leader election (${type}) for partitions ${elected.join(', ')}`)
  if (valid.length > 0) lines.push(`Valid replica already elected for partitions ${valid.join(', ')}`)
  for (const [name, error] of failed)
    lines.push(`Error completing leader election (${type}) for partition: ${name}: ${javaError(error)}`)
  return lines
}

/** Throws UsageError in Kafka's words. */
function readOptions(options: LeaderElectionOptions): {
  type: ElectionType
  partitions: readonly TopicPartition[] | undefined
} {
  const { electionType, topic, partition, allTopicPartitions, pathToJsonFile, bootstrapServer } = options
  const missing = [
    ...(electionType === undefined ? ['election-type'] : []),
    ...(bootstrapServer === undefined ? ['bootstrap-server'] : []),
  ]
  if (missing.length > 0) throw new UsageError(`Missing required option(s): ${missing.join(', ')}`)
  const type = electionType!.toLowerCase()
  if (type !== 'preferred' && type !== 'unclean')
    throw new UsageError(`Cannot parse argument '${electionType}' of option election-type`)
  const given = [topic, allTopicPartitions, pathToJsonFile].filter((each) => each !== undefined)
  if (given.length !== 1) {
    throw new UsageError(
      'One and only one of the following options is required: topic, all-topic-partitions, path-to-json-file',
    )
  }
  if (topic !== undefined && partition === undefined)
    throw new UsageError('Missing required option(s): partition')
  if (topic === undefined && partition !== undefined)
    throw new UsageError('Option partition is only allowed if topic is used')
  if (pathToJsonFile !== undefined) return { type, partitions: readPartitions(pathToJsonFile) }
  return { type, partitions: topic === undefined ? undefined : [{ topic, partition: partition! }] }
}

function readPartitions(path: string): TopicPartition[] {
  const file = readJsonFile(path, 'Replica election data is empty')
  if (file.partitions === undefined)
    throw new UsageError('Replica election data is missing "partitions" field')
  const partitions = objectsIn(file, 'partitions').map(partitionIn)
  const repeated = duplicates(partitions.map(nameOf))
  if (repeated.length > 0)
    throw new UsageError(`Replica election data contains duplicate partitions: [${repeated.join(', ')}]`)
  return partitions
}
