/**
 * Gives up members that are not heard of for their session timeout, and ids that nobody joined with.
 *
 * Being heard of moves the deadline on the member; the timer that then fires too early is set again for the rest. So a
 * heartbeat sets no timer unless the deadline comes nearer, which it does when a first JoinGroup is answered. The timer
 * of a member that waits in a request is let run out, and set again with the answer.
 */
import type { Clock } from '../../../base/clock.ts'
import type { ShardTimers, TimerOutcome } from '../../runtime/shard-timers.ts'
import type { ClassicGroup } from './classic-group.ts'
import type { ClassicMember } from './classic-member.ts'

export interface MemberSessionsOptions {
  readonly clock: Clock
  readonly timers: ShardTimers
  readonly onMemberExpired: (group: ClassicGroup, member: ClassicMember) => TimerOutcome
  readonly onPendingMemberExpired: (group: ClassicGroup, memberId: string) => TimerOutcome
}

export class MemberSessions {
  readonly #options: MemberSessionsOptions
  #timerCount = 0

  constructor(options: MemberSessionsOptions) {
    this.#options = options
  }

  /** The member was heard of: it has its session timeout, or the time given, from now on. */
  extend(group: ClassicGroup, member: ClassicMember, timeoutMs: number = member.sessionTimeoutMs): void {
    const nowMs = this.#options.clock.monotonicMs()
    member.extendSession(nowMs, timeoutMs)
    if (member.sessionDeadlineMs < member.sessionTimerDueMs) this.#arm(group, member, nowMs)
  }

  /** The member is out of the group. */
  end(member: ClassicMember): void {
    if (member.sessionTimerName !== undefined) this.#options.timers.cancel(member.sessionTimerName)
    member.sessionTimerDueMs = Number.POSITIVE_INFINITY
  }

  extendPending(group: ClassicGroup, memberId: string, timeoutMs: number): void {
    this.#options.timers.schedule(pendingTimer(group, memberId), timeoutMs, () =>
      group.pendingMembers.has(memberId) ? this.#options.onPendingMemberExpired(group, memberId) : undefined,
    )
  }

  /** Somebody has joined with the id, or never will. */
  endPending(group: ClassicGroup, memberId: string): void {
    this.#options.timers.cancel(pendingTimer(group, memberId))
  }

  #arm(group: ClassicGroup, member: ClassicMember, nowMs: number): void {
    member.sessionTimerName ??= `classic-session-${++this.#timerCount}`
    member.sessionTimerDueMs = member.sessionDeadlineMs
    this.#options.timers.schedule(member.sessionTimerName, member.sessionDeadlineMs - nowMs, () =>
      this.#onTimer(group, member),
    )
  }

  #onTimer(group: ClassicGroup, member: ClassicMember): TimerOutcome {
    member.sessionTimerDueMs = Number.POSITIVE_INFINITY
    if (group.member(member.memberId) !== member || member.isExcusedFromHeartbeats) return undefined
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs >= member.sessionDeadlineMs) return this.#options.onMemberExpired(group, member)
    this.#arm(group, member, nowMs)
    return undefined
  }
}

function pendingTimer({ groupId }: ClassicGroup, memberId: string): string {
  return `classic-pending-${groupId.length}-${groupId}-${memberId}`
}
