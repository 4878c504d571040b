/**
 * Transactions that a partition holds open and no coordinator will end: the producer has no transactional id any more, or
 * the coordinator does not count the partition among those that its transaction still has to reach.
 */
import type { Admin } from '../../client/admin/admin.ts'
import type { ProducerState } from '../../client/admin/producers.ts'
import type { TransactionDescription } from '../../client/admin/transactions.ts'
import type { TopicPartition } from '../../client/consumer/topic-partition.ts'
import { KafkaError } from '../../client/kafka-error.ts'

interface HangingSearch {
  readonly topic: string | undefined
  readonly partition: number | undefined
  /** Only partitions with a replica there, and that replica is asked. */
  readonly brokerId: number | undefined
  /** Whoever wrote later may still be at work. */
  readonly lastBeforeMs: number
}

type OpenTransaction = TopicPartition & ProducerState

/** Partitions and topics go into requests by so many: a broker may have a great many. */
const BATCH_SIZE = 500

export async function findHanging(admin: Admin, search: HangingSearch): Promise<OpenTransaction[]> {
  const candidates: OpenTransaction[] = []
  for (const partitions of batches(await partitionsToSearch(admin, search))) {
    const described = await admin.describeProducers(partitions, { brokerId: search.brokerId })
    for (const { topic, partition, producers } of described) {
      for (const producer of producers) {
        const isOpen = producer.currentTransactionStartOffset !== null
        if (isOpen && producer.lastTimestamp < search.lastBeforeMs)
          candidates.push({ topic, partition, ...producer })
      }
    }
  }
  if (candidates.length === 0) return []
  const producerIds = [...new Set(candidates.map(({ producerId }) => producerId))]
  const listings = await admin.listTransactions({ producerIds })
  const descriptions = new Map<number, TransactionDescription | undefined>()
  for (const { producerId, transactionalId } of listings) {
    descriptions.set(producerId, await describeTransaction(admin, transactionalId))
  }
  return candidates.filter(
    ({ topic, partition, producerId }) =>
      !descriptions
        .get(producerId)
        ?.partitions.some((each) => each.topic === topic && each.partition === partition),
  )
}

async function partitionsToSearch(admin: Admin, search: HangingSearch): Promise<TopicPartition[]> {
  const { topic, partition, brokerId } = search
  if (topic !== undefined && partition !== undefined) return [{ topic, partition }]
  const topics =
    topic === undefined ? (await admin.listTopics({ listInternal: true })).map(({ name }) => name) : [topic]
  const partitions: TopicPartition[] = []
  for (const batch of batches(topics)) {
    for (const described of await admin.describeTopics(batch)) {
      for (const each of described.partitions) {
        if (brokerId === undefined || each.replicas.includes(brokerId))
          partitions.push({ topic: described.name, partition: each.partition })
      }
    }
  }
  return partitions
}

async function describeTransaction(
  admin: Admin,
  transactionalId: string,
): Promise<TransactionDescription | undefined> {
  try {
    const [description] = await admin.describeTransactions([transactionalId])
    return description
  } catch (error) {
    if (error instanceof KafkaError && error.code === 'TRANSACTIONAL_ID_NOT_FOUND') return undefined
    throw error
  }
}

function* batches<Item>(items: readonly Item[]): Generator<Item[]> {
  for (let from = 0; from < items.length; from += BATCH_SIZE) yield items.slice(from, from + BATCH_SIZE)
}
