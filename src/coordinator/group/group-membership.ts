/**
 * What the group coordinator does for members of groups that speak the classic protocol: joining, syncing, heartbeats
 * and leaving. Members need a group id; an empty one is only for offsets. In a consumer group they may be too, while it
 * moves from one protocol to the other.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { JoinGroupRequest } from '../../protocol/messages/11-join-group.ts'
import type { HeartbeatRequest } from '../../protocol/messages/12-heartbeat.ts'
import type { SyncGroupRequest } from '../../protocol/messages/14-sync-group.ts'
import type { CoordinatorRuntime } from '../runtime/coordinator-runtime.ts'
import { type JoinResponse, joinError, type SyncResponse, syncError } from './classic/classic-member.ts'
import type { GroupClient } from './classic/group-client.ts'
import { metadataError } from './classic/group-metadata-records.ts'
import type { LeaveResponse, LeavingMember } from './classic/leave-group.ts'
import type { GroupConfig } from './group-config.ts'
import type { GroupShard } from './group-shard.ts'

export interface GroupMembershipOptions {
  readonly config: GroupConfig
  readonly runtime: CoordinatorRuntime<GroupShard>
  /** The partition of __consumer_offsets that a group belongs to. */
  readonly partitionOf: (groupId: string) => number
}

export class GroupMembership {
  readonly #config: GroupConfig
  readonly #runtime: CoordinatorRuntime<GroupShard>
  readonly #partitionOf: (groupId: string) => number

  constructor({ config, runtime, partitionOf }: GroupMembershipOptions) {
    this.#config = config
    this.#runtime = runtime
    this.#partitionOf = partitionOf
  }

  /** Waits for the others. The request's bytes are not needed any more once this has returned its promise. */
  joinGroup(request: JoinGroupRequest, client: GroupClient): Promise<JoinResponse> {
    const { groupId, memberId, sessionTimeoutMs } = request
    const refuse = (errorCode: number): JoinResponse => joinError(memberId, metadataError(errorCode))
    const { groupMinSessionTimeoutMs, groupMaxSessionTimeoutMs } = this.#config
    if (groupId === '') return Promise.resolve(refuse(ErrorCode.INVALID_GROUP_ID))
    if (sessionTimeoutMs < groupMinSessionTimeoutMs || sessionTimeoutMs > groupMaxSessionTimeoutMs) {
      return Promise.resolve(refuse(ErrorCode.INVALID_SESSION_TIMEOUT))
    }
    return this.#runtime.write(
      this.#partitionOf(groupId),
      ({ classic, consumer }) =>
        consumer.hasMembers(groupId) ? consumer.classicJoin(request, client) : classic.join(request, client),
      refuse,
    )
  }

  /** Waits for the leader. The request's bytes are not needed any more once this has returned its promise. */
  syncGroup(request: SyncGroupRequest): Promise<SyncResponse> {
    const { groupId } = request
    if (groupId === '') return Promise.resolve(syncError(ErrorCode.INVALID_GROUP_ID))
    return this.#runtime.write(
      this.#partitionOf(groupId),
      ({ classic, consumer }) =>
        consumer.hasMembers(groupId) ? consumer.classicSync(request) : classic.sync(request),
      // Old clients don't know COORDINATOR_LOAD_IN_PROGRESS here; whatever rebalance it was about is forgotten anyway.
      (errorCode) =>
        syncError(
          errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
            ? ErrorCode.REBALANCE_IN_PROGRESS
            : metadataError(errorCode),
        ),
    )
  }

  /** @returns an error code. While the group is loaded nobody is told that it is unknown. */
  heartbeat(request: HeartbeatRequest): Promise<number> {
    const { groupId } = request
    if (groupId === '') return Promise.resolve(ErrorCode.INVALID_GROUP_ID)
    return this.#runtime.read(
      this.#partitionOf(groupId),
      ({ classic, consumer }) =>
        consumer.hasMembers(groupId) ? consumer.classicHeartbeat(request) : classic.heartbeat(request),
      (errorCode) => (errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? ErrorCode.NONE : errorCode),
    )
  }

  /**
   * Members of a classic group have left also if the log doesn't take it that nobody remains: they are not in the group
   * any more.
   */
  leaveGroup(groupId: string, leaving: readonly LeavingMember[]): Promise<LeaveResponse> {
    const refuse = (errorCode: number): LeaveResponse => ({ errorCode, members: [] })
    if (groupId === '') return Promise.resolve(refuse(ErrorCode.INVALID_GROUP_ID))
    let left: LeaveResponse | undefined
    return this.#runtime.write(
      this.#partitionOf(groupId),
      ({ classic, consumer }) => {
        if (consumer.hasMembers(groupId)) return consumer.classicLeave(groupId, leaving)
        const { response, ...effects } = classic.leave(groupId, leaving)
        left = response
        return { ...effects, response }
      },
      (errorCode) => left ?? refuse(errorCode),
    )
  }
}
