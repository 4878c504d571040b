/**
 * DescribeConfigs (32), versions 0-4: every setting of a resource with its source and synonyms (KIP-226), and from
 * version 3 on its type (KIP-569). Resources are topics, this broker, the cluster's dynamic defaults (a broker with an
 * empty name), the broker's loggers (KIP-412), client metrics (KIP-714) and groups (KIP-848).
 */
import { isConfigRefusal } from '../../metadata/config/config-alteration.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  DescribeConfigsRequest,
  DescribeConfigsResponse,
} from '../../protocol/messages/32-describe-configs.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof DescribeConfigsResponse>

export function describeConfigsHandler({
  configAdmin,
}: BrokerServices): Handler<DescribeConfigsRequest, Response> {
  return defineHandler(
    DescribeConfigsRequest,
    DescribeConfigsResponse,
    [0, 4],
    ({ resources, includeSynonyms }, { apiVersion }) => ({
      results: resources.map((resource) => {
        const { resourceType, resourceName, configurationKeys } = resource
        const described = configAdmin.describe(resource, { configurationKeys, includeSynonyms })
        if (isConfigRefusal(described)) return { ...described, resourceType, resourceName, configs: [] }
        return {
          errorCode: ErrorCode.NONE,
          errorMessage: '',
          resourceType,
          resourceName,
          configs: described.map(({ isDefault, ...config }) =>
            apiVersion === 0 ? { ...config, isDefault } : config,
          ),
        }
      }),
    }),
  )
}
