/**
 * What groups are made of, alike for both protocols: a coordinator is asked for consumer groups first (KIP-848), and for
 * what is none as a classic one.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DescribeGroupsRequest, DescribeGroupsResponse } from '../../protocol/messages/15-describe-groups.ts'
import {
  ConsumerGroupDescribeRequest,
  ConsumerGroupDescribeResponse,
} from '../../protocol/messages/69-consumer-group-describe.ts'
import { decodeAssignment, decodeSubscription } from '../consumer/group/consumer-protocol.ts'
import type { TopicPartition } from '../consumer/topic-partition.ts'
import { KafkaError } from '../kafka-error.ts'
import { defineApi } from '../network/api.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { Outcome } from '../outcomes.ts'
import { type AclOperation, authorizedOperations } from './acl-words.ts'
import { inOrder, outcomeOf } from './answers.ts'
import type { GroupState } from './groups.ts'
import { checkNames } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { coordinatorOf } from './routes.ts'

const CONSUMER_GROUP_DESCRIBE = defineApi(ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse)
const DESCRIBE_GROUPS = defineApi(DescribeGroupsRequest, DescribeGroupsResponse, [0, 6])
const CONSUMER_PROTOCOL_TYPE = 'consumer'
const DEAD = 'Dead'
const MEMBER_TYPES: Readonly<Record<number, 'classic' | 'consumer'>> = { 0: 'classic', 1: 'consumer' }

export interface DescribeGroupsOptions extends AdminCallOptions {
  readonly includeAuthorizedOperations?: boolean | undefined
}

export interface GroupMember {
  readonly memberId: string
  /** Of a static member. */
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  /** What it speaks: members of both may be in a consumer group (KIP-848). Null: the broker does not tell. */
  readonly protocol: 'classic' | 'consumer' | null
  /** Null, here and below: the group's protocol has no such thing, or what the member said is not a consumer's. */
  readonly memberEpoch: number | null
  readonly rackId: string | null
  readonly subscribedTopics: readonly string[] | null
  readonly subscribedTopicRegex: string | null
  readonly assignment: readonly TopicPartition[] | null
  /** What it shall have once others have given it up. */
  readonly targetAssignment: readonly TopicPartition[] | null
  /** Of a classic group: what the member said as it joined, and what the leader gave it. */
  readonly metadataBytes: Buffer | null
  readonly assignmentBytes: Buffer | null
}

export interface GroupDescription {
  readonly groupId: string
  readonly type: 'classic' | 'consumer'
  readonly state: GroupState
  /** `consumer` for groups of consumers, whatever their type. */
  readonly protocolType: string
  /** By which the partitions are distributed: `range`, `uniform`, ... Empty before that is agreed on. */
  readonly assignor: string
  /** Of a consumer group. */
  readonly groupEpoch: number | null
  readonly assignmentEpoch: number | null
  /** The broker's id. */
  readonly coordinator: number
  readonly members: readonly GroupMember[]
  /** What the one who asks may do; null: not asked for, or not told. */
  readonly authorizedOperations: readonly AclOperation[] | null
}

/** A group that is not there is GROUP_ID_NOT_FOUND, however old the broker is. */
export async function describeGroups(
  requester: Requester,
  groupIds: readonly string[],
  { includeAuthorizedOperations = false, timeoutMs }: DescribeGroupsOptions,
): Promise<GroupDescription[]> {
  checkNames('groupIds', groupIds)
  const nameOf = (groupId: string): string => groupId
  return requester.each<string, GroupDescription>({
    what: 'describeGroups',
    things: groupIds,
    nameOf,
    route: coordinatorOf(requester.cluster, 'group', nameOf),
    timeoutMs,
    call: async (connection, things) => {
      const described = new Map<string, Outcome<GroupDescription>>()
      if (connection.apis!.newest(CONSUMER_GROUP_DESCRIBE) !== undefined) {
        await describeConsumerGroups(connection, things, includeAuthorizedOperations, described)
      }
      const left = things.filter((groupId) => isLeft(described.get(groupId)))
      if (left.length > 0)
        await describeClassicGroups(connection, left, includeAuthorizedOperations, described)
      return inOrder(things, nameOf, described)
    },
  })
}

