/** Finds the member that a request is of: one that is known, a new one, or a static one that comes back. */
import type { Logger } from '../../../base/logger.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerGroupMember, LEFT_FOR_A_WHILE_EPOCH, newMember } from './consumer-group-member.ts'
import type { GroupDraft } from './group-draft.ts'
import { isRefusal, type Refusal } from './refusal.ts'
import { isSubset, type TopicPartitions } from './topic-partitions.ts'

/** What a heartbeat says of its sender. */
export interface MemberClaim {
  readonly memberId: string
  readonly instanceId: string | null
  /** 0: it joins. */
  readonly memberEpoch: number
  /** Null: it doesn't say what it holds. */
  readonly owned: TopicPartitions | null
}

export type Protocol = 'classic' | 'consumer'

/** The sender of a heartbeat. A static member that comes back under another id takes the former's place in the draft. */
export function findHeartbeatMember(
  draft: GroupDraft,
  claim: MemberClaim,
  logger: Logger,
): ConsumerGroupMember | Refusal {
  const { group } = draft
  const { memberId, instanceId, memberEpoch, owned } = claim
  if (memberEpoch !== 0) {
    const member = findMember(group, memberId, instanceId)
    return isRefusal(member) ? member : (checkEpoch(member, memberEpoch, owned) ?? member)
  }
  if (instanceId !== null) return joinStatic(draft, memberId, instanceId, 'consumer', logger)
  const member = joinDynamic(group, memberId, 'consumer', logger)
  return checkEpoch(member, memberEpoch, owned) ?? member
}

/** A member that is in the group. With an instance id, it must be the one that holds it. */
export function findMember(
  group: ConsumerGroup,
  memberId: string,
  instanceId: string | null,
): ConsumerGroupMember | Refusal {
  if (instanceId === null) {
    return (
      group.members.get(memberId) ?? {
        errorCode: ErrorCode.UNKNOWN_MEMBER_ID,
        errorMessage: `Member ${memberId} is not a member of group ${group.groupId}.`,
      }
    )
  }
  const holder = group.staticMember(instanceId)
  if (holder === undefined) {
    return {
      errorCode: ErrorCode.UNKNOWN_MEMBER_ID,
      errorMessage: `Instance id ${instanceId} is unknown.`,
    }
  }
  if (holder.memberId === memberId) return holder
  return {
    errorCode: ErrorCode.FENCED_INSTANCE_ID,
    errorMessage: `Static member ${memberId} with instance id ${instanceId} was fenced by member ${holder.memberId}.`,
  }
}

/** A member of that id, new if there is none. */
export function joinDynamic(
  { groupId, members }: ConsumerGroup,
  memberId: string,
  protocol: Protocol,
  logger: Logger,
): ConsumerGroupMember {
  logger.info(
    `[GroupId ${groupId}] Member ${memberId} joins the consumer group using the ${protocol} protocol.`,
  )
  return members.get(memberId) ?? newMember(memberId)
}

/**
 * A new member with that instance id, in place of the one that held it. Between members of the consumer protocol the
 * former must have left; a member that changes the protocol takes its place at once.
 */
export function joinStatic(
  draft: GroupDraft,
  memberId: string,
  instanceId: string,
  protocol: Protocol,
  logger: Logger,
): ConsumerGroupMember | Refusal {
  const { groupId, members } = draft.group
  const which = `instance id ${instanceId}`
  const holder = draft.group.staticMember(instanceId)
  if (holder === undefined) {
    logger.info(
      `[GroupId ${groupId}] Static member ${memberId} with ${which} joins the consumer group using the ${protocol} protocol.`,
    )
    return members.get(memberId) ?? newMember(memberId)
  }
  const isSameProtocol = protocol === 'consumer' && holder.metadata.classic === null
  if (isSameProtocol && holder.assignment.memberEpoch !== LEFT_FOR_A_WHILE_EPOCH) {
    return {
      errorCode: ErrorCode.UNRELEASED_INSTANCE_ID,
      errorMessage: `Static member ${memberId} with ${which} cannot join the group because the instance id is owned by ${holder.memberId} member.`,
    }
  }
  logger.info(
    `[GroupId ${groupId}] Static member with ${which} re-joins the consumer group using the ${protocol} protocol. Created a new member ${memberId} to replace the existing member ${holder.memberId}.`,
  )
  return draft.replace(holder, memberId)
}

/**
 * A member that comes with the epoch before its own did not hear of its own, if it holds nothing else than it may: it is
 * answered as if it had. Anybody else whose epoch differs is to begin anew.
 */
function checkEpoch(
  { assignment }: ConsumerGroupMember,
  receivedEpoch: number,
  owned: TopicPartitions | null,
): Refusal | undefined {
  const { memberEpoch, previousMemberEpoch, assigned } = assignment
  if (receivedEpoch === memberEpoch) return undefined
  const isBehind = receivedEpoch < memberEpoch
  if (isBehind && receivedEpoch === previousMemberEpoch && owned !== null && isSubset(owned, assigned)) {
    return undefined
  }
  return {
    errorCode: ErrorCode.FENCED_MEMBER_EPOCH,
    errorMessage:
      `The consumer group member has a ${isBehind ? 'smaller' : 'greater'} member epoch (${receivedEpoch}) than the one ` +
      `known by the group coordinator (${memberEpoch}). The member must abandon all its partitions and rejoin.`,
  }
}
