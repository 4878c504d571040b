/** Which groups there are, deleting them, and removing members from them. */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { LeaveGroupRequest, LeaveGroupResponse } from '../../protocol/messages/13-leave-group.ts'
import { ListGroupsRequest, ListGroupsResponse } from '../../protocol/messages/16-list-groups.ts'
import { DeleteGroupsRequest, DeleteGroupsResponse } from '../../protocol/messages/42-delete-groups.ts'
import { defineApi } from '../network/api.ts'
import { checkAnswer, inOrder, outcomeOf } from './answers.ts'
import { describeGroups } from './group-descriptions.ts'
import { checkList, checkNames, checkText, refuse } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { brokerById, coordinatorOf } from './routes.ts'

const LIST_GROUPS = defineApi(ListGroupsRequest, ListGroupsResponse, [0, 5])
const DELETE_GROUPS = defineApi(DeleteGroupsRequest, DeleteGroupsResponse, [0, 2])
/** Older versions remove one member, as which the client would have to speak. */
const LEAVE_GROUP = defineApi(LeaveGroupRequest, LeaveGroupResponse, [3, 5])
const FIRST_VERSION_WITH_TYPES = 5

/** Of classic groups PreparingRebalance and CompletingRebalance, of consumer groups Assigning and Reconciling. */
export type GroupState =
  | 'Stable'
  | 'Empty'
  | 'Dead'
  | 'PreparingRebalance'
  | 'CompletingRebalance'
  | 'Assigning'
  | 'Reconciling'
  | 'NotReady'
export type GroupType = 'classic' | 'consumer' | 'share' | 'streams'

export interface ListGroupsOptions extends AdminCallOptions {
  /** Default: in any state. */
  readonly states?: readonly GroupState[] | undefined
  /** Default: of any type. */
  readonly types?: readonly GroupType[] | undefined
}

export interface GroupListing {
  readonly groupId: string
  /** `consumer` for groups of consumers; empty for a group that only keeps offsets. */
  readonly protocolType: string
  /** Null: the broker is too old to tell. */
  readonly state: GroupState | null
  readonly type: GroupType | null
}

export type MemberToRemove =
  | { readonly memberId: string; readonly groupInstanceId?: undefined }
  /** A static member, whatever its id is now. */
  | { readonly groupInstanceId: string; readonly memberId?: undefined }

export interface RemoveMembersOptions extends AdminCallOptions {
  /** Goes into the broker's log. */
  readonly reason?: string | undefined
}

export async function listGroups(
  requester: Requester,
  { states = [], types = [], timeoutMs }: ListGroupsOptions,
): Promise<GroupListing[]> {
  checkList('states', states)
  checkList('types', types)
  const remainingMs = requester.countdown(timeoutMs)
  const brokerIds = await requester.brokerIds('listGroups', timeoutMs)
  const found = await requester.each<number, GroupListing[]>({
    what: 'listGroups',
    things: brokerIds,
    nameOf: (id) => `broker ${id}`,
    route: brokerById(requester.cluster, (id) => id),
    timeoutMs: remainingMs(),
    call: async (connection, things) => {
      // Before there were types, all groups were classic.
      const isAllClassic = types.length > 0 && types.every((type) => type === 'classic')
      const hasTypes = (connection.apis!.newest(LIST_GROUPS) ?? 0) >= FIRST_VERSION_WITH_TYPES
      const typesFilter = isAllClassic && !hasTypes ? [] : types
      const answer = await connection.call(LIST_GROUPS, { statesFilter: states, typesFilter })
      const listings = () =>
        answer.groups.map(({ groupId, protocolType, groupState, groupType }) => ({
          groupId,
          protocolType,
          state: groupState === '' ? null : (groupState as GroupState),
          type: groupType === '' ? null : (groupType.toLowerCase() as GroupType),
        }))
      return things.map((id) => outcomeOf(`the groups of broker ${id}`, answer, listings))
    },
  })
  return found.flat()
}

export async function deleteGroups(
  requester: Requester,
  groupIds: readonly string[],
  { timeoutMs }: AdminCallOptions,
): Promise<void> {
  checkNames('groupIds', groupIds)
  const nameOf = (groupId: string): string => groupId
  await requester.each<string, void>({
    what: 'deleteGroups',
    things: groupIds,
    nameOf,
    route: coordinatorOf(requester.cluster, 'group', nameOf),
    timeoutMs,
    call: async (connection, things) => {
      const { results } = await connection.call(DELETE_GROUPS, { groupsNames: things })
      const deleted = new Map(
        results.map((each) => [each.groupId, outcomeOf(`group ${each.groupId}`, each, () => {})]),
      )
      return inOrder(things, nameOf, deleted)
    },
  })
}

/** Members that live join anew; `'all'`: those that there are now. */
export async function removeMembers(
  requester: Requester,
  groupId: string,
  members: readonly MemberToRemove[] | 'all',
  { reason, timeoutMs }: RemoveMembersOptions,
): Promise<void> {
  checkText('groupId', groupId)
  const remainingMs = requester.countdown(timeoutMs)
  const things = members === 'all' ? await allMembers(requester, groupId, timeoutMs) : members
  checkMembers(things)
  await requester.each<MemberToRemove, void>({
    what: 'removeMembers',
    things,
    nameOf: nameOfMember,
    route: coordinatorOf(requester.cluster, 'group', () => groupId),
    timeoutMs: remainingMs(),
    call: async (connection, open) => {
      const answer = await connection.call(LEAVE_GROUP, {
        groupId,
        members: open.map(({ memberId = '', groupInstanceId = null }) => ({
          memberId,
          groupInstanceId,
          reason: reason ?? null,
        })),
      })
      checkAnswer(`group ${groupId}`, answer)
      // The broker answers in the order of the request; a static member may come back with the id that it had.
      return open.map((member, i) => {
        const found = answer.members[i] ?? { errorCode: ErrorCode.UNKNOWN_MEMBER_ID }
        return outcomeOf(`member ${nameOfMember(member)} of group ${groupId}`, found, () => {})
      })
    },
  })
}

async function allMembers(
  requester: Requester,
  groupId: string,
  timeoutMs: number | undefined,
): Promise<MemberToRemove[]> {
  const [group] = await describeGroups(requester, [groupId], { timeoutMs })
  return group!.members.map(({ memberId, groupInstanceId }) =>
    groupInstanceId === null ? { memberId } : { groupInstanceId },
  )
}

function checkMembers(members: readonly MemberToRemove[]): void {
  checkList('members', members)
  for (const [i, { memberId, groupInstanceId }] of members.entries()) {
    if ((memberId === undefined) === (groupInstanceId === undefined))
      refuse(`members[${i}] must have either a memberId or a groupInstanceId`)
  }
  checkNames('members', members.map(nameOfMember))
}

function nameOfMember({ memberId, groupInstanceId }: MemberToRemove): string {
  return memberId ?? groupInstanceId!
}
