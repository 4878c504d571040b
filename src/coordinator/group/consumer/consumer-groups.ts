/** The consumer groups of one shard: their requests, their members' deadlines, and the records they are rebuilt from. */

import { assert } from '../../../base/assert.ts'
import type { ConsumerGroupTimes } from '../../../metadata/config/group-configs.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { JoinGroupRequest } from '../../../protocol/messages/11-join-group.ts'
import type { HeartbeatRequest } from '../../../protocol/messages/12-heartbeat.ts'
import type { SyncGroupRequest } from '../../../protocol/messages/14-sync-group.ts'
import type { ConsumerGroupHeartbeatRequest } from '../../../protocol/messages/68-consumer-group-heartbeat.ts'
import type { CoordinatorRecord } from '../../runtime/coordinator-record.ts'
import type { ShardContext, ShardResult } from '../../runtime/coordinator-shard.ts'
import type { TimerOutcome } from '../../runtime/shard-timers.ts'
import type { JoinResponse, SyncResponse } from '../classic/classic-member.ts'
import type { GroupClient } from '../classic/group-client.ts'
import type { LeaveResult, LeavingMember } from '../classic/leave-group.ts'
import type { GroupConfig } from '../group-config.ts'
import type { GroupRegistry } from '../group-registry.ts'
import type { Assignors } from './assignors/assignors.ts'
import { classicHeartbeat, classicJoin, classicLeave, classicSync } from './classic-members.ts'
import type { ClusterTopics } from './cluster-topics.ts'
import { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerGroupContext } from './consumer-group-context.ts'
import { type DescribedConsumerGroup, describeGroup } from './consumer-group-description.ts'
import { consumerGroupHeartbeat, type HeartbeatResult } from './consumer-group-heartbeat.ts'
import type { ConsumerGroupMember } from './consumer-group-member.ts'
import { changeOf } from './consumer-group-records.ts'
import { GroupTopics } from './group-topics.ts'
import { type Deadline, MemberDeadlines } from './member-deadlines.ts'
import { removeMembers } from './member-removal.ts'

/** A member whose removal the log refused is tried again. */
const RETRY_MS = 500

export interface ConsumerGroupsOptions {
  readonly shard: ShardContext
  readonly config: GroupConfig
  readonly timesOf: (groupId: string) => ConsumerGroupTimes
  readonly groups: GroupRegistry
  readonly assignors: Assignors
  readonly topics: ClusterTopics
  /** The group is a classic one now, and has lost a member: it is to rebalance. */
  readonly onDowngraded: (groupId: string) => void
}

export class ConsumerGroups {
  readonly #context: ConsumerGroupContext
  #isLoaded = false

