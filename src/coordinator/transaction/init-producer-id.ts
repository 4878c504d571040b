/**
 * InitProducerId for a transactional id: whoever asks becomes its producer. Asked without a name, the one before is
 * fenced by a new epoch, and what it left open is aborted first. Asked by a producer under the name it had (KIP-360),
 * it goes on with a new epoch, unless another one has come in between.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { ProducerIdentity } from '../runtime/coordinator-log.ts'
import { fenced } from './end-transaction.ts'
import {
  isEpochExhausted,
  isSameProducer,
  NO_PARTITIONS,
  NO_PRODUCER_ID,
  PRODUCER_EPOCH_MAX,
} from './transaction-metadata.ts'
import { isPrepared } from './transaction-state.ts'
import { move, NEEDS_PRODUCER_ID, refuse, type Transaction, type Transition } from './transition.ts'

export interface ProducerInit {
  readonly transactionalId: string
  readonly timeoutMs: number
  /** The name under which the producer goes, if it has one. */
  readonly expected: ProducerIdentity | undefined
  /** One that was never given out, in case it is needed. */
  readonly newProducerId: number | undefined
  readonly nowMs: number
}

/** A move to PrepareAbort: a transaction was open, and the producer has to ask again when it is aborted. */
export function initProducerId(current: Transaction | undefined, init: ProducerInit): Transition {
  if (current === undefined) return withNewProducerId(undefined, init)
  const { metadata, former } = current
  const { expected } = init
  if (expected !== undefined && !mayBe(expected, current)) return refuse(ErrorCode.PRODUCER_FENCED)
  if (isPrepared(metadata.state)) return refuse(ErrorCode.CONCURRENT_TRANSACTIONS)
  if (metadata.state === 'Ongoing') return fenced(metadata, init.nowMs)
  if (expected === undefined || isSameProducer(expected, metadata)) {
    if (isEpochExhausted(metadata.producerEpoch)) return withNewProducerId(current, init)
    return initialized(current, init, metadata.producerId, metadata.producerEpoch + 1, expected)
  }
  if (former === undefined || !isSameProducer(expected, former)) return refuse(ErrorCode.PRODUCER_FENCED)
  // It asks again, not having heard the answer. The highest epoch is nobody's.
  if (metadata.producerEpoch === PRODUCER_EPOCH_MAX) return withNewProducerId(current, init)
  return initialized(current, init, metadata.producerId, metadata.producerEpoch, former)
}

/** Of the producer id that we know, or of the one before, if that was used up; the epoch is looked at later. */
function mayBe(expected: ProducerIdentity, { metadata }: Transaction): boolean {
  if (expected.producerId === metadata.producerId) return true
  return expected.producerId === metadata.previousProducerId && isEpochExhausted(expected.producerEpoch)
}

function withNewProducerId(current: Transaction | undefined, init: ProducerInit): Transition {
  if (init.newProducerId === undefined) return NEEDS_PRODUCER_ID
  return initialized(current, init, init.newProducerId, 0, current === undefined ? undefined : init.expected)
}

function initialized(
  current: Transaction | undefined,
  init: ProducerInit,
  producerId: number,
  producerEpoch: number,
  former: ProducerIdentity | undefined,
): Transition {
  const before = current?.metadata
  const isNewProducerId = before !== undefined && before.producerId !== producerId
  return move(
    {
      transactionalId: init.transactionalId,
      state: 'Empty',
      producerId,
      producerEpoch,
      previousProducerId: isNewProducerId
        ? before.producerId
        : (before?.previousProducerId ?? NO_PRODUCER_ID),
      nextProducerId: NO_PRODUCER_ID,
      timeoutMs: init.timeoutMs,
      partitions: NO_PARTITIONS,
      startTimestampMs: -1,
      lastUpdateTimestampMs: init.nowMs,
      clientTransactionVersion: before?.clientTransactionVersion ?? 0,
    },
    former,
  )
}
