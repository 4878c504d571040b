/**
 * Membership by the new protocol (KIP-848): the broker computes who reads what, and tells each member by way of its
 * heartbeats what it is to have; the member lets go and takes up accordingly, and reports what it has.
 *
 *   out (epoch 0 on the way) → in (epoch > 0)      a member that is fenced loses what it had, and joins anew
 *
 * Invariants
 * - Partitions come and go in the user's turn only (`poll`).
 * - One heartbeat is under way at a time. Each carries what the broker has not acknowledged: all of it after a failure.
 */
import type { Timer } from '../../../base/clock.ts'
import { randomUuid } from '../../../base/random.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../../protocol/messages/68-consumer-group-heartbeat.ts'
import type { Draft } from '../../../protocol/schema.ts'
import { errorChannel } from '../../diagnostics.ts'
import { KafkaError } from '../../kafka-error.ts'
import { defineApi } from '../../network/api.ts'
import { backoffMs } from '../../network/backoff.ts'
import { byTopic, PartitionMap, type TopicPartition } from '../topic-partition.ts'
import type { GroupMember } from './group-offsets.ts'
import type { Membership, MembershipContext } from './membership.ts'

const HEARTBEAT = defineApi(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse)
const VERSION_WITH_OWN_IDS = 1
const JOIN_EPOCH = 0
const LEAVE_EPOCH = -1
/** Of a static member that comes back. */
const PAUSE_EPOCH = -2

type HeartbeatDraft = Draft<typeof ConsumerGroupHeartbeatRequest>
type TopicIdPartitions = { readonly topicId: string; readonly partitions: readonly number[] }[]

export class ConsumerMembership implements Membership {
  readonly #context: MembershipContext
  #memberId = ''
  #epoch = JOIN_EPOCH
  #state: 'new' | 'in' | 'lost' | 'left' = 'new'
  /** What the broker wants us to have; undefined: nothing was said since it was taken up. */
  #target: TopicIdPartitions | undefined
  /** Some topics of the target are not known by name. */
  #isTargetUnknown = false
  /** What the broker has been told, as texts to compare with. */
  #toldTopics = ''
  #toldOwned = ''
  #intervalMs = 0
  #timer: Timer | undefined
  #isUnderWay = false
  #isUrgent = false
  #failureCount = 0
  /** Answers to heartbeats of before don't count. */
  #life = 0

  constructor(context: MembershipContext) {
    this.#context = context
  }

