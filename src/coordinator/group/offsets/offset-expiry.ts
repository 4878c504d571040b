/**
 * Takes away offsets that have expired, and groups that have neither members nor offsets any more: every
 * `offsets.retention.check.interval.ms`, group by group, in slices. The next slice begins when the records of the one
 * before are safe, so that however much expires at once, other requests are served in between and the log keeps up.
 */
import type { Logger } from '../../../base/logger.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { CoordinatorRecord } from '../../runtime/coordinator-record.ts'
import type { ShardTimers, TimerOutcome } from '../../runtime/shard-timers.ts'
import type { Group } from '../group.ts'
import type { OffsetManager } from './offset-manager.ts'
import { offsetTombstone } from './offset-records.ts'

/** Of one slice: what is written, and what is looked at (groups and offsets). */
const TOMBSTONES_MAX = 1000
const LOOKS_MAX = 20_000
const TIMER = 'offset-expiry'

export interface OffsetExpiryOptions {
  readonly offsets: OffsetManager
  readonly groups: { get(groupId: string): Group | undefined; values(): Iterable<Group> }
  readonly timers: ShardTimers
  readonly checkIntervalMs: number
  readonly logger: Logger
}

export class OffsetExpiry {
  readonly #offsets: OffsetManager
  readonly #groups: OffsetExpiryOptions['groups']
  readonly #timers: ShardTimers
  readonly #checkIntervalMs: number
  readonly #logger: Logger
  /** The groups that this round has not come to; those that come and go meanwhile may be met or missed. */
  #rest: Iterator<Group> | undefined
  /** The id of a group that had more to expire than fitted into the slice. */
  #unfinished: string | undefined
  #tombstoneCount = 0

  constructor({ offsets, groups, timers, checkIntervalMs, logger }: OffsetExpiryOptions) {
    this.#offsets = offsets
    this.#groups = groups
    this.#timers = timers
    this.#checkIntervalMs = checkIntervalMs
    this.#logger = logger
  }

  start(): void {
    this.#schedule(this.#checkIntervalMs)
  }

  #schedule(delayMs: number): void {
    this.#timers.schedule(TIMER, delayMs, () => this.#slice())
  }

  #slice(): TimerOutcome {
    this.#rest ??= this.#groups.values()[Symbol.iterator]()
    const records: CoordinatorRecord[] = []
    let lookCount = 0
    let isDone = false
    while (!isDone && lookCount < LOOKS_MAX && records.length < TOMBSTONES_MAX) {
      const group = this.#nextGroup()
      if (group === undefined) isDone = true
      else lookCount += 1 + this.#expire(group, records)
    }
    this.#tombstoneCount += records.length
    if (records.length === 0) {
      this.#goOn(isDone)
      return undefined
    }
    const onSettled = (errorCode: number): void => this.#goOn(isDone || errorCode !== ErrorCode.NONE)
    return { records, response: undefined, isAtomic: false, onSettled }
  }

  #nextGroup(): Group | undefined {
    const unfinished = this.#unfinished === undefined ? undefined : this.#groups.get(this.#unfinished)
    this.#unfinished = undefined
    if (unfinished !== undefined) return unfinished
    const next = this.#rest!.next()
    return next.done === true ? undefined : next.value
  }

  /** @returns how many offsets the group has. */
  #expire(group: Group, records: CoordinatorRecord[]): number {
    const { groupId } = group
    const offsetCount = this.#offsets.countOf(groupId)
    const countMax = TOMBSTONES_MAX - records.length
    const expired = this.#offsets.expired(group, countMax)
    for (const key of expired) records.push(offsetTombstone(key))
    if (expired.length === countMax) {
      this.#unfinished = groupId
      return offsetCount
    }
    const isBare = expired.length === offsetCount && !this.#offsets.hasPending(groupId)
    if (isBare && group.validateDelete() === ErrorCode.NONE) records.push(...group.tombstones())
    return offsetCount
  }

  #goOn(isRoundOver: boolean): void {
    if (!isRoundOver) {
      this.#schedule(0)
      return
    }
    if (this.#tombstoneCount > 0) {
      this.#logger.info(
        `Generated ${this.#tombstoneCount} tombstone records while cleaning up group metadata.`,
      )
    }
    this.#rest = undefined
    this.#unfinished = undefined
    this.#tombstoneCount = 0
    this.#schedule(this.#checkIntervalMs)
  }
}
