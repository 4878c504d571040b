/**
 * ConsumerGroupHeartbeat (KIP-848): one request by which a member joins, stays, says what it holds, learns what it is to
 * hold, and leaves. Fields that did not change since the last heartbeat may be null.
 *
 * Errors: INVALID_REQUEST, UNSUPPORTED_ASSIGNOR, INVALID_REGULAR_EXPRESSION, GROUP_ID_NOT_FOUND, GROUP_MAX_SIZE_REACHED,
 * UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH, UNRELEASED_INSTANCE_ID, FENCED_INSTANCE_ID.
 */
import { randomUuid } from '../../../base/random.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../../protocol/messages/68-consumer-group-heartbeat.ts'
import type { Draft } from '../../../protocol/schema.ts'
import { NO_RECORDS, type ShardResult } from '../../runtime/coordinator-shard.ts'
import type { GroupClient } from '../classic/group-client.ts'
import { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerGroupContext } from './consumer-group-context.ts'
import {
  type ConsumerGroupMember,
  LEFT_FOR_A_WHILE_EPOCH,
  type MemberMetadata,
  normalNames,
} from './consumer-group-member.ts'
import { GroupDraft } from './group-draft.ts'
import { draftForHeartbeat, notFound } from './group-lookup.ts'
import { isLeaving, refuseHeartbeat } from './heartbeat-request.ts'
import { findHeartbeatMember, findMember } from './member-lookup.ts'
import { progress } from './member-progress.ts'
import { removeMembers } from './member-removal.ts'
import { isRefusal, type Refusal } from './refusal.ts'
import { areEqual, NO_PARTITIONS, topicPartitionsOf, toWire } from './topic-partitions.ts'
import { compileTopicRegex } from './topic-regex.ts'

export type HeartbeatResponse = Draft<typeof ConsumerGroupHeartbeatResponse>
export type HeartbeatResult = ShardResult<HeartbeatResponse>

export function consumerGroupHeartbeat(
  context: ConsumerGroupContext,
  request: ConsumerGroupHeartbeatRequest,
  client: GroupClient,
): HeartbeatResult {
  const { assignors } = context
  const refusal = refuseHeartbeat(request, { apiVersion: client.apiVersion, assignors })
  if (refusal !== undefined) return refused(refusal)
  return isLeaving(request) ? leave(context, request) : stay(context, request, client)
}

function stay(
  context: ConsumerGroupContext,
  request: ConsumerGroupHeartbeatRequest,
  client: GroupClient,
): HeartbeatResult {
  const { shard, config, deadlines } = context
  const { groupId, memberEpoch, instanceId } = request
  const isJoining = memberEpoch === 0
  const found = draftForHeartbeat(context, groupId, isJoining)
  if (isRefusal(found)) return refused(found)
  const { draft, tombstones } = found
  const full = refuseIfFull(draft, request.memberId, config.groupConsumerMaxSize)
  if (full !== undefined) return refused(full)

  const memberId = request.memberId === '' ? randomUuid(shard.random) : request.memberId
  const owned = request.topicPartitions === null ? null : topicPartitionsOf(request.topicPartitions)
  const before = findHeartbeatMember(draft, { memberId, instanceId, memberEpoch, owned }, shard.logger)
  if (isRefusal(before)) return refused(before)
  const metadata = updatedMetadata(before.metadata, request, client)
  const badRegex = refuseRegex(before.metadata, metadata)
  if (badRegex !== undefined) return refused(badRegex)
  const member = progress(draft, before, { ...context, metadata, owned })
  if (isRefusal(member)) return refused(member)

  const { sessionTimeoutMs, heartbeatIntervalMs } = context.timesOf(groupId)
  deadlines.set(groupId, memberId, 'session', sessionTimeoutMs)
  const { assigned } = member.assignment
  const isTold = isFull(request) || !areEqual(before.assignment.assigned, assigned)
  return {
    records: [...tombstones, ...draft.records()],
    response: {
      memberId,
      memberEpoch: member.assignment.memberEpoch,
      heartbeatIntervalMs,
      assignment: isTold ? { topicPartitions: toWire(assigned) } : null,
    },
  }
}

