/**
 * ListTransactions (66), versions 0-2: the transactional ids that this broker coordinates, filtered by state and
 * producer id (KIP-664), from 1 on by how long ago the transaction was started (KIP-994), and from 2 on by a pattern of
 * the whole id (KIP-1152).
 *
 * - Names of states that do not exist are told back, and match nothing.
 * - The pattern is RE2's, which takes time in proportion to the id; what is no such pattern is
 *   INVALID_REGULAR_EXPRESSION.
 */
import { RE2JS, RE2JSException } from 're2js'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  ListTransactionsRequest,
  ListTransactionsResponse,
} from '../../protocol/messages/66-list-transactions.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof ListTransactionsResponse>

export function listTransactionsHandler(
  services: BrokerServices,
): Handler<ListTransactionsRequest, Response> {
  return defineHandler(ListTransactionsRequest, ListTransactionsResponse, [0, 2], async (request) => {
    const { stateFilters, producerIdFilters, durationFilter, transactionalIdPattern } = request
    const pattern = transactionalIdPattern === '' ? null : transactionalIdPattern
    const matchesId = pattern === null ? undefined : matcherOf(pattern)
    if (pattern !== null && matchesId === undefined)
      return { errorCode: ErrorCode.INVALID_REGULAR_EXPRESSION }
    const { errorCode, unknownStateNames, transactions } = await services.transactionCoordinator.list({
      stateNames: stateFilters,
      producerIds: producerIdFilters,
      durationMs: durationFilter,
      matchesId,
    })
    return {
      errorCode,
      unknownStateFilters: unknownStateNames,
      transactionStates: transactions.map(({ transactionalId, producerId, state }) => ({
        transactionalId,
        producerId,
        transactionState: state,
      })),
    }
  })
}

/** undefined: the text is no pattern. */
function matcherOf(pattern: string): ((transactionalId: string) => boolean) | undefined {
  try {
    const compiled = RE2JS.compile(pattern)
    return (transactionalId) => compiled.matches(transactionalId)
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    return undefined
  }
}
