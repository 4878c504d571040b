/**
 * `sticky`: as even as can be, and as much as possible stays where it was. Members say what they had in their user data:
 * topics with their partitions, then the generation.
 */
import { DecodeError, Reader } from '../../../wire/reader.ts'
import { Writer } from '../../../wire/writer.ts'
import { byTopic, type TopicPartition } from '../topic-partition.ts'
import type { AssignmentInput, GroupMemberSubscription, PartitionAssignor } from './assignor.ts'
import { assignSticky } from './sticky/assign-sticky.ts'
import { type MemberClaim, NO_GENERATION } from './sticky/claims.ts'

export class StickyAssignor implements PartitionAssignor {
  readonly name = 'sticky'
  #last: { readonly partitions: readonly TopicPartition[]; readonly generationId: number } | undefined

  assign(input: AssignmentInput): Map<string, TopicPartition[]> {
    return assignSticky(input, claimIn).assigned
  }

  onAssignment(partitions: readonly TopicPartition[], generationId: number): void {
    this.#last = { partitions, generationId }
  }

  subscriptionUserData(): Buffer | null {
    return this.#last === undefined ? null : encodeClaim(this.#last.partitions, this.#last.generationId)
  }
}

export function encodeClaim(partitions: readonly TopicPartition[], generationId: number): Buffer {
  const writer = new Writer({ slabBytes: 512 })
  const topics = byTopic(partitions)
  writer.int32(topics.size)
  for (const [topic, all] of topics) {
    writer.string(topic)
    writer.int32(all.length)
    for (const { partition } of all) writer.int32(partition)
  }
  writer.int32(generationId)
  return Buffer.concat(writer.finish() as Uint8Array[])
}

/** Clients before Kafka 2.3 give no generation. What can't be read is passed over. */
function claimIn({ userData }: GroupMemberSubscription): MemberClaim {
  if (userData === null || userData.length === 0) return { partitions: [], generationId: undefined }
  try {
    const reader = new Reader(userData)
    const partitions: TopicPartition[] = []
    for (let topics = reader.int32(); topics > 0; topics--) {
      const topic = reader.text(reader.int16())
      for (let count = reader.int32(); count > 0; count--)
        partitions.push({ topic, partition: reader.int32() })
    }
    return { partitions, generationId: reader.remaining >= 4 ? reader.int32() : undefined }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return { partitions: [], generationId: NO_GENERATION }
  }
}
