/** Takes members out of a group, because they leave or because they are not heard of. The group rebalances. */
import type { CoordinatorRecord } from '../../runtime/coordinator-record.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerGroupContext } from './consumer-group-context.ts'
import type { ConsumerGroupMember } from './consumer-group-member.ts'
import { GroupDraft } from './group-draft.ts'

export function removeMembers(
  { topics }: ConsumerGroupContext,
  group: ConsumerGroup,
  members: readonly ConsumerGroupMember[],
): { records: CoordinatorRecord[] } {
  const draft = new GroupDraft(group)
  for (const member of members) draft.remove(member)
  draft.dropUnusedRegexes()
  draft.refreshSubscriptionMetadata(topics)
  draft.bumpGroupEpoch()
  return { records: draft.records() }
}
