/** kafka-reassign-partitions.sh --list. */
import type { Admin } from '../../client/admin/admin.ts'
import { nameOf } from '../../client/consumer/topic-partition.ts'
import type { CommandContext } from '../command/command.ts'
import type { ReassignOptions } from './reassign-partitions-command.ts'
import { byPartition } from './reassignment-file.ts'

export async function listReassignments(
  admin: Admin,
  { json }: ReassignOptions,
  context: CommandContext,
): Promise<void> {
  const ongoing = (await admin.listPartitionReassignments()).sort(byPartition)
  if (json) return context.out(`${JSON.stringify(ongoing)}\n`)
  if (ongoing.length === 0) return context.out('No partition reassignments found.\n')
  const lines = ongoing.map((each) => {
    const adding = each.addingReplicas.length > 0 ? ` adding: ${each.addingReplicas.join(',')}.` : ''
    const removing = each.removingReplicas.length > 0 ? ` removing: ${each.removingReplicas.join(',')}.` : ''
    return `${nameOf(each)}: replicas: ${each.replicas.join(',')}.${adding}${removing}\n`
  })
  await context.out(`Current partition reassignments:\n${lines.join('')}`)
}
