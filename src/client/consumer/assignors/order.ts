/** In which order members and names are taken. */
import type { GroupMemberSubscription } from './assignor.ts'

/** Java compares texts by their 16-bit units, as JavaScript does. */
export function compare<Value extends string | number>(a: Value, b: Value): number {
  if (a < b) return -1
  return a > b ? 1 : 0
}

/** Members with a group.instance.id first, by it; the others by their id. */
export function inMemberOrder(members: readonly GroupMemberSubscription[]): GroupMemberSubscription[] {
  return [...members].sort((a, b) => {
    if (a.groupInstanceId !== undefined && b.groupInstanceId !== undefined)
      return compare(a.groupInstanceId, b.groupInstanceId)
    if (a.groupInstanceId !== undefined) return -1
    return b.groupInstanceId !== undefined ? 1 : compare(a.memberId, b.memberId)
  })
}
