/**
 * ListTransactions (66), versions 0-2: the transactional ids that this broker coordinates, filtered by state and
 * producer id (KIP-664), from 1 on by how long ago the transaction was started (KIP-994), and from 2 on by a pattern of
 * the whole id (KIP-1152).
 *
 * - Names of states that do not exist are told back, and match nothing.
 * - The pattern is in the syntax of RE2/J; what is none, or would cost too much, is INVALID_REGULAR_EXPRESSION.
 */
import type { Clock } from '../../base/clock.ts'
import {
  compileTopicRegex,
  RegexMatching,
  type TopicRegex,
} from '../../coordinator/group/consumer/topic-regex.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  ListTransactionsRequest,
  ListTransactionsResponse,
} from '../../protocol/messages/66-list-transactions.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof ListTransactionsResponse>

/** About a millisecond of matching. */
const STEPS_AT_ONCE = 50_000

export function listTransactionsHandler(
  services: BrokerServices,
): Handler<ListTransactionsRequest, Response> {
  return defineHandler(ListTransactionsRequest, ListTransactionsResponse, [0, 2], async (request) => {
    const { stateFilters, producerIdFilters, durationFilter, transactionalIdPattern } = request
    const pattern = transactionalIdPattern ? compileTopicRegex(transactionalIdPattern) : undefined
    if (typeof pattern === 'string') return { errorCode: ErrorCode.INVALID_REGULAR_EXPRESSION }
    const { errorCode, unknownStateNames, transactions } = await services.transactionCoordinator.list({
      stateNames: stateFilters,
      producerIds: producerIdFilters,
      durationMs: durationFilter,
    })
    const matching = pattern && (await matchingIds(services.clock, pattern, transactions))
    return {
      errorCode,
      unknownStateFilters: unknownStateNames,
      transactionStates: transactions
        .filter(({ transactionalId }) => matching === undefined || matching.has(transactionalId))
        .map(({ transactionalId, producerId, state }) => ({
          transactionalId,
          producerId,
          transactionState: state,
        })),
    }
  })
}

/** In portions: there may be many ids, and others wait. */
async function matchingIds(
  clock: Clock,
  pattern: TopicRegex,
  transactions: readonly { readonly transactionalId: string }[],
): Promise<ReadonlySet<string>> {
  const ids = transactions.map(({ transactionalId }) => transactionalId)
  const matching = new RegexMatching([pattern], ids)
  while (!matching.advance(STEPS_AT_ONCE)) await new Promise<void>((resolve) => void clock.after(0, resolve))
  return new Set(matching.result().get(pattern.text))
}
