/** `sluice/client`: producers, consumers and administrators of Kafka clusters. */
import { SystemClock } from '../os/clock.ts'
import { SystemConnector } from '../os/connector.ts'
import { SystemRandom } from '../os/random.ts'
import type { ClientPlatform } from './network/open-cluster.ts'
import type { ProducerOptions } from './options/producer-options.ts'
import { Producer as AnyProducer, type Bytes } from './producer/producer.ts'

const platform: ClientPlatform = {
  clock: new SystemClock(),
  random: new SystemRandom(),
  connector: new SystemConnector(),
}

export class Producer<Key = Bytes, Value = Bytes> extends AnyProducer<Key, Value> {
  /** Throws KafkaError (INVALID_CONFIG). */
  constructor(options: ProducerOptions) {
    super(options, platform)
  }
}

export { KafkaError } from './kafka-error.ts'
export type { ProducerOptions } from './options/producer-options.ts'
export type { Partitioner, PartitionerInput } from './producer/partitioner.ts'
export type { Bytes, ProducerRecord, Transaction } from './producer/producer.ts'
export type { RecordMetadata } from './producer/producer-batch.ts'
export type { ConsumerGroupMetadata, OffsetToCommit } from './producer/transaction-manager.ts'
