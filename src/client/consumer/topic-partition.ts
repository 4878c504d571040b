/** Partitions by their topic and number, and what belongs to them. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** As Kafka writes it: `orders-3`. */
export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

/** A map whose keys are topic and partition. Iterates in the order in which topics and partitions came. */
export class PartitionMap<Value> {
  readonly #topics = new Map<string, Map<number, Value>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  get(topic: string, partition: number): Value | undefined {
    return this.#topics.get(topic)?.get(partition)
  }

  has(topic: string, partition: number): boolean {
    return this.#topics.get(topic)?.has(partition) ?? false
  }

  set(topic: string, partition: number, value: Value): void {
    let partitions = this.#topics.get(topic)
    if (partitions === undefined) {
      partitions = new Map()
      this.#topics.set(topic, partitions)
    }
    if (!partitions.has(partition)) this.#size += 1
    partitions.set(partition, value)
  }

  delete(topic: string, partition: number): boolean {
    const partitions = this.#topics.get(topic)
    if (partitions === undefined || !partitions.delete(partition)) return false
    if (partitions.size === 0) this.#topics.delete(topic)
    this.#size -= 1
    return true
  }

  *values(): Generator<Value, void, void> {
    for (const partitions of this.#topics.values()) yield* partitions.values()
  }
}

/** The same by topic, as requests have it. */
export function byTopic<Each extends TopicPartition>(all: Iterable<Each>): Map<string, Each[]> {
  const topics = new Map<string, Each[]>()
  for (const each of all) {
    const partitions = topics.get(each.topic)
    if (partitions === undefined) topics.set(each.topic, [each])
    else partitions.push(each)
  }
  return topics
}
