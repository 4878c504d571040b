/**
 * Leads groups through rebalances: gathers the members, begins the generation, and gives those up that don't come along.
 *
 * A rebalance of a group with members waits until all of them have joined again, and all ids given out are used, but no
 * longer than the longest rebalance timeout; dynamic members that have not joined by then are out. One that begins with
 * an empty group waits for `group.initial.rebalance.delay.ms`, prolonged while members come, since starting up takes
 * them time (KIP-134).
 *
 * Invariant: a rebalance is under way exactly while the join timer of the group is set.
 */

import { GROUP_METADATA_TOPIC } from '../../../metadata/topic-names.ts'
import { ErrorCode, errorName } from '../../../protocol/error-codes.ts'
import { NO_RECORDS, type ShardContext, type ShardResult } from '../../runtime/coordinator-shard.ts'
import type { GroupConfig } from '../group-config.ts'
import type { ClassicGroup } from './classic-group.ts'
import { type ClassicMember, shownInstance, syncError } from './classic-member.ts'
import { groupMetadataRecord } from './group-metadata-records.ts'
import { MemberSessions } from './member-sessions.ts'

/** What a change of a group has for the log. */
export type Effects = Omit<ShardResult<void>, 'response'> & { readonly response: undefined }

export const NO_EFFECTS: Effects = { records: NO_RECORDS, response: undefined }

export class GroupRebalance {
  readonly sessions: MemberSessions
  readonly #context: ShardContext
  readonly #config: GroupConfig

  constructor(context: ShardContext, config: GroupConfig) {
    this.#context = context
    this.#config = config
    this.sessions = new MemberSessions({
      clock: context.clock,
      timers: context.timers,
      onMemberExpired: (group, member) => this.#onMemberExpired(group, member),
      onPendingMemberExpired: (group, memberId) => this.#onPendingMemberExpired(group, memberId),
    })
  }

  // --- Members go ----------------------------------------------------------------------------------------------------

  /** Takes the member out; the others are to rebalance. `conclude` is to follow. */
  removeMember(group: ClassicGroup, member: ClassicMember, reason: string): void {
    this.#takeOut(group, member)
    if (group.state === 'Stable' || group.state === 'CompletingRebalance') this.prepare(group, reason)
  }

  /** Nobody is awaited under this id any more. `conclude` is to follow. */
  removePendingMember(group: ClassicGroup, memberId: string): void {
    group.pendingMembers.delete(memberId)
    this.sessions.endPending(group, memberId)
  }

