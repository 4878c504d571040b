/** kafka-reassign-partitions.sh --cancel: partitions stay with the replicas that they had, and where these were. */
import type { Admin } from '../../client/admin/admin.ts'
import { nameOf } from '../../client/consumer/topic-partition.ts'
import { type CommandContext, UsageError } from '../command/command.ts'
import { partially } from '../command/outcomes.ts'
import { moveStates, startMoves } from './log-dir-moves.ts'
import type { ReassignOptions } from './reassign-partitions-command.ts'
import { byPartition, readReassignment } from './reassignment-file.ts'
import { clearThrottles, plural } from './throttles.ts'

export async function cancelReassignment(
  admin: Admin,
  options: ReassignOptions,
  context: CommandContext,
): Promise<void> {
  const { partitions, moves } = readReassignment(options.reassignmentJsonFile!)
  const names = new Set(partitions.map(nameOf))
  const ongoing = (await admin.listPartitionReassignments())
    .filter((each) => names.has(nameOf(each)))
    .sort(byPartition)
  if (ongoing.length === 0) {
    await context.out('None of the specified partition reassignments are active.\n')
  } else {
    const cancelled = ongoing.map(({ topic, partition }) => ({ topic, partition, replicas: null }))
    const { failed } = await partially(
      cancelled.map(nameOf),
      admin.alterPartitionReassignments(cancelled).then(() => []),
    )
    if (failed.size > 0) {
      const told = [...failed].map(([name, error]) => `${name}: ${error.reason ?? error.message}`)
      throw new UsageError(`Error cancelling partition reassignment${plural(told)} for: ${told.join('; ')}`)
    }
    const list = cancelled.map(nameOf).join(',')
    await context.out(`Successfully cancelled partition reassignment${plural(cancelled)} for: ${list}\n`)
  }
  // A replica that is asked to move to where it is stays there.
  const back = (await moveStates(admin, moves)).flatMap(({ move, current, future }) =>
    current !== null && future !== null ? [{ ...move, logDir: current }] : [],
  )
  if (back.length === 0) await context.out('None of the specified partition moves are active.\n')
  await startMoves(admin, back, options.timeout, context)
  if (!options.preserveThrottles) await clearThrottles(admin, partitions, context)
}
