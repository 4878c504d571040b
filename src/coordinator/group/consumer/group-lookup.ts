/** The group that a heartbeat is for. */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerGroupContext } from './consumer-group-context.ts'
import { GroupDraft } from './group-draft.ts'
import type { Refusal } from './refusal.ts'

/** A member that joins creates the group where there is none. */
export function draftForHeartbeat(
  { groups }: ConsumerGroupContext,
  groupId: string,
  isJoining: boolean,
): GroupDraft | Refusal {
  const group = groups.get(groupId)
  if (group instanceof ConsumerGroup) return new GroupDraft(group)
  if (!isJoining) {
    return notFound(
      group === undefined
        ? `Consumer group ${groupId} not found.`
        : `Group ${groupId} is not a consumer group.`,
    )
  }
  if (group === undefined) return new GroupDraft(new ConsumerGroup(groupId))
  return notFound(`Group ${groupId} is not a consumer group.`)
}

export function notFound(errorMessage: string): Refusal {
  return { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage }
}
