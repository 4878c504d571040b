/**
 * EndTxn (26), versions 0-5: commits or aborts a transaction. The answer comes when the outcome is safe; the markers
 * that make it visible to readers are written afterwards.
 *
 * - From version 5 on (transaction version 2, KIP-890) the end raises the producer's epoch, and the answer has the
 *   producer id and epoch to go on with.
 * - A fenced producer reads PRODUCER_FENCED from 2 on, INVALID_PRODUCER_EPOCH before.
 */
import { EndTxnRequest, EndTxnResponse } from '../../protocol/messages/26-end-txn.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { fencedError } from './transaction-errors.ts'

type Response = Draft<typeof EndTxnResponse>

const FIRST_VERSION_WITH_PRODUCER_FENCED = 2
const FIRST_VERSION_WITH_NEW_EPOCH = 5

export function endTxnHandler(services: BrokerServices): Handler<EndTxnRequest, Response> {
  return defineHandler(
    EndTxnRequest,
    EndTxnResponse,
    [0, 5],
    async ({ transactionalId, producerId, producerEpoch, committed }, { apiVersion }) => {
      const answer = await services.transactionCoordinator.endTransaction({
        transactionalId,
        producerId,
        producerEpoch,
        isCommit: committed,
        clientTransactionVersion: apiVersion >= FIRST_VERSION_WITH_NEW_EPOCH ? 2 : 0,
      })
      const knowsFenced = apiVersion >= FIRST_VERSION_WITH_PRODUCER_FENCED
      return { ...answer, errorCode: fencedError(answer.errorCode, knowsFenced) }
    },
  )
}
