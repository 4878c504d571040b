/**
 * Changes of consumer groups as records of __consumer_offsets, and back. What is written here, Apache Kafka 3.9 and
 * later can load: the metadata of subscribed topics is kept as 3.9 keeps it (4.1 takes it, and goes on with its hash).
 */

import {
  ConsumerGroupCurrentMemberAssignmentKey,
  ConsumerGroupCurrentMemberAssignmentValue,
  ConsumerGroupMemberMetadataKey,
  ConsumerGroupMemberMetadataValue,
  ConsumerGroupMetadataKey,
  ConsumerGroupMetadataValue,
  ConsumerGroupPartitionMetadataKey,
  ConsumerGroupPartitionMetadataValue,
  ConsumerGroupRegularExpressionKey,
  ConsumerGroupRegularExpressionValue,
  ConsumerGroupTargetAssignmentMemberKey,
  ConsumerGroupTargetAssignmentMemberValue,
  ConsumerGroupTargetAssignmentMetadataKey,
  ConsumerGroupTargetAssignmentMetadataValue,
} from '../../../protocol/records/consumer-group-records.ts'
import type { Message } from '../../../protocol/schema.ts'
import { DecodeError } from '../../../wire/reader.ts'
import {
  type CoordinatorRecord,
  decodeVersioned,
  encodeVersioned,
  recordVersion,
} from '../../runtime/coordinator-record.ts'
import type { ConsumerGroupChange } from './consumer-group-change.ts'
import type { MemberAssignment, MemberMetadata, MemberState } from './consumer-group-member.ts'
import { normalNames } from './consumer-group-member.ts'
import { topicPartitionsOf, toWire } from './topic-partitions.ts'

/** Versions of keys, each a kind of record. */
const GROUP_EPOCH = 3
const SUBSCRIPTION_METADATA = 4
const MEMBER = 5
const TARGET_EPOCH = 6
const TARGET = 7
const ASSIGNMENT = 8
const REGEX = 16

const KINDS = new Set([GROUP_EPOCH, SUBSCRIPTION_METADATA, MEMBER, TARGET_EPOCH, TARGET, ASSIGNMENT, REGEX])

/** By the version of its key. */
export function isConsumerGroupRecord(keyVersion: number): boolean {
  return KINDS.has(keyVersion)
}

const VALUE_VERSION = 0

const STATES: readonly MemberState[] = ['STABLE', 'UNREVOKED_PARTITIONS', 'UNRELEASED_PARTITIONS']
const UNKNOWN_STATE = 127

// --- To records ------------------------------------------------------------------------------------------------------

export function recordOf(groupId: string, change: ConsumerGroupChange): CoordinatorRecord {
  switch (change.kind) {
    case 'groupEpoch': {
      const { epoch } = change
      const key = encodeVersioned(ConsumerGroupMetadataKey, GROUP_EPOCH, { groupId })
      return { key, value: valueBytes(ConsumerGroupMetadataValue, epoch, (epoch) => ({ epoch })) }
    }
    case 'subscriptionMetadata': {
      const key = encodeVersioned(ConsumerGroupPartitionMetadataKey, SUBSCRIPTION_METADATA, { groupId })
      const value = valueBytes(ConsumerGroupPartitionMetadataValue, change.topics, (topics) => ({
        topics: [...topics].map(([topicName, { topicId, partitionCount }]) => ({
          topicName,
          topicId,
          numPartitions: partitionCount,
          partitionMetadata: [],
        })),
      }))
      return { key, value }
    }
    case 'regex': {
      const fields = { groupId, regularExpression: change.regex }
      const key = encodeVersioned(ConsumerGroupRegularExpressionKey, REGEX, fields)
      const value = valueBytes(ConsumerGroupRegularExpressionValue, change.resolved, (resolved) => ({
        topics: [...resolved.topics],
        // Kafka's metadata has a version that survives it; ours has none, so whoever loads this looks at the topics anew.
        version: 0,
        timestamp: resolved.timestampMs,
      }))
      return { key, value }
    }
    case 'member': {
      const { memberId, metadata } = change
      const key = encodeVersioned(ConsumerGroupMemberMetadataKey, MEMBER, { groupId, memberId })
      return { key, value: valueBytes(ConsumerGroupMemberMetadataValue, metadata, memberValue) }
    }
    case 'targetEpoch': {
      const { epoch } = change
      const key = encodeVersioned(ConsumerGroupTargetAssignmentMetadataKey, TARGET_EPOCH, { groupId })
      const value = valueBytes(ConsumerGroupTargetAssignmentMetadataValue, epoch, (assignmentEpoch) => ({
        assignmentEpoch,
      }))
      return { key, value }
    }
    case 'target': {
      const { memberId, partitions } = change
      const key = encodeVersioned(ConsumerGroupTargetAssignmentMemberKey, TARGET, { groupId, memberId })
      const value = valueBytes(ConsumerGroupTargetAssignmentMemberValue, partitions, (partitions) => ({
        topicPartitions: toWire(partitions),
      }))
      return { key, value }
    }
    case 'assignment': {
      const { memberId, assignment } = change
      const key = encodeVersioned(ConsumerGroupCurrentMemberAssignmentKey, ASSIGNMENT, { groupId, memberId })
      return {
        key,
        value: valueBytes(ConsumerGroupCurrentMemberAssignmentValue, assignment, assignmentValue),
      }
    }
  }
}

