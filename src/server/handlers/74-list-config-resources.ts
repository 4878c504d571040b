/**
 * ListConfigResources (74), versions 0-1 (KIP-1142): names of topics, brokers, their loggers, client metrics and groups;
 * of the last two those that have configs. Version 0 was ListClientMetricsResources (KIP-714) and asks for these alone.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  ListConfigResourcesRequest,
  ListConfigResourcesResponse,
} from '../../protocol/messages/74-list-config-resources.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof ListConfigResourcesResponse>

const CLIENT_METRICS = 16

export function listConfigResourcesHandler({
  configAdmin,
}: BrokerServices): Handler<ListConfigResourcesRequest, Response> {
  return defineHandler(
    ListConfigResourcesRequest,
    ListConfigResourcesResponse,
    [0, 1],
    ({ resourceTypes }, { apiVersion }) => {
      const resources = configAdmin.list(apiVersion === 0 ? [CLIENT_METRICS] : resourceTypes)
      if (resources === undefined) return { errorCode: ErrorCode.UNSUPPORTED_VERSION, configResources: [] }
      return { errorCode: ErrorCode.NONE, configResources: [...resources] }
    },
  )
}
