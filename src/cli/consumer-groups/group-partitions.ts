/** Partitions as users name them for a group, and where they begin and end. */
import type { Admin } from '../../client/admin/admin.ts'
import type { OffsetSpec } from '../../client/admin/offsets.ts'
import { nameOf, type TopicPartition } from '../../client/consumer/topic-partition.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import { UsageError } from '../command/command.ts'

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
  if (partitions.length === 0) return new Map()
  const found = await admin.listOffsets(
    partitions.map(({ topic, partition }) => ({ topic, partition, at })),
    { timeoutMs },
  )
  return new Map(found.map((each) => [nameOf(each), each.offset]))
}

/** As `offsetsAt` the end; partitions that can't be asked are left out: they may have no leader, or be gone. */
export async function endOffsets(
  admin: Admin,
  partitions: readonly TopicPartition[],
  timeoutMs: number,
): Promise<Map<string, number>> {
  try {
    return await offsetsAt(admin, partitions, 'latest', timeoutMs)
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    const results = (error.results ?? new Map()) as ReadonlyMap<string, { readonly offset: number }>
    return new Map(Array.from(results, ([name, { offset }]) => [name, offset]))
  }
}
