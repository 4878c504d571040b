/**
 * JoinGroup: takes members into a group, or back into it, and has them wait for the next generation.
 *
 * - A dynamic member that comes without an id is given one and sent back to join with it (version 4 and later, KIP-394),
 *   so that a client whose answer was lost does not leave a member behind.
 * - A static member (KIP-345) that comes without an id takes the place of its former self. In a stable group whose
 *   protocol stays the same it gets the assignment it had, and nobody else notices; the log is told of the new id.
 * - A follower that joins a stable group again with the same metadata is told of the generation it is in.
 *
 * Whoever is refused leaves no trace; a group is made only for one who is let in.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { JoinGroupRequest } from '../../../protocol/messages/11-join-group.ts'
import type { ShardContext, ShardResult } from '../../runtime/coordinator-shard.ts'
import type { GroupConfig } from '../group-config.ts'
import type { GroupRegistry } from '../group-registry.ts'
import { ClassicGroup } from './classic-group.ts'
import { ClassicMember, type JoinResponse, joinError, shownInstance } from './classic-member.ts'
import type { GroupClient } from './group-client.ts'
import { groupMetadataRecord } from './group-metadata-records.ts'
import { type Effects, type GroupRebalance, NO_EFFECTS } from './group-rebalance.ts'
import { newMemberId } from './member-ids.ts'
import { validateMember } from './member-validation.ts'

/** A client that waits in its first JoinGroup can't send heartbeats; one that is gone is given up after this. */
const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60_000

const FIRST_VERSION_WITH_REBALANCE_TIMEOUT = 1
const FIRST_VERSION_WITH_REQUIRED_IDS = 4
const FIRST_VERSION_WITH_SKIPPED_ASSIGNMENT = 9

export type JoinResult = ShardResult<JoinResponse>

/** A request with all that is to be known of it. */
interface Join {
  readonly client: GroupClient
  readonly request: JoinGroupRequest
  readonly rebalanceTimeoutMs: number
  /** What the client says why it joins (KIP-800). */
  readonly reason: string
}

export interface JoinGroupOptions {
  readonly context: ShardContext
  readonly config: GroupConfig
  readonly groups: GroupRegistry
  readonly rebalance: GroupRebalance
}

export class JoinGroup {
  readonly #context: ShardContext
  readonly #config: GroupConfig
  readonly #groups: GroupRegistry
  readonly #rebalance: GroupRebalance

  constructor({ context, config, groups, rebalance }: JoinGroupOptions) {
    this.#context = context
    this.#config = config
    this.#groups = groups
    this.#rebalance = rebalance
  }

