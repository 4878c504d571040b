/** Which partitions a user means: `topic:partitions` patterns, or an expression for topics and a list of numbers. */
import { UsageError } from '../command/command.ts'
import { type TopicFilter, topicFilter } from '../command/topic-patterns.ts'

export interface PartitionFilter {
  /** False: no partition of the topic is meant. */
  mayMatchTopic(topic: string): boolean
  matches(topic: string, partition: number): boolean
}

interface Rule {
  readonly topic: TopicFilter
  readonly partition: (partition: number) => boolean
}

const everyTopic: TopicFilter = () => true

/** Rejects with UsageError. */
export async function partitionFilter(
  topicRegex: string | undefined,
  partitionIds: string | undefined,
): Promise<PartitionFilter> {
  const topic = topicRegex === undefined ? everyTopic : await topicFilter(topicRegex)
  if (!partitionIds) return filterOf([{ topic, partition: () => true }])
  const ids = partitionIds.split(',')
  if (!ids.every((id) => /^\d+$/.test(id))) {
    throw new UsageError(
      `--partitions expects a comma separated list of numeric partition ids, but received: ${partitionIds}`,
    )
  }
  const wanted = new Set(ids.map(Number))
  return filterOf([{ topic, partition: (partition) => wanted.has(partition) }])
}

/** `TOPIC`, `TOPIC:N`, `TOPIC:N-M` (M excluded), `TOPIC:N-`, `TOPIC:-M`, each without TOPIC too. Rejects with UsageError. */
export async function partitionPatterns(patterns: string): Promise<PartitionFilter> {
  return filterOf(await Promise.all(patterns.split(',').map(readRule)))
}

async function readRule(pattern: string): Promise<Rule> {
  const match = /^([^:,]*)(?::(?:(\d+)|(\d*)-(\d*))?)?$/.exec(pattern)
  if (match === null) throw new UsageError(`Invalid rule specification: ${pattern}`)
  const [, topic, only, from, to] = match
  const first = only ?? from ?? ''
  const end = only === undefined ? to : String(Number(only) + 1)
  return {
    topic: topic ? await topicFilter(topic) : everyTopic,
    partition: (partition) => partition >= Number(first || 0) && partition < (end ? Number(end) : Infinity),
  }
}

function filterOf(rules: readonly Rule[]): PartitionFilter {
  return {
    mayMatchTopic: (topic) => rules.some((rule) => rule.topic(topic)),
    matches: (topic, partition) => rules.some((rule) => rule.topic(topic) && rule.partition(partition)),
  }
}
