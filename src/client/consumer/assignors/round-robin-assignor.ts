/** `roundrobin`: all partitions of all topics in a row, dealt out to the members in turn, to those that want the topic. */
import type { TopicPartition } from '../topic-partition.ts'
import type { AssignmentInput, PartitionAssignor } from './assignor.ts'
import { compare, inMemberOrder } from './order.ts'

export class RoundRobinAssignor implements PartitionAssignor {
  readonly name = 'roundrobin'

  assign({ topics, members }: AssignmentInput): Map<string, TopicPartition[]> {
    const assigned = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]))
    const ring = inMemberOrder(members).map(({ memberId, topics: names }) => ({
      partitions: assigned.get(memberId)!,
      topics: new Set(names),
    }))
    let turn = 0
    for (const { topic, partitionCount } of [...topics].sort((a, b) => compare(a.topic, b.topic))) {
      if (!ring.some((member) => member.topics.has(topic))) continue
      for (let partition = 0; partition < partitionCount; partition++) {
        while (!ring[turn]!.topics.has(topic)) turn = (turn + 1) % ring.length
        ring[turn]!.partitions.push({ topic, partition })
        turn = (turn + 1) % ring.length
      }
    }
    return assigned
  }
}
