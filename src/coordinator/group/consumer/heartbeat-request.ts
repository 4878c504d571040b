/** Which heartbeats are no proper ones, whatever the group: checked before anything is looked up. */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ConsumerGroupHeartbeatRequest } from '../../../protocol/messages/68-consumer-group-heartbeat.ts'
import type { Assignors } from './assignors/assignors.ts'
import { LEAVING_EPOCH, LEFT_FOR_A_WHILE_EPOCH } from './consumer-group-member.ts'
import type { Refusal } from './refusal.ts'

/** From here on the client makes up its member id. */
const FIRST_WITH_CLIENT_MEMBER_ID = 1

export function refuseHeartbeat(
  request: ConsumerGroupHeartbeatRequest,
  { apiVersion, assignors }: { apiVersion: number; assignors: Assignors },
): Refusal | undefined {
  const problem = problemOf(request, apiVersion)
  if (problem !== undefined) return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: problem }
  const { serverAssignor } = request
  if (serverAssignor === null || assignors.has(serverAssignor)) return undefined
  const supported = [...assignors.keys()].join(', ')
  return {
    errorCode: ErrorCode.UNSUPPORTED_ASSIGNOR,
    errorMessage: `ServerAssignor ${serverAssignor} is not supported. Supported assignors: ${supported}.`,
  }
}

function problemOf(request: ConsumerGroupHeartbeatRequest, apiVersion: number): string | undefined {
  const { memberEpoch, memberId, groupId, instanceId, rackId } = request
  const mustNameItself =
    apiVersion >= FIRST_WITH_CLIENT_MEMBER_ID || memberEpoch > 0 || memberEpoch === LEAVING_EPOCH
  if (memberEpoch < LEFT_FOR_A_WHILE_EPOCH) return 'MemberEpoch is invalid.'
  if (mustNameItself && isBlank(memberId)) return "MemberId can't be empty."
  if (isBlank(groupId)) return "GroupId can't be empty."
  if (isBlank(instanceId)) return "InstanceId can't be empty."
  if (isBlank(rackId)) return "RackId can't be empty."
  if (memberEpoch === 0) return problemOfJoin(request)
  if (memberEpoch === LEFT_FOR_A_WHILE_EPOCH && instanceId === null) return "InstanceId can't be null."
  return undefined
}

function problemOfJoin(request: ConsumerGroupHeartbeatRequest): string | undefined {
  if (request.rebalanceTimeoutMs === -1) return 'RebalanceTimeoutMs must be provided in first request.'
  if (request.topicPartitions?.length !== 0) return 'TopicPartitions must be empty when (re-)joining.'
  if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null) {
    return 'Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.'
  }
  return undefined
}

function isBlank(text: string | null): boolean {
  return text !== null && text.trim() === ''
}

export function isLeaving({ memberEpoch }: ConsumerGroupHeartbeatRequest): boolean {
  return memberEpoch === LEAVING_EPOCH || memberEpoch === LEFT_FOR_A_WHILE_EPOCH
}
