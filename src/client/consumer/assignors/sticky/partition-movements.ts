/**
 * What has moved from whom to whom while an assignment is balanced. If a partition is to go where another one of its topic
 * came from, that one goes back instead: fewer change hands.
 */
import { PartitionMap, type TopicPartition } from '../../topic-partition.ts'
import { bucketCount, bucketOf, javaHash } from '../java-order.ts'

interface Movement {
  readonly from: string
  readonly to: string
}

/** Partitions of one topic that have moved from one member to another. */
interface Flow {
  readonly partitions: Set<number>
  /** The most that there ever were: Java's tables grow, and don't shrink. */
  sizeMax: number
}

export class PartitionMovements {
  readonly #movements = new PartitionMap<Movement>()
  readonly #flows = new Map<string, Map<string, Flow>>()

  move(partition: TopicPartition, from: string, to: string): void {
    const former = this.#movements.get(partition.topic, partition.partition)
    if (former === undefined) {
      this.#add(partition, { from, to })
      return
    }
    this.#remove(partition, former)
    if (former.from !== to) this.#add(partition, { from: former.from, to })
  }

  /** The number of the partition of the same topic that had better move from one to the other in its place. */
  inPlaceOf({ topic, partition }: TopicPartition, from: string, to: string): number {
    const flows = this.#flows.get(topic)
    if (flows === undefined) return partition
    const origin = this.#movements.get(topic, partition)?.from ?? from
    const opposite = flows.get(flowKey({ from: to, to: origin }))
    return opposite === undefined ? partition : firstOf(topic, opposite)
  }

  #add({ topic, partition }: TopicPartition, movement: Movement): void {
    this.#movements.set(topic, partition, movement)
    const flows = this.#flows.get(topic) ?? new Map<string, Flow>()
    this.#flows.set(topic, flows)
    const flow = flows.get(flowKey(movement)) ?? { partitions: new Set<number>(), sizeMax: 0 }
    flows.set(flowKey(movement), flow)
    flow.partitions.add(partition)
    flow.sizeMax = Math.max(flow.sizeMax, flow.partitions.size)
  }

  #remove({ topic, partition }: TopicPartition, movement: Movement): void {
    this.#movements.delete(topic, partition)
    const flows = this.#flows.get(topic)!
    const flow = flows.get(flowKey(movement))!
    flow.partitions.delete(partition)
    if (flow.partitions.size === 0) flows.delete(flowKey(movement))
    if (flows.size === 0) this.#flows.delete(topic)
  }
}

function flowKey({ from, to }: Movement): string {
  return JSON.stringify([from, to])
}

/** The one that a table of Java's names first. */
function firstOf(topic: string, { partitions, sizeMax }: Flow): number {
  const buckets = bucketCount(sizeMax)
  const topicHash = javaHash(topic)
  let first = -1
  let firstBucket = buckets
  for (const partition of partitions) {
    const bucket = bucketOf((Math.imul(31, 31 + partition) + topicHash) | 0, buckets)
    if (bucket < firstBucket) {
      first = partition
      firstBucket = bucket
    }
  }
  return first
}
