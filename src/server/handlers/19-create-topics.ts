/**
 * CreateTopics (19), versions 0-7. Answered once every partition has a leader that this broker knows of, or with
 * REQUEST_TIMED_OUT when the client's time is over (the topic then comes to be all the same). With `validateOnly`
 * everything is checked and nothing done. From version 5 on the answer holds the topic's settings (KIP-525), from 6 on
 * topics beyond the client's quota are refused with THROTTLING_QUOTA_EXCEEDED (KIP-599).
 */
import type { CreateTopicResult } from '../../controller/topic-admin.ts'
import { describeTopicConfigs } from '../../metadata/config/describe-configs.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../protocol/messages/19-create-topics.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof CreateTopicsResponse>
const FIRST_VERSION_WITH_STRICT_QUOTA = 6
type TopicRequest = CreateTopicsRequest['topics'][number]

export function createTopicsHandler(services: BrokerServices): Handler<CreateTopicsRequest, Response> {
  return defineHandler(
    CreateTopicsRequest,
    CreateTopicsResponse,
    [0, 7],
    async ({ topics, timeoutMs, validateOnly }, context) => {
      const isStrict = context.apiVersion >= FIRST_VERSION_WITH_STRICT_QUOTA
      const mutationQuota = services.quotas.controllerMutation.forRequest(context, isStrict)
      const options = { timeoutMs, validateOnly, mutationQuota }
      const results = await services.topicAdmin.createTopics(topics, options)
      if (mutationQuota !== undefined) context.throttle(mutationQuota.throttleMs)
      return {
        topics: results.map((result, i) => ({ ...result, configs: configsOf(services, result, topics[i]!) })),
      }
    },
  )
}

function configsOf(services: BrokerServices, { errorCode }: CreateTopicResult, asked: TopicRequest) {
  if (errorCode !== ErrorCode.NONE) return []
  const entries = new Map(asked.configs.map(({ name, value }) => [name, value]))
  return describeTopicConfigs(entries, services.brokerConfig.sources, {
    configurationKeys: null,
    includeSynonyms: false,
  })
}