  /** `existing`: the group, if there is one. The request's bytes are not needed any more when this returns. */
  join(existing: ClassicGroup | undefined, request: JoinGroupRequest, client: GroupClient): JoinResult {
    const { memberId, sessionTimeoutMs } = request
    if (existing === undefined && memberId !== '') return refused(memberId, ErrorCode.UNKNOWN_MEMBER_ID)
    const group = existing ?? new ClassicGroup(request.groupId, this.#context.clock)
    const hasRebalanceTimeout = client.apiVersion >= FIRST_VERSION_WITH_REBALANCE_TIMEOUT
    const join = {
      client,
      request,
      rebalanceTimeoutMs: hasRebalanceTimeout ? request.rebalanceTimeoutMs : sessionTimeoutMs,
      reason: request.reason ?? 'not provided',
    }
    if (!this.#hasRoomFor(group, memberId)) {
      const member = group.member(memberId)
      if (member !== undefined) this.#rebalance.removeMember(group, member, 'the group is full')
      else this.#rebalance.removePendingMember(group, memberId)
      return this.#concluded(group, joinError('', ErrorCode.GROUP_MAX_SIZE_REACHED))
    }
    if (!group.supportsProtocols(request.protocolType, request.protocols)) {
      return refused(memberId, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    }
    return memberId === '' ? this.#joinAsNew(group, join) : this.#joinAsKnown(group, join)
  }

  /**
   * While members gather those that wait are counted: the group may have been larger before `group.max.size` was
   * lowered, and then the last to come are turned away.
   */
  #hasRoomFor(group: ClassicGroup, memberId: string): boolean {
    const sizeMax = this.#config.groupMaxSize
    const member = group.member(memberId)
    switch (group.state) {
      case 'PreparingRebalance':
        return (
          member?.isAwaitingJoin === true || group.memberCount < sizeMax || group.awaitingJoinCount < sizeMax
        )
      case 'CompletingRebalance':
      case 'Stable':
        return member !== undefined || group.memberCount < sizeMax
      default:
        return true
    }
  }

  // --- Without an id -------------------------------------------------------------------------------------------------

  #joinAsNew(group: ClassicGroup, join: Join): JoinResult {
    const { client, request } = join
    const { groupInstanceId } = request
    const memberId = newMemberId(this.#context.random, client.clientId, groupInstanceId)
    if (memberId === undefined) return refused('', ErrorCode.INVALID_REQUEST)
    this.#groups.put(group)
    const former = group.staticMember(groupInstanceId)
    if (former !== undefined) return this.#replaceStaticMember(group, former, memberId, join)
    const who =
      groupInstanceId === null
        ? 'Dynamic member with unknown member id'
        : `Static member with groupInstanceId=${groupInstanceId} and unknown member id`
    const where = `${who} joins group ${group.groupId} in ${group.state} state. Created a new member id ${memberId}`
    if (groupInstanceId === null && client.apiVersion >= FIRST_VERSION_WITH_REQUIRED_IDS) {
      this.#context.logger.info(`${where} and request the member to rejoin with this id.`)
      group.pendingMembers.add(memberId)
      this.#rebalance.sessions.extendPending(group, memberId, request.sessionTimeoutMs)
      return refused(memberId, ErrorCode.MEMBER_ID_REQUIRED)
    }
    this.#context.logger.info(`${where} for this member and add to the group.`)
    return this.#addMember(group, memberId, join)
  }

  #addMember(group: ClassicGroup, memberId: string, { client, request, ...join }: Join): JoinResult {
    const { groupInstanceId, sessionTimeoutMs, protocols, protocolType } = request
    const member = new ClassicMember({
      memberId,
      groupInstanceId,
      clientId: client.clientId,
      clientHost: client.clientHost,
      rebalanceTimeoutMs: join.rebalanceTimeoutMs,
      sessionTimeoutMs,
      protocols,
    })
    member.isNew = true
    if (group.state === 'PreparingRebalance' && group.generationId === 0) group.hasNewMember = true
    group.add(member, protocolType)
    const instance = shownInstance(groupInstanceId)
    const reason = `Adding new member ${memberId} with group instance id ${instance}; client reason: ${join.reason}`
    const result = this.#waitAndRebalance(group, member, reason)
    if (member.isNew) this.#rebalance.sessions.extend(group, member, NEW_MEMBER_JOIN_TIMEOUT_MS)
    return result
  }

  // --- A static member is back ---------------------------------------------------------------------------------------

