/**
 * DescribeConfigs (32), versions 0-4: every setting of a topic or broker with its source and synonyms (KIP-226), and
 * from version 3 on its type (KIP-569). A broker tells of itself and of the cluster's dynamic defaults (an empty name).
 */
import {
  type DescribedConfig,
  describeBrokerConfigs,
  describeDefaultBrokerConfigs,
  describeTopicConfigs,
} from '../../metadata/config/describe-configs.ts'
import { topicNameProblem } from '../../metadata/topic-names.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  DescribeConfigsRequest,
  DescribeConfigsResponse,
} from '../../protocol/messages/32-describe-configs.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof DescribeConfigsResponse>
type Resource = DescribeConfigsRequest['resources'][number]

const TOPIC = 2
const BROKER = 4

interface Described {
  readonly errorCode: number
  readonly errorMessage: string
  readonly configs: readonly DescribedConfig[]
}

export function describeConfigsHandler(services: BrokerServices): Handler<DescribeConfigsRequest, Response> {
  return defineHandler(
    DescribeConfigsRequest,
    DescribeConfigsResponse,
    [0, 4],
    (request, { apiVersion }) => ({
      results: request.resources.map((resource) => {
        const { errorCode, errorMessage, configs } = describe(services, resource, request.includeSynonyms)
        return {
          errorCode,
          errorMessage,
          resourceType: resource.resourceType,
          resourceName: resource.resourceName,
          configs: configs.map(({ isDefault, ...config }) =>
            apiVersion === 0 ? { ...config, isDefault } : config,
          ),
        }
      }),
    }),
  )
}

function describe(services: BrokerServices, resource: Resource, includeSynonyms: boolean): Described {
  const { resourceType, resourceName } = resource
  const options = { configurationKeys: resource.configurationKeys, includeSynonyms }
  const sources = { static: services.config }
  if (resourceType === TOPIC) {
    const problem = topicNameProblem(resourceName)
    if (problem !== undefined) return failed(ErrorCode.INVALID_TOPIC_EXCEPTION, problem)
    if (services.metadataCache.topic(resourceName) === undefined) {
      return failed(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, '')
    }
    return succeeded(
      describeTopicConfigs(services.configRepository.get('topics', resourceName), sources, options),
    )
  }
  if (resourceType === BROKER) {
    if (resourceName === '') return succeeded(describeDefaultBrokerConfigs(sources, options))
    if (resourceName === String(services.brokerId)) return succeeded(describeBrokerConfigs(sources, options))
    const isNumber = /^-?\d+$/.test(resourceName)
    return failed(
      ErrorCode.INVALID_REQUEST,
      isNumber
        ? `Unexpected broker id, expected ${services.brokerId} or empty string, but received ${resourceName}`
        : `Broker id must be an integer, but it is: ${resourceName}`,
    )
  }
  return failed(ErrorCode.INVALID_REQUEST, `Unsupported resource type: ${resourceType}`)
}

function succeeded(configs: readonly DescribedConfig[]): Described {
  return { errorCode: ErrorCode.NONE, errorMessage: '', configs }
}

function failed(errorCode: number, errorMessage: string): Described {
  return { errorCode, errorMessage, configs: [] }
}
