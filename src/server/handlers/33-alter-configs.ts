/**
 * AlterConfigs (33), versions 0-2: replaces all configs of a resource by those given. A resource that is named twice is
 * refused both times. Levels of loggers are changed by IncrementalAlterConfigs alone, as in Kafka.
 */
import { AlterConfigsRequest, AlterConfigsResponse } from '../../protocol/messages/33-alter-configs.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { alterEach } from './alter-each.ts'

type Response = Draft<typeof AlterConfigsResponse>

export function alterConfigsHandler({ configAdmin }: BrokerServices): Handler<AlterConfigsRequest, Response> {
  return defineHandler(
    AlterConfigsRequest,
    AlterConfigsResponse,
    [0, 2],
    async ({ resources, validateOnly }) => ({
      responses: await alterEach(resources, (resource) =>
        configAdmin.replace(resource, resource.configs, { validateOnly }),
      ),
    }),
  )
}
