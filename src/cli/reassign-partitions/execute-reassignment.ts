/** kafka-reassign-partitions.sh --execute. */
import type { Admin } from '../../client/admin/admin.ts'
import { nameOf } from '../../client/consumer/topic-partition.ts'
import { type CommandContext, UsageError } from '../command/command.ts'
import { partially } from '../command/outcomes.ts'
import { startMoves } from './log-dir-moves.ts'
import type { ReassignOptions } from './reassign-partitions-command.ts'
import { type AssignedPartition, formatReassignment, readExecutable } from './reassignment-file.ts'
import { plural, throttleBrokers, throttleLogDirs } from './throttles.ts'
import { topicReplicas } from './topic-replicas.ts'

export async function executeReassignment(
  admin: Admin,
  options: ReassignOptions,
  context: CommandContext,
): Promise<void> {
  const { throttle = -1, replicaAlterLogDirsThrottle: logDirThrottle = -1 } = options
  const { partitions, moves } = readExecutable(options.reassignmentJsonFile!)
  const ongoing = await admin.listPartitionReassignments()
  if (ongoing.length > 0 && !options.additional) {
    throw new UsageError(
      'Cannot execute because there is an existing partition assignment.  Use --additional to override this and create a new partition assignment in addition to the existing one. The --additional flag can also be used to change the throttle by resubmitting the current reassignment.',
    )
  }
  await checkBrokers(admin, partitions)
  const current = await currentReplicas(admin, partitions)
  await context.out(
    `Current partition replica assignment\n\n${formatReassignment(current)}\n\nSave this to use as the --reassignment-json-file option during rollback\n`,
  )
  if (throttle >= 0 || logDirThrottle >= 0) {
    await context.out(
      'Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.\n',
    )
  }
  if (throttle >= 0)
    await throttleBrokers(admin, throttle, { ongoing, proposed: partitions, current }, context)
  if (logDirThrottle >= 0) {
    const brokerIds = moves.map(({ brokerId }) => brokerId)
    await throttleLogDirs(admin, logDirThrottle, brokerIds, context)
  }
  const names = partitions.map(nameOf)
  const { failed } = await partially(
    names,
    admin.alterPartitionReassignments(partitions).then(() => []),
  )
  if (failed.size > 0) {
    const told = [...failed].map(([name, error]) => `${name}: ${error.reason ?? error.message}`)
    throw new UsageError(`Error reassigning partition(s): ${told.join('; ')}`)
  }
  await context.out(`Successfully started partition reassignment${plural(names)} for ${names.join(',')}\n`)
  await startMoves(admin, moves, options.timeout, context)
}

async function checkBrokers(admin: Admin, partitions: readonly AssignedPartition[]): Promise<void> {
  const alive = new Set((await admin.describeCluster()).brokers.map(({ nodeId }) => nodeId))
  const unknown = partitions.flatMap(({ replicas }) => replicas).find((id) => !alive.has(id))
  if (unknown !== undefined) throw new UsageError(`Unknown broker id ${unknown}`)
}

async function currentReplicas(
  admin: Admin,
  partitions: readonly AssignedPartition[],
): Promise<AssignedPartition[]> {
  const names = new Set(partitions.map(nameOf))
  const all = await topicReplicas(
    admin,
    partitions.map(({ topic }) => topic),
  )
  const current = all.filter((each) => names.has(nameOf(each)))
  for (const each of current) names.delete(nameOf(each))
  if (names.size > 0) throw new UsageError(`Unable to find partition: ${[...names].join(', ')}`)
  return current
}
