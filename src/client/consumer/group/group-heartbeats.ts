/** Keeps a member of a classic group alive, by a timer of its own, for as long as the user asks for records now and then. */
import type { Timer } from '../../../base/clock.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { HeartbeatRequest, HeartbeatResponse } from '../../../protocol/messages/12-heartbeat.ts'
import { KafkaError } from '../../kafka-error.ts'
import { defineApi } from '../../network/api.ts'
import type { Cluster } from '../../network/cluster.ts'
import type { GroupMember } from './group-offsets.ts'

const HEARTBEAT = defineApi(HeartbeatRequest, HeartbeatResponse)
const VERSION_WITH_INSTANCES = 3

export interface GroupHeartbeatsOptions {
  readonly cluster: Cluster
  readonly groupId: string
  readonly intervalMs: number
  readonly retryBackoffMs: number
  readonly requestTimeoutMs: number
  readonly pollIntervalMaxMs: number
  readonly pollAgeMs: () => number
  readonly member: () => GroupMember
  /** What the coordinator said to a heartbeat of `member`. */
  readonly onError: (errorCode: number, member: GroupMember) => void
  /** The user has not asked for records for too long. */
  readonly onPollTimeout: () => void
}

export class GroupHeartbeats {
  readonly #options: GroupHeartbeatsOptions
  #timer: Timer | undefined
  #isRunning = false
  #isUnderWay = false

  constructor(options: GroupHeartbeatsOptions) {
    this.#options = options
  }

  start(): void {
    this.#isRunning = true
    this.#schedule(this.#options.intervalMs)
  }

  stop(): void {
    this.#isRunning = false
    this.#timer?.cancel()
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel()
    if (this.#isRunning) this.#timer = this.#options.cluster.clock.after(delayMs, () => this.#onTimer())
  }

  #onTimer(): void {
    const { intervalMs, pollAgeMs, pollIntervalMaxMs, onPollTimeout } = this.#options
    this.#schedule(intervalMs)
    if (pollAgeMs() > pollIntervalMaxMs) onPollTimeout()
    else if (!this.#isUnderWay) void this.#beat()
  }

  async #beat(): Promise<void> {
    const { cluster, groupId, requestTimeoutMs, retryBackoffMs, onError } = this.#options
    const member = this.#options.member()
    this.#isUnderWay = true
    try {
      const request = (version: number) => ({
        groupId,
        generationId: member.generationId,
        memberId: member.memberId,
        groupInstanceId: version >= VERSION_WITH_INSTANCES ? member.groupInstanceId : null,
      })
      const options = { timeoutMs: requestTimeoutMs }
      const { errorCode } = await cluster.callCoordinator('group', groupId, HEARTBEAT, request, options)
      if (errorCode === ErrorCode.NONE || !this.#isRunning) return
      if (errorCode === ErrorCode.NOT_COORDINATOR || errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE) {
        cluster.forgetCoordinator('group', groupId)
        this.#schedule(retryBackoffMs)
      } else onError(errorCode, member)
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      // Whoever is gone for too long learns it from the coordinator when that can be reached again.
      this.#schedule(retryBackoffMs)
    } finally {
      this.#isUnderWay = false
    }
  }
}
