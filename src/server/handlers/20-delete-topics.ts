/**
 * DeleteTopics (20), versions 0-6, by name and from version 6 on by id (KIP-516). Answered once the topic is gone from
 * this broker's metadata, or with REQUEST_TIMED_OUT when the client's time is over. Where deletion is disabled,
 * versions below 3 are told INVALID_REQUEST. From 5 on topics beyond the client's quota are refused with
 * THROTTLING_QUOTA_EXCEEDED (KIP-599).
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../../protocol/messages/20-delete-topics.ts'
import type { Draft } from '../../protocol/schema.ts'
import { ZERO_UUID } from '../../wire/text.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof DeleteTopicsResponse>

const FIRST_VERSION_WITH_TOPIC_IDS = 6
const FIRST_VERSION_WITH_STRICT_QUOTA = 5
const FIRST_VERSION_WITH_DELETION_DISABLED = 3

export function deleteTopicsHandler(services: BrokerServices): Handler<DeleteTopicsRequest, Response> {
  return defineHandler(DeleteTopicsRequest, DeleteTopicsResponse, [0, 6], async (request, context) => {
    const { apiVersion } = context
    const topics =
      apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS
        ? request.topics
        : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }))
    const isStrict = apiVersion >= FIRST_VERSION_WITH_STRICT_QUOTA
    const mutationQuota = services.quotas.controllerMutation.forRequest(context, isStrict)
    const results = await services.topicAdmin.deleteTopics(topics, {
      timeoutMs: request.timeoutMs,
      mutationQuota,
    })
    if (mutationQuota !== undefined) context.throttle(mutationQuota.throttleMs)
    return {
      responses: results.map((result) => ({ ...result, errorCode: codeFor(result.errorCode, apiVersion) })),
    }
  })
}

function codeFor(errorCode: number, apiVersion: number): number {
  const isUnknownCode =
    errorCode === ErrorCode.TOPIC_DELETION_DISABLED && apiVersion < FIRST_VERSION_WITH_DELETION_DISABLED
  return isUnknownCode ? ErrorCode.INVALID_REQUEST : errorCode
}
