/**
 * The cluster's features (KIP-584): by name, what this broker can do and what is in use. In Kafka the level in use is
 * kept in the cluster's metadata and can be changed; here everything is in use from the start.
 */
export interface Feature {
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
  /** The level in use. */
  readonly finalizedVersion: number
}

export const features: readonly Feature[] = [
  /** 1: the consumer group protocol of KIP-848. */
  { name: 'group.version', minVersion: 0, maxVersion: 1, finalizedVersion: 1 },
  /** 2: a new producer epoch for each transaction, and partitions that brokers add to transactions (KIP-890). */
  { name: 'transaction.version', minVersion: 0, maxVersion: 2, finalizedVersion: 2 },
]
