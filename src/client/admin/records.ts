/** Deleting the records of partitions up to an offset: DeleteRecords (KIP-107), asked of their leaders. */
import { DeleteRecordsRequest, DeleteRecordsResponse } from '../../protocol/messages/21-delete-records.ts'
import { nameOf, type TopicPartition } from '../consumer/topic-partition.ts'
import { defineApi } from '../network/api.ts'
import { outcomeOf, partitionsInOrder, topicsOf } from './answers.ts'
import { checkPartitions, checkWhole } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { leaderOf } from './routes.ts'

const DELETE_RECORDS = defineApi(DeleteRecordsRequest, DeleteRecordsResponse, [0, 2])

export interface RecordsToDelete extends TopicPartition {
  /** The first record that stays; -1: none of those that consumers can read now. */
  readonly offset: number
}

export interface DeletedRecords extends TopicPartition {
  /** Where the partition begins now, on all of its replicas. */
  readonly lowWatermark: number
}

export async function deleteRecords(
  requester: Requester,
  partitions: readonly RecordsToDelete[],
  { timeoutMs }: AdminCallOptions,
): Promise<DeletedRecords[]> {
  checkPartitions('partitions', partitions)
  for (const each of partitions)
    checkWhole(`${nameOf(each)}: offset`, each.offset, { max: Number.MAX_SAFE_INTEGER })
  return requester.each<RecordsToDelete, DeletedRecords>({
    what: 'deleteRecords',
    things: partitions,
    nameOf,
    route: leaderOf(requester.cluster),
    timeoutMs,
    call: async (connection, things, brokerTimeoutMs) => {
      const { topics } = await connection.call(DELETE_RECORDS, {
        topics: topicsOf(things, ({ partition, offset }) => ({ partitionIndex: partition, offset })),
        timeoutMs: brokerTimeoutMs,
      })
      const byTopic = topics.map(({ name, partitions: all }) => [name, all] as const)
      return partitionsInOrder(things, byTopic, (answer, topic) => {
        const partition = answer.partitionIndex
        const { lowWatermark } = answer
        return [
          partition,
          outcomeOf(`partition ${topic}-${partition}`, answer, () => ({ topic, partition, lowWatermark })),
        ]
      })
    },
  })
}
