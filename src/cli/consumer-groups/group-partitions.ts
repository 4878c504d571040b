/** Partitions as users name them for a group, and where they begin and end. */
import type { Admin } from '../../client/admin/admin.ts'
import type { ListedOffset, OffsetSpec } from '../../client/admin/offsets.ts'
import { nameOf, type TopicPartition } from '../../client/consumer/topic-partition.ts'
import { UsageError } from '../command/command.ts'
import { partially } from '../command/outcomes.ts'

export function compareByPartition(a: TopicPartition, b: TopicPartition): number {
  return a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1
}

/** `topic` is all of its partitions, `topic:0,2` some. Throws UsageError; rejects with KafkaError. */
export async function namedPartitions(
  admin: Admin,
  words: readonly string[],
  timeoutMs: number,
): Promise<TopicPartition[]> {
  const whole = [...new Set(words.filter((word) => !word.includes(':')))]
  const described = whole.length === 0 ? [] : await admin.describeTopics(whole, { timeoutMs })
  const all = described.flatMap(({ name, partitions }) =>
    partitions.map(({ partition }) => ({ topic: name, partition })),
  )
  const some = words.filter((word) => word.includes(':')).flatMap(partitionsOfWord)
  const distinct = new Map([...all, ...some].map((each) => [nameOf(each), each]))
  return [...distinct.values()].sort(compareByPartition)
}

function partitionsOfWord(word: string): TopicPartition[] {
  const [topic = '', numbers = '', ...more] = word.split(':')
  if (topic === '' || numbers === '' || more.length > 0) {
    throw new UsageError(`Invalid topic arg '${word}', expected topic name and partitions`)
  }
  return numbers.split(',').map((number) => {
    if (!/^\d+$/.test(number))
      throw new UsageError(`Invalid partition '${number}' specified in topic arg '${word}'`)
    return { topic, partition: Number(number) }
  })
}

/** By name. Rejects with KafkaError unless all are found. */
export async function offsetsAt(
  admin: Admin,
  partitions: readonly TopicPartition[],
  at: OffsetSpec,
  timeoutMs: number,
): Promise<Map<string, number>> {
  const found = await listOffsets(admin, partitions, at, timeoutMs)
  return new Map(found.map((each) => [nameOf(each), each.offset]))
}

/** As `offsetsAt` the end; partitions that have no leader, or are gone, are left out. */
export async function endOffsets(
  admin: Admin,
  partitions: readonly TopicPartition[],
  timeoutMs: number,
): Promise<Map<string, number>> {
  const asked = listOffsets(admin, partitions, 'latest', timeoutMs)
  const { done } = await partially(partitions.map(nameOf), asked)
  return new Map(Array.from(done, ([name, { offset }]) => [name, offset]))
}

async function listOffsets(
  admin: Admin,
  partitions: readonly TopicPartition[],
  at: OffsetSpec,
  timeoutMs: number,
): Promise<ListedOffset[]> {
  if (partitions.length === 0) return []
  return admin.listOffsets(
    partitions.map(({ topic, partition }) => ({ topic, partition, at })),
    { timeoutMs },
  )
}
