/** A Produce as the producer sends it: which version, which batches under which numbers, and whose answer is whose. */
import { ProduceRequest, ProduceResponse } from '../../protocol/messages/00-produce.ts'
import type { Draft } from '../../protocol/schema.ts'
import { MAX_SEQUENCE } from '../../records/record-batch.ts'
import type { BatchHeader } from '../../records/record-batch-writer.ts'
import { ZERO_UUID } from '../../wire/text.ts'
import { defineApi } from '../network/api.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { ClusterMetadata } from '../network/cluster-metadata.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { ProducerIdentity } from './producer-identity.ts'
import type { PartitionQueue } from './record-accumulator.ts'

export const PRODUCE = defineApi(ProduceRequest, ProduceResponse, [3, 13])
const FIRST_VERSION_WITH_TOPIC_IDS = 13
/** From the next on the broker enters into the transaction what is written to (KIP-890). */
const LAST_VERSION_OF_TRANSACTIONS_1 = 11
const FIRST_VERSION_WITH_ZSTD = 7

export type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number]
export type TopicData = NonNullable<Draft<typeof ProduceRequest>['topicData']>[number]

/** A batch that goes into a request, with the row that it stood in. */
export interface Shipment {
  readonly queue: PartitionQueue
  readonly batch: ProducerBatch
}

/** Throws KafkaError (PROTOCOL) where both sides have no version in common. */
export function versionFor(
  connection: BrokerConnection,
  metadata: ClusterMetadata,
  cargo: readonly Shipment[],
  { isOfTransactions1, usesZstd }: { isOfTransactions1: boolean; usesZstd: boolean },
): number {
  const hasIds = cargo.every(({ queue }) => topicIdOf(metadata, queue.topic) !== ZERO_UUID)
  let max = PRODUCE.maxVersion
  if (!hasIds) max = FIRST_VERSION_WITH_TOPIC_IDS - 1
  if (isOfTransactions1) max = LAST_VERSION_OF_TRANSACTIONS_1
  return connection.apis!.versionOf(PRODUCE, {
    min: usesZstd ? FIRST_VERSION_WITH_ZSTD : PRODUCE.minVersion,
    max,
  })
}

/** The batches by topic; `sealed` gives the bytes of each, in their order. */
export function topicDataOf(
  cargo: readonly Shipment[],
  metadata: ClusterMetadata,
  sealed: (shipment: Shipment) => Buffer,
): TopicData[] {
  const topics = new Map<string, TopicData & { partitionData: { index: number; records: Buffer }[] }>()
  for (const shipment of cargo) {
    const { topic: name, partition: index } = shipment.queue
    let topic = topics.get(name)
    if (topic === undefined) {
      topic = { name, topicId: topicIdOf(metadata, name), partitionData: [] }
      topics.set(name, topic)
    }
    topic.partitionData.push({ index, records: sealed(shipment) })
  }
  return [...topics.values()]
}

/** Under which name and number a batch is sent for the first time. */
export function nextHeader(
  queue: PartitionQueue,
  { recordCount }: ProducerBatch,
  identity: ProducerIdentity | undefined,
  isTransactional: boolean,
): BatchHeader {
  if (identity === undefined)
    return { producerId: -1, producerEpoch: -1, baseSequence: -1, isTransactional: false }
  const baseSequence = queue.nextSequence
  queue.nextSequence = (baseSequence + recordCount) % (MAX_SEQUENCE + 1)
  return { ...identity.name, baseSequence, isTransactional }
}

/** By `topic/partition`. Ids are those of the request: the topic may have been made anew since. */
export function answersByPartition(
  response: ProduceResponse,
  topicData: readonly TopicData[],
): Map<string, PartitionAnswer> {
  const names = new Map(topicData.map(({ topicId, name }) => [topicId, name]))
  const answers = new Map<string, PartitionAnswer>()
  for (const { name, topicId, partitionResponses } of response.responses) {
    const topic = name === '' ? names.get(topicId) : name
    for (const answer of partitionResponses) answers.set(`${topic}/${answer.index}`, answer)
  }
  return answers
}

export function nameOf({ topic, partition }: PartitionQueue): string {
  return `${topic}-${partition}`
}

function topicIdOf(metadata: ClusterMetadata, topic: string): string {
  return metadata.topic(topic)?.topicId ?? ZERO_UUID
}
