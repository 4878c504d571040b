/** kafka-consumer-groups.sh: which groups there are, how far they are, and moving or deleting them. */
import type { Command } from 'commander'
import type { Admin } from '../../client/admin/admin.ts'
import type { GroupListing, GroupState, GroupType } from '../../client/admin/groups.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import { type CommandContext, type KafkaCommand, UsageError } from '../command/command.ts'
import { type BootstrapOptions, bootstrapOptions, required, withAdmin } from '../command/connection.ts'
import { collect, dashed, onlyOne, wholeNumber } from '../command/options.ts'
import { columns } from '../command/table.ts'
import { deleteOffsets } from './delete-offsets.ts'
import { describeGroups } from './describe-groups.ts'
import { resetOffsets } from './reset-offsets.ts'
import { RESET_SCENARIOS, type ResetScenarios } from './reset-targets.ts'

export interface ConsumerGroupsOptions extends BootstrapOptions, ResetScenarios {
  readonly list?: true
  readonly describe?: true
  readonly delete?: true
  readonly resetOffsets?: true
  readonly deleteOffsets?: true
  readonly validateRegex?: string
  readonly group: readonly string[]
  readonly allGroups?: true
  readonly topic: readonly string[]
  readonly allTopics?: true
  readonly members?: true
  readonly offsets?: true
  /** With --list it may name states. */
  readonly state?: true | string
  readonly type?: true | string
  readonly verbose?: true
  readonly dryRun?: true
  readonly execute?: true
  readonly export?: true
  readonly timeout: string
  readonly json?: true
}

const ACTIONS = ['list', 'describe', 'delete', 'resetOffsets', 'deleteOffsets', 'validateRegex'] as const
const STATES: readonly GroupState[] = [
  'PreparingRebalance',
  'CompletingRebalance',
  'Stable',
  'Dead',
  'Empty',
  'Assigning',
  'Reconciling',
]
const TYPES: readonly GroupType[] = ['classic', 'consumer']

export const consumerGroupsCommand: KafkaCommand<ConsumerGroupsOptions> = {
  name: 'kafka-consumer-groups',
  description:
    'List consumer groups, describe them with their lag, move or delete their offsets, delete them.',
  configure: (command) => {
    bootstrapOptions(command)
    actionOptions(command)
    resetOptions(command)
    command.option('--timeout <ms>', 'how long to wait for each answer', '5000')
    command.option('--json', 'write JSON, with --list, --describe and --reset-offsets')
  },
  run: async (options, context) => {
    check(options, context)
    return withAdmin(options, context, (admin) => act(admin, options, context))
  },
}

function actionOptions(command: Command): void {
  command
    .option('--list', 'list the groups')
    .option('--describe', 'describe groups: their offsets and lag, or --members, or --state')
    .option('--delete', 'delete groups that have no members')
    .option('--reset-offsets', 'move the offsets of groups that have no members')
    .option('--delete-offsets', 'delete the offsets that a group has for topics')
    .option('--validate-regex <regex>', 'check that brokers can read a regular expression (RE2/J)')
    .option('--group <id>', 'the group; may be repeated', collect, [])
    .option('--all-groups', 'all groups')
    .option('--topic <topic>', 'the topic, or topic:0,1,2 for some partitions; may be repeated', collect, [])
    .option('--members', 'with --describe: who the members are')
    .option('--offsets', 'with --describe: offsets and lag, which is what it shows by itself')
    .option(
      '--state [states]',
      'with --describe: the state; with --list: the states, or the groups in stable,empty,...',
    )
    .option('--type [types]', 'with --list: the types, or the groups of type classic,consumer')
    .option('--verbose', 'with --describe: more of it')
}

function resetOptions(command: Command): void {
  command
    .option('--all-topics', 'with --reset-offsets: all topics that the group has offsets for')
    .option('--dry-run', 'with --reset-offsets: only show what would be done, which is the default')
    .option('--execute', 'with --reset-offsets: do it')
    .option('--export', 'with --reset-offsets: print the offsets as CSV')
    .option('--to-earliest', 'to the first offset')
    .option('--to-latest', 'to the end')
    .option('--to-current', 'to where it is now, or the end where nothing is committed')
    .option('--to-offset <offset>', 'to this offset')
    .option('--shift-by <n>', 'by so many records, forward or (negative) back')
    .option(
      '--to-datetime <time>',
      'to the first record of this time or later: YYYY-MM-DDTHH:mm:SS.sss, in UTC',
    )
    .option('--by-duration <duration>', 'to the first record of that long ago or later: PnDTnHnMnS')
    .option('--from-file <file>', 'to what a CSV file says: [group,]topic,partition,offset')
}

/** Throws UsageError for options that don't go together. */
function check(options: ConsumerGroupsOptions, context: CommandContext): void {
  required(options.bootstrapServer, 'bootstrap-server')
  const action = onlyOne(options, ACTIONS)
  if (action === undefined) {
    throw new UsageError(
      'Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets, --validate-regex',
    )
  }
  if (options.group.length > 0 && options.allGroups)
    throw new UsageError('Option "[group]" can\'t be used with option "[all-groups]"')
  const needsGroups = action === 'describe' || action === 'delete' || action === 'resetOffsets'
  if (needsGroups && options.group.length === 0 && !options.allGroups) {
    throw new UsageError(`Option [${dashed(action)}] takes one of these options: [group], [all-groups]`)
  }
  if (action === 'list' && options.group.length > 0)
    throw new UsageError('Option "[group]" can\'t be used with option "[list]"')
  if (action === 'describe') {
    onlyOne(options, ['members', 'offsets', 'state'])
    if (typeof options.state === 'string')
      throw new UsageError('Option [describe] does not take a value for [state]')
  }
  if (action === 'delete' && options.topic.length > 0) {
    throw new UsageError(
      'The consumer does not support topic-specific offset deletion from a consumer group.',
    )
  }
  if (action === 'deleteOffsets' && (options.group.length !== 1 || options.topic.length === 0)) {
    throw new UsageError('Option [delete-offsets] takes the following options: [group], [topic]')
  }
  if (action === 'resetOffsets') checkReset(options, context)
  wholeNumber(options.timeout, 'timeout', 0)
}

