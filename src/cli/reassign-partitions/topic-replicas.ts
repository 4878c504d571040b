/** Where the replicas of topics are now. */
import type { Admin } from '../../client/admin/admin.ts'
import { UsageError } from '../command/command.ts'
import { partially } from '../command/outcomes.ts'
import type { AssignedPartition } from './reassignment-file.ts'

/** Throws UsageError for a topic that is not there. */
export async function topicReplicas(admin: Admin, topics: readonly string[]): Promise<AssignedPartition[]> {
  const names = [...new Set(topics)].sort()
  const { done, failed } = await partially(names, admin.describeTopics(names))
  for (const [name, error] of failed) {
    if (error.code === 'UNKNOWN_TOPIC_OR_PARTITION') throw new UsageError(`Topic ${name} not found.`)
    throw error
  }
  return [...done.values()].flatMap(({ name, partitions }) =>
    partitions.map(({ partition, replicas }) => ({ topic: name, partition, replicas })),
  )
}

/** The same; a topic that is not there has none. */
export async function replicasIfAny(admin: Admin, topics: readonly string[]): Promise<AssignedPartition[]> {
  const found = await Promise.all(
    [...new Set(topics)].map(async (topic) => {
      try {
        return await topicReplicas(admin, [topic])
      } catch (error) {
        if (error instanceof UsageError) return []
        throw error
      }
    }),
  )
  return found.flat()
}
