/**
 * Until when members must have done what is expected of them. A member has one timer, whatever it is expected to do: a
 * deadline that moves on leaves the timer alone, which when it fires looks for the next one.
 *
 * Kept in memory only. After a load all begin anew.
 */
import type { Clock } from '../../../base/clock.ts'
import type { ShardTimers, TimerOutcome } from '../../runtime/shard-timers.ts'

/**
 * `session`: to be heard of. `rebalance`: to give up what it was told to. Of members of the classic protocol, `join`: to
 * send JoinGroup after it was told to; `sync`: to send SyncGroup after that.
 */
export type Deadline = 'session' | 'rebalance' | 'join' | 'sync'

interface MemberTimer {
  readonly groupId: string
  readonly memberId: string
  readonly timerName: string
  readonly dueMs: Map<Deadline, number>
  firesAtMs: number
}

export class MemberDeadlines {
  readonly #clock: Clock
  readonly #timers: ShardTimers
  readonly #onMissed: (groupId: string, memberId: string, deadline: Deadline) => TimerOutcome
  readonly #members = new Map<string, Map<string, MemberTimer>>()
  #timerCount = 0

  constructor(options: {
    clock: Clock
    timers: ShardTimers
    onMissed: (groupId: string, memberId: string, deadline: Deadline) => TimerOutcome
  }) {
    this.#clock = options.clock
    this.#timers = options.timers
    this.#onMissed = options.onMissed
  }

  set(groupId: string, memberId: string, deadline: Deadline, timeoutMs: number): void {
    const member = this.#getOrCreate(groupId, memberId)
    const dueMs = this.#clock.monotonicMs() + timeoutMs
    member.dueMs.set(deadline, dueMs)
    if (dueMs < member.firesAtMs) this.#arm(member, dueMs)
  }

  /** The first time it is expected counts. */
  setIfAbsent(groupId: string, memberId: string, deadline: Deadline, timeoutMs: number): void {
    if (this.#members.get(groupId)?.get(memberId)?.dueMs.has(deadline) === true) return
    this.set(groupId, memberId, deadline, timeoutMs)
  }

  clear(groupId: string, memberId: string, deadline: Deadline): void {
    this.#members.get(groupId)?.get(memberId)?.dueMs.delete(deadline)
  }

  /** The member is no more. */
  forget(groupId: string, memberId: string): void {
    const members = this.#members.get(groupId)
    const member = members?.get(memberId)
    if (members === undefined || member === undefined) return
    this.#timers.cancel(member.timerName)
    members.delete(memberId)
    if (members.size === 0) this.#members.delete(groupId)
  }

  #getOrCreate(groupId: string, memberId: string): MemberTimer {
    const members = this.#members.get(groupId) ?? new Map<string, MemberTimer>()
    this.#members.set(groupId, members)
    const known = members.get(memberId)
    if (known !== undefined) return known
    const timerName = `consumer-member-${++this.#timerCount}`
    const member = { groupId, memberId, timerName, dueMs: new Map(), firesAtMs: Number.POSITIVE_INFINITY }
    members.set(memberId, member)
    return member
  }

  #arm(member: MemberTimer, atMs: number): void {
    member.firesAtMs = atMs
    const delayMs = Math.max(0, atMs - this.#clock.monotonicMs())
    this.#timers.schedule(member.timerName, delayMs, () => this.#onTimer(member))
  }

  #onTimer(member: MemberTimer): TimerOutcome {
    member.firesAtMs = Number.POSITIVE_INFINITY
    const [next] = [...member.dueMs].sort(([, a], [, b]) => a - b)
    if (next === undefined) return undefined
    const [deadline, dueMs] = next
    if (dueMs > this.#clock.monotonicMs()) {
      this.#arm(member, dueMs)
      return undefined
    }
    this.forget(member.groupId, member.memberId)
    return this.#onMissed(member.groupId, member.memberId, deadline)
  }
}