  constructor(options: ConsumerGroupsOptions) {
    const { shard, groups, topics } = options
    const { clock, timers } = shard
    this.#context = {
      ...options,
      groupTopics: new GroupTopics(shard, groups, topics),
      deadlines: new MemberDeadlines({ clock, timers, onMissed: (...missed) => this.#onMissed(...missed) }),
    }
  }

  // --- Requests ------------------------------------------------------------------------------------------------------

  heartbeat(request: ConsumerGroupHeartbeatRequest, client: GroupClient): HeartbeatResult {
    return consumerGroupHeartbeat(this.#context, request, client)
  }

  /** Undefined: there is no such consumer group. */
  describe(groupId: string): DescribedConsumerGroup | undefined {
    const group = this.#get(groupId)
    return group && describeGroup(group, this.#context)
  }

  // --- Requests of the classic protocol ------------------------------------------------------------------------------

  /** Whether JoinGroup, SyncGroup, Heartbeat and LeaveGroup of the group belong here: it is a consumer group with members. */
  hasMembers(groupId: string): boolean {
    return (this.#get(groupId)?.members.size ?? 0) > 0
  }

  classicJoin(request: JoinGroupRequest, client: GroupClient): ShardResult<JoinResponse> {
    return classicJoin(this.#context, this.#getExisting(request.groupId), request, client)
  }

  classicSync(request: SyncGroupRequest): ShardResult<SyncResponse> {
    return classicSync(this.#context, this.#getExisting(request.groupId), request)
  }

  /** @returns an error code. */
  classicHeartbeat(request: HeartbeatRequest): number {
    return classicHeartbeat(this.#context, this.#getExisting(request.groupId), request)
  }

  classicLeave(groupId: string, leaving: readonly LeavingMember[]): LeaveResult {
    return classicLeave(this.#context, this.#getExisting(groupId), leaving)
  }

  #getExisting(groupId: string): ConsumerGroup {
    const group = this.#get(groupId)
    assert(group !== undefined, `${groupId} is a consumer group`)
    return group
  }

  #get(groupId: string): ConsumerGroup | undefined {
    const group = this.#context.groups.get(groupId)
    return group instanceof ConsumerGroup ? group : undefined
  }

  // --- State ---------------------------------------------------------------------------------------------------------

  /** Throws DecodeError. */
  replay(record: CoordinatorRecord): void {
    const { groupId, change } = changeOf(record)
    const { groups, groupTopics, deadlines } = this.#context
    const isTombstone = record.value === null
    const known = this.#get(groupId)
    if (isTombstone && change.kind === 'member') deadlines.forget(groupId, change.memberId)
    if (isTombstone && change.kind === 'groupEpoch') {
      groupTopics.forget(groupId)
      if (known !== undefined) groups.remove(groupId)
      return
    }
    // Of a group that is gone already.
    if (known === undefined && isTombstone) return
    const group = known ?? new ConsumerGroup(groupId)
    if (known === undefined) groups.put(group)
    group.apply(change)
    if (isTombstone || !this.#isLoaded) return
    if (change.kind === 'member') this.#expectHeartbeats(group.groupId, group.members.get(change.memberId)!)
    if (change.kind === 'assignment') this.#expectRevocation(group, group.members.get(change.memberId)!)
  }

  /** The members may have been silent while nobody listened: all that is expected of them begins anew. */
  onLoaded(): void {
    this.#isLoaded = true
    for (const group of this.#context.groups.values()) {
      if (!(group instanceof ConsumerGroup)) continue
      const { groupId, members } = group
      this.#context.shard.logger.info(`Loaded consumer group ${groupId} with ${members.size} members.`)
      for (const member of members.values()) {
        this.#expectHeartbeats(groupId, member)
        this.#expectRevocation(group, member)
      }
    }
  }

  onUnloaded(): void {
    for (const group of this.#context.groups.values()) {
      if (!(group instanceof ConsumerGroup)) continue
      const { groupId, groupEpoch } = group
      this.#context.shard.logger.info(
        `[GroupId=${groupId}] Unloaded group metadata for group epoch ${groupEpoch}.`,
      )
    }
  }

  // --- Deadlines -----------------------------------------------------------------------------------------------------

  /** From now on, if not before: a member that an upgrade brings may never have been heard of. */
  #expectHeartbeats(groupId: string, { memberId, metadata }: ConsumerGroupMember): void {
    const timeoutMs = metadata.classic?.sessionTimeoutMs ?? this.#context.timesOf(groupId).sessionTimeoutMs
    this.#context.deadlines.setIfAbsent(groupId, memberId, 'session', timeoutMs)
  }

  /** Members of the classic protocol are hurried by their own means: they are to join again. */
  #expectRevocation(
    { groupId }: ConsumerGroup,
    { memberId, metadata, assignment }: ConsumerGroupMember,
  ): void {
    const { deadlines } = this.#context
    if (assignment.state === 'UNREVOKED_PARTITIONS' && metadata.classic === null) {
      deadlines.set(groupId, memberId, 'rebalance', metadata.rebalanceTimeoutMs)
    } else deadlines.clear(groupId, memberId, 'rebalance')
  }

  #onMissed(groupId: string, memberId: string, deadline: Deadline): TimerOutcome {
    const group = this.#get(groupId)
    const member = group?.members.get(memberId)
    if (group === undefined || member === undefined) return undefined
    this.#context.shard.logger.info(
      `[GroupId ${groupId}] Member ${memberId} fenced from the group because ${reasonOf(deadline, member)}.`,
    )
    const { records, onSettled } = removeMembers(this.#context, group, [member])
    return {
      records,
      response: undefined,
      onSettled: (errorCode) => {
        onSettled?.(errorCode)
        if (errorCode !== ErrorCode.NONE) this.#context.deadlines.set(groupId, memberId, 'session', RETRY_MS)
      },
    }
  }
}

function reasonOf(deadline: Deadline, { metadata, assignment }: ConsumerGroupMember): string {
  switch (deadline) {
    case 'session':
      return 'the member session expired'
    case 'rebalance':
      return `it failed to transition from epoch ${assignment.memberEpoch} within ${metadata.rebalanceTimeoutMs}ms`
    case 'join':
      return 'the classic member failed to join within the rebalance timeout'
    case 'sync':
      return 'the member failed to sync within timeout'
  }
}
