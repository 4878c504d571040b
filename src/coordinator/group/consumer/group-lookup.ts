/** The group that a heartbeat is for. */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { ClassicGroup } from '../classic/classic-group.ts'
import { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerGroupContext } from './consumer-group-context.ts'
import { GroupDraft } from './group-draft.ts'
import { type Upgrade, upgradeGroup } from './group-upgrade.ts'
import type { Refusal } from './refusal.ts'

/** A member that joins creates the group where there is none, and upgrades a classic one. */
export function draftForHeartbeat(
  context: ConsumerGroupContext,
  groupId: string,
  isJoining: boolean,
): Upgrade | Refusal {
  const group = context.groups.get(groupId)
  if (group instanceof ConsumerGroup) return { draft: new GroupDraft(group), tombstones: [] }
  if (!isJoining) {
    return notFound(
      group === undefined
        ? `Consumer group ${groupId} not found.`
        : `Group ${groupId} is not a consumer group.`,
    )
  }
  if (group instanceof ClassicGroup) return upgradeGroup(context, group)
  return { draft: new GroupDraft(new ConsumerGroup(groupId)), tombstones: [] }
}

export function notFound(errorMessage: string): Refusal {
  return { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage }
}
