/** The classic groups of one shard: their requests, their timers, and the records that they are rebuilt from. */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { JoinGroupRequest } from '../../../protocol/messages/11-join-group.ts'
import type { HeartbeatRequest } from '../../../protocol/messages/12-heartbeat.ts'
import type { SyncGroupRequest } from '../../../protocol/messages/14-sync-group.ts'
import type { DescribeGroupsResponse } from '../../../protocol/messages/15-describe-groups.ts'
import { EMPTY_BYTES } from '../../../protocol/plan.ts'
import type { Draft } from '../../../protocol/schema.ts'
import type { CoordinatorRecord } from '../../runtime/coordinator-record.ts'
import { NO_RECORDS, type ShardContext } from '../../runtime/coordinator-shard.ts'
import type { GroupConfig } from '../group-config.ts'
import type { GroupRegistry } from '../group-registry.ts'
import { ClassicGroup } from './classic-group.ts'
import type { GroupClient } from './group-client.ts'
import { readGroupMetadata } from './group-metadata-records.ts'
import { GroupRebalance } from './group-rebalance.ts'
import { JoinGroup, type JoinResult } from './join-group.ts'
import { LeaveGroup, type LeaveResult, type LeavingMember, unknownMembers } from './leave-group.ts'
import { validateMember } from './member-validation.ts'
import { SyncGroup, type SyncResult } from './sync-group.ts'

export type DescribedGroup = NonNullable<Draft<typeof DescribeGroupsResponse>['groups']>[number]

export class ClassicGroups {
  readonly rebalance: GroupRebalance
  readonly #context: ShardContext
  readonly #config: GroupConfig
  readonly #groups: GroupRegistry
  readonly #joinGroup: JoinGroup
  readonly #syncGroup: SyncGroup
  readonly #leaveGroup: LeaveGroup
  #isLoaded = false

  constructor(context: ShardContext, config: GroupConfig, groups: GroupRegistry) {
    this.#context = context
    this.#config = config
    this.#groups = groups
    const rebalance = new GroupRebalance(context, config)
    this.rebalance = rebalance
    this.#joinGroup = new JoinGroup({ context, config, groups, rebalance })
    this.#syncGroup = new SyncGroup({ context, rebalance })
    this.#leaveGroup = new LeaveGroup({ context, rebalance })
  }

  // --- Requests ------------------------------------------------------------------------------------------------------

  /** An empty consumer group makes room. */
  join(request: JoinGroupRequest, client: GroupClient): JoinResult {
    const { groupId } = request
    const group = this.#groups.get(groupId)
    if (group === undefined || group instanceof ClassicGroup)
      return this.#joinGroup.join(group, request, client)
    const result = this.#joinGroup.join(undefined, request, client)
    const isJoined = this.#groups.get(groupId) !== group
    return isJoined ? { ...result, records: [...group.tombstones(), ...result.records] } : result
  }

  sync(request: SyncGroupRequest): SyncResult {
    return this.#syncGroup.sync(this.#get(request.groupId), request)
  }

  /** @returns an error code: NONE, REBALANCE_IN_PROGRESS for a member that is to join again, or why it is none. */
  heartbeat(request: HeartbeatRequest): number {
    const group = this.#get(request.groupId)
    if (group === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
    const errorCode = validateMember(this.#context.logger, group, request, 'heartbeat')
    if (errorCode !== ErrorCode.NONE) return errorCode
    if (request.generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION
    this.rebalance.sessions.extend(group, group.member(request.memberId)!)
    return group.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE
  }

  leave(groupId: string, leaving: readonly LeavingMember[]): LeaveResult {
    const group = this.#get(groupId)
    if (group === undefined) return { records: NO_RECORDS, response: unknownMembers(leaving) }
    return this.#leaveGroup.leave(group, leaving)
  }

  /** It was a consumer group, and the last of its members that spoke that protocol has left. */
  rebalanceDowngraded(groupId: string): void {
    const group = this.#get(groupId)
    const reason = `Downgrade group ${groupId} from consumer to classic.`
    if (group?.state === 'Stable') this.rebalance.prepare(group, reason)
  }

  /** Undefined: there is no such classic group. Metadata and assignments are told of a stable group alone. */
  describe(groupId: string): DescribedGroup | undefined {
    const group = this.#get(groupId)
    if (group === undefined) return undefined
    const protocol = group.state === 'Stable' ? group.protocolName : null
    return {
      errorCode: ErrorCode.NONE,
      groupId,
      groupState: group.state,
      protocolType: group.protocolType,
      protocolData: protocol ?? '',
      members: group.members().map((member) => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        memberMetadata: (protocol === null ? undefined : member.metadataFor(protocol)) ?? EMPTY_BYTES,
        memberAssignment: protocol === null ? EMPTY_BYTES : member.assignment,
      })),
    }
  }

  #get(groupId: string): ClassicGroup | undefined {
    const group = this.#groups.get(groupId)
    return group instanceof ClassicGroup ? group : undefined
  }

  // --- State ---------------------------------------------------------------------------------------------------------

  /** A record of GroupMetadata. Throws DecodeError. */
  replay(record: CoordinatorRecord): void {
    const { groupId, value } = readGroupMetadata(record)
    const known = this.#get(groupId)
    if (value === undefined) {
      if (known === undefined) return
      this.rebalance.forget(known, ErrorCode.REBALANCE_IN_PROGRESS)
      this.#groups.remove(groupId)
      return
    }
    if (!this.#isLoaded || known === undefined) {
      const group = new ClassicGroup(groupId, this.#context.clock)
      group.restore(value)
      this.#groups.put(group)
      if (this.#isLoaded) this.#startSessions(group)
    } else known.restore(value)
  }

  /** The members may have been silent while nobody listened: their sessions begin anew. */
  onLoaded(): void {
    this.#isLoaded = true
    for (const group of this.#groups.values()) {
      if (!(group instanceof ClassicGroup)) continue
      this.#context.logger.info(
        `Loading group metadata for ${group.groupId} with generation ${group.generationId}`,
      )
      const sizeMax = this.#config.groupMaxSize
      if (group.memberCount > sizeMax) {
        this.rebalance.prepare(
          group,
          `Freshly-loaded group is over capacity (${sizeMax}). ` +
            'Rebalancing in order to give a chance for consumers to commit offsets',
        )
      }
      this.#startSessions(group)
    }
  }

  #startSessions(group: ClassicGroup): void {
    for (const member of group.members()) this.rebalance.sessions.extend(group, member)
  }

  onUnloaded(errorCode: number): void {
    for (const group of this.#groups.values()) {
      if (!(group instanceof ClassicGroup)) continue
      this.#context.logger.info(
        `Unloading group metadata for ${group.groupId} with generation ${group.generationId}`,
      )
      group.end(errorCode)
    }
  }
}
