/**
 * Which partition a record without one goes to.
 *
 * - With a key: always the same one, the same as Java's producer chooses.
 * - Without: all to one partition until it has got about a batch, then to another (KIP-480, KIP-794), which makes few
 *   full batches of many records; or each to the next one (`round-robin`).
 */
import type { Random } from '../../base/random.ts'
import { partitionForKey } from './murmur2.ts'

export interface PartitionerInput {
  readonly topic: string
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly partitionCount: number
  /** Numbers of those that have a leader. */
  readonly availablePartitions: readonly number[]
}

/** One's own: the number of the partition. */
export type Partitioner = (input: PartitionerInput) => number

/** A topic as records are placed in it. */
export interface TopicPlaces {
  readonly topic: string
  readonly partitionCount: number
  readonly availablePartitions: readonly number[]
}

/** Told of every record that it placed, so that it knows when a partition has had its share. */
export interface TopicPartitioner {
  place(places: TopicPlaces, key: Uint8Array | null, value: Uint8Array | null, recordBytes: number): number
}

export class StickyPartitioner implements TopicPartitioner {
  readonly #random: Random
  readonly #batchSizeBytes: number
  readonly #ignoresKeys: boolean
  /** By topic: the partition, and what it has got. */
  readonly #sticky = new Map<string, { partition: number; bytes: number }>()

  constructor(options: { random: Random; batchSizeBytes: number; ignoresKeys: boolean }) {
    this.#random = options.random
    this.#batchSizeBytes = options.batchSizeBytes
    this.#ignoresKeys = options.ignoresKeys
  }

  place(places: TopicPlaces, key: Uint8Array | null, _value: Uint8Array | null, recordBytes: number): number {
    const { topic, partitionCount, availablePartitions } = places
    if (key !== null && !this.#ignoresKeys) return partitionForKey(key, partitionCount)
    let current = this.#sticky.get(topic)
    const isFull = current !== undefined && current.bytes >= this.#batchSizeBytes
    if (current === undefined || isFull || current.partition >= partitionCount) {
      current = {
        partition: this.#another(current?.partition, availablePartitions, partitionCount),
        bytes: 0,
      }
      this.#sticky.set(topic, current)
    }
    current.bytes += recordBytes
    return current.partition
  }

  #another(former: number | undefined, available: readonly number[], partitionCount: number): number {
    const candidates = available.length > 0 ? available : Array.from({ length: partitionCount }, (_, i) => i)
    const others = candidates.length > 1 ? candidates.filter((each) => each !== former) : candidates
    return others[this.#random.below(others.length)]!
  }
}

export class RoundRobinPartitioner implements TopicPartitioner {
  readonly #next = new Map<string, number>()

  place({ topic, availablePartitions, partitionCount }: TopicPlaces): number {
    const turn = this.#next.get(topic) ?? 0
    this.#next.set(topic, (turn + 1) & 0x7fffffff)
    return availablePartitions.length > 0
      ? availablePartitions[turn % availablePartitions.length]!
      : turn % partitionCount
  }
}