/** A member that doesn't know what the coordinator knows of it says everything, and is told everything. */
function isFull(request: ConsumerGroupHeartbeatRequest): boolean {
  const { memberEpoch, rebalanceTimeoutMs, subscribedTopicNames, subscribedTopicRegex } = request
  const saysTopics = subscribedTopicNames !== null || subscribedTopicRegex !== null
  return memberEpoch === 0 || (rebalanceTimeoutMs !== -1 && saysTopics && request.topicPartitions !== null)
}

function updatedMetadata(
  known: MemberMetadata,
  request: ConsumerGroupHeartbeatRequest,
  { clientId, clientHost }: GroupClient,
): MemberMetadata {
  const { subscribedTopicNames: names, rebalanceTimeoutMs } = request
  return {
    instanceId: request.instanceId ?? known.instanceId,
    rackId: request.rackId ?? known.rackId,
    clientId,
    clientHost,
    subscribedTopicNames: names === null ? known.subscribedTopicNames : normalNames(names),
    subscribedTopicRegex: request.subscribedTopicRegex ?? known.subscribedTopicRegex,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? known.rebalanceTimeoutMs : rebalanceTimeoutMs,
    serverAssignor: request.serverAssignor ?? known.serverAssignor,
    classic: null,
  }
}

function refuseIfFull({ group }: GroupDraft, memberId: string, sizeMax: number): Refusal | undefined {
  if (group.members.size < sizeMax || group.members.has(memberId)) return undefined
  return {
    errorCode: ErrorCode.GROUP_MAX_SIZE_REACHED,
    errorMessage: `The consumer group has reached its maximum capacity of ${sizeMax} members.`,
  }
}

function refuseRegex(before: MemberMetadata, { subscribedTopicRegex }: MemberMetadata): Refusal | undefined {
  if (subscribedTopicRegex === before.subscribedTopicRegex || subscribedTopicRegex === '') return undefined
  const regex = compileTopicRegex(subscribedTopicRegex)
  if (typeof regex !== 'string') return undefined
  return {
    errorCode: ErrorCode.INVALID_REGULAR_EXPRESSION,
    errorMessage: `SubscribedTopicRegex \`${subscribedTopicRegex}\` is not a valid regular expression: ${regex}.`,
  }
}

function leave(context: ConsumerGroupContext, request: ConsumerGroupHeartbeatRequest): HeartbeatResult {
  const { groupId, memberId, instanceId, memberEpoch } = request
  const { logger } = context.shard
  const group = context.groups.get(groupId)
  if (group === undefined) return refused(notFound(`Group ${groupId} not found.`))
  if (!(group instanceof ConsumerGroup)) {
    return refused(notFound(`Group ${groupId} is not a consumer group.`))
  }
  const member = findMember(group, memberId, instanceId)
  if (isRefusal(member)) return refused(member)
  const response = { memberId, memberEpoch }
  const who =
    instanceId === null ? `Member ${memberId}` : `Static member ${memberId} with instance id ${instanceId}`
  if (memberEpoch === LEFT_FOR_A_WHILE_EPOCH) {
    logger.info(`[GroupId ${groupId}] ${who} temporarily left the consumer group.`)
    return { records: recordsOfLeavingForAWhile(group, member), response }
  }
  logger.info(`[GroupId ${groupId}] ${who} left the consumer group.`)
  return { ...removeMembers(context, group, [member]), response }
}

/** It keeps what it has for one that comes back with its instance id before its session ends. */
function recordsOfLeavingForAWhile(group: ConsumerGroup, member: ConsumerGroupMember) {
  const draft = new GroupDraft(group)
  const assignment = {
    ...member.assignment,
    memberEpoch: LEFT_FOR_A_WHILE_EPOCH,
    pendingRevocation: NO_PARTITIONS,
  }
  draft.update(member, { ...member, assignment })
  return draft.records()
}

function refused({ errorCode, errorMessage }: Refusal): HeartbeatResult {
  return { records: NO_RECORDS, response: { errorCode, errorMessage } }
}
