/**
 * A produce with acks=-1 whose records are written here, waiting until the high watermark has passed them on every
 * partition, or until the client's timeout.
 */
import type { AppendOutcome } from '../log/append-outcome.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { Partition } from './partition.ts'
import { DelayedOperation } from './purgatory.ts'

export interface ReplicatedAppend {
  readonly partition: Partition
  readonly outcome: AppendOutcome
  /** The partition's term in which the records were staged: in a later one they may have been cut off. */
  readonly term: number
}

export class DelayedProduce extends DelayedOperation {
  #waiting: readonly ReplicatedAppend[]
  readonly #respond: () => void

  constructor(appends: readonly ReplicatedAppend[], timeoutMs: number, respond: () => void) {
    super(timeoutMs)
    this.#waiting = appends
    this.#respond = respond
  }

  override tryComplete(): boolean {
    this.#waiting = this.#waiting.filter((append) => !isSettled(append))
    return this.#waiting.length === 0 && this.forceComplete()
  }

  /** What still waits has timed out: its records are written but not known to be replicated. */
  override onComplete(): void {
    for (const { outcome } of this.#waiting) outcome.errorCode = ErrorCode.REQUEST_TIMED_OUT
    this.#respond()
  }
}

/** Whether there is nothing more to wait for; writes the error into the outcome if it is one. */
function isSettled({ partition, outcome, term }: ReplicatedAppend): boolean {
  if (outcome.errorCode !== ErrorCode.NONE) return true
  if (!partition.isLeader || partition.term !== term) {
    outcome.errorCode = partition.unavailability || ErrorCode.NOT_LEADER_OR_FOLLOWER
    return true
  }
  if (partition.onlineLog.highWatermark <= outcome.lastOffset) return false
  if (partition.isUnderMinIsr) outcome.errorCode = ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND
  return true
}
