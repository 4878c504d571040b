/**
 * Sets of partitions by topic id: what a member holds, gives up or is to get. Values are never changed; every operation
 * makes a new one. Invariants: partitions ascend and none is there twice; a topic without partitions is not there.
 */
export type TopicPartitions = ReadonlyMap<string, readonly number[]>

/** As messages and records carry them. */
export interface WireTopicPartitions {
  readonly topicId: string
  readonly partitions: readonly number[]
}

export const NO_PARTITIONS: TopicPartitions = new Map()

/** Topics and partitions that are named twice count once. */
export function topicPartitionsOf(wire: readonly WireTopicPartitions[]): TopicPartitions {
  const sets = new Map<string, Set<number>>()
  for (const { topicId, partitions } of wire) {
    const known = sets.get(topicId)
    if (known === undefined) sets.set(topicId, new Set(partitions))
    else for (const partition of partitions) known.add(partition)
  }
  return fromSets(sets)
}

export function fromSets(sets: ReadonlyMap<string, ReadonlySet<number>>): TopicPartitions {
  const result = new Map<string, readonly number[]>()
  for (const [topicId, partitions] of sets) {
    if (partitions.size > 0) result.set(topicId, [...partitions].sort(ascending))
  }
  return result
}

export function toWire(topicPartitions: TopicPartitions): { topicId: string; partitions: number[] }[] {
  return [...topicPartitions].map(([topicId, partitions]) => ({ topicId, partitions: [...partitions] }))
}

export function areEqual(a: TopicPartitions, b: TopicPartitions): boolean {
  if (a.size !== b.size) return false
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId)
    if (others === undefined || others.length !== partitions.length) return false
    if (partitions.some((partition, i) => others[i] !== partition)) return false
  }
  return true
}

export function union(a: TopicPartitions, b: TopicPartitions): TopicPartitions {
  const result = new Map(a)
  for (const [topicId, partitions] of b) {
    const others = result.get(topicId)
    if (others === undefined) result.set(topicId, partitions)
    else result.set(topicId, [...new Set([...others, ...partitions])].sort(ascending))
  }
  return result
}

export function intersection(a: TopicPartitions, b: TopicPartitions): TopicPartitions {
  return filtered(a, (topicId) => {
    const others = new Set(b.get(topicId))
    return (partition) => others.has(partition)
  })
}

/** What is in `a` and not in `b`. */
export function difference(a: TopicPartitions, b: TopicPartitions): TopicPartitions {
  return filtered(a, (topicId) => {
    const others = new Set(b.get(topicId))
    return (partition) => !others.has(partition)
  })
}

export function isSubset(a: TopicPartitions, b: TopicPartitions): boolean {
  return difference(a, b).size === 0
}

export function partitionCountOf(topicPartitions: TopicPartitions): number {
  let count = 0
  for (const partitions of topicPartitions.values()) count += partitions.length
  return count
}

/** Those that pass: `testOf` gives the test for each topic. */
export function filtered(
  from: TopicPartitions,
  testOf: (topicId: string) => (partition: number) => boolean,
): TopicPartitions {
  const result = new Map<string, readonly number[]>()
  for (const [topicId, partitions] of from) {
    const kept = partitions.filter(testOf(topicId))
    if (kept.length > 0) result.set(topicId, kept)
  }
  return result
}

function ascending(a: number, b: number): number {
  return a - b
}
