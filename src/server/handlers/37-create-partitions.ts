/**
 * CreatePartitions (37), versions 0-3: raises the partition counts of topics. Answered once the new partitions have
 * leaders, or with REQUEST_TIMED_OUT when the client's time is over. In version 3 topics beyond the client's quota are
 * refused with THROTTLING_QUOTA_EXCEEDED (KIP-599).
 */
import {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from '../../protocol/messages/37-create-partitions.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

const FIRST_VERSION_WITH_STRICT_QUOTA = 3

type Response = Draft<typeof CreatePartitionsResponse>

export function createPartitionsHandler(
  services: BrokerServices,
): Handler<CreatePartitionsRequest, Response> {
  return defineHandler(
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    [0, 3],
    async ({ topics, timeoutMs, validateOnly }, context) => {
      const isStrict = context.apiVersion >= FIRST_VERSION_WITH_STRICT_QUOTA
      const mutationQuota = services.quotas.controllerMutation.forRequest(context, isStrict)
      const options = { timeoutMs, validateOnly, mutationQuota }
      const results = await services.topicAdmin.createPartitions(topics, options)
      if (mutationQuota !== undefined) context.throttle(mutationQuota.throttleMs)
      return { results }
    },
  )
}
