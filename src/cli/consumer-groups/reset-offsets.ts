/** `--reset-offsets`: plans where each group goes, and with `--execute` moves it there. Only groups without members move. */
import type { Admin } from '../../client/admin/admin.ts'
import { nameOf, type TopicPartition } from '../../client/consumer/topic-partition.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import type { CommandContext } from '../command/command.ts'
import { readTextFile } from '../command/connection.ts'
import { columns } from '../command/table.ts'
import type { ConsumerGroupsOptions } from './consumer-groups-command.ts'
import { namedPartitions } from './group-partitions.ts'
import { planOfFile, planToText } from './reset-plan.ts'
import { type Reset, type Target, targetsOf, withinEnds } from './reset-targets.ts'

export async function resetOffsets(
  admin: Admin,
  groupIds: readonly string[],
  options: ConsumerGroupsOptions,
  context: CommandContext,
): Promise<number> {
  const timeoutMs = Number(options.timeout)
  const plan = new Map<string, readonly Target[]>()
  const states = await statesOf(admin, groupIds, timeoutMs)
  let exitCode = 0
  for (const groupId of groupIds) {
    const state = states.get(groupId)
    if (state !== undefined && state !== 'Empty' && state !== 'Dead') {
      context.note(
        `Error: Assignments can only be reset if the group '${groupId}' is inactive, but the current state is ${state}.`,
      )
      exitCode = 1
      continue
    }
    const committed = await committedOf(admin, groupId, timeoutMs)
    const reset: Reset = { admin, timeoutMs, context, scenarios: options, committed: committed.offsets }
    const targets =
      options.fromFile === undefined
        ? await targetsOf(
            reset,
            options.allTopics ? committed.partitions : await namedPartitions(admin, options.topic, timeoutMs),
          )
        : await targetsOfFile(reset, options, groupId)
    if (options.execute && targets.length > 0) await admin.alterGroupOffsets(groupId, targets, { timeoutMs })
    plan.set(groupId, targets)
  }
  await context.out(planAsAsked(plan, options))
  return exitCode
}

/** A group that isn't there has no state, and nothing speaks against giving it offsets. */
async function statesOf(
  admin: Admin,
  groupIds: readonly string[],
  timeoutMs: number,
): Promise<ReadonlyMap<string, string>> {
  const states = new Map<string, string>()
  for (const groupId of groupIds) {
    try {
      const [group] = await admin.describeGroups([groupId], { timeoutMs })
      states.set(groupId, group!.state)
    } catch (error) {
      if (!(error instanceof KafkaError) || error.code !== 'GROUP_ID_NOT_FOUND') throw error
    }
  }
  return states
}

async function committedOf(
  admin: Admin,
  groupId: string,
  timeoutMs: number,
): Promise<{ partitions: TopicPartition[]; offsets: Map<string, number> }> {
  const [group] = await admin.listGroupOffsets([groupId], { timeoutMs })
  const known = group!.offsets.filter(({ offset }) => offset !== null)
  return { partitions: known, offsets: new Map(known.map((each) => [nameOf(each), each.offset!])) }
}

async function targetsOfFile(
  reset: Reset,
  options: ConsumerGroupsOptions,
  groupId: string,
): Promise<Target[]> {
  const single = options.group.length === 1 ? options.group[0] : undefined
  const targets = planOfFile(readTextFile(options.fromFile!), single).get(groupId)
  if (targets === undefined) {
    reset.context.note(`Error: No reset plan for group ${groupId} found`)
    return []
  }
  return withinEnds(reset, targets)
}

function planAsAsked(plan: ReadonlyMap<string, readonly Target[]>, options: ConsumerGroupsOptions): string {
  if (options.export) return `${planToText(plan, options.group.length === 1)}\n`
  const rows = [...plan].flatMap(([group, targets]) =>
    targets.map(({ topic, partition, offset }) => ({ group, topic, partition, newOffset: offset })),
  )
  if (options.json) return `${JSON.stringify(rows)}\n`
  const header = ['GROUP', 'TOPIC', 'PARTITION', 'NEW-OFFSET']
  const cells = rows.map(({ group, topic, partition, newOffset }) => [group, topic, partition, newOffset])
  return `\n${columns([header, ...cells], [30, 30, 10, 15])}`
}
