/**
 * InitProducerId (22), versions 0-5. Without a transactional id: a producer id never given out before, with epoch 0,
 * and nothing is remembered. With one: the coordinator makes the caller its producer, fences the one before, and
 * aborts what that left open (CONCURRENT_TRANSACTIONS until it is done).
 *
 * - From 3 on a producer may name the id and epoch it has, and goes on with a new epoch (KIP-360); half a name is
 *   INVALID_REQUEST.
 * - A fenced producer reads PRODUCER_FENCED from 4 on, INVALID_PRODUCER_EPOCH before.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../protocol/messages/22-init-producer-id.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { fencedError } from './transaction-errors.ts'

type Response = Draft<typeof InitProducerIdResponse>

const NONE = -1
const FIRST_VERSION_WITH_PRODUCER_FENCED = 4

export function initProducerIdHandler(services: BrokerServices): Handler<InitProducerIdRequest, Response> {
  return defineHandler(
    InitProducerIdRequest,
    InitProducerIdResponse,
    [0, 5],
    async ({ transactionalId, transactionTimeoutMs, producerId, producerEpoch }, { apiVersion }) => {
      if ((producerId === NONE) !== (producerEpoch === NONE))
        return { errorCode: ErrorCode.INVALID_REQUEST, producerId: NONE, producerEpoch: NONE }
      const answer = await services.transactionCoordinator.initProducerId({
        transactionalId,
        timeoutMs: transactionTimeoutMs,
        expected: producerId === NONE ? undefined : { producerId, producerEpoch },
      })
      const knowsFenced = apiVersion >= FIRST_VERSION_WITH_PRODUCER_FENCED
      return { ...answer, errorCode: fencedError(answer.errorCode, knowsFenced) }
    },
  )
}
