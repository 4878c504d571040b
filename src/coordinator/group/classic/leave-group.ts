/**
 * LeaveGroup: members go, one or several at once. An administrator may name a static member by its instance id alone
 * (KIP-345).
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { LeaveGroupResponse } from '../../../protocol/messages/13-leave-group.ts'
import type { Draft } from '../../../protocol/schema.ts'
import type { ShardContext, ShardResult } from '../../runtime/coordinator-shard.ts'
import type { ClassicGroup } from './classic-group.ts'
import type { ClassicMember } from './classic-member.ts'
import type { GroupRebalance } from './group-rebalance.ts'
import { validateMember } from './member-validation.ts'

/** Who is to go; an empty member id: the instance, whoever that is. */
export interface LeavingMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly reason: string | null
}

export type LeaveResponse = Draft<typeof LeaveGroupResponse>
export type LeaveResult = ShardResult<LeaveResponse> & { readonly response: LeaveResponse }

export class LeaveGroup {
  readonly #context: ShardContext
  readonly #rebalance: GroupRebalance

  constructor({ context, rebalance }: { context: ShardContext; rebalance: GroupRebalance }) {
    this.#context = context
    this.#rebalance = rebalance
  }

  leave(group: ClassicGroup, leaving: readonly LeavingMember[]): LeaveResult {
    const members = leaving.map((each) => ({
      memberId: each.memberId,
      groupInstanceId: each.groupInstanceId,
      errorCode: this.#leave(group, each),
    }))
    return { ...this.#rebalance.conclude(group), response: { errorCode: ErrorCode.NONE, members } }
  }

  #leave(group: ClassicGroup, leaving: LeavingMember): number {
    const { memberId, groupInstanceId, reason } = leaving
    if (memberId !== '' && group.pendingMembers.has(memberId)) {
      this.#rebalance.removePendingMember(group, memberId)
      this.#context.logger.info(
        `Pending member with memberId=${memberId} has left group ${group.groupId} through explicit \`LeaveGroup\` request`,
      )
      return ErrorCode.NONE
    }
    const member = memberId === '' ? group.staticMember(groupInstanceId) : group.member(memberId)
    const errorCode =
      memberId === '' ? ErrorCode.NONE : validateMember(this.#context.logger, group, leaving, 'leave-group')
    if (errorCode !== ErrorCode.NONE) return errorCode
    if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
    this.#remove(group, member, reason ?? 'not provided')
    return ErrorCode.NONE
  }

  #remove(group: ClassicGroup, member: ClassicMember, reason: string): void {
    this.#rebalance.removeMember(
      group,
      member,
      `Removing member ${member.memberId} on LeaveGroup; client reason: ${reason}`,
    )
    this.#context.logger.info(
      `Member ${member} has left group ${group.groupId} through explicit \`LeaveGroup\`; client reason: ${reason}`,
    )
  }
}

/** A group that is not there: nobody of it is known. */
export function unknownMembers(leaving: readonly LeavingMember[]): LeaveResponse {
  return {
    errorCode: ErrorCode.NONE,
    members: leaving.map(({ memberId, groupInstanceId }) => ({
      memberId,
      groupInstanceId,
      errorCode: ErrorCode.UNKNOWN_MEMBER_ID,
    })),
  }
}
