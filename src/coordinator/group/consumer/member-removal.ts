/** Takes members out of a group, because they leave or because they are not heard of. The others rebalance. */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ShardResult } from '../../runtime/coordinator-shard.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerGroupContext } from './consumer-group-context.ts'
import type { ConsumerGroupMember } from './consumer-group-member.ts'
import { downgradeRecords } from './group-downgrade.ts'
import { GroupDraft } from './group-draft.ts'

export type Removal = Pick<ShardResult<unknown>, 'records' | 'onSettled'>

/** If only members of the classic protocol are left, the group becomes a classic one that rebalances. */
export function removeMembers(
  context: ConsumerGroupContext,
  group: ConsumerGroup,
  members: readonly ConsumerGroupMember[],
): Removal {
  const draft = new GroupDraft(group)
  for (const member of members) draft.remove(member)
  draft.dropUnusedRegexes()
  draft.refreshSubscriptionMetadata(context.topics)
  draft.bumpGroupEpoch()
  const downgrade = downgradeRecords(context, draft.group)
  if (downgrade === undefined) return { records: draft.records() }
  return {
    records: [...draft.records(), ...downgrade],
    onSettled: (errorCode) => {
      if (errorCode === ErrorCode.NONE) context.onDowngraded(group.groupId)
    },
  }
}
