import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ConsumerGroupHeartbeatRequest } from '../../../protocol/messages/68-consumer-group-heartbeat.ts'
import type { SimRandom } from '../../../simulator/sim-random.ts'
import type { GroupBench } from './group-bench.test.kit.ts'
import {
  difference,
  intersection,
  NO_PARTITIONS,
  type TopicPartitions,
  topicPartitionsOf,
  toWire,
} from './topic-partitions.ts'

/**
 * A consumer as KIP-848 wants it: it gives up what its assignment leaves out before it takes what is new, tells the
 * coordinator what it holds when that has changed, and begins anew, with nothing, when it is fenced. It may be slow to
 * give up, and may not hear an answer.
 */
export class SimConsumer {
  readonly memberId: string
  readonly instanceId: string | null
  readonly #bench: GroupBench
  readonly #random: SimRandom
  #topics: readonly string[]
  #regex: string
  #epoch = 0
  #target: TopicPartitions = NO_PARTITIONS
  /** What it reads. */
  owned: TopicPartitions = NO_PARTITIONS
  #reported: TopicPartitions | undefined
  #isSubscriptionKnown = false

  constructor(
    bench: GroupBench,
    random: SimRandom,
    who: { memberId: string; instanceId: string | null; topics: readonly string[]; regex: string },
  ) {
    this.#bench = bench
    this.#random = random
    this.memberId = who.memberId
    this.instanceId = who.instanceId
    this.#topics = who.topics
    this.#regex = who.regex
  }

  get isInGroup(): boolean {
    return this.#epoch > 0
  }

  get isSettled(): boolean {
    return difference(this.#target, this.owned).size === 0 && difference(this.owned, this.#target).size === 0
  }

  subscribe(topics: readonly string[], regex: string): void {
    this.#topics = topics
    this.#regex = regex
    this.#isSubscriptionKnown = false
  }

  /** Steps towards its target, and a heartbeat. */
  async beat({ mayFail }: { mayFail: boolean }): Promise<void> {
    this.#step(mayFail)
    const isFull = this.#epoch === 0 || this.#reported === undefined || (mayFail && this.#random.oneIn(5))
    const isChanged = this.#reported === undefined || !isSame(this.#reported, this.owned)
    const saysTopics = isFull || !this.#isSubscriptionKnown
    const response = await this.#send({
      memberEpoch: this.#epoch,
      rebalanceTimeoutMs: isFull ? 30_000 : -1,
      subscribedTopicNames: saysTopics ? [...this.#topics] : null,
      subscribedTopicRegex: saysTopics ? this.#regex : null,
      topicPartitions: isFull || isChanged ? toWire(this.owned) : null,
    })
    if (mayFail && this.#random.oneIn(8)) {
      // It heard nothing, and says everything the next time.
      this.#reported = undefined
      return
    }
    const { errorCode = 0, memberEpoch = 0, assignment } = response
    if (errorCode !== ErrorCode.NONE) return this.#beginAnew(errorCode)
    this.#epoch = memberEpoch
    this.#reported = this.owned
    if (saysTopics) this.#isSubscriptionKnown = true
    if (assignment != null) {
      const told = (assignment.topicPartitions ?? []).map(({ topicId = '', partitions = [] }) => ({
        topicId,
        partitions: [...partitions],
      }))
      this.#target = topicPartitionsOf(told)
      this.#step(mayFail)
    }
  }

  async leave(memberEpoch: -1 | -2): Promise<void> {
    await this.#send({ memberEpoch })
    this.owned = NO_PARTITIONS
    this.#epoch = 0
  }

  #step(maySlow: boolean): void {
    const surplus = difference(this.owned, this.#target)
    if (surplus.size > 0 && maySlow && this.#random.oneIn(3)) return
    this.owned = intersection(this.owned, this.#target)
    // What it is to give up goes first; the coordinator is told, and then it takes what is new.
    if (surplus.size === 0) this.owned = this.#target
  }

  #beginAnew(errorCode: number): void {
    this.#reported = undefined
    if (errorCode !== ErrorCode.FENCED_MEMBER_EPOCH && errorCode !== ErrorCode.UNKNOWN_MEMBER_ID) {
      if (errorCode !== ErrorCode.GROUP_ID_NOT_FOUND) return
    }
    this.owned = NO_PARTITIONS
    this.#target = NO_PARTITIONS
    this.#epoch = 0
    this.#isSubscriptionKnown = false
  }

  #send(fields: Partial<ConsumerGroupHeartbeatRequest> & { memberEpoch: number }) {
    const request: ConsumerGroupHeartbeatRequest = {
      groupId: 'g',
      memberId: this.memberId,
      instanceId: this.instanceId,
      rackId: null,
      rebalanceTimeoutMs: -1,
      subscribedTopicNames: null,
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: null,
      ...fields,
    }
    const client = { apiVersion: 1, clientId: 'sim', clientHost: '/127.0.0.1' }
    return this.#bench.answered(this.#bench.consumer.heartbeat(request, client))
  }
}

function isSame(a: TopicPartitions, b: TopicPartitions): boolean {
  return difference(a, b).size === 0 && difference(b, a).size === 0
}
