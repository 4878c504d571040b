/** The partitions that a consumer reads now. */
import type { OffsetToCommit } from '../group-offset.ts'
import { KafkaError } from '../kafka-error.ts'
import type { Cluster } from '../network/cluster.ts'
import { AssignedPartition } from './assigned-partition.ts'
import { nameOf, PartitionMap, type TopicPartition } from './topic-partition.ts'

export class Assignment {
  readonly #cluster: Cluster
  readonly #partitions = new PartitionMap<AssignedPartition>()
  #all: readonly AssignedPartition[] = []

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  all(): readonly AssignedPartition[] {
    return this.#all
  }

  get({ topic, partition }: TopicPartition): AssignedPartition | undefined {
    return this.#partitions.get(topic, partition)
  }

  /** Throws KafkaError (INVALID_STATE) where it is not ours. */
  expect(wanted: TopicPartition): AssignedPartition {
    const partition = this.get(wanted)
    if (partition !== undefined) return partition
    throw new KafkaError('INVALID_STATE', `No current assignment for partition ${nameOf(wanted)}`)
  }

  /** One that is ours already stays as it is. */
  add(wanted: TopicPartition): AssignedPartition {
    const known = this.get(wanted)
    if (known !== undefined) return known
    const partition = new AssignedPartition(wanted)
    this.#partitions.set(wanted.topic, wanted.partition, partition)
    this.#all = [...this.#partitions.values()]
    this.#cluster.want(wanted.topic)
    return partition
  }

  remove(partition: AssignedPartition): void {
    if (this.get(partition) !== partition) return
    partition.isGone = true
    this.#partitions.delete(partition.topic, partition.partition)
    this.#all = [...this.#partitions.values()]
    this.#cluster.unwant(partition.topic)
  }

  /** Behind what was handed out, of those that have a position. */
  consumed(): OffsetToCommit[] {
    return this.#all
      .filter(({ position }) => position >= 0)
      .map(({ topic, partition, position: offset, positionEpoch: leaderEpoch }) => ({
        topic,
        partition,
        offset,
        leaderEpoch,
      }))
  }
}
