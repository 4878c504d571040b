/** kafka-reassign-partitions.sh --generate: what the broker itself would choose for new topics, over these brokers. */
import type { Admin } from '../../client/admin/admin.ts'
import { assignReplicas } from '../../metadata/replica-assignment.ts'
import { type CommandContext, UsageError } from '../command/command.ts'
import { platform } from '../command/connection.ts'
import { duplicates } from '../command/json-file.ts'
import { wholeNumber } from '../command/options.ts'
import type { ReassignOptions } from './reassign-partitions-command.ts'
import { type AssignedPartition, formatReassignment, readTopicsToMove } from './reassignment-file.ts'
import { topicReplicas } from './topic-replicas.ts'

export async function generateReassignment(
  admin: Admin,
  options: ReassignOptions,
  context: CommandContext,
): Promise<void> {
  const brokerIds = options.brokerList!.split(',').map((id) => wholeNumber(id, 'broker-list', 0))
  const repeated = duplicates(brokerIds.map(String))
  if (repeated.length > 0)
    throw new UsageError(`Broker list contains duplicate entries: [${repeated.join(', ')}]`)
  const topics = readTopicsToMove(options.topicsToMoveJsonFile!)
  const current = await topicReplicas(admin, topics)
  const brokers = await assignable(admin, brokerIds, options.disableRackAware !== true)
  const proposed = topics.flatMap((topic) =>
    propose(
      current.filter((each) => each.topic === topic),
      brokers,
    ),
  )
  await context.out(`Current partition replica assignment\n${formatReassignment(current)}\n\n`)
  await context.out(`Proposed partition reassignment configuration\n${formatReassignment(proposed)}\n`)
}

interface AssignableBroker {
  readonly id: number
  readonly rack: string | null
}

/** Of the brokers that are named, those that are there. */
async function assignable(
  admin: Admin,
  ids: readonly number[],
  usesRacks: boolean,
): Promise<AssignableBroker[]> {
  const { brokers } = await admin.describeCluster()
  const there = brokers
    .filter(({ nodeId }) => ids.includes(nodeId))
    .map(({ nodeId, rack }) => ({ id: nodeId, rack: usesRacks ? rack : null }))
    .sort((a, b) => a.id - b.id)
  const withoutRack = there.filter(({ rack }) => rack === null)
  if (usesRacks && withoutRack.length > 0 && withoutRack.length < there.length) {
    throw new UsageError(
      'Not all brokers have rack information. Add --disable-rack-aware in command line to make replica assignment without rack information.',
    )
  }
  return there
}

/** As many replicas as the first partition has now. */
function propose(
  partitions: readonly AssignedPartition[],
  brokers: readonly AssignableBroker[],
): AssignedPartition[] {
  const [first] = partitions
  if (first === undefined) return []
  const replicationFactor = first.replicas.length
  if (replicationFactor > brokers.length) {
    throw new UsageError(
      `Replication factor: ${replicationFactor} larger than available brokers: ${brokers.length}`,
    )
  }
  const assigned = assignReplicas(
    { brokers, partitionCount: partitions.length, replicationFactor },
    platform.random,
  )
  return Array.from(assigned, ([partition, replicas]) => ({ topic: first.topic, partition, replicas }))
}
