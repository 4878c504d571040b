/** kafka-reassign-partitions.sh: replicas of partitions move to other brokers, or to other directories of theirs. */
import type { Admin } from '../../client/admin/admin.ts'
import { type CommandContext, type KafkaCommand, UsageError } from '../command/command.ts'
import { type BootstrapOptions, bootstrapOptions, required, withAdmin } from '../command/connection.ts'
import { dashed, wholeNumber } from '../command/options.ts'
import { prefixingProblems } from '../command/problem.ts'

export interface ReassignOptions extends BootstrapOptions {
  readonly generate?: true
  readonly execute?: true
  readonly verify?: true
  readonly cancel?: true
  readonly list?: true
  readonly topicsToMoveJsonFile?: string
  readonly brokerList?: string
  readonly disableRackAware?: true
  readonly reassignmentJsonFile?: string
  readonly throttle?: number
  readonly replicaAlterLogDirsThrottle?: number
  readonly timeout?: number
  readonly additional?: true
  readonly preserveThrottles?: true
  readonly json?: true
}

const ACTIONS = ['generate', 'execute', 'verify', 'cancel', 'list'] as const
type Action = (typeof ACTIONS)[number]

/** What each action needs, and what it may have beside. */
const TAKES: Readonly<
  Record<Action, { needs: readonly (keyof ReassignOptions)[]; takes: readonly (keyof ReassignOptions)[] }>
> = {
  generate: { needs: ['topicsToMoveJsonFile', 'brokerList'], takes: ['disableRackAware'] },
  execute: {
    needs: ['reassignmentJsonFile'],
    takes: ['throttle', 'replicaAlterLogDirsThrottle', 'timeout', 'additional'],
  },
  verify: { needs: ['reassignmentJsonFile'], takes: ['preserveThrottles'] },
  cancel: { needs: ['reassignmentJsonFile'], takes: ['preserveThrottles', 'timeout'] },
  list: { needs: [], takes: ['json'] },
}
const EVERY: readonly string[] = ['bootstrapServer', 'commandConfig']

export const reassignPartitionsCommand: KafkaCommand<ReassignOptions> = {
  name: 'kafka-reassign-partitions',
  description: 'Move the replicas of partitions between brokers, or between the log directories of a broker.',
  configure: (command) =>
    void bootstrapOptions(command)
      .option('--generate', 'propose where replicas could be; nothing is moved')
      .option('--execute', 'begin to move')
      .option('--verify', 'tell how far it is, and take throttles away when all is done')
      .option('--cancel', 'stop moving, and go back to what was')
      .option('--list', 'tell which partitions move now')
      .option(
        '--topics-to-move-json-file <file>',
        'for --generate: {"topics":[{"topic":"orders"}],"version":1}',
      )
      .option('--broker-list <ids>', 'for --generate: the brokers that shall have the replicas: 0,1,2')
      .option('--disable-rack-aware', 'for --generate: racks do not matter')
      .option(
        '--reassignment-json-file <file>',
        'for --execute, --verify, --cancel: {"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[1],"log_dirs":["/data2"]}]}; log_dirs may be left out, or "any"',
      )
      .option('--throttle <bytes>', 'with --execute: bytes a second between brokers', (text) =>
        wholeNumber(text, 'throttle'),
      )
      .option(
        '--replica-alter-log-dirs-throttle <bytes>',
        'with --execute: bytes a second between the log directories of a broker',
        (text) => wholeNumber(text, 'replica-alter-log-dirs-throttle'),
      )
      .option(
        '--timeout <ms>',
        'how long to wait for moves between log directories to begin; default: 10000',
        (text) => wholeNumber(text, 'timeout', 0),
      )
      .option('--additional', 'with --execute: although other partitions move already')
      .option('--preserve-throttles', 'with --verify and --cancel: leave throttles as they are')
      .option('--json', 'with --list: write one JSON array'),
  run: async (options, context) => {
    const action = actionOf(options)
    const work = await loadAction(action)
    required(options.bootstrapServer, 'bootstrap-server')
    await prefixingProblems('Error: ', () =>
      withAdmin(options, context, (admin) => work(admin, options, context)),
    )
    return 0
  },
}

type Work = (admin: Admin, options: ReassignOptions, context: CommandContext) => Promise<void>

async function loadAction(action: Action): Promise<Work> {
  switch (action) {
    case 'generate':
      return (await import('./generate-reassignment.ts')).generateReassignment
    case 'execute':
      return (await import('./execute-reassignment.ts')).executeReassignment
    case 'verify':
      return (await import('./verify-reassignment.ts')).verifyReassignment
    case 'cancel':
      return (await import('./cancel-reassignment.ts')).cancelReassignment
    case 'list':
      return (await import('./list-reassignments.ts')).listReassignments
  }
}

function actionOf(options: ReassignOptions): Action {
  const given = ACTIONS.filter((action) => options[action])
  const [action] = given
  if (action === undefined || given.length > 1) {
    throw new UsageError(
      `Command must include exactly one action: ${ACTIONS.map((each) => `--${each}`).join(', ')}`,
    )
  }
  const { needs, takes } = TAKES[action]
  for (const option of needs) required(options[option], dashed(option))
  const allowed: readonly string[] = [action, ...needs, ...takes, ...EVERY]
  const other = Object.keys(options).find((option) => !allowed.includes(option))
  if (other !== undefined)
    throw new UsageError(`Option "[${dashed(other)}]" can't be used with action "[${action}]"`)
  return action
}
