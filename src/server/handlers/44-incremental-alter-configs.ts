/**
 * IncrementalAlterConfigs (44), versions 0-1: sets and deletes configs of a resource, and appends to lists and subtracts
 * from them (KIP-339); also the levels of loggers (KIP-412). A resource that is named twice is refused both times.
 */
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../../protocol/messages/44-incremental-alter-configs.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { alterEach } from './alter-each.ts'

type Response = Draft<typeof IncrementalAlterConfigsResponse>

export function incrementalAlterConfigsHandler({
  configAdmin,
}: BrokerServices): Handler<IncrementalAlterConfigsRequest, Response> {
  return defineHandler(
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
    [0, 1],
    async ({ resources, validateOnly }) => ({
      responses: await alterEach(resources, (resource) =>
        configAdmin.alter(resource, resource.configs, { validateOnly }),
      ),
    }),
  )
}
