/**
 * CreatePartitions (37), versions 0-3: raises the partition counts of topics. Answered once the new partitions have
 * leaders, or with REQUEST_TIMED_OUT when the client's time is over.
 */
import {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from '../../protocol/messages/37-create-partitions.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof CreatePartitionsResponse>

export function createPartitionsHandler(
  services: BrokerServices,
): Handler<CreatePartitionsRequest, Response> {
  return defineHandler(
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    [0, 3],
    async ({ topics, timeoutMs, validateOnly }) => ({
      results: await services.topicAdmin.createPartitions(topics, { timeoutMs, validateOnly }),
    }),
  )
}
