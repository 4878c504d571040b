/**
 * `cooperative-sticky`: as `sticky`, but what is to go from one member to another is given to nobody at first. Its owner
 * lets it go and joins again, and in that next round it is free (KIP-429).
 */
import { Writer } from '../../../wire/writer.ts'
import type { TopicPartition } from '../topic-partition.ts'
import type {
  AssignmentInput,
  GroupMemberSubscription,
  PartitionAssignor,
  RebalanceProtocol,
} from './assignor.ts'
import { assignSticky } from './sticky/assign-sticky.ts'
import { type MemberClaim, NO_GENERATION } from './sticky/claims.ts'

export class CooperativeStickyAssignor implements PartitionAssignor {
  readonly name = 'cooperative-sticky'
  readonly protocols: readonly RebalanceProtocol[] = ['cooperative', 'eager']
  #generationId = NO_GENERATION

  assign(input: AssignmentInput): Map<string, TopicPartition[]> {
    const { assigned, moved } = assignSticky(input, claimIn)
    for (const { partition, memberId } of moved.values()) {
      const partitions = assigned.get(memberId)!
      const at = partitions.findIndex((each) => isSame(each, partition))
      if (at >= 0) partitions.splice(at, 1)
    }
    return assigned
  }

  onAssignment(_partitions: readonly TopicPartition[], generationId: number): void {
    this.#generationId = generationId
  }

  /** For leaders that don't read the generation beside what we own (before Kafka 3.4). */
  subscriptionUserData(): Buffer {
    const writer = new Writer({ slabBytes: 512 })
    writer.int32(this.#generationId)
    return Buffer.concat(writer.finish() as Uint8Array[])
  }
}

function claimIn({ ownedPartitions, generationId, userData }: GroupMemberSubscription): MemberClaim {
  if (generationId !== NO_GENERATION) return { partitions: ownedPartitions, generationId }
  if (userData === null) return { partitions: ownedPartitions, generationId: undefined }
  const inUserData = userData.length >= 4 ? userData.readInt32BE(0) : NO_GENERATION
  return { partitions: ownedPartitions, generationId: inUserData }
}

function isSame(a: TopicPartition, b: TopicPartition): boolean {
  return a.topic === b.topic && a.partition === b.partition
}
