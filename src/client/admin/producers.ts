/**
 * Producers as the partitions that they write to see them (KIP-664), and the end of a transaction that its coordinator has
 * lost sight of: it keeps readers of committed records from going on.
 */
import {
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
} from '../../protocol/messages/27-write-txn-markers.ts'
import {
  DescribeProducersRequest,
  DescribeProducersResponse,
} from '../../protocol/messages/61-describe-producers.ts'
import { byTopic, nameOf, type TopicPartition } from '../consumer/topic-partition.ts'
import { defineApi } from '../network/api.ts'
import { outcomeOf, partitionsInOrder } from './answers.ts'
import { checkPartitions, checkWhole, INT16_MAX } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { brokerById, leaderOf } from './routes.ts'

const DESCRIBE_PRODUCERS = defineApi(DescribeProducersRequest, DescribeProducersResponse)
const WRITE_TXN_MARKERS = defineApi(WriteTxnMarkersRequest, WriteTxnMarkersResponse, [0, 1])

export interface DescribeProducersOptions extends AdminCallOptions {
  /** Asks this broker's replica, instead of the leader's. */
  readonly brokerId?: number | undefined
}

export interface ProducerState {
  readonly producerId: number
  readonly producerEpoch: number
  /** -1: it has written nothing in this epoch. */
  readonly lastSequence: number
  readonly lastTimestamp: number
  /** Of the coordinator that ended its last transaction; null: none did. */
  readonly coordinatorEpoch: number | null
  /** Null: it has none open here. */
  readonly currentTransactionStartOffset: number | null
}

export interface PartitionProducers extends TopicPartition {
  readonly producers: readonly ProducerState[]
}

/** As `describeProducers` tells it of the producer whose transaction hangs. */
export interface TransactionToAbort extends TopicPartition {
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number | null
}

export async function describeProducers(
  requester: Requester,
  partitions: readonly TopicPartition[],
  { brokerId, timeoutMs }: DescribeProducersOptions,
): Promise<PartitionProducers[]> {
  checkPartitions('partitions', partitions)
  const { cluster } = requester
  return requester.each<TopicPartition, PartitionProducers>({
    what: 'describeProducers',
    things: partitions,
    nameOf,
    route: brokerId === undefined ? leaderOf(cluster) : brokerById(cluster, () => brokerId),
    timeoutMs,
    call: async (connection, things) => {
      const { topics } = await connection.call(DESCRIBE_PRODUCERS, {
        topics: Array.from(byTopic(things), ([name, all]) => ({
          name,
          partitionIndexes: all.map(({ partition }) => partition),
        })),
      })
      const answers = topics.map(({ name, partitions: all }) => [name, all] as const)
      return partitionsInOrder(things, answers, (answer, topic) => {
        const { partitionIndex: partition, activeProducers } = answer
        const described = () => ({ topic, partition, producers: activeProducers.map(stateOf) })
        return [partition, outcomeOf(`partition ${topic}-${partition}`, answer, described)]
      })
    },
  })
}

function stateOf(
  producer: DescribeProducersResponse['topics'][number]['partitions'][number]['activeProducers'][number],
): ProducerState {
  const { producerId, producerEpoch, lastSequence, lastTimestamp, coordinatorEpoch } = producer
  return {
    producerId,
    producerEpoch,
    lastSequence,
    lastTimestamp,
    coordinatorEpoch: coordinatorEpoch < 0 ? null : coordinatorEpoch,
    currentTransactionStartOffset: producer.currentTxnStartOffset < 0 ? null : producer.currentTxnStartOffset,
  }
}

export async function abortTransaction(
  requester: Requester,
  transaction: TransactionToAbort,
  { timeoutMs }: AdminCallOptions,
): Promise<void> {
  const { topic, partition, producerId, producerEpoch, coordinatorEpoch } = transaction
  checkPartitions('transaction', [transaction])
  checkWhole('producerId', producerId, { min: 0, max: Number.MAX_SAFE_INTEGER })
  checkWhole('producerEpoch', producerEpoch, { min: 0, max: INT16_MAX })
  await requester.each<TransactionToAbort, void>({
    what: 'abortTransaction',
    things: [transaction],
    nameOf,
    route: leaderOf(requester.cluster),
    timeoutMs,
    call: async (connection, things) => {
      const { markers } = await connection.call(WRITE_TXN_MARKERS, {
        markers: [
          {
            producerId,
            producerEpoch,
            coordinatorEpoch: coordinatorEpoch ?? 0,
            transactionResult: false,
            topics: [{ name: topic, partitionIndexes: [partition] }],
          },
        ],
      })
      const answers = markers.flatMap(({ topics }) =>
        topics.map(({ name, partitions }) => [name, partitions] as const),
      )
      return partitionsInOrder(things, answers, (answer) => [
        answer.partitionIndex,
        outcomeOf(`partition ${topic}-${answer.partitionIndex}`, answer, () => {}),
      ])
    },
  })
}