/** No consumer group, or the broker has none. */
function isLeft(outcome: Outcome<GroupDescription> | undefined): boolean {
  if (!(outcome instanceof KafkaError)) return outcome === undefined
  return outcome.code === 'GROUP_ID_NOT_FOUND' || outcome.code === 'UNSUPPORTED_VERSION'
}

async function describeConsumerGroups(
  connection: BrokerConnection,
  groupIds: readonly string[],
  includeAuthorizedOperations: boolean,
  described: Map<string, Outcome<GroupDescription>>,
): Promise<void> {
  const answer = await connection.call(CONSUMER_GROUP_DESCRIBE, { groupIds, includeAuthorizedOperations })
  for (const group of answer.groups) {
    const { groupId } = group
    const describe = (): GroupDescription => ({
      groupId,
      type: 'consumer',
      state: group.groupState as GroupState,
      protocolType: CONSUMER_PROTOCOL_TYPE,
      assignor: group.assignorName,
      groupEpoch: group.groupEpoch,
      assignmentEpoch: group.assignmentEpoch,
      coordinator: connection.nodeId,
      members: group.members.map(consumerMemberOf),
      authorizedOperations: authorizedOperations(group.authorizedOperations),
    })
    described.set(groupId, outcomeOf(`group ${groupId}`, group, describe))
  }
}

function consumerMemberOf(
  member: ConsumerGroupDescribeResponse['groups'][number]['members'][number],
): GroupMember {
  return {
    memberId: member.memberId,
    groupInstanceId: member.instanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    protocol: MEMBER_TYPES[member.memberType] ?? null,
    memberEpoch: member.memberEpoch,
    rackId: member.rackId,
    subscribedTopics: member.subscribedTopicNames,
    subscribedTopicRegex: member.subscribedTopicRegex || null,
    assignment: partitionsIn(member.assignment.topicPartitions),
    targetAssignment: partitionsIn(member.targetAssignment.topicPartitions),
    metadataBytes: null,
    assignmentBytes: null,
  }
}

function partitionsIn(
  topics: readonly { readonly topicName: string; readonly partitions: readonly number[] }[],
): TopicPartition[] {
  return topics.flatMap(({ topicName: topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  )
}

async function describeClassicGroups(
  connection: BrokerConnection,
  groups: readonly string[],
  includeAuthorizedOperations: boolean,
  described: Map<string, Outcome<GroupDescription>>,
): Promise<void> {
  const answer = await connection.call(DESCRIBE_GROUPS, { groups, includeAuthorizedOperations })
  for (const group of answer.groups) {
    const { groupId, groupState, protocolType } = group
    // Brokers before 4.0 tell of a group that is not there as of one that is dead (KIP-1043).
    const isMissing = group.errorCode === ErrorCode.NONE && groupState === DEAD
    const errorCode = isMissing ? ErrorCode.GROUP_ID_NOT_FOUND : group.errorCode
    const describe = (): GroupDescription => ({
      groupId,
      type: 'classic',
      state: groupState as GroupState,
      protocolType,
      assignor: group.protocolData,
      groupEpoch: null,
      assignmentEpoch: null,
      coordinator: connection.nodeId,
      members: group.members.map((member) => classicMemberOf(member, protocolType)),
      authorizedOperations: authorizedOperations(group.authorizedOperations),
    })
    described.set(groupId, outcomeOf(`group ${groupId}`, { ...group, errorCode }, describe))
  }
}

function classicMemberOf(
  member: DescribeGroupsResponse['groups'][number]['members'][number],
  protocolType: string,
): GroupMember {
  const { memberId, groupInstanceId, memberMetadata, memberAssignment } = member
  const isConsumer = protocolType === CONSUMER_PROTOCOL_TYPE
  const subscription =
    isConsumer && memberMetadata.length > 0
      ? readable(() => decodeSubscription({ memberId, groupInstanceId, metadata: memberMetadata }))
      : null
  return {
    memberId,
    groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    protocol: 'classic',
    memberEpoch: null,
    rackId: subscription?.rackId ?? null,
    subscribedTopics: subscription?.topics ?? null,
    subscribedTopicRegex: null,
    assignment: isConsumer ? readable(() => decodeAssignment(memberAssignment)) : null,
    targetAssignment: null,
    metadataBytes: memberMetadata,
    assignmentBytes: memberAssignment,
  }
}

/** Members may say what they like, and the rest of the group is of interest all the same. */
function readable<Value>(read: () => Value): Value | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof KafkaError) return null
    throw error
  }
}
