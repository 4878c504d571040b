/**
 * Membership by the classic protocol, in which the members' leader computes who reads what.
 *
 *   out → joining → in ⇄ joining       a member that the coordinator has given up is out, and what it had is lost
 *
 * Eager: before each rebalance all partitions are given up. Cooperative (KIP-429): members keep what they have, give up
 * what the new assignment takes from them, and join once more, so that others can have it.
 *
 * Invariants
 * - Partitions come and go in the user's turn only (`poll`), never while he works on what he was handed.
 * - What an outdated attempt to join brings is passed over.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { LeaveGroupRequest, LeaveGroupResponse } from '../../../protocol/messages/13-leave-group.ts'
import { errorChannel } from '../../diagnostics.ts'
import { KafkaError } from '../../kafka-error.ts'
import { defineApi } from '../../network/api.ts'
import { backoffMs, sleep } from '../../network/backoff.ts'
import type { AssignedPartition } from '../assigned-partition.ts'
import type { PartitionAssignor, RebalanceProtocol } from '../assignors/assignor.ts'
import { TopicInterest } from '../topic-interest.ts'
import { nameOf, PartitionMap, type TopicPartition } from '../topic-partition.ts'
import { GroupHeartbeats } from './group-heartbeats.ts'
import { assignableTopics, GroupJoin, type Joined } from './group-join.ts'
import type { GroupMember } from './group-offsets.ts'
import type { Membership, MembershipContext } from './membership.ts'

const LEAVE_GROUP = defineApi(LeaveGroupRequest, LeaveGroupResponse)
const LEAVE_VERSION_WITH_MEMBERS = 3
const NO_GENERATION = -1

interface Outcome {
  readonly joined: Joined
  readonly topics: readonly string[]
  readonly partitions: readonly TopicPartition[]
}

export class ClassicMembership implements Membership {
  readonly #context: MembershipContext
  readonly #assignors: readonly PartitionAssignor[]
  readonly #protocol: RebalanceProtocol
  readonly #groupJoin: GroupJoin
  readonly #heartbeats: GroupHeartbeats
  readonly #groupTopics: TopicInterest
  #memberId = ''
  #generationId = NO_GENERATION
  /** In which we were given what we have. */
  #ownedGenerationId = NO_GENERATION
  /** Why the group is to be joined (again); undefined: it need not be. */
  #reason: string | undefined = 'the consumer has subscribed'
  #isJoining = false
  #outcome: Outcome | undefined
  /** The coordinator has given us up. */
  #isLost = false
  #joinedTopics: readonly string[] = []
  /** Of the leader: how the topics were when it assigned them. */
  #assignedTopics: string | undefined
  #leadTopics: readonly string[] = []
  /** Counts attempts to join, and whatever makes those before it void. */
  #attempt = 0

  /** Throws KafkaError (INVALID_CONFIG). */
  constructor(context: MembershipContext, assignors: readonly PartitionAssignor[]) {
    const { cluster, groupId, settings, backoff } = context
    this.#context = context
    this.#assignors = assignors
    this.#protocol = commonProtocol(assignors)
    this.#groupTopics = new TopicInterest(cluster)
    this.#groupJoin = new GroupJoin({
      cluster,
      groupId,
      groupInstanceId: settings.groupInstanceId ?? null,
      sessionTimeoutMs: settings.sessionTimeoutMs,
      rebalanceTimeoutMs: settings.maxPollIntervalMs,
      requestTimeoutMs: settings.requestTimeoutMs,
      rackId: settings.clientRack || undefined,
      assignors,
    })
    this.#heartbeats = new GroupHeartbeats({
      cluster,
      groupId,
      intervalMs: settings.heartbeatIntervalMs,
      retryBackoffMs: backoff.minMs,
      requestTimeoutMs: Math.min(settings.requestTimeoutMs, settings.sessionTimeoutMs),
      pollIntervalMaxMs: settings.maxPollIntervalMs,
      pollAgeMs: context.pollAgeMs,
      member: () => this.#identity(),
      onError: (errorCode, member) => this.onMemberError(errorCode, member),
      onPollTimeout: () => this.#onPollTimeout(),
    })
  }

  get isDue(): boolean {
    return this.#outcome !== undefined || this.#isLost || (this.#reason !== undefined && !this.#isJoining)
  }

  member(): GroupMember {
    if (this.#generationId !== NO_GENERATION) return this.#identity()
    const message = 'Offset commit cannot be completed since the consumer is not part of an active group'
    throw new KafkaError('UNKNOWN_MEMBER_ID', message, { errno: ErrorCode.UNKNOWN_MEMBER_ID })
  }

  #identity(): GroupMember {
    return {
      generationId: this.#generationId,
      memberId: this.#memberId,
      groupInstanceId: this.#context.settings.groupInstanceId ?? null,
      isOfNewProtocol: false,
    }
  }

  async poll(): Promise<void> {
    if (this.#isLost) await this.#giveUp()
    const outcome = this.#outcome
    if (outcome !== undefined) {
      this.#outcome = undefined
      await this.#takeIn(outcome)
    }
    if (this.#reason === undefined || this.#isJoining) return
    this.#isJoining = true
    await this.#prepare()
    // Meanwhile the coordinator may have given us up.
    if (this.#isJoining) void this.#join(++this.#attempt)
  }

  onSubscription(): void {
    const topics = this.#topics()
    if (!isSame(topics, this.#joinedTopics)) this.#rejoin('the subscription has changed')
  }

  onMetadata(): void {
    // What changes while we join is looked at when that is over.
    if (this.#outcome !== undefined) return
    if (this.#context.subscription().needsAllTopics) this.onSubscription()
    if (this.#assignedTopics !== undefined && this.#assignedTopics !== this.#snapshot()) {
      this.#rejoin('topics of the group have changed')
    }
  }

  onMemberError(errorCode: number, member: GroupMember): void {
    // Of a member that we are not any more.
    if (member.generationId !== this.#generationId || member.memberId !== this.#memberId) return
    switch (errorCode) {
      case ErrorCode.REBALANCE_IN_PROGRESS:
        this.#rejoin('the group is rebalancing')
        return
      case ErrorCode.ILLEGAL_GENERATION:
        this.#lose('the generation is over')
        return
      case ErrorCode.UNKNOWN_MEMBER_ID:
        this.#memberId = ''
        this.#lose('the group does not know this member')
        return
      case ErrorCode.FENCED_INSTANCE_ID:
        this.#memberId = ''
        this.#lose('another member has taken the place')
        this.#context.onError(KafkaError.of(errorCode, `group.instance.id ${member.groupInstanceId}`))
        return
      default:
        if (errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) return
        this.#context.onError(KafkaError.of(errorCode, `group ${this.#context.groupId}`))
    }
  }

  async leave(timeoutMs: number): Promise<void> {
    const { handover } = this.#context
    if (this.#isLost) await this.#giveUp()
    else await handover.revoke(handover.owned(), this.#memberId)
    const member = this.#identity()
    this.#stop()
    this.#groupTopics.replace([])
    this.#memberId = ''
    this.#reason = undefined
    this.#isLost = false
    // A static member's place is kept for it until its session ends (KIP-345).
    if (member.memberId !== '' && member.groupInstanceId === null) {
      await this.#sendLeave(member, 'the consumer unsubscribed or was closed', timeoutMs)
    }
  }

  // --- In the user's turn --------------------------------------------------------------------------------------------

  async #giveUp(): Promise<void> {
    this.#isLost = false
    this.#ownedGenerationId = NO_GENERATION
    await this.#context.handover.lose(this.#context.handover.owned(), this.#memberId)
  }

  /** What is given up before others can be asked what they have. */
  async #prepare(): Promise<void> {
    const { handover } = this.#context
    const owned = handover.owned()
    const topics = new Set(this.#topics())
    const surrendered = this.#protocol === 'eager' ? owned : owned.filter(({ topic }) => !topics.has(topic))
    await handover.revoke(surrendered, this.#memberId)
  }

  async #takeIn({ joined, topics, partitions }: Outcome): Promise<void> {
    const { handover } = this.#context
    this.#joinedTopics = topics
    this.#ownedGenerationId = joined.generationId
    if (!this.#isMeant(partitions, topics)) {
      this.#rejoin('the assignment has topics that are not subscribed to')
      return
    }
    const assigned = new PartitionMap<TopicPartition>()
    for (const each of partitions) assigned.set(each.topic, each.partition, each)
    const surrendered = handover.owned().filter((each) => !assigned.has(each.topic, each.partition))
    const owned = new PartitionMap<AssignedPartition>()
    for (const each of handover.owned()) owned.set(each.topic, each.partition, each)
    const added = partitions.filter((each) => !owned.has(each.topic, each.partition))
    await handover.revoke(surrendered, this.#memberId)
    if (surrendered.length > 0 && this.#protocol === 'cooperative') {
      this.#rejoin(`${surrendered.map(nameOf).join(', ')} are free for others`)
    }
    this.#assignorOf(joined.protocolName).onAssignment?.(partitions, joined.generationId)
    await handover.assign(added, this.#memberId)
    // The subscription, or the topics, may have changed since we joined.
    this.onSubscription()
    this.onMetadata()
  }

  #isMeant(partitions: readonly TopicPartition[], topics: readonly string[]): boolean {
    return partitions.every(({ topic }) => topics.includes(topic))
  }

  // --- Joining -------------------------------------------------------------------------------------------------------

  async #join(attempt: number): Promise<void> {
    const { backoff, cluster } = this.#context
    for (let failures = 0; attempt === this.#attempt; failures++) {
      try {
        await this.#joinOnce(attempt)
        return
      } catch (error) {
        if (attempt !== this.#attempt) return
        if (!this.#mayTryAgain(error)) return
        if (error instanceof KafkaError && error.retriable)
          await sleep(cluster.clock, backoffMs(backoff, failures + 1, cluster.random))
      }
    }
  }

  async #joinOnce(attempt: number): Promise<void> {
    const { handover } = this.#context
    const topics = this.#topics()
    const joined = await this.#groupJoin.join(
      {
        memberId: this.#memberId,
        topics,
        ownedPartitions: handover.owned(),
        generationId: this.#ownedGenerationId,
        reason: this.#reason ?? '',
      },
      (memberId) => {
        if (attempt === this.#attempt) this.#memberId = memberId
      },
    )
    if (attempt !== this.#attempt) return
    this.#memberId = joined.memberId
    this.#generationId = joined.generationId
    this.#reason = undefined
    this.#heartbeats.start()
    const assignments = joined.isLeader ? await this.#assign(joined) : new Map<string, TopicPartition[]>()
    if (attempt !== this.#attempt) return
    const partitions = await this.#groupJoin.sync(joined, assignments)
    if (attempt !== this.#attempt) return
    this.#isJoining = false
    this.#outcome = { joined, topics, partitions }
    this.#context.onDue()
  }

  /** The leader's part. */
  async #assign(joined: Joined): Promise<ReadonlyMap<string, readonly TopicPartition[]>> {
    const { cluster } = this.#context
    this.#leadTopics = [...new Set(joined.members.flatMap(({ topics }) => topics))].sort()
    this.#groupTopics.replace(this.#leadTopics)
    await cluster.refresh()
    this.#assignedTopics = this.#snapshot()
    if (joined.skipsAssignment) return new Map()
    const topics = assignableTopics(joined.members, cluster)
    const { members } = joined
    const assignments = this.#assignorOf(joined.protocolName).assign({ topics, members })
    return new Map(members.map(({ memberId }) => [memberId, assignments.get(memberId) ?? []]))
  }

  /** False: the attempt is over, and the next turn starts another one, or the user is told. */
  #mayTryAgain(error: unknown): boolean {
    const { cluster, groupId, onError } = this.#context
    if (!(error instanceof KafkaError)) {
      // An assignor of the user's own has failed.
      this.#fail(error)
      return false
    }
    switch (error.code) {
      case 'MEMBER_ID_REQUIRED':
      case 'REBALANCE_IN_PROGRESS':
        return true
      case 'NOT_COORDINATOR':
      case 'COORDINATOR_NOT_AVAILABLE':
        cluster.forgetCoordinator('group', groupId)
        return true
      case 'UNKNOWN_MEMBER_ID':
        this.#memberId = ''
        this.#lose(error.message)
        return false
      case 'ILLEGAL_GENERATION':
        this.#lose(error.message)
        return false
      case 'FENCED_INSTANCE_ID':
        this.#memberId = ''
        this.#lose(error.message)
        onError(error)
        return false
      default:
        if (error.retriable) return true
        this.#fail(error)
        return false
    }
  }

  /** The user is told; if he goes on, so do we. */
  #fail(error: unknown): void {
    this.#isJoining = false
    this.#reason ??= 'the last attempt to join failed'
    this.#context.onError(error)
  }

  // --- Leaving -------------------------------------------------------------------------------------------------------

  #onPollTimeout(): void {
    const member = this.#identity()
    const { settings } = this.#context
    this.#memberId = ''
    this.#lose('the consumer was not asked for records for longer than max.poll.interval.ms')
    this.#tell(
      new KafkaError(
        'TIMEOUT',
        `no records were asked for in ${settings.maxPollIntervalMs} ms (max.poll.interval.ms): the group goes on without this consumer`,
      ),
    )
    if (member.groupInstanceId !== null) return
    void this.#sendLeave(member, 'consumer poll timeout has expired', settings.requestTimeoutMs)
  }

  async #sendLeave({ memberId }: GroupMember, reason: string, timeoutMs: number): Promise<void> {
    const { cluster, groupId } = this.#context
    const request = (version: number) =>
      version >= LEAVE_VERSION_WITH_MEMBERS
        ? { groupId, members: [{ memberId, reason }] }
        : { groupId, memberId }
    try {
      await cluster.callCoordinator('group', groupId, LEAVE_GROUP, request, { timeoutMs })
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

  #lose(reason: string): void {
    this.#stop()
    this.#isLost = true
    this.#reason = reason
    this.#context.onDue()
  }

  /** Nothing that is under way counts any more. */
  #stop(): void {
    this.#attempt += 1
    this.#heartbeats.stop()
    this.#isJoining = false
    this.#outcome = undefined
    this.#generationId = NO_GENERATION
    this.#assignedTopics = undefined
  }

  /** Whoever is joining learns by that itself what is new. */
  #rejoin(reason: string): void {
    if (this.#reason !== undefined || this.#isJoining || this.#generationId === NO_GENERATION) return
    this.#reason = reason
    this.#context.onDue()
  }

  // --- Topics --------------------------------------------------------------------------------------------------------

  #topics(): string[] {
    return this.#context.subscription().topics(this.#context.cluster.metadata)
  }

  #snapshot(): string {
    const { metadata } = this.#context.cluster
    return this.#leadTopics.map((topic) => `${topic}:${metadata.topic(topic)?.partitions.length ?? 0}`).join()
  }

  #assignorOf(name: string): PartitionAssignor {
    const assignor = this.#assignors.find((each) => each.name === name)
    if (assignor !== undefined) return assignor
    throw new KafkaError(
      'INCONSISTENT_GROUP_PROTOCOL',
      `the group has chosen the assignor ${name}, which is unknown here`,
    )
  }
}

/** The best that all of them can do. Throws KafkaError (INVALID_CONFIG). */
function commonProtocol(assignors: readonly PartitionAssignor[]): RebalanceProtocol {
  const supports = (protocol: RebalanceProtocol) =>
    assignors.every(({ protocols = ['eager'] }) => protocols.includes(protocol))
  if (supports('cooperative')) return 'cooperative'
  if (supports('eager')) return 'eager'
  const names = assignors.map(({ name }) => name).join(', ')
  throw new KafkaError('INVALID_CONFIG', `the assignors ${names} have no rebalance protocol in common`)
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i])
}
