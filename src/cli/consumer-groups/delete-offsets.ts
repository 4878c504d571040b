/** `--delete-offsets`: a group forgets how far it was with topics, as long as no member is subscribed to them. */
import type { Admin } from '../../client/admin/admin.ts'
import { nameOf } from '../../client/consumer/topic-partition.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import { type CommandContext, UsageError } from '../command/command.ts'
import { columns } from '../command/table.ts'
import { namedPartitions } from './group-partitions.ts'

export async function deleteOffsets(
  admin: Admin,
  groupId: string,
  topics: readonly string[],
  { timeoutMs, context }: { timeoutMs: number; context: CommandContext },
): Promise<number> {
  const partitions = await namedPartitions(admin, topics, timeoutMs)
  const failed = await failures(admin, groupId, partitions, timeoutMs)
  if (failed.size === 0) {
    await context.out(`Request succeeded for deleting offsets from group ${groupId}.
`)
  } else {
    context.note('Error: Encountered some partition-level error, see the follow-up details.')
  }
  const rows = partitions.map((each) => {
    const error = failed.get(nameOf(each))
    return [each.topic, each.partition, error === undefined ? 'Successful' : `Error: ${error.message}`]
  })
  await context.out(`\n${columns([['TOPIC', 'PARTITION', 'STATUS'], ...rows], [15, 10, 15])}`)
  return failed.size === 0 ? 0 : 1
}

/** By partition. Throws UsageError for what concerns the whole group. */
async function failures(
  admin: Admin,
  groupId: string,
  partitions: readonly { readonly topic: string; readonly partition: number }[],
  timeoutMs: number,
): Promise<ReadonlyMap<string, KafkaError>> {
  try {
    await admin.deleteGroupOffsets(groupId, partitions, { timeoutMs })
    return new Map()
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    switch (error.code) {
      case 'INVALID_GROUP_ID':
        throw new UsageError(`'${groupId}' is not valid.`)
      case 'GROUP_ID_NOT_FOUND':
        throw new UsageError(`'${groupId}' does not exist.`)
      case 'GROUP_AUTHORIZATION_FAILED':
        throw new UsageError(`Access to '${groupId}' is not authorized.`)
      case 'NON_EMPTY_GROUP':
        throw new UsageError(
          `Deleting offsets of a consumer group '${groupId}' is forbidden if the group is not empty.`,
        )
      default:
        return error.details ?? new Map(partitions.map((each) => [nameOf(each), error]))
    }
  }
}
