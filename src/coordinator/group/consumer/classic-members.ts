/**
 * Members of consumer groups that speak the classic protocol: while a group moves from one protocol to the other, some
 * clients still send JoinGroup, SyncGroup and Heartbeat (KIP-848). The coordinator assigns for them too. The member epoch
 * is their generation; whenever there is something new for such a member, its heartbeat is answered with
 * REBALANCE_IN_PROGRESS, and it joins and syncs again.
 */
import { randomUuid } from '../../../base/random.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { JoinGroupRequest } from '../../../protocol/messages/11-join-group.ts'
import type { HeartbeatRequest } from '../../../protocol/messages/12-heartbeat.ts'
import type { SyncGroupRequest } from '../../../protocol/messages/14-sync-group.ts'
import { NO_RECORDS, type ShardResult } from '../../runtime/coordinator-shard.ts'
import { type JoinResponse, joinError, type SyncResponse, syncError } from '../classic/classic-member.ts'
import type { GroupClient } from '../classic/group-client.ts'
import type { LeaveResult, LeavingMember } from '../classic/leave-group.ts'
import { type ConsumerGroup, targetOf } from './consumer-group.ts'
import type { ConsumerGroupContext } from './consumer-group-context.ts'
import {
  type ClassicMemberMetadata,
  type ConsumerGroupMember,
  type MemberMetadata,
  normalNames,
} from './consumer-group-member.ts'
import { byId, CONSUMER_PROTOCOL_TYPE, readSubscription, writeAssignment } from './consumer-protocol.ts'
import { downgradeRecords } from './group-downgrade.ts'
import { GroupDraft } from './group-draft.ts'
import { findMember, joinDynamic, joinStatic } from './member-lookup.ts'
import { progress } from './member-progress.ts'
import { removeMembers } from './member-removal.ts'
import { isRefusal, type Refusal } from './refusal.ts'
import { difference, filtered } from './topic-partitions.ts'

const FIRST_JOIN_WITH_REBALANCE_TIMEOUT = 1
const FIRST_JOIN_WITH_REQUIRED_ID = 4

/** A member with what it said when it last joined. */
type ClassicMember = ConsumerGroupMember & { readonly metadata: { readonly classic: ClassicMemberMetadata } }

// --- JoinGroup -------------------------------------------------------------------------------------------------------

