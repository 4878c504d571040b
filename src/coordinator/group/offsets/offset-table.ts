/** Offsets by group, topic and partition. Groups and topics without any are not in it. */
import type { CommittedOffset } from './committed-offset.ts'
import type { OffsetKey } from './offset-records.ts'
import { PartitionOffsets } from './partition-offsets.ts'

export type TopicOffsets = ReadonlyMap<string, PartitionOffsets>

const NO_TOPICS: TopicOffsets = new Map()

export class OffsetTable {
  readonly #groups = new Map<string, Map<string, PartitionOffsets>>()

  get({ group, topic, partition }: OffsetKey): CommittedOffset | undefined {
    return this.#groups.get(group)?.get(topic)?.get(partition)
  }

  has({ group, topic, partition }: OffsetKey): boolean {
    return this.#groups.get(group)?.get(topic)?.has(partition) ?? false
  }

  hasGroup(group: string): boolean {
    return this.#groups.has(group)
  }

  groupIds(): Iterable<string> {
    return this.#groups.keys()
  }

  topicsOf(group: string): TopicOffsets {
    return this.#groups.get(group) ?? NO_TOPICS
  }

  *keysOf(group: string): Generator<OffsetKey> {
    for (const [topic, offsets] of this.topicsOf(group)) {
      for (const partition of offsets.partitions()) yield { group, topic, partition }
    }
  }

  *keys(): Generator<OffsetKey> {
    for (const group of this.#groups.keys()) yield* this.keysOf(group)
  }

  *keysOfTopics(partitionsByTopic: ReadonlyMap<string, ReadonlySet<number>>): Generator<OffsetKey> {
    for (const [group, topics] of this.#groups) {
      for (const [topic, partitions] of partitionsByTopic) {
        for (const partition of topics.get(topic)?.partitions() ?? []) {
          if (partitions.has(partition)) yield { group, topic, partition }
        }
      }
    }
  }

  set({ group, topic, partition }: OffsetKey, committed: CommittedOffset): void {
    const topics = getOrMake(this.#groups, group, () => new Map<string, PartitionOffsets>())
    getOrMake(topics, topic, () => new PartitionOffsets()).set(partition, committed)
  }

  delete({ group, topic, partition }: OffsetKey): void {
    const topics = this.#groups.get(group)
    const offsets = topics?.get(topic)
    if (topics === undefined || offsets === undefined) return
    offsets.delete(partition)
    if (offsets.size === 0) topics.delete(topic)
    if (topics.size === 0) this.#groups.delete(group)
  }
}

export function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
