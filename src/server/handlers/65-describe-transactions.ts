/**
 * DescribeTransactions (65), version 0: state, producer and partitions of transactional ids (KIP-664). Of a transaction
 * that is ending, the partitions are those that wait for their markers.
 */
import {
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
} from '../../protocol/messages/65-describe-transactions.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof DescribeTransactionsResponse>

export function describeTransactionsHandler(
  services: BrokerServices,
): Handler<DescribeTransactionsRequest, Response> {
  return defineHandler(
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
    [0, 0],
    async (request) => ({
      transactionStates: await Promise.all(
        request.transactionalIds.map((transactionalId) =>
          services.transactionCoordinator.describe(transactionalId),
        ),
      ),
    }),
  )
}