/** Answered at once: nobody has to be waited for. */
export function classicJoin(
  context: ConsumerGroupContext,
  group: ConsumerGroup,
  request: JoinGroupRequest,
  client: GroupClient,
): ShardResult<JoinResponse> {
  const { groupInstanceId: instanceId, sessionTimeoutMs } = request
  const { shard, config, deadlines } = context
  const isUnknown = request.memberId === ''
  const memberId = isUnknown ? randomUuid(shard.random) : request.memberId
  if (group.members.size >= config.groupConsumerMaxSize && !group.members.has(memberId)) {
    return refusedJoin(ErrorCode.GROUP_MAX_SIZE_REACHED)
  }
  if (!supportsProtocols(group, request)) return refusedJoin(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  if (isUnknown && instanceId === null && client.apiVersion >= FIRST_JOIN_WITH_REQUIRED_ID) {
    return refusedJoin(ErrorCode.MEMBER_ID_REQUIRED, memberId)
  }
  const subscription = readSubscription(request.protocols[0]!.metadata)
  if (subscription === undefined) return refusedJoin(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)

  const draft = new GroupDraft(group)
  const before = joinedMember(draft, memberId, instanceId, { isUnknown, context })
  if (isRefusal(before)) return refusedJoin(before.errorCode)
  const hasRebalanceTimeout = client.apiVersion >= FIRST_JOIN_WITH_REBALANCE_TIMEOUT
  const rebalanceTimeoutMs = hasRebalanceTimeout ? request.rebalanceTimeoutMs : sessionTimeoutMs
  const metadata: MemberMetadata = {
    instanceId: instanceId ?? before.metadata.instanceId,
    rackId: subscription.rackId ?? before.metadata.rackId,
    clientId: client.clientId,
    clientHost: client.clientHost,
    subscribedTopicNames: normalNames(subscription.topics),
    subscribedTopicRegex: '',
    rebalanceTimeoutMs,
    serverAssignor: before.metadata.serverAssignor,
    classic: {
      sessionTimeoutMs,
      // Copied: they come out of a request.
      supportedProtocols: request.protocols.map((protocol) => ({
        name: protocol.name,
        metadata: Buffer.from(protocol.metadata),
      })),
    },
  }
  const owned = byId(subscription.ownedPartitions, context.topics)
  const member = progress(draft, before, { ...context, metadata, owned })
  if (isRefusal(member)) return refusedJoin(member.errorCode)

  const { groupId } = group
  const former = instanceId === null ? undefined : group.staticMember(instanceId)
  // A static member took the place of its former self, which may have been the last to speak the other protocol.
  const downgrade = former?.metadata.classic === null ? downgradeRecords(context, draft.group) : undefined
  if (downgrade === undefined) {
    deadlines.set(groupId, memberId, 'session', sessionTimeoutMs)
    deadlines.clear(groupId, memberId, 'join')
    deadlines.set(groupId, memberId, 'sync', rebalanceTimeoutMs)
  }
  return {
    records: [...draft.records(), ...(downgrade ?? NO_RECORDS)],
    response: {
      errorCode: ErrorCode.NONE,
      memberId,
      generationId: member.assignment.memberEpoch,
      protocolType: CONSUMER_PROTOCOL_TYPE,
      protocolName: request.protocols[0]!.name,
      leader: '',
      members: [],
    },
  }
}

/** A static member without an id takes the place of its former self, whichever protocol that spoke. */
function joinedMember(
  draft: GroupDraft,
  memberId: string,
  instanceId: string | null,
  { isUnknown, context }: { isUnknown: boolean; context: ConsumerGroupContext },
): ConsumerGroupMember | Refusal {
  const { logger } = context.shard
  if (instanceId === null) return joinDynamic(draft.group, memberId, 'classic', logger)
  if (isUnknown) return joinStatic(draft, memberId, instanceId, 'classic', logger)
  return findMember(draft.group, memberId, instanceId)
}

/** It speaks a protocol that all members of the classic protocol speak. */
function supportsProtocols(group: ConsumerGroup, { protocolType, protocols }: JoinGroupRequest): boolean {
  if (protocolType !== CONSUMER_PROTOCOL_TYPE) return false
  const others = [...group.members.values()].flatMap(({ metadata }) => metadata.classic ?? [])
  return protocols.some(({ name }) =>
    others.every(({ supportedProtocols }) => supportedProtocols.some((protocol) => protocol.name === name)),
  )
}

function refusedJoin(errorCode: number, memberId = ''): ShardResult<JoinResponse> {
  return { records: NO_RECORDS, response: joinError(memberId, errorCode) }
}

// --- SyncGroup -------------------------------------------------------------------------------------------------------

export function classicSync(
  context: ConsumerGroupContext,
  group: ConsumerGroup,
  request: SyncGroupRequest,
): ShardResult<SyncResponse> {
  const { memberId, groupInstanceId, generationId, protocolType, protocolName } = request
  const refused = (errorCode: number) => ({ records: NO_RECORDS, response: syncError(errorCode) })
  const member = findClassicMember(group, memberId, groupInstanceId)
  if (isRefusal(member)) return refused(member.errorCode)
  const { metadata, assignment } = member
  if (generationId !== assignment.memberEpoch) return refused(ErrorCode.ILLEGAL_GENERATION)
  const [protocol] = metadata.classic.supportedProtocols
  const isOtherType = protocolType !== null && protocolType !== CONSUMER_PROTOCOL_TYPE
  if (isOtherType || (protocolName !== null && protocolName !== protocol!.name)) {
    return refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  }
  const { groupId } = group
  const { deadlines, topics } = context
  // One that is to give something up has joined already, and first does that.
  if (group.groupEpoch > assignment.memberEpoch && assignment.state !== 'UNREVOKED_PARTITIONS') {
    deadlines.setIfAbsent(groupId, memberId, 'join', metadata.rebalanceTimeoutMs)
    return refused(ErrorCode.REBALANCE_IN_PROGRESS)
  }
  deadlines.clear(groupId, memberId, 'sync')
  deadlines.set(groupId, memberId, 'session', metadata.classic.sessionTimeoutMs)
  return {
    records: NO_RECORDS,
    response: {
      errorCode: ErrorCode.NONE,
      protocolType,
      protocolName,
      assignment: writeAssignment(assignment.assigned, protocol!.metadata, topics),
    },
  }
}

// --- Heartbeat -------------------------------------------------------------------------------------------------------

/** @returns an error code: NONE, REBALANCE_IN_PROGRESS for a member that is to join again, or why it is none. */
export function classicHeartbeat(
  { deadlines }: ConsumerGroupContext,
  group: ConsumerGroup,
  { memberId, groupInstanceId, generationId }: HeartbeatRequest,
): number {
  const member = findClassicMember(group, memberId, groupInstanceId)
  if (isRefusal(member)) return member.errorCode
  const { metadata, assignment } = member
  if (generationId !== assignment.memberEpoch) return ErrorCode.ILLEGAL_GENERATION
  deadlines.set(group.groupId, memberId, 'session', metadata.classic.sessionTimeoutMs)
  if (!isToRejoin(group, member)) return ErrorCode.NONE
  deadlines.setIfAbsent(group.groupId, memberId, 'join', metadata.rebalanceTimeoutMs)
  return ErrorCode.REBALANCE_IN_PROGRESS
}

/** The group has gone on; or it is to give something up; or all that it waits for has been let go of. */
function isToRejoin(group: ConsumerGroup, { memberId, assignment }: ConsumerGroupMember): boolean {
  if (assignment.memberEpoch < group.groupEpoch) return true
  switch (assignment.state) {
    case 'UNREVOKED_PARTITIONS':
      return true
    case 'UNRELEASED_PARTITIONS': {
      const awaited = difference(targetOf(group, memberId), assignment.assigned)
      const held = filtered(awaited, (topicId) => (partition) => !group.isFree(topicId, partition))
      return held.size === 0
    }
    default:
      return false
  }
}

// --- LeaveGroup ------------------------------------------------------------------------------------------------------

/** Members of either protocol: an administrator may remove any. */
export function classicLeave(
  context: ConsumerGroupContext,
  group: ConsumerGroup,
  leaving: readonly LeavingMember[],
): LeaveResult {
  const leavers = new Set<ConsumerGroupMember>()
  const members = leaving.map(({ memberId, groupInstanceId, reason }) => {
    const member = findLeaver(group, memberId, groupInstanceId)
    if (isRefusal(member)) return { memberId, groupInstanceId, errorCode: member.errorCode }
    const who = groupInstanceId === null ? 'Dynamic' : `Static (instance id ${groupInstanceId})`
    context.shard.logger.info(
      `[GroupId ${group.groupId}] ${who} member ${member.memberId} has left group through explicit \`LeaveGroup\` request; client reason: ${reason ?? 'not provided'}`,
    )
    leavers.add(member)
    return { memberId: member.memberId, groupInstanceId, errorCode: ErrorCode.NONE }
  })
  const removal = leavers.size === 0 ? { records: NO_RECORDS } : removeMembers(context, group, [...leavers])
  return { ...removal, response: { errorCode: ErrorCode.NONE, members } }
}

/** Without a member id: whoever holds the instance id. */
function findLeaver(
  group: ConsumerGroup,
  memberId: string,
  instanceId: string | null,
): ConsumerGroupMember | Refusal {
  const holder = instanceId === null || memberId !== '' ? undefined : group.staticMember(instanceId)
  return holder ?? findMember(group, memberId, instanceId)
}

function findClassicMember(
  group: ConsumerGroup,
  memberId: string,
  instanceId: string | null,
): ClassicMember | Refusal {
  const member = findMember(group, memberId, instanceId)
  if (isRefusal(member) || speaksClassic(member)) return member
  return {
    errorCode: ErrorCode.UNKNOWN_MEMBER_ID,
    errorMessage: `Member ${memberId} does not use the classic protocol.`,
  }
}

function speaksClassic(member: ConsumerGroupMember): member is ClassicMember {
  return member.metadata.classic !== null
}
