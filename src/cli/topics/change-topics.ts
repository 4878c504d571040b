/** kafka-topics.sh --create, --alter, --delete. */
import type { Admin } from '../../client/admin/admin.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import { hasCollisionCharacters } from '../../metadata/topic-names.ts'
import { type CommandContext, UsageError } from '../command/command.ts'
import { topicNames } from './list-topics.ts'
import type { TopicsOptions } from './topics-command.ts'

const REPLICATION_FACTOR_MAX = 32767

export async function changeTopics(
  action: 'create' | 'alter' | 'delete',
  admin: Admin,
  options: TopicsOptions,
  context: CommandContext,
  isOldForm: boolean,
): Promise<void> {
  const said = await changes[action](admin, options, isOldForm, context)
  await context.out(said.map((line) => `${line}\n`).join(''))
}

/** Each gives the lines that are printed when it is done. */
const changes = { create, alter, delete: deleteTopics }

async function create(
  admin: Admin,
  options: TopicsOptions,
  isOldForm: boolean,
  context: CommandContext,
): Promise<string[]> {
  const { partitions, replicationFactor } = options
  const name = options.topic!
  const configs = readConfigs(options.config)
  const assignments = readAssignments(options.replicaAssignment)
  if (hasCollisionCharacters(name)) {
    await context.out(
      "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To avoid issues it is best to use either, but not both.\n",
    )
  }
  if (
    replicationFactor !== undefined &&
    !(replicationFactor >= 1 && replicationFactor <= REPLICATION_FACTOR_MAX)
  )
    throw new UsageError(`The replication factor must be between 1 and ${REPLICATION_FACTOR_MAX} inclusive`)
  if (partitions !== undefined && partitions < 1)
    throw new UsageError('The partitions must be greater than 0')
  try {
    await admin.createTopics([{ name, partitions, replicationFactor, assignments, configs }])
  } catch (error) {
    const isThere = error instanceof KafkaError && error.code === 'TOPIC_ALREADY_EXISTS'
    if (isThere && options.ifNotExists) return []
    throw error
  }
  return [isOldForm ? `Created topic "${name}".` : `Created topic ${name}.`]
}

async function alter(admin: Admin, options: TopicsOptions, isOldForm: boolean): Promise<string[]> {
  const { partitions, config, deleteConfig } = options
  const assignments = readAssignments(options.replicaAssignment)
  const names = await topicNames(admin, options)
  if (names.length === 0) return []
  const said: string[] = []
  if (config !== undefined || deleteConfig !== undefined) {
    const change = { set: readConfigs(config), delete: deleteConfig }
    await admin.alterConfigs(names.map((name) => ({ type: 'topic', name, ...change })))
    said.push(
      'WARNING: Altering topic configuration from this script has been deprecated and may be removed in future releases.',
      '         Going forward, please use kafka-configs.sh for this functionality',
      ...names.map((name) => `Updated config for topic "${name}".`),
    )
  }
  if (partitions === undefined) return said
  await addPartitions(admin, names, partitions, assignments)
  if (isOldForm) {
    said.push(
      'WARNING: If partitions are increased for a topic that has a key, the partition logic or ordering of the messages will be affected',
      'Adding partitions succeeded!',
    )
  }
  return said
}

/** An assignment tells of all partitions: those that there are, which it leaves as they are, and the new ones. */
async function addPartitions(
  admin: Admin,
  names: readonly string[],
  partitions: number,
  assignments: readonly (readonly number[])[] | undefined,
): Promise<void> {
  const topics = await admin.describeTopics(names)
  await admin.createPartitions(
    topics.map((topic) => ({
      name: topic.name,
      partitions,
      ...(assignments && { assignments: assignments.slice(topic.partitions.length) }),
    })),
  )
}

async function deleteTopics(admin: Admin, options: TopicsOptions, isOldForm: boolean): Promise<string[]> {
  const names = await topicNames(admin, options)
  if (names.length > 0) await admin.deleteTopics(names)
  if (!isOldForm) return []
  return names.flatMap((name) => [
    `Topic ${name} is marked for deletion.`,
    'Note: This will have no impact if delete.topic.enable is not set to true.',
  ])
}

/** Throws UsageError. */
function readConfigs(words: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const [name = '', value = '', ...more] = word.split(/\s*=\s*/)
      if (value === '' || more.length > 0) {
        throw new UsageError(
          'requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".',
        )
      }
      return [name.trim(), value.trim()]
    }),
  )
}

/** Throws UsageError. */
function readAssignments(text: string | undefined): number[][] | undefined {
  if (!text) return undefined
  const partitions = text.split(',').map((partition) => partition.split(':').map(brokerId))
  for (const [i, brokers] of partitions.entries()) {
    const repeated = brokers.filter((id, at) => brokers.indexOf(id) !== at)
    if (repeated.length > 0) {
      throw new UsageError(
        `Partition replica lists may not contain duplicate entries: ${[...new Set(repeated)].join(',')}`,
      )
    }
    if (brokers.length !== partitions[0]!.length)
      throw new UsageError(`Partition ${i} has different replication factor: [${brokers.join(', ')}]`)
  }
  return partitions
}

function brokerId(text: string): number {
  if (!/^\d+$/.test(text.trim()))
    throw new UsageError(`"${text}" in --replica-assignment is not the id of a broker`)
  return Number(text)
}
