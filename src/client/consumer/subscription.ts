/** What a consumer wants to read by way of its group: topics by name, or by a pattern that names are held against. */
import { KafkaError } from '../kafka-error.ts'
import type { ClusterMetadata } from '../network/cluster-metadata.ts'
import type { TopicPartition } from './topic-partition.ts'

type Listener = (partitions: readonly TopicPartition[]) => void | Promise<void>

/** Called, and waited for, while the consumer waits for records; what it hands out is not touched meanwhile. */
export interface RebalanceListener {
  /** These are ours from now on, beside those that were before. */
  readonly onAssigned?: Listener | undefined
  /** These go to others: the time to finish with them, and to commit. */
  readonly onRevoked?: Listener | undefined
  /** These are others' already. Default: as with `onRevoked`. */
  readonly onLost?: Listener | undefined
}

export interface SubscribeOptions extends RebalanceListener {
  /**
   * Names, or a pattern that this client holds against the names of all topics, as `test` does: anywhere in a name unless
   * it is anchored. Java's must match the whole name.
   */
  readonly topics?: string | readonly string[] | RegExp | undefined
  /** A pattern in the syntax of RE2 that the broker holds against whole names (`group.protocol=consumer`, Kafka 4.0). */
  readonly pattern?: string | undefined
}

export type SubscribeInput = string | readonly string[] | RegExp | SubscribeOptions

export class Subscription {
  readonly listener: RebalanceListener
  /** For the broker to match; undefined: we know the names. */
  readonly brokerPattern: string | undefined
  readonly #names: readonly string[]
  readonly #pattern: RegExp | undefined
  readonly #excludesInternal: boolean

  /** Throws KafkaError (INVALID_CONFIG). */
  constructor(given: SubscribeInput, excludesInternal: boolean) {
    const options = isPlain(given) ? { topics: given } : given
    const { topics = [], pattern } = options
    this.listener = options
    this.brokerPattern = pattern
    this.#pattern = topics instanceof RegExp ? topics : undefined
    const names = topics instanceof RegExp ? [] : typeof topics === 'string' ? [topics] : topics
    if (names.some((name) => typeof name !== 'string' || name.trim() === '')) {
      throw new KafkaError(
        'INVALID_CONFIG',
        'Topic collection to subscribe to cannot contain null or empty topic',
      )
    }
    this.#names = [...new Set(names)]
    this.#excludesInternal = excludesInternal
  }

  /** All topics have to be known in order to tell which are meant. */
  get needsAllTopics(): boolean {
    return this.#pattern !== undefined || this.brokerPattern !== undefined
  }

  /** Neither names nor a pattern: the same as to unsubscribe. */
  get isEmpty(): boolean {
    return this.#names.length === 0 && this.#pattern === undefined && this.brokerPattern === undefined
  }

  /** Those that are there, for a pattern; otherwise those that were named. In order. */
  topics(metadata: ClusterMetadata): string[] {
    const pattern = this.#pattern
    if (pattern === undefined) return [...this.#names].sort()
    return [...metadata.topics()]
      .filter(({ name, isInternal }) => !(isInternal && this.#excludesInternal) && matches(pattern, name))
      .map(({ name }) => name)
      .sort()
  }
}

function isPlain(given: SubscribeInput): given is string | readonly string[] | RegExp {
  return typeof given === 'string' || Array.isArray(given) || given instanceof RegExp
}

/** As `test` has it: anywhere in the name, unless the pattern is anchored. */
function matches(pattern: RegExp, name: string): boolean {
  // A pattern with a flag that remembers its place starts anew.
  pattern.lastIndex = 0
  return pattern.test(name)
}
