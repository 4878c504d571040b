/**
 * What consumers of the classic protocol put into JoinGroup's metadata and find in SyncGroup's assignment, with topics
 * by name; consumer groups know them by id.
 */
import { decode, encodeToBuffer } from '../../../protocol/codec.ts'
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
} from '../../../protocol/messages/consumer-protocol.ts'
import type { Message } from '../../../protocol/schema.ts'
import { DecodeError, Reader } from '../../../wire/reader.ts'
import type { ClusterTopics } from './cluster-topics.ts'
import { NO_PARTITIONS, type TopicPartitions, topicPartitionsOf } from './topic-partitions.ts'

export const CONSUMER_PROTOCOL_TYPE = 'consumer'

const VERSION_BYTES = 2
const VERSION_MAX = 3

interface NamedPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

/** Undefined: these bytes are none. */
export function readSubscription(bytes: Uint8Array): ConsumerProtocolSubscription | undefined {
  return read(ConsumerProtocolSubscription, bytes)
}

/** No bytes are no partitions: a member that was not assigned anything yet. Undefined: these bytes are none. */
export function readAssignment(bytes: Uint8Array, topics: ClusterTopics): TopicPartitions | undefined {
  if (bytes.length === 0) return NO_PARTITIONS
  const assignment = read(ConsumerProtocolAssignment, bytes)
  return assignment && byId(assignment.assignedPartitions, topics)
}

/** Topics that are not there are left out. */
export function byId(named: readonly NamedPartitions[], topics: ClusterTopics): TopicPartitions {
  return topicPartitionsOf(
    named.flatMap(({ topic, partitions }) => {
      const topicId = topics.topic(topic)?.topicId
      return topicId === undefined ? [] : [{ topicId, partitions }]
    }),
  )
}

/** In the version of the member's own subscription. */
export function writeAssignment(
  topicPartitions: TopicPartitions,
  subscription: Uint8Array,
  topics: ClusterTopics,
): Buffer {
  const version = Math.min(versionOf(subscription) ?? 0, VERSION_MAX)
  const assignedPartitions = [...topicPartitions].flatMap(([topicId, partitions]) => {
    const topic = topics.nameOf(topicId)
    return topic === undefined ? [] : [{ topic, partitions }]
  })
  const head = Buffer.alloc(VERSION_BYTES)
  head.writeInt16BE(version)
  return Buffer.concat([head, encodeToBuffer(ConsumerProtocolAssignment, version, { assignedPartitions })])
}

/** Versions that are newer than those known begin like these. */
function read<D>(schema: Message<D, unknown>, bytes: Uint8Array): D | undefined {
  const version = versionOf(bytes)
  if (version === undefined) return undefined
  try {
    return decode(schema, Math.min(version, VERSION_MAX), new Reader(bytes, VERSION_BYTES))
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return undefined
  }
}

function versionOf(bytes: Uint8Array): number | undefined {
  if (bytes.length < VERSION_BYTES) return undefined
  const version = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getInt16(0)
  return version < 0 ? undefined : version
}
