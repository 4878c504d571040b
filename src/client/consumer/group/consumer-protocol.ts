/**
 * What members of a classic group tell their leader, and it tells them: the bytes inside JoinGroup and SyncGroup, in the
 * form of Java's clients, so that both can be in one group. An int16 with the version stands in front.
 */
import { decode, encode } from '../../../protocol/codec.ts'
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
} from '../../../protocol/messages/consumer-protocol.ts'
import type { Message } from '../../../protocol/schema.ts'
import { DecodeError, Reader } from '../../../wire/reader.ts'
import { Writer } from '../../../wire/writer.ts'
import { KafkaError } from '../../kafka-error.ts'
import type { GroupMemberSubscription } from '../assignors/assignor.ts'
import { byTopic, type TopicPartition } from '../topic-partition.ts'

const VERSION = 3

export function encodeSubscription(subscription: {
  readonly topics: readonly string[]
  readonly ownedPartitions: readonly TopicPartition[]
  readonly generationId: number
  readonly rackId: string | undefined
  readonly userData: Uint8Array | null
}): Buffer {
  const { topics, ownedPartitions, generationId, rackId, userData } = subscription
  return encodeVersioned(ConsumerProtocolSubscription, {
    topics: [...topics],
    userData,
    ownedPartitions: grouped(ownedPartitions),
    generationId,
    rackId: rackId ?? null,
  })
}

/** Throws KafkaError (PROTOCOL). */
export function decodeSubscription(member: {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly metadata: Buffer
}): GroupMemberSubscription {
  const decoded = decodeVersioned(ConsumerProtocolSubscription, member.metadata)
  return {
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId ?? undefined,
    topics: decoded.topics,
    ownedPartitions: flattened(decoded.ownedPartitions),
    generationId: decoded.generationId,
    rackId: decoded.rackId || undefined,
    userData: decoded.userData,
  }
}

export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  return encodeVersioned(ConsumerProtocolAssignment, {
    assignedPartitions: grouped(partitions),
    userData: null,
  })
}

/** No bytes at all are an empty assignment. Throws KafkaError (PROTOCOL). */
export function decodeAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return []
  return flattened(decodeVersioned(ConsumerProtocolAssignment, bytes).assignedPartitions)
}

function grouped(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  return [...byTopic(partitions)].map(([topic, all]) => ({
    topic,
    partitions: all.map(({ partition }) => partition),
  }))
}

function flattened(
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
}

function encodeVersioned<Draft>(message: Message<unknown, Draft>, value: NoInfer<Draft>): Buffer {
  const writer = new Writer({ slabBytes: 512 })
  writer.int16(VERSION)
  encode(message, VERSION, value, writer)
  return Buffer.concat(writer.finish() as Uint8Array[])
}

/** A later version has more fields behind those that we know. */
function decodeVersioned<Decoded>(message: Message<Decoded, unknown>, bytes: Buffer): Decoded {
  try {
    const reader = new Reader(bytes)
    const version = reader.int16()
    if (version < 0) throw new DecodeError(`version ${version}`)
    return decode(message, Math.min(version, VERSION), reader)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new KafkaError('PROTOCOL', `${message.name} can't be read: ${error.message}`, { cause: error })
  }
}
