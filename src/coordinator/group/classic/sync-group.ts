/**
 * SyncGroup: the leader hands in who is assigned what, and every member is given its part once that is in the log. Those
 * that ask before wait; those that ask later are told at once.
 *
 * An assignment that is larger than the log takes fails for all who wait, and the group rebalances.
 */
import { ErrorCode, errorName } from '../../../protocol/error-codes.ts'
import type { SyncGroupRequest } from '../../../protocol/messages/14-sync-group.ts'
import { EMPTY_BYTES } from '../../../protocol/plan.ts'
import type { ShardContext, ShardResult } from '../../runtime/coordinator-shard.ts'
import type { ClassicGroup } from './classic-group.ts'
import { type ClassicMember, type SyncResponse, syncError } from './classic-member.ts'
import { groupMetadataRecord, metadataError } from './group-metadata-records.ts'
import { type Effects, type GroupRebalance, NO_EFFECTS } from './group-rebalance.ts'
import { validateMember } from './member-validation.ts'

export type SyncResult = ShardResult<SyncResponse>

export class SyncGroup {
  readonly #context: ShardContext
  readonly #rebalance: GroupRebalance

  constructor({ context, rebalance }: { context: ShardContext; rebalance: GroupRebalance }) {
    this.#context = context
    this.#rebalance = rebalance
  }

  sync(group: ClassicGroup | undefined, request: SyncGroupRequest): SyncResult {
    const errorCode = this.#validate(group, request)
    if (group === undefined || errorCode !== ErrorCode.NONE) return refused(errorCode)
    const member = group.member(request.memberId)!
    switch (group.state) {
      case 'PreparingRebalance':
        return refused(ErrorCode.REBALANCE_IN_PROGRESS)
      case 'CompletingRebalance':
        return this.#awaitAssignment(group, member, request)
      case 'Stable':
        this.#rebalance.onSynced(group, member)
        this.#rebalance.sessions.extend(group, member)
        return { ...NO_EFFECTS, response: assignmentOf(group, member) }
      default:
        return refused(ErrorCode.UNKNOWN_MEMBER_ID)
    }
  }

  #validate(group: ClassicGroup | undefined, request: SyncGroupRequest): number {
    if (group === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
    const errorCode = validateMember(this.#context.logger, group, request, 'sync-group')
    if (errorCode !== ErrorCode.NONE) return errorCode
    const { generationId, protocolType, protocolName } = request
    if (generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION
    const isOtherType = protocolType !== null && protocolType !== group.protocolType
    const isOtherProtocol = protocolName !== null && protocolName !== group.protocolName
    return isOtherType || isOtherProtocol ? ErrorCode.INCONSISTENT_GROUP_PROTOCOL : ErrorCode.NONE
  }

  #awaitAssignment(group: ClassicGroup, member: ClassicMember, request: SyncGroupRequest): SyncResult {
    const response = new Promise<SyncResponse>((resolve) => member.awaitSync(resolve))
    this.#rebalance.onSynced(group, member)
    const effects = group.isLeader(member) ? this.#assign(group, member, request) : NO_EFFECTS
    return { ...effects, response }
  }

  /** The replay of the record makes the group stable. */
  #assign(group: ClassicGroup, leader: ClassicMember, { assignments }: SyncGroupRequest): Effects {
    const { groupId, generationId } = group
    const { logger } = this.#context
    logger.info(
      `Assignment received from leader ${leader.memberId} for group ${groupId} for generation ${generationId}. ` +
        `The group has ${group.memberCount} members, ${group.staticMemberCount} of which are static.`,
    )
    const byMember = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]))
    const missing = group.members().filter(({ memberId }) => !byMember.has(memberId))
    if (missing.length > 0) {
      const ids = missing.map(({ memberId }) => memberId).join(', ')
      logger.warn(
        `Setting empty assignments for members Set(${ids}) of ${groupId} for generation ${generationId}`,
      )
    }
    const metadata = group.metadataWith(({ memberId }) => byMember.get(memberId) ?? EMPTY_BYTES)
    return {
      records: [groupMetadataRecord(groupId, metadata)],
      response: undefined,
      onSettled: (errorCode) => this.#onAssignmentSettled(group, generationId, leader.memberId, errorCode),
    }
  }

  #onAssignmentSettled(group: ClassicGroup, generationId: number, leaderId: string, errorCode: number): void {
    // The group may have gone on meanwhile: then nobody waits for this any more.
    if (group.generationId !== generationId) return
    const clientError = metadataError(errorCode)
    for (const member of group.members()) {
      const response = errorCode === ErrorCode.NONE ? assignmentOf(group, member) : syncError(clientError)
      if (member.answerSync(response)) this.#rebalance.sessions.extend(group, member)
    }
    if (errorCode === ErrorCode.NONE) return
    this.#context.logger.error(
      `Appending metadata message for group ${group.groupId} generation ${generationId} failed due to ` +
        `${errorName(errorCode)}, returning ${errorName(clientError)} to the client`,
    )
    if (group.state !== 'CompletingRebalance') return
    const error = errorName(clientError)
    this.#rebalance.prepare(
      group,
      `Error ${error} when storing group assignment during SyncGroup (member: ${leaderId})`,
    )
  }
}

function assignmentOf(group: ClassicGroup, { assignment }: ClassicMember): SyncResponse {
  return {
    errorCode: ErrorCode.NONE,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    assignment,
  }
}

function refused(errorCode: number): SyncResult {
  return { ...NO_EFFECTS, response: syncError(errorCode) }
}
