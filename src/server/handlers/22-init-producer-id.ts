/**
 * InitProducerId (22), versions 0-5, for idempotent producers: an id never given out before, with epoch 0. A producer
 * that names the id it had (3+, KIP-360) gets a new one as well: without a transactional id nothing is remembered.
 *
 * A transactional id is answered with INVALID_REQUEST, which clients take as final: transactions are not offered, and
 * AddPartitionsToTxn and its like are not advertised.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../protocol/messages/22-init-producer-id.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof InitProducerIdResponse>

const NONE = -1

export function initProducerIdHandler(services: BrokerServices): Handler<InitProducerIdRequest, Response> {
  return defineHandler(InitProducerIdRequest, InitProducerIdResponse, [0, 5], async (request) => {
    const namesHalf = (request.producerId === NONE) !== (request.producerEpoch === NONE)
    if (request.transactionalId !== null || namesHalf) return failed(ErrorCode.INVALID_REQUEST)
    try {
      return { errorCode: ErrorCode.NONE, producerId: await services.producerIds.next(), producerEpoch: 0 }
    } catch (error) {
      services.logger.error('No producer id could be allocated', error)
      return failed(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    }
  })
}

function failed(errorCode: number): Response {
  return { errorCode, producerId: -1, producerEpoch: -1 }
}
