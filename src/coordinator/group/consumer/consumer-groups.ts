/** The consumer groups of one shard: their requests, their members' deadlines, and the records they are rebuilt from. */
import type { ConsumerGroupHeartbeatRequest } from '../../../protocol/messages/68-consumer-group-heartbeat.ts'
import type { CoordinatorRecord } from '../../runtime/coordinator-record.ts'
import type { ShardContext } from '../../runtime/coordinator-shard.ts'
import type { TimerOutcome } from '../../runtime/shard-timers.ts'
import type { GroupClient } from '../classic/group-client.ts'
import type { GroupConfig } from '../group-config.ts'
import type { GroupRegistry } from '../group-registry.ts'
import type { Assignors } from './assignors/assignors.ts'
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
  readonly groups: GroupRegistry
  readonly assignors: Assignors
  readonly topics: ClusterTopics
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
    // Of a group that is gone already.
    if (known === undefined && isTombstone) return
    const group = known ?? new ConsumerGroup(groupId)
    if (known === undefined) groups.put(group)
    group.apply(change)
    switch (change.kind) {
      case 'groupEpoch':
        if (!isTombstone) return
        groups.remove(groupId)
        groupTopics.forget(groupId)
        return
      case 'member':
        if (isTombstone) deadlines.forget(groupId, change.memberId)
        return
      case 'assignment':
        if (!isTombstone && this.#isLoaded) this.#expectRevocation(group, group.members.get(change.memberId)!)
    }
  }

  /** The members may have been silent while nobody listened: all that is expected of them begins anew. */
  onLoaded(): void {
    this.#isLoaded = true
    for (const group of this.#context.groups.values()) {
      if (!(group instanceof ConsumerGroup)) continue
      const { groupId, members } = group
      this.#context.shard.logger.info(`Loaded consumer group ${groupId} with ${members.size} members.`)
      for (const member of members.values()) {
        this.#extendSession(groupId, member)
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

  #extendSession(groupId: string, { memberId, metadata }: ConsumerGroupMember): void {
    const timeoutMs = metadata.classic?.sessionTimeoutMs ?? this.#context.config.groupConsumerSessionTimeoutMs
    this.#context.deadlines.set(groupId, memberId, 'session', timeoutMs)
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
    return {
      ...removeMembers(this.#context, group, [member]),
      response: undefined,
      onSettled: () => {
        if (group.members.get(memberId) !== member) return
        this.#context.deadlines.set(groupId, memberId, 'session', RETRY_MS)
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