function valueBytes<T, A>(
  schema: Message<unknown, A>,
  value: T | undefined,
  convert: (value: T) => NoInfer<A>,
) {
  return value === undefined ? null : encodeVersioned(schema, VALUE_VERSION, convert(value))
}

function memberValue(metadata: MemberMetadata) {
  const { classic, subscribedTopicNames, ...rest } = metadata
  return {
    ...rest,
    subscribedTopicNames: [...subscribedTopicNames],
    classicMemberMetadata:
      classic === null
        ? null
        : {
            sessionTimeoutMs: classic.sessionTimeoutMs,
            supportedProtocols: classic.supportedProtocols.map((protocol) => ({ ...protocol })),
          },
  }
}

function assignmentValue(assignment: MemberAssignment) {
  const state = STATES.indexOf(assignment.state)
  return {
    memberEpoch: assignment.memberEpoch,
    previousMemberEpoch: assignment.previousMemberEpoch,
    state: state === -1 ? UNKNOWN_STATE : state,
    assignedPartitions: toWire(assignment.assigned),
    partitionsPendingRevocation: toWire(assignment.pendingRevocation),
  }
}

// --- From records ----------------------------------------------------------------------------------------------------

/** Throws DecodeError. What is returned shares no bytes with the record. */
export function changeOf({ key, value }: CoordinatorRecord): {
  groupId: string
  change: ConsumerGroupChange
} {
  const version = recordVersion(key)
  switch (version) {
    case GROUP_EPOCH: {
      const { groupId } = decodeVersioned(ConsumerGroupMetadataKey, key)
      const epoch = read(ConsumerGroupMetadataValue, value)?.epoch
      return { groupId, change: { kind: 'groupEpoch', epoch } }
    }
    case SUBSCRIPTION_METADATA: {
      const { groupId } = decodeVersioned(ConsumerGroupPartitionMetadataKey, key)
      const topics = read(ConsumerGroupPartitionMetadataValue, value)?.topics.map(
        ({ topicName, topicId, numPartitions }) =>
          [topicName, { topicId, partitionCount: numPartitions }] as const,
      )
      return { groupId, change: { kind: 'subscriptionMetadata', topics: topics && new Map(topics) } }
    }
    case REGEX: {
      const { groupId, regularExpression: regex } = decodeVersioned(ConsumerGroupRegularExpressionKey, key)
      const resolved = read(ConsumerGroupRegularExpressionValue, value)
      const change = {
        kind: 'regex',
        regex,
        resolved: resolved && { topics: normalNames(resolved.topics), timestampMs: resolved.timestamp },
      } as const
      return { groupId, change }
    }
    case MEMBER: {
      const { groupId, memberId } = decodeVersioned(ConsumerGroupMemberMetadataKey, key)
      const metadata = metadataOf(read(ConsumerGroupMemberMetadataValue, value))
      return { groupId, change: { kind: 'member', memberId, metadata } }
    }
    case TARGET_EPOCH: {
      const { groupId } = decodeVersioned(ConsumerGroupTargetAssignmentMetadataKey, key)
      const epoch = read(ConsumerGroupTargetAssignmentMetadataValue, value)?.assignmentEpoch
      return { groupId, change: { kind: 'targetEpoch', epoch } }
    }
    case TARGET: {
      const { groupId, memberId } = decodeVersioned(ConsumerGroupTargetAssignmentMemberKey, key)
      const target = read(ConsumerGroupTargetAssignmentMemberValue, value)
      const partitions = target && topicPartitionsOf(target.topicPartitions)
      return { groupId, change: { kind: 'target', memberId, partitions } }
    }
    case ASSIGNMENT: {
      const { groupId, memberId } = decodeVersioned(ConsumerGroupCurrentMemberAssignmentKey, key)
      const assignment = assignmentOf(read(ConsumerGroupCurrentMemberAssignmentValue, value))
      return { groupId, change: { kind: 'assignment', memberId, assignment } }
    }
    default:
      throw new DecodeError(`a record of type ${version} is none of a consumer group`)
  }
}

function read<D>(schema: Message<D, unknown>, value: Buffer | null): D | undefined {
  return value === null ? undefined : decodeVersioned(schema, value)
}

function metadataOf(value: ConsumerGroupMemberMetadataValue | undefined): MemberMetadata | undefined {
  if (value === undefined) return undefined
  const { classicMemberMetadata: classic } = value
  return {
    instanceId: value.instanceId,
    rackId: value.rackId,
    clientId: value.clientId,
    clientHost: value.clientHost,
    subscribedTopicNames: normalNames(value.subscribedTopicNames),
    subscribedTopicRegex: value.subscribedTopicRegex ?? '',
    rebalanceTimeoutMs: value.rebalanceTimeoutMs,
    serverAssignor: value.serverAssignor,
    classic: classic && {
      sessionTimeoutMs: classic.sessionTimeoutMs,
      supportedProtocols: classic.supportedProtocols.map(({ name, metadata }) => ({
        name,
        metadata: Buffer.from(metadata),
      })),
    },
  }
}

function assignmentOf(
  value: ConsumerGroupCurrentMemberAssignmentValue | undefined,
): MemberAssignment | undefined {
  if (value === undefined) return undefined
  return {
    memberEpoch: value.memberEpoch,
    previousMemberEpoch: value.previousMemberEpoch,
    state: STATES[value.state] ?? 'UNKNOWN',
    assigned: topicPartitionsOf(value.assignedPartitions),
    pendingRevocation: topicPartitionsOf(value.partitionsPendingRevocation),
  }
}
