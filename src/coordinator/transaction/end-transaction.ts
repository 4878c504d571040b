/**
 * The end of a transaction, in two steps: the outcome is decided (Prepare*), and when every partition has its marker
 * the transaction is over (Complete*).
 *
 * Up to EndTxn 4 a producer keeps its epoch, so a second EndTxn can't be told from the first, and is answered alike.
 * With transaction version 2 (EndTxn 5, KIP-890) each end raises the epoch: what is still on its way from the ended
 * transaction is fenced off from the next one, and a producer that asks again is known by its former epoch. Where the
 * epochs are used up the markers carry the highest, and then a new producer id takes over with epoch 0.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { ProducerIdentity } from '../runtime/coordinator-log.ts'
import {
  isEpochExhausted,
  NO_PARTITIONS,
  NO_PRODUCER_ID,
  PRODUCER_EPOCH_MAX,
  type TransactionMetadata,
} from './transaction-metadata.ts'
import { isPrepared } from './transaction-state.ts'
import {
  AS_ASKED,
  type Move,
  move,
  NEEDS_PRODUCER_ID,
  refuse,
  type Transaction,
  type Transition,
} from './transition.ts'

/** Of this broker: what the ends are that no client asked for. */
const TRANSACTION_VERSION = 2

export interface TransactionEnd extends ProducerIdentity {
  readonly isCommit: boolean
  /** 2: EndTxn 5. */
  readonly clientTransactionVersion: number
  /** One that was never given out, in case it is needed. */
  readonly newProducerId: number | undefined
  readonly nowMs: number
}

export function endTransaction(current: Transaction | undefined, end: TransactionEnd): Transition {
  if (current === undefined) return refuse(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  return end.clientTransactionVersion >= 2
    ? endWithNewEpoch(current.metadata, end)
    : endWithSameEpoch(current.metadata, end)
}

function endWithSameEpoch(metadata: TransactionMetadata, end: TransactionEnd): Transition {
  if (metadata.producerId !== end.producerId) return refuse(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  if (metadata.producerEpoch !== end.producerEpoch) return refuse(ErrorCode.PRODUCER_FENCED)
  if (metadata.state === 'Ongoing') {
    return move({
      ...metadata,
      state: end.isCommit ? 'PrepareCommit' : 'PrepareAbort',
      lastUpdateTimestampMs: end.nowMs,
      clientTransactionVersion: 0,
    })
  }
  return endAgain(metadata, end)
}

function endWithNewEpoch(metadata: TransactionMetadata, end: TransactionEnd): Transition {
  const { state, producerEpoch } = metadata
  const isSameId = metadata.producerId === end.producerId
  const isPreviousId =
    metadata.previousProducerId === end.producerId &&
    end.producerEpoch === PRODUCER_EPOCH_MAX - 1 &&
    producerEpoch === 0
  if (!isSameId && !isPreviousId) return refuse(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  const isNext = isSameId && end.producerEpoch === producerEpoch && producerEpoch < PRODUCER_EPOCH_MAX
  // Only such an end raises the epoch: after an older client's, the epoch before was another producer's.
  const hasRaised = metadata.clientTransactionVersion >= 2
  const isRetry = hasRaised && (isPreviousId || producerEpoch === end.producerEpoch + 1)
  switch (state) {
    case 'Ongoing':
      return isNext ? prepared(metadata, end) : refuse(ErrorCode.PRODUCER_FENCED)
    case 'Empty':
      return isNext ? abortOfNothing(metadata, end) : refuse(ErrorCode.PRODUCER_FENCED)
    case 'PrepareCommit':
    case 'PrepareAbort':
      return isSameId && isRetry ? endAgain(metadata, end) : refuse(ErrorCode.PRODUCER_FENCED)
    case 'CompleteCommit':
    case 'CompleteAbort':
      if (isRetry) return endAgain(metadata, end)
      return isNext ? abortOfNothing(metadata, end) : refuse(ErrorCode.PRODUCER_FENCED)
  }
}

/** An end that was asked for before: under way, done, or decided otherwise. */
function endAgain({ state }: TransactionMetadata, { isCommit }: TransactionEnd): Transition {
  if (isPrepared(state) && isCommit === (state === 'PrepareCommit'))
    return refuse(ErrorCode.CONCURRENT_TRANSACTIONS)
  if (state === (isCommit ? 'CompleteCommit' : 'CompleteAbort')) return AS_ASKED
  return refuse(ErrorCode.INVALID_TXN_STATE)
}

/**
 * A producer aborts without knowing whether its partitions were added, as it does when an answer was lost: the epoch
 * is raised all the same, lest a late record opens the transaction after all.
 */
function abortOfNothing(metadata: TransactionMetadata, end: TransactionEnd): Transition {
  if (end.isCommit) return refuse(ErrorCode.INVALID_TXN_STATE)
  return prepared({ ...metadata, partitions: NO_PARTITIONS, startTimestampMs: end.nowMs }, end)
}

function prepared(metadata: TransactionMetadata, end: TransactionEnd): Transition {
  const { producerId, producerEpoch } = metadata
  const needsNewId = isEpochExhausted(producerEpoch)
  if (needsNewId && end.newProducerId === undefined) return NEEDS_PRODUCER_ID
  return move(
    {
      ...metadata,
      state: end.isCommit ? 'PrepareCommit' : 'PrepareAbort',
      producerEpoch: producerEpoch + 1,
      nextProducerId: (needsNewId ? end.newProducerId : undefined) ?? NO_PRODUCER_ID,
      lastUpdateTimestampMs: end.nowMs,
      clientTransactionVersion: end.clientTransactionVersion,
    },
    { producerId, producerEpoch },
  )
}

/** Of an open transaction whose producer has timed out, or has been replaced: its epoch is over. */
export function fenced(metadata: TransactionMetadata, nowMs: number): Move {
  const { producerId, producerEpoch } = metadata
  return move(
    {
      ...metadata,
      state: 'PrepareAbort',
      // No producer has the highest epoch, but a log of unknown origin may.
      producerEpoch: Math.min(producerEpoch + 1, PRODUCER_EPOCH_MAX),
      nextProducerId: NO_PRODUCER_ID,
      lastUpdateTimestampMs: nowMs,
      clientTransactionVersion: TRANSACTION_VERSION,
    },
    { producerId, producerEpoch },
  )
}

/** Every partition has its marker. */
export function completed({ metadata, former }: Transaction, nowMs: number): Transition {
  const { state, producerId, nextProducerId } = metadata
  if (!isPrepared(state)) return AS_ASKED
  const hasNewId = nextProducerId !== NO_PRODUCER_ID
  const next = {
    producerId: nextProducerId,
    producerEpoch: 0,
    previousProducerId: producerId,
    nextProducerId: -1,
  }
  return move(
    {
      ...metadata,
      ...(hasNewId ? next : undefined),
      state: state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort',
      partitions: NO_PARTITIONS,
      lastUpdateTimestampMs: nowMs,
    },
    former,
  )
}

/** Who the producer is from now on, as the answer to EndTxn says. */
export function nextProducer({
  producerId,
  producerEpoch,
  nextProducerId,
}: TransactionMetadata): ProducerIdentity {
  return nextProducerId === NO_PRODUCER_ID
    ? { producerId, producerEpoch }
    : { producerId: nextProducerId, producerEpoch: 0 }
}
