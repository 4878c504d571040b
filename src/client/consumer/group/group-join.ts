/**
 * The conversation by which a member of a classic group gets its partitions: JoinGroup, which is answered when all have
 * come; for the leader the assignment; SyncGroup. It waits for others, so it has a connection of its own and runs in the
 * background; what it brings is taken in the user's turn.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { JoinGroupRequest, JoinGroupResponse } from '../../../protocol/messages/11-join-group.ts'
import { SyncGroupRequest, SyncGroupResponse } from '../../../protocol/messages/14-sync-group.ts'
import { KafkaError } from '../../kafka-error.ts'
import { defineApi } from '../../network/api.ts'
import type { Cluster, TopicInfo } from '../../network/cluster.ts'
import type { AssignableTopic, GroupMemberSubscription, PartitionAssignor } from '../assignors/assignor.ts'
import type { TopicPartition } from '../topic-partition.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from './consumer-protocol.ts'

const JOIN_GROUP = defineApi(JoinGroupRequest, JoinGroupResponse)
const SYNC_GROUP = defineApi(SyncGroupRequest, SyncGroupResponse)
const PROTOCOL_TYPE = 'consumer'
const JOIN_VERSION_WITH_INSTANCES = 5
const SYNC_VERSION_WITH_INSTANCES = 3
/** The answer may come so much later than the rebalance is over. */
const JOIN_GRACE_MS = 5000

export interface GroupJoinOptions {
  readonly cluster: Cluster
  readonly groupId: string
  readonly groupInstanceId: string | null
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly rackId: string | undefined
  readonly assignors: readonly PartitionAssignor[]
}

/** As what we join. */
export interface JoinAs {
  readonly memberId: string
  readonly topics: readonly string[]
  readonly ownedPartitions: readonly TopicPartition[]
  /** In which we had these. */
  readonly generationId: number
  readonly reason: string
}

export interface Joined {
  readonly memberId: string
  readonly generationId: number
  readonly protocolName: string
  readonly isLeader: boolean
  /** Of the leader: what it is to compute the assignment from. */
  readonly members: readonly GroupMemberSubscription[]
  /** The group has its assignment from before; the leader need only look after the topics (KIP-814). */
  readonly skipsAssignment: boolean
}

export class GroupJoin {
  readonly #options: GroupJoinOptions

  constructor(options: GroupJoinOptions) {
    this.#options = options
  }

  /** Rejects with KafkaError; with MEMBER_ID_REQUIRED, `onMemberId` was told which. */
  async join(as: JoinAs, onMemberId: (memberId: string) => void): Promise<Joined> {
    const { cluster, groupId, groupInstanceId, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options
    const { memberId, reason } = as
    const response = await cluster.callCoordinator(
      'group',
      groupId,
      JOIN_GROUP,
      (version) => ({
        groupId,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        memberId,
        groupInstanceId: this.#instanceId(version, JOIN_VERSION_WITH_INSTANCES),
        protocolType: PROTOCOL_TYPE,
        protocols: this.#protocols(as),
        reason,
      }),
      { timeoutMs: this.#patienceMs, purpose: 'rebalance' },
    )
    const { errorCode } = response
    if (errorCode === ErrorCode.MEMBER_ID_REQUIRED) onMemberId(response.memberId)
    if (errorCode !== ErrorCode.NONE) {
      const who = groupInstanceId === null ? '' : ` as ${groupInstanceId}`
      throw KafkaError.of(errorCode, `joining group ${groupId}${who}`)
    }
    const isLeader = response.leader === response.memberId
    return {
      memberId: response.memberId,
      generationId: response.generationId,
      protocolName: response.protocolName ?? '',
      isLeader,
      members: isLeader ? response.members.map(decodeSubscription) : [],
      skipsAssignment: response.skipAssignment,
    }
  }

  /** Hands in what others get, if we are the leader, and returns what we get. */
  async sync(
    { generationId, memberId, protocolName }: Joined,
    assignments: ReadonlyMap<string, readonly TopicPartition[]>,
  ): Promise<TopicPartition[]> {
    const { cluster, groupId } = this.#options
    const response = await cluster.callCoordinator(
      'group',
      groupId,
      SYNC_GROUP,
      (version) => ({
        groupId,
        generationId,
        memberId,
        groupInstanceId: this.#instanceId(version, SYNC_VERSION_WITH_INSTANCES),
        protocolType: PROTOCOL_TYPE,
        protocolName,
        assignments: [...assignments].map(([id, partitions]) => ({
          memberId: id,
          assignment: encodeAssignment(partitions),
        })),
      }),
      { timeoutMs: this.#patienceMs, purpose: 'rebalance' },
    )
    if (response.errorCode !== ErrorCode.NONE) {
      throw KafkaError.of(response.errorCode, `getting the assignment of group ${groupId}`)
    }
    return decodeAssignment(response.assignment)
  }

  get #patienceMs(): number {
    const { rebalanceTimeoutMs, requestTimeoutMs } = this.#options
    return Math.max(rebalanceTimeoutMs + JOIN_GRACE_MS, requestTimeoutMs)
  }

  /** A broker that knows no static members can't be asked to have one. */
  #instanceId(version: number, firstVersion: number): string | null {
    const { groupInstanceId } = this.#options
    if (groupInstanceId === null || version >= firstVersion) return groupInstanceId
    throw new KafkaError('PROTOCOL', 'the broker has no static members (group.instance.id needs Kafka 2.3)')
  }

  #protocols({ topics, ownedPartitions, generationId }: JoinAs): { name: string; metadata: Buffer }[] {
    const { assignors, rackId } = this.#options
    return assignors.map((assignor) => ({
      name: assignor.name,
      metadata: encodeSubscription({
        topics,
        ownedPartitions,
        generationId,
        rackId,
        userData: assignor.subscriptionUserData?.(topics) ?? null,
      }),
    }))
  }
}

/** What the members want, of the topics that exist. */
export function assignableTopics(
  members: readonly GroupMemberSubscription[],
  { metadata }: Cluster,
): AssignableTopic[] {
  const names = new Set(members.flatMap(({ topics }) => topics))
  return [...names].flatMap((name) => {
    const info = metadata.topic(name)
    if (info === undefined || info.partitions.length === 0) return []
    const rackOf = (nodeId: number): string | null => metadata.broker(nodeId)?.rack ?? null
    return [assignableTopic(info, rackOf)]
  })
}

function assignableTopic(info: TopicInfo, rackOf: (nodeId: number) => string | null): AssignableTopic {
  const racks = info.partitions.map(({ replicas }) => [
    ...new Set(replicas.map(rackOf).filter((rack) => rack !== null)),
  ])
  return { topic: info.name, partitionCount: info.partitions.length, racks }
}