  #replaceStaticMember(
    group: ClassicGroup,
    member: ClassicMember,
    memberId: string,
    { client, request, ...join }: Join,
  ): JoinResult {
    const { groupInstanceId, protocols, sessionTimeoutMs } = request
    const formerId = member.memberId
    this.#context.logger.info(
      `Static member with groupInstanceId=${groupInstanceId} and unknown member id joins group ${group.groupId} in ` +
        `${group.state} state. Replacing previously mapped member ${formerId} with this groupInstanceId.`,
    )
    const former = {
      protocols: member.protocols,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      sessionTimeoutMs: member.sessionTimeoutMs,
    }
    group.updateMember(member, { protocols, rebalanceTimeoutMs: join.rebalanceTimeoutMs, sessionTimeoutMs })
    this.#rebalance.sessions.extend(group, member)
    if (group.state === 'Stable' && group.selectProtocol() === group.protocolName) {
      const onSettled = (errorCode: number): void => {
        const isRefused = errorCode !== ErrorCode.NONE && group.member(formerId) === member
        if (isRefused) group.updateMember(member, former)
      }
      return { ...this.#persistReplacement(group, member, memberId, client), onSettled }
    }
    group.replaceStaticMember(member, memberId)
    const what =
      group.state === 'Stable'
        ? `Group's selectedProtocol will change because static member ${memberId} with instance id ` +
          `${groupInstanceId} joined with change of protocol`
        : `Updating metadata for static member ${memberId} with instance id ${groupInstanceId}`
    return this.#waitAndRebalance(group, member, `${what}; client reason: ${join.reason}`)
  }

  /** The members keep their assignment, the replacement is the one that the replay of the record makes. */
  #persistReplacement(
    group: ClassicGroup,
    member: ClassicMember,
    memberId: string,
    { apiVersion }: GroupClient,
  ): JoinResult {
    this.#context.logger.info(
      "Static member which joins during Stable stage and doesn't affect selectProtocol will not trigger rebalance.",
    )
    const formerId = member.memberId
    const isLeader = group.isLeader(member)
    const rename = (id: string): string => (id === formerId ? memberId : id)
    const metadata = group.metadataWith(({ assignment }) => assignment)
    const members = metadata.members.map((each) => ({ ...each, memberId: rename(each.memberId) }))
    const leader = rename(metadata.leader ?? '')
    // Older clients are told the leader's former id: they would take a leader's part to be to assign anew.
    const canSkip = apiVersion >= FIRST_VERSION_WITH_SKIPPED_ASSIGNMENT
    const current = group.joinResponse(member, { isLeaderTold: canSkip })
    return {
      records: [groupMetadataRecord(group.groupId, { ...metadata, leader, members })],
      response: {
        ...current,
        memberId,
        leader: canSkip ? leader : current.leader,
        skipAssignment: canSkip && isLeader,
        members: (current.members ?? []).map((each) => ({ ...each, memberId: rename(each.memberId ?? '') })),
      },
    }
  }

  // --- With an id ----------------------------------------------------------------------------------------------------

  #joinAsKnown(group: ClassicGroup, join: Join): JoinResult {
    const { memberId, protocols, sessionTimeoutMs } = join.request
    if (group.pendingMembers.has(memberId)) return this.#joinAsPending(group, join)
    const errorCode = validateMember(this.#context.logger, group, join.request, 'join-group')
    if (errorCode !== ErrorCode.NONE) return refused(memberId, errorCode)
    const member = group.member(memberId)!
    if (!this.#mustRebalance(group, member, join)) {
      return { ...NO_EFFECTS, response: group.joinResponse(member) }
    }
    const reason = this.#rejoinReason(group, member, join)
    const { rebalanceTimeoutMs } = join
    group.updateMember(member, { protocols, rebalanceTimeoutMs, sessionTimeoutMs })
    return this.#waitAndRebalance(group, member, reason)
  }

  #joinAsPending(group: ClassicGroup, join: Join): JoinResult {
    const { memberId, groupInstanceId } = join.request
    // Ids are given out to dynamic members only.
    if (groupInstanceId !== null) return refused('', ErrorCode.UNKNOWN_SERVER_ERROR)
    this.#context.logger.info(
      `Pending dynamic member with id ${memberId} joins group ${group.groupId} in ${group.state} state. ` +
        'Adding to the group now.',
    )
    this.#rebalance.sessions.endPending(group, memberId)
    return this.#addMember(group, memberId, join)
  }

  /** A leader that joins again asks for it, as when topics have changed; others only with something new to say. */
  #mustRebalance(group: ClassicGroup, member: ClassicMember, { request }: Join): boolean {
    switch (group.state) {
      case 'CompletingRebalance':
        return !member.matches(request.protocols)
      case 'Stable':
        return group.isLeader(member) || !member.matches(request.protocols)
      default:
        return true
    }
  }

  #rejoinReason(group: ClassicGroup, member: ClassicMember, { reason }: Join): string {
    const { state } = group
    const told = `; client reason: ${reason}`
    if (state === 'PreparingRebalance')
      return `Member ${member.memberId} joining group during ${state}${told}`
    if (state === 'Stable' && group.isLeader(member)) {
      return `Leader ${member.memberId} re-joining group during ${state}${told}`
    }
    return `Updating metadata for member ${member.memberId} during ${state}${told}`
  }

  // --- The answer ----------------------------------------------------------------------------------------------------

  #waitAndRebalance(group: ClassicGroup, member: ClassicMember, reason: string): JoinResult {
    const response = new Promise<JoinResponse>((resolve) => member.awaitJoin(resolve))
    this.#rebalance.prepare(group, reason)
    return { ...this.#rebalance.conclude(group), response }
  }

  #concluded(group: ClassicGroup, response: JoinResponse): JoinResult {
    const effects: Effects = this.#rebalance.conclude(group)
    return { ...effects, response }
  }
}

function refused(memberId: string, errorCode: number): JoinResult {
  return { ...NO_EFFECTS, response: joinError(memberId, errorCode) }
}