  get isDue(): boolean {
    if (this.#state === 'new' || this.#state === 'lost') return true
    return this.#target !== undefined && !this.#isTargetUnknown
  }

  member(): GroupMember {
    if (this.#state === 'in' && this.#epoch > JOIN_EPOCH) return this.#identity()
    const message = 'Offset commit cannot be completed since the consumer is not part of an active group'
    throw new KafkaError('UNKNOWN_MEMBER_ID', message, { errno: ErrorCode.UNKNOWN_MEMBER_ID })
  }

  #identity(): GroupMember {
    return {
      generationId: this.#epoch,
      memberId: this.#memberId,
      groupInstanceId: this.#context.settings.groupInstanceId ?? null,
      isOfNewProtocol: true,
    }
  }

  async poll(): Promise<void> {
    const { handover } = this.#context
    if (this.#state === 'lost') {
      this.#state = 'new'
      await handover.lose(handover.owned(), this.#memberId)
    }
    if (this.#state === 'new') this.#begin()
    if (this.#target !== undefined && !this.#isTargetUnknown) await this.#reconcile(this.#target)
  }

  onSubscription(): void {
    if (this.#state === 'in') this.#beatNow()
  }

  onMetadata(): void {
    if (this.#context.subscription().needsAllTopics && this.#subscribed() !== this.#toldTopics)
      this.onSubscription()
    if (!this.#isTargetUnknown) return
    this.#isTargetUnknown = false
    this.#context.onDue()
  }

  /** Whether we are still members the next heartbeat tells. */
  onMemberError(_errorCode: number, member: GroupMember): void {
    if (member.generationId === this.#epoch && this.#state === 'in') this.#beatNow()
  }

  async leave(timeoutMs: number): Promise<void> {
    const { handover } = this.#context
    if (this.#state === 'lost') await handover.lose(handover.owned(), this.#memberId)
    else await handover.revoke(handover.owned(), this.#memberId)
    const member = this.#identity()
    const wasIn = this.#state === 'in'
    this.#end('left')
    if (wasIn && member.memberId !== '') await this.#sendLeave(member, timeoutMs)
  }

  // --- In the user's turn --------------------------------------------------------------------------------------------

  #begin(): void {
    this.#state = 'in'
    this.#epoch = JOIN_EPOCH
    this.#life += 1
    this.#toldTopics = ''
    this.#toldOwned = ''
    this.#target = undefined
    this.#beatNow()
  }

  async #reconcile(target: TopicIdPartitions): Promise<void> {
    const { handover, cluster } = this.#context
    const life = this.#life
    const { partitions, isWhole } = this.#resolved(target)
    const wanted = new PartitionMap<TopicPartition>()
    for (const each of partitions) wanted.set(each.topic, each.partition, each)
    const owned = new PartitionMap<TopicPartition>()
    for (const each of handover.owned()) owned.set(each.topic, each.partition, each)
    const surrendered = handover.owned().filter((each) => !wanted.has(each.topic, each.partition))
    const added = partitions.filter((each) => !owned.has(each.topic, each.partition))
    await handover.revoke(surrendered, this.#memberId)
    if (life !== this.#life) return
    if (added.length > 0) await handover.assign(added, this.#memberId)
    if (life !== this.#life) return
    if (this.#target === target) {
      this.#target = isWhole ? undefined : target
      this.#isTargetUnknown = !isWhole
    }
    if (!isWhole) cluster.requestRefresh()
    this.#beatNow()
  }

  /** As far as the names of the topics are known. */
  #resolved(target: TopicIdPartitions): { partitions: TopicPartition[]; isWhole: boolean } {
    const { metadata } = this.#context.cluster
    let isWhole = true
    const partitions = target.flatMap(({ topicId, partitions: numbers }) => {
      const topic = metadata.topicName(topicId)
      if (topic === undefined) isWhole = false
      return topic === undefined ? [] : numbers.map((partition) => ({ topic, partition }))
    })
    return { partitions, isWhole }
  }

  // --- Heartbeats ----------------------------------------------------------------------------------------------------

  #beatNow(): void {
    if (this.#isUnderWay) this.#isUrgent = true
    else this.#schedule(0)
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel()
    this.#timer = this.#context.cluster.clock.after(delayMs, () => {
      if (this.#state !== 'in' || this.#isUnderWay) return
      const { pollAgeMs, settings } = this.#context
      if (pollAgeMs() > settings.maxPollIntervalMs) this.#onPollTimeout()
      else void this.#beat()
    })
  }

  async #beat(): Promise<void> {
    const { cluster, groupId, settings, backoff } = this.#context
    const life = this.#life
    const topics = this.#subscribed()
    const owned = this.#owned()
    const ownedText = JSON.stringify(owned)
    this.#isUnderWay = true
    this.#isUrgent = false
    let nextMs = 0
    try {
      const body = (version: number): HeartbeatDraft => this.#request(version, topics, owned, ownedText)
      const timeoutMs = settings.requestTimeoutMs
      const response = await cluster.callCoordinator('group', groupId, HEARTBEAT, body, { timeoutMs })
      if (life !== this.#life) return
      if (response.errorCode === ErrorCode.NONE) {
        this.#toldTopics = topics
        this.#toldOwned = ownedText
        this.#onAnswer(response)
        nextMs = this.#isUrgent ? 0 : this.#intervalMs
      } else {
        this.#toldTopics = ''
        this.#toldOwned = ''
        nextMs = this.#onError(KafkaError.of(response.errorCode, `group ${groupId}`, response.errorMessage))
      }
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      if (life !== this.#life) return
      this.#toldTopics = ''
      this.#toldOwned = ''
      if (!error.retriable) this.#fail(explained(error))
      this.#failureCount += 1
      nextMs = backoffMs(backoff, this.#failureCount, cluster.random)
    } finally {
      this.#isUnderWay = false
      if (this.#state === 'in') this.#schedule(nextMs)
    }
  }

  #request(version: number, topics: string, owned: TopicIdPartitions, ownedText: string): HeartbeatDraft {
    const { groupId, settings, cluster } = this.#context
    if (this.#memberId === '' && version >= VERSION_WITH_OWN_IDS) this.#memberId = randomUuid(cluster.random)
    const isJoining = this.#epoch === JOIN_EPOCH
    const base: HeartbeatDraft = {
      groupId,
      memberId: this.#memberId,
      memberEpoch: this.#epoch,
      instanceId: settings.groupInstanceId ?? null,
      ...(isJoining || ownedText !== this.#toldOwned
        ? { topicPartitions: owned.map((each) => ({ ...each, partitions: [...each.partitions] })) }
        : {}),
    }
    if (!isJoining && topics === this.#toldTopics) return base
    return { ...base, ...this.#description(version) }
  }

  /** Who we are and what we want, when we join and when that has changed. */
  #description(version: number): HeartbeatDraft {
    const { settings, subscription, cluster } = this.#context
    const { brokerPattern } = subscription()
    if (brokerPattern !== undefined && version < VERSION_WITH_OWN_IDS) {
      throw new KafkaError('PROTOCOL', 'the broker matches no patterns (that needs Kafka 4.0): give a RegExp')
    }
    return {
      rackId: settings.clientRack || null,
      rebalanceTimeoutMs: settings.maxPollIntervalMs,
      subscribedTopicNames: subscription().topics(cluster.metadata),
      ...(version >= VERSION_WITH_OWN_IDS ? { subscribedTopicRegex: brokerPattern ?? '' } : {}),
      serverAssignor: settings.groupRemoteAssignor ?? null,
    }
  }

  #onAnswer(response: ConsumerGroupHeartbeatResponse): void {
    this.#failureCount = 0
    if (response.memberId !== null) this.#memberId = response.memberId
    this.#epoch = response.memberEpoch
    this.#intervalMs = response.heartbeatIntervalMs
    if (response.assignment === null) return
    this.#target = response.assignment.topicPartitions
    this.#isTargetUnknown = false
    this.#context.onDue()
  }

  /** When to try again. */
  #onError(error: KafkaError): number {
    const { cluster, groupId, backoff } = this.#context
    this.#failureCount += 1
    switch (error.errno) {
      case ErrorCode.FENCED_MEMBER_EPOCH:
      case ErrorCode.UNKNOWN_MEMBER_ID:
        this.#end('lost')
        return 0
      case ErrorCode.NOT_COORDINATOR:
      case ErrorCode.COORDINATOR_NOT_AVAILABLE:
        cluster.forgetCoordinator('group', groupId)
        break
      default:
        if (!error.retriable) this.#fail(error)
    }
    return backoffMs(backoff, this.#failureCount, cluster.random)
  }

  /** The user is told; if he goes on, we begin anew. */
  #fail(error: KafkaError): void {
    this.#end('lost')
    this.#context.onError(error)
  }

  #onPollTimeout(): void {
    const { settings } = this.#context
    const member = this.#identity()
    this.#end('lost')
    this.#tell(
      new KafkaError(
        'TIMEOUT',
        `no records were asked for in ${settings.maxPollIntervalMs} ms (max.poll.interval.ms): the group goes on without this consumer`,
      ),
    )
    void this.#sendLeave(member, settings.requestTimeoutMs)
  }

  #end(state: 'lost' | 'left'): void {
    this.#state = state
    this.#life += 1
    this.#epoch = JOIN_EPOCH
    this.#target = undefined
    this.#timer?.cancel()
    if (state === 'lost') this.#context.onDue()
  }

  async #sendLeave({ memberId, groupInstanceId }: GroupMember, timeoutMs: number): Promise<void> {
    const { cluster, groupId } = this.#context
    const memberEpoch = groupInstanceId === null ? LEAVE_EPOCH : PAUSE_EPOCH
    const request = { groupId, memberId, memberEpoch, instanceId: groupInstanceId }
    try {
      await cluster.callCoordinator('group', groupId, HEARTBEAT, request, { timeoutMs })
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      this.#tell(error)
    }
  }

  #tell(error: KafkaError): void {
    if (errorChannel.hasSubscribers) {
      errorChannel.publish({ clientId: this.#context.cluster.clientId, error })
    }
  }

  #subscribed(): string {
    const { subscription, cluster } = this.#context
    return JSON.stringify([subscription().topics(cluster.metadata), subscription().brokerPattern ?? ''])
  }

  #owned(): TopicIdPartitions {
    const { handover, cluster } = this.#context
    return [...byTopic(handover.owned())].flatMap(([topic, partitions]) => {
      const topicId = cluster.metadata.topic(topic)?.topicId
      return topicId === undefined
        ? []
        : [{ topicId, partitions: partitions.map(({ partition }) => partition) }]
    })
  }
}

function explained(error: KafkaError): KafkaError {
  if (error.code !== 'PROTOCOL') return error
  const message = `The cluster does not support the new CONSUMER group protocol (${error.message}). Set group.protocol=classic to go on.`
  return new KafkaError('PROTOCOL', message, { cause: error })
}
