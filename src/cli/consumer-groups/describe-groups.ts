/**
 * `--describe`: for each group a table of its partitions, its members or its state. A partition's row has the member that
 * it is assigned to; partitions that nobody has and the group has an offset for come last.
 */
import type { Admin } from '../../client/admin/admin.ts'
import type { GroupDescription, GroupMember } from '../../client/admin/group-descriptions.ts'
import { nameOf, type TopicPartition } from '../../client/consumer/topic-partition.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import { type CommandContext, UsageError } from '../command/command.ts'
import { columns, type Row } from '../command/table.ts'
import type { ConsumerGroupsOptions } from './consumer-groups-command.ts'
import { compareByPartition, endOffsets } from './group-partitions.ts'

const NONE = '-'

export async function describeGroups(
  admin: Admin,
  groupIds: readonly string[],
  options: ConsumerGroupsOptions,
  context: CommandContext,
): Promise<number> {
  const timeoutMs = Number(options.timeout)
  const groups = await existing(admin, [...groupIds].sort(), timeoutMs)
  const addresses =
    options.state === undefined ? new Map<number, string>() : await addressesOf(admin, timeoutMs)
  const found: unknown[] = []
  for (const group of groups) {
    if (options.state) {
      const state = stateOf(group, addresses)
      if (options.json) found.push(state)
      else await printState(state, group, context)
    } else if (options.members) {
      if (options.json)
        found.push(...group.members.map((member) => ({ group: group.groupId, ...memberOf(member) })))
      else await printMembers(group, options.verbose === true, context)
    } else {
      const rows = await partitionsOf(admin, group, timeoutMs)
      if (options.json) found.push(...rows)
      else await printPartitions(rows, group, options.verbose === true, context)
    }
  }
  if (options.json) await context.out(`${JSON.stringify(found)}\n`)
  return 0
}

/** Throws UsageError: a group that is not there. */
async function existing(
  admin: Admin,
  groupIds: readonly string[],
  timeoutMs: number,
): Promise<GroupDescription[]> {
  const missing = (groupId: string): UsageError =>
    new UsageError(`Consumer group '${groupId}' does not exist.`)
  try {
    const groups = await admin.describeGroups(groupIds, { timeoutMs })
    const dead = groups.find(({ state }) => state === 'Dead')
    if (dead !== undefined) throw missing(dead.groupId)
    return groups
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    if (error.code === 'GROUP_ID_NOT_FOUND') throw missing(groupIds[0] ?? '')
    for (const [groupId, detail] of error.details ?? []) {
      if (detail.code === 'GROUP_ID_NOT_FOUND') throw missing(groupId)
    }
    throw error
  }
}

// --- Partitions --------------------------------------------------------------------------------------------------------

interface PartitionRow extends TopicPartition {
  readonly group: string
  readonly currentOffset: number | null
  readonly leaderEpoch: number | null
  readonly logEndOffset: number | null
  readonly lag: number | null
  readonly consumerId: string | null
  readonly host: string | null
  readonly clientId: string | null
}

async function partitionsOf(
  admin: Admin,
  group: GroupDescription,
  timeoutMs: number,
): Promise<PartitionRow[]> {
  const [committed] = await admin.listGroupOffsets([group.groupId], { timeoutMs })
  const offsets = new Map(committed!.offsets.map((each) => [nameOf(each), each]))
  const owned = [...group.members]
    .filter(({ assignment }) => (assignment?.length ?? 0) > 0)
    .sort((a, b) => b.assignment!.length - a.assignment!.length)
    .flatMap((member) =>
      [...member.assignment!].sort(compareByPartition).map((partition) => ({ partition, member })),
    )
  const ownedNames = new Set(owned.map(({ partition }) => nameOf(partition)))
  const unowned = committed!.offsets
    .filter((each) => each.offset !== null && !ownedNames.has(nameOf(each)))
    .sort(compareByPartition)
    .map((partition) => ({ partition, member: undefined }))
  const all: { partition: TopicPartition; member: GroupMember | undefined }[] = [...owned, ...unowned]
  const ends = await endOffsets(
    admin,
    all.map(({ partition }) => partition),
    timeoutMs,
  )
  return all.map(({ partition: { topic, partition }, member }) => {
    const name = nameOf({ topic, partition })
    const currentOffset = offsets.get(name)?.offset ?? null
    const logEndOffset = ends.get(name) ?? null
    return {
      group: group.groupId,
      topic,
      partition,
      currentOffset,
      leaderEpoch: offsets.get(name)?.leaderEpoch ?? null,
      logEndOffset,
      lag: currentOffset === null || logEndOffset === null ? null : logEndOffset - currentOffset,
      consumerId: member?.memberId ?? null,
      host: member?.clientHost ?? null,
      clientId: member?.clientId ?? null,
    }
  })
}