  #takeOut(group: ClassicGroup, member: ClassicMember): void {
    group.remove(member)
    this.sessions.end(member)
  }

  #onMemberExpired(group: ClassicGroup, member: ClassicMember): Effects {
    const { memberId } = member
    this.#context.logger.info(
      `Member ${memberId} in group ${group.groupId} has failed, removing it from the group`,
    )
    this.removeMember(group, member, `removing member ${memberId} on heartbeat expiration`)
    return this.conclude(group)
  }

  #onPendingMemberExpired(group: ClassicGroup, memberId: string): Effects {
    this.#context.logger.info(
      `Pending member ${memberId} in group ${group.groupId} has been removed after session timeout expiration.`,
    )
    this.removePendingMember(group, memberId)
    return this.conclude(group)
  }

  // --- Joining -------------------------------------------------------------------------------------------------------

  /** Has the members join again, unless they are about it already. `conclude` is to follow. */
  prepare(group: ClassicGroup, reason: string): void {
    if (group.state === 'PreparingRebalance') return
    for (const member of group.members()) {
      const waited = member.answerSync(syncError(ErrorCode.REBALANCE_IN_PROGRESS))
      if (waited) this.sessions.extend(group, member)
    }
    this.#endSync(group)
    group.isInitialRebalance = group.state === 'Empty'
    group.transitionTo('PreparingRebalance')
    this.#context.logger.info(
      `Preparing to rebalance group ${group.groupId} in state ${group.state} with old generation ` +
        `${group.generationId} (${this.#partitionName}) (reason: ${reason})`,
    )
    if (group.isInitialRebalance) {
      const delayMs = this.#config.groupInitialRebalanceDelayMs
      this.#delayInitialJoin(group, delayMs, Math.max(group.rebalanceTimeoutMs - delayMs, 0))
    } else this.#scheduleJoinEnd(group)
  }

  /** After anything that may have been the last thing that a rebalance waited for. */
  conclude(group: ClassicGroup): Effects {
    const isComplete =
      group.state === 'PreparingRebalance' && !group.isInitialRebalance && group.hasAllMembersJoined
    return isComplete ? this.#completeJoin(group) : NO_EFFECTS
  }

  #delayInitialJoin(group: ClassicGroup, delayMs: number, remainingMs: number): void {
    this.#context.timers.schedule(joinTimer(group), delayMs, () => {
      if (!group.hasNewMember || remainingMs === 0) return this.#completeJoin(group)
      group.hasNewMember = false
      const nextDelayMs = Math.min(this.#config.groupInitialRebalanceDelayMs, remainingMs)
      this.#delayInitialJoin(group, nextDelayMs, Math.max(remainingMs - delayMs, 0))
      return undefined
    })
  }

  #scheduleJoinEnd(group: ClassicGroup): void {
    this.#context.timers.schedule(joinTimer(group), group.rebalanceTimeoutMs, () => this.#completeJoin(group))
  }

  /** All have joined, or the time is over. */
  #completeJoin(group: ClassicGroup): Effects {
    this.#context.timers.cancel(joinTimer(group))
    this.#removeAbsentMembers(group)
    if (group.memberCount === 0) return this.#becomeEmpty(group)
    if (!this.#electLeader(group)) {
      this.#scheduleJoinEnd(group)
      return NO_EFFECTS
    }
    group.beginGeneration()
    this.#context.logger.info(
      `Stabilized group ${group.groupId} generation ${group.generationId} (${this.#partitionName}) ` +
        `with ${group.memberCount} members`,
    )
    for (const member of group.members()) {
      member.answerJoin(group.joinResponse(member))
      member.isNew = false
      this.sessions.extend(group, member)
      group.pendingSync.add(member)
    }
    this.#context.timers.schedule(syncTimer(group), group.rebalanceTimeoutMs, () => this.#onSyncOver(group))
    return NO_EFFECTS
  }

  /** A static member may be late: it keeps its place while its session lasts. */
  #removeAbsentMembers(group: ClassicGroup): void {
    const absent = group.members().filter((member) => !member.isAwaitingJoin && !member.isStatic)
    if (absent.length === 0) return
    const ids = absent.map(({ memberId }) => memberId).join(', ')
    this.#context.logger.info(
      `Group ${group.groupId} removed dynamic members who haven't joined: Set(${ids})`,
    )
    for (const member of absent) this.#takeOut(group, member)
  }

  #electLeader(group: ClassicGroup): boolean {
    const former = group.member(group.leaderId ?? '')
    const elected = group.electJoinedLeader()
    if (elected === undefined) {
      this.#context.logger.error(
        `Group ${group.groupId} could not complete rebalance because no members rejoined`,
      )
    } else if (elected !== former) {
      const instance = shownInstance(former?.groupInstanceId ?? null)
      this.#context.logger.info(
        `Group leader [member.id: ${former?.memberId}, group.instance.id: ${instance}] failed to join ` +
          `before rebalance timeout, while new leader ${elected} was elected.`,
      )
    }
    return elected !== undefined
  }

  #becomeEmpty(group: ClassicGroup): Effects {
    const metadata = group.emptyMetadata()
    this.#context.logger.info(
      `Group ${group.groupId} with generation ${metadata.generation} is now empty (${this.#partitionName})`,
    )
    return {
      records: [groupMetadataRecord(group.groupId, metadata)],
      response: undefined,
      onSettled: (errorCode) => {
        if (errorCode === ErrorCode.NONE) return
        // After a restart the former generation would be back, until its members' sessions are over.
        this.#context.logger.warn(
          `Failed to write empty metadata for group ${group.groupId}: ${errorName(errorCode)}`,
        )
        const isRefused = group.state === 'PreparingRebalance' && group.generationId < metadata.generation
        if (isRefused) group.restore(metadata)
      },
    }
  }

  // --- Syncing -------------------------------------------------------------------------------------------------------

  /** The member has asked for its assignment. */
  onSynced(group: ClassicGroup, member: ClassicMember): void {
    group.pendingSync.delete(member)
    if (group.pendingSync.size === 0) this.#endSync(group)
  }

  #endSync(group: ClassicGroup): void {
    group.pendingSync.clear()
    this.#context.timers.cancel(syncTimer(group))
  }

  /** Some members joined, and then did not ask for their assignment. */
  #onSyncOver(group: ClassicGroup): Effects {
    if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return NO_EFFECTS
    const absent = [...group.pendingSync]
    const ids = `Set(${absent.map(({ memberId }) => memberId).join(', ')})`
    for (const member of absent) this.#takeOut(group, member)
    this.#context.logger.debug(
      `Group ${group.groupId} removed members who haven't sent their sync request: ${ids}`,
    )
    this.prepare(group, `Removing ${ids} on pending sync request expiration`)
    return this.conclude(group)
  }

  // --- Groups come and go --------------------------------------------------------------------------------------------

  /** The group is deleted, or made anew: nothing of it is timed any more. */
  forget(group: ClassicGroup, errorCode: number): void {
    for (const memberId of group.pendingMembers) this.sessions.endPending(group, memberId)
    for (const member of group.members()) this.sessions.end(member)
    this.#context.timers.cancel(joinTimer(group))
    this.#context.timers.cancel(syncTimer(group))
    group.end(errorCode)
  }

  get #partitionName(): string {
    return `${GROUP_METADATA_TOPIC}-${this.#context.partition}`
  }
}

function joinTimer({ groupId }: ClassicGroup): string {
  return `classic-join-${groupId}`
}

function syncTimer({ groupId }: ClassicGroup): string {
  return `classic-sync-${groupId}`
}
