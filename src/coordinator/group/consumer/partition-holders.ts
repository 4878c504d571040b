/**
 * Which member holds each partition, whether it may use it or has yet to give it up. No partition is given out that
 * somebody holds.
 *
 * While a log is replayed a member may seem to take what another still holds: the record by which the other let go can
 * have been compacted away behind a later one of it. So the last one who takes has it, and letting go of what somebody
 * else has taken means nothing.
 */
import type { TopicPartitions } from './topic-partitions.ts'

export class PartitionHolders {
  readonly #holders = new Map<string, Map<number, string>>()

  isFree(topicId: string, partition: number): boolean {
    return this.#holders.get(topicId)?.has(partition) !== true
  }

  take(memberId: string, topicPartitions: TopicPartitions): void {
    for (const [topicId, partitions] of topicPartitions) {
      const holders = this.#holders.get(topicId) ?? new Map<number, string>()
      this.#holders.set(topicId, holders)
      for (const partition of partitions) holders.set(partition, memberId)
    }
  }

  letGo(memberId: string, topicPartitions: TopicPartitions): void {
    for (const [topicId, partitions] of topicPartitions) {
      const holders = this.#holders.get(topicId)
      if (holders === undefined) continue
      for (const partition of partitions) {
        if (holders.get(partition) === memberId) holders.delete(partition)
      }
      if (holders.size === 0) this.#holders.delete(topicId)
    }
  }

  copy(): PartitionHolders {
    const copy = new PartitionHolders()
    for (const [topicId, holders] of this.#holders) copy.#holders.set(topicId, new Map(holders))
    return copy
  }
}