async function printPartitions(
  rows: readonly PartitionRow[],
  group: GroupDescription,
  isVerbose: boolean,
  context: CommandContext,
): Promise<void> {
  noteState(group, context)
  if (rows.length === 0) return
  const epoch = (cell: string | number): Row => (isVerbose ? [cell] : [])
  const header: Row = [
    ...['GROUP', 'TOPIC', 'PARTITION'],
    ...epoch('LEADER-EPOCH'),
    ...['CURRENT-OFFSET', 'LOG-END-OFFSET', 'LAG', 'CONSUMER-ID', 'HOST', 'CLIENT-ID'],
  ]
  const cells = rows.map(
    (row): Row => [
      ...[row.group, row.topic, row.partition],
      ...epoch(row.leaderEpoch ?? NONE),
      ...[row.currentOffset ?? NONE, row.logEndOffset ?? NONE, row.lag ?? NONE],
      ...[row.consumerId ?? NONE, row.host ?? NONE, row.clientId ?? NONE],
    ],
  )
  const widths = isVerbose ? [15, 15, 10, 15, 15, 15, 15, 15, 15, 0] : [15, 15, 10, 15, 15, 15, 15, 15, 0]
  await context.out(`\n${columns([header, ...cells], widths)}`)
}

/** To stderr, as it is not a row. */
function noteState({ groupId, state }: GroupDescription, { note }: CommandContext): void {
  if (state === 'Empty') note(`\nConsumer group '${groupId}' has no active members.`)
  else if (state !== 'Stable') note(`\nWarning: Consumer group '${groupId}' is rebalancing.`)
}

// --- Members -----------------------------------------------------------------------------------------------------------

function memberOf(member: GroupMember): object {
  return {
    consumerId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    host: member.clientHost,
    clientId: member.clientId,
    memberEpoch: member.memberEpoch,
    assignment: member.assignment ?? [],
    targetAssignment: member.targetAssignment,
  }
}

async function printMembers(
  group: GroupDescription,
  isVerbose: boolean,
  context: CommandContext,
): Promise<void> {
  noteState(group, context)
  if (group.members.length === 0) return
  const hasInstances = group.members.some(({ groupInstanceId }) => groupInstanceId !== null)
  const instance = (cell: string): Row => (hasInstances ? [cell] : [])
  const verbose = (...cells: string[]): Row => (isVerbose ? cells : [])
  const header: Row = [
    ...['GROUP', 'CONSUMER-ID'],
    ...instance('GROUP-INSTANCE-ID'),
    ...['HOST', 'CLIENT-ID', '#PARTITIONS'],
    ...verbose('CURRENT-EPOCH', 'CURRENT-ASSIGNMENT', 'TARGET-EPOCH', 'TARGET-ASSIGNMENT'),
  ]
  const rows = group.members.map(
    (member): Row => [
      ...[group.groupId, member.memberId],
      ...instance(member.groupInstanceId ?? ''),
      ...[member.clientHost, member.clientId, member.assignment?.length ?? 0],
      ...verbose(
        String(member.memberEpoch ?? NONE),
        assignmentText(member.assignment),
        String(group.assignmentEpoch ?? NONE),
        assignmentText(member.targetAssignment),
      ),
    ],
  )
  const widths = [15, 15, ...(hasInstances ? [17] : []), 15, 15, 15, 15, 20, 15, 0]
  await context.out(`\n${columns([header, ...rows], widths)}`)
}

/** `orders:0,1;other:2`. */
function assignmentText(partitions: readonly TopicPartition[] | null): string {
  if (partitions === null || partitions.length === 0) return NONE
  const byTopic = new Map<string, number[]>()
  for (const { topic, partition } of [...partitions].sort(compareByPartition)) {
    byTopic.set(topic, [...(byTopic.get(topic) ?? []), partition])
  }
  return Array.from(byTopic, ([topic, numbers]) => `${topic}:${numbers.join(',')}`).join(';')
}

// --- States ------------------------------------------------------------------------------------------------------------

interface StateRow {
  readonly group: string
  readonly coordinator: string
  readonly assignmentStrategy: string
  readonly state: string
  readonly memberCount: number
}

async function addressesOf(admin: Admin, timeoutMs: number): Promise<Map<number, string>> {
  const { brokers } = await admin.describeCluster({ timeoutMs })
  return new Map(brokers.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]))
}

function stateOf(group: GroupDescription, addresses: ReadonlyMap<number, string>): StateRow {
  return {
    group: group.groupId,
    coordinator: `${addresses.get(group.coordinator) ?? ''}  (${group.coordinator})`,
    assignmentStrategy: group.assignor,
    state: group.state,
    memberCount: group.members.length,
  }
}

async function printState(row: StateRow, group: GroupDescription, context: CommandContext): Promise<void> {
  noteState(group, context)
  const header = ['GROUP', 'COORDINATOR (ID)', 'ASSIGNMENT-STRATEGY', 'STATE', '#MEMBERS']
  const cells = [row.group, row.coordinator, row.assignmentStrategy || NONE, row.state, row.memberCount]
  await context.out(`\n${columns([header, cells], [15, 25, 20, 20, 0])}`)
}
