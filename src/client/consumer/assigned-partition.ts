/**
 * A partition that a consumer reads, and where it stands.
 *
 *   committed → (reset →) valid ⇄ validating        seek and the loss of an offset lead back
 *
 * Invariant: `position` is the next offset to hand out, `fetchOffset` the next one to fetch; between them lies what is
 * buffered.
 */
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { type Backoff, backoffMs } from '../network/backoff.ts'
import type { OffsetReset } from '../options/consumer-options.ts'
import type { TopicPartition } from './topic-partition.ts'

export type PositionState =
  /** It is to be where the group has committed. */
  | 'committed'
  /** It is to be looked up, by `reset`. */
  | 'reset'
  /** There is a new leader, whose log may not hold what the former one had (KIP-320). */
  | 'validating'
  | 'valid'

export class AssignedPartition implements TopicPartition {
  readonly topic: string
  readonly partition: number
  state: PositionState = 'committed'
  reset: OffsetReset | undefined
  position = -1
  /** Of the leader that wrote what stands before `position`. */
  positionEpoch: number | undefined
  fetchOffset = -1
  /** The leader's, when it was looked at last. */
  leaderEpoch = -1
  isPaused = false
  /** The user has not been told yet that it is his, or is being told that it is not any more. */
  isHandedOver = false
  /** It is not ours any more. */
  isGone = false
  /** Not to be asked for before, since so many attempts have failed in a row. */
  retryAtMs = 0
  failureCount = 0
  /** A closer replica that may be read from, until `preferredUntilMs` (KIP-392). */
  preferredReplica = -1
  preferredUntilMs = 0
  /** What was fetched and not handed out. Kept by FetchBuffer. */
  bufferedChunkCount = 0
  bufferedBytes = 0
  highWatermark = -1
  lastStableOffset = -1

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic
    this.partition = partition
  }

  get isFetchable(): boolean {
    return this.state === 'valid' && !this.isPaused && !this.isHandedOver && !this.isGone
  }

  /** What is buffered must be dropped, too. */
  moveTo(offset: number, leaderEpoch: number | undefined): void {
    this.state = 'valid'
    this.reset = undefined
    this.position = offset
    this.positionEpoch = leaderEpoch
    this.fetchOffset = offset
    this.onSuccess()
  }

  resetTo(reset: OffsetReset): void {
    this.state = 'reset'
    this.reset = reset
    this.position = -1
    this.positionEpoch = undefined
    this.fetchOffset = -1
    this.onSuccess()
  }

  onSuccess(): void {
    this.retryAtMs = 0
    this.failureCount = 0
  }

  onFailure(backoff: Backoff, { clock, random }: { readonly clock: Clock; readonly random: Random }): void {
    this.failureCount += 1
    this.retryAtMs = clock.monotonicMs() + backoffMs(backoff, this.failureCount, random)
  }
}