function checkReset(options: ConsumerGroupsOptions, context: CommandContext): void {
  if (options.dryRun && options.execute) {
    throw new UsageError('Option [reset-offsets] only accepts one of [execute] and [dry-run]')
  }
  if (onlyOne(options, RESET_SCENARIOS) === undefined) {
    const scenarios = RESET_SCENARIOS.map((scenario) => `[${dashed(scenario)}]`).join(', ')
    throw new UsageError(`Option '[reset-offsets]' requires one of the following scenarios: ${scenarios}`)
  }
  if (!options.allTopics && options.topic.length === 0 && options.fromFile === undefined) {
    throw new UsageError('One of the reset scopes should be defined: --all-topics, --topic.')
  }
  if (!options.dryRun && !options.execute) {
    context.note('WARN: No action will be performed as the --execute option is missing.')
  }
}

async function act(admin: Admin, options: ConsumerGroupsOptions, context: CommandContext): Promise<number> {
  if (options.list) return listGroups(admin, options, context)
  if (options.validateRegex !== undefined) return validateRegex(options.validateRegex, context)
  const timeoutMs = Number(options.timeout)
  const groupIds = options.allGroups
    ? (await admin.listGroups({ timeoutMs })).filter(isOfConsumers).map(({ groupId }) => groupId)
    : [...new Set(options.group)]
  if (options.describe) return describeGroups(admin, groupIds, options, context)
  if (options.delete) return deleteGroups(admin, groupIds, timeoutMs, context)
  if (options.resetOffsets) return resetOffsets(admin, groupIds, options, context)
  return deleteOffsets(admin, groupIds[0]!, options.topic, { timeoutMs, context })
}

/** Others, of Kafka Connect for instance, are not for this command. */
function isOfConsumers({ protocolType, type }: GroupListing): boolean {
  return protocolType === 'consumer' || protocolType === '' || type === 'consumer'
}

async function listGroups(
  admin: Admin,
  { state, type, timeout, json }: ConsumerGroupsOptions,
  { out }: CommandContext,
): Promise<number> {
  const listed = await admin.listGroups({
    ...(typeof state === 'string' ? { states: wordsOf(state, STATES, 'state') } : undefined),
    ...(typeof type === 'string' ? { types: wordsOf(type, TYPES, 'types') } : undefined),
    timeoutMs: Number(timeout),
  })
  const groups = listed.filter(isOfConsumers)
  if (json) {
    await out(`${JSON.stringify(groups.map(({ groupId, state, type }) => ({ groupId, type, state })))}\n`)
  } else if (state === undefined && type === undefined) {
    await out(groups.map(({ groupId }) => `${groupId}\n`).join(''))
  } else {
    const header = [
      'GROUP',
      ...(type === undefined ? [] : ['TYPE']),
      ...(state === undefined ? [] : ['STATE']),
    ]
    const rows = groups.map((group) => [
      group.groupId,
      ...(type === undefined ? [] : [capitalized(group.type ?? 'unknown')]),
      ...(state === undefined ? [] : [group.state ?? 'Unknown']),
    ])
    const width = 10 + Math.max(15, ...groups.map(({ groupId }) => groupId.length))
    await out(columns([header, ...rows], [width, 20, 20]))
  }
  return 0
}

/** Throws UsageError, with the words that there are. */
function wordsOf<Word extends string>(list: string, known: readonly Word[], what: string): Word[] {
  return list.split(',').map((word) => {
    const found = known.find((each) => each.toLowerCase() === word.trim().toLowerCase())
    if (found === undefined)
      throw new UsageError(
        `Invalid ${what} list '${list}'. Valid ${what.replace(/s?$/, 's')} are: ${known.join(', ')}`,
      )
    return found
  })
}

async function validateRegex(regex: string, { out }: CommandContext): Promise<number> {
  const { RE2JS } = await import('re2js')
  try {
    RE2JS.compile(regex)
  } catch (error) {
    throw new UsageError(`Invalid regex: ${regex}: ${error instanceof Error ? error.message : error}`)
  }
  await out(`${regex} is a valid RE2J regex.\n`)
  return 0
}

async function deleteGroups(
  admin: Admin,
  groupIds: readonly string[],
  timeoutMs: number,
  context: CommandContext,
): Promise<number> {
  try {
    await admin.deleteGroups(groupIds, { timeoutMs })
    await context.out(`Deletion of requested consumer groups ('${groupIds.join("', '")}') was successful.\n`)
    return 0
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    const failed = error.details ?? new Map(groupIds.map((groupId) => [groupId, error]))
    context.note(
      `Error: Deletion of some consumer groups failed: ${Array.from(failed, ([groupId, { message }]) => `* Group '${groupId}' could not be deleted due to: ${message}`).join('; ')}`,
    )
    const deleted = groupIds.filter((groupId) => !failed.has(groupId))
    if (deleted.length > 0) {
      await context.out(`These consumer groups were deleted successfully: '${deleted.join("', '")}'\n`)
    }
    return 1
  }
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
