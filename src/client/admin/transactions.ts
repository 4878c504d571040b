/** Transactions as their coordinators see them: which there are, what they are at, and fencing who holds them. */
import { InitProducerIdRequest, InitProducerIdResponse } from '../../protocol/messages/22-init-producer-id.ts'
import {
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
} from '../../protocol/messages/65-describe-transactions.ts'
import {
  ListTransactionsRequest,
  ListTransactionsResponse,
} from '../../protocol/messages/66-list-transactions.ts'
import type { TopicPartition } from '../consumer/topic-partition.ts'
import { defineApi } from '../network/api.ts'
import { inOrder, outcomeOf } from './answers.ts'
import { checkList, checkNames, checkWhole } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { brokerById, coordinatorOf } from './routes.ts'

const LIST_TRANSACTIONS = defineApi(ListTransactionsRequest, ListTransactionsResponse, [0, 2])
const DESCRIBE_TRANSACTIONS = defineApi(DescribeTransactionsRequest, DescribeTransactionsResponse)
const INIT_PRODUCER_ID = defineApi(InitProducerIdRequest, InitProducerIdResponse, [0, 5])
const NO_FILTER = -1

export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'PrepareEpochFence'
  | 'Dead'

export interface ListTransactionsOptions extends AdminCallOptions {
  /** Default, here and below: all. */
  readonly states?: readonly TransactionState[] | undefined
  readonly producerIds?: readonly number[] | undefined
  /** Those that have been running for longer than so many milliseconds. */
  readonly runningLongerThanMs?: number | undefined
  /** A regular expression of RE2/J for the whole transactional id. */
  readonly transactionalIdPattern?: string | undefined
}

export interface TransactionListing {
  readonly transactionalId: string
  readonly producerId: number
  readonly state: TransactionState
  /** The broker's id. */
  readonly coordinator: number
}

export interface TransactionDescription extends TransactionListing {
  readonly producerEpoch: number
  readonly transactionTimeoutMs: number
  /** Milliseconds since the Unix epoch; null: none is open. */
  readonly startTimeMs: number | null
  /** Of the open transaction; of one that is ending those that are not told yet. */
  readonly partitions: readonly TopicPartition[]
}

export interface FencedProducer {
  readonly transactionalId: string
  readonly producerId: number
  /** Whoever had a lower one can write no more. */
  readonly producerEpoch: number
}

export async function listTransactions(
  requester: Requester,
  options: ListTransactionsOptions,
): Promise<TransactionListing[]> {
  const { states = [], producerIds = [], runningLongerThanMs, transactionalIdPattern, timeoutMs } = options
  checkList('states', states)
  checkList('producerIds', producerIds)
  if (runningLongerThanMs !== undefined)
    checkWhole('runningLongerThanMs', runningLongerThanMs, { min: 0, max: Number.MAX_SAFE_INTEGER })
  const remainingMs = requester.countdown(timeoutMs)
  const brokerIds = await requester.brokerIds('listTransactions', timeoutMs)
  const found = await requester.each<number, TransactionListing[]>({
    what: 'listTransactions',
    things: brokerIds,
    nameOf: (id) => `broker ${id}`,
    route: brokerById(requester.cluster, (id) => id),
    timeoutMs: remainingMs(),
    call: async (connection, things) => {
      const answer = await connection.call(LIST_TRANSACTIONS, {
        stateFilters: states,
        producerIdFilters: producerIds,
        durationFilter: runningLongerThanMs ?? NO_FILTER,
        transactionalIdPattern: transactionalIdPattern ?? null,
      })
      return things.map((id) =>
        outcomeOf(`the transactions of broker ${id}`, answer, () =>
          answer.transactionStates.map(({ transactionalId, producerId, transactionState }) => ({
            transactionalId,
            producerId,
            state: transactionState as TransactionState,
            coordinator: id,
          })),
        ),
      )
    },
  })
  return found.flat()
}

export async function describeTransactions(
  requester: Requester,
  transactionalIds: readonly string[],
  { timeoutMs }: AdminCallOptions,
): Promise<TransactionDescription[]> {
  checkNames('transactionalIds', transactionalIds)
  const nameOf = (id: string): string => id
  return requester.each<string, TransactionDescription>({
    what: 'describeTransactions',
    things: transactionalIds,
    nameOf,
    route: coordinatorOf(requester.cluster, 'transaction', nameOf),
    timeoutMs,
    call: async (connection, things) => {
      const { transactionStates } = await connection.call(DESCRIBE_TRANSACTIONS, { transactionalIds: things })
      const described = new Map(
        transactionStates.map((each) => [
          each.transactionalId,
          outcomeOf(`transactional id ${each.transactionalId}`, each, () =>
            descriptionOf(each, connection.nodeId),
          ),
        ]),
      )
      return inOrder(things, nameOf, described)
    },
  })
}

function descriptionOf(
  each: DescribeTransactionsResponse['transactionStates'][number],
  coordinator: number,
): TransactionDescription {
  return {
    transactionalId: each.transactionalId,
    coordinator,
    state: each.transactionState as TransactionState,
    producerId: each.producerId,
    producerEpoch: each.producerEpoch,
    transactionTimeoutMs: each.transactionTimeoutMs,
    startTimeMs: each.transactionStartTimeMs < 0 ? null : each.transactionStartTimeMs,
    partitions: each.topics.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    ),
  }
}

/** Takes the place of the producer with a transactional id: its open transaction is aborted, and it can't go on. */
export async function fenceProducers(
  requester: Requester,
  transactionalIds: readonly string[],
  { timeoutMs }: AdminCallOptions,
): Promise<FencedProducer[]> {
  checkNames('transactionalIds', transactionalIds)
  const nameOf = (id: string): string => id
  return requester.each<string, FencedProducer>({
    what: 'fenceProducers',
    things: transactionalIds,
    nameOf,
    route: coordinatorOf(requester.cluster, 'transaction', nameOf),
    timeoutMs,
    call: (connection, things) =>
      Promise.all(
        things.map(async (transactionalId) => {
          const answer = await connection.call(INIT_PRODUCER_ID, {
            transactionalId,
            transactionTimeoutMs: requester.requestTimeoutMs,
          })
          const { producerId, producerEpoch } = answer
          return outcomeOf(`transactional id ${transactionalId}`, answer, () => ({
            transactionalId,
            producerId,
            producerEpoch,
          }))
        }),
      ),
  })
}
