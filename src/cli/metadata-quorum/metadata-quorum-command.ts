/** kafka-metadata-quorum.sh: the controllers that keep a cluster's metadata, and which of them vote. */
import type { Admin } from '../../client/admin/admin.ts'
import type { QuorumDescription, QuorumReplica } from '../../client/admin/metadata-quorum.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import { ZERO_UUID } from '../../wire/text.ts'
import { type CommandContext, type KafkaCommand, UsageError } from '../command/command.ts'
import {
  type BootstrapOptions,
  bootstrapOptions,
  platform,
  required,
  withAdmin,
} from '../command/connection.ts'
import { wholeNumber } from '../command/options.ts'
import { onlySubcommand } from '../command/subcommand.ts'
import { tabbedColumns } from '../command/table.ts'

interface MetadataQuorumOptions extends BootstrapOptions {
  readonly status?: true
  readonly replication?: true
  readonly humanReadable?: true
  readonly controllerId?: number
  readonly controllerDirectoryId?: string
  readonly json?: true
}

export const metadataQuorumCommand: KafkaCommand<MetadataQuorumOptions> = {
  name: 'kafka-metadata-quorum',
  description: 'Describe the quorum of controllers (describe), or take one out of it (remove-controller).',
  configure: (command) =>
    void bootstrapOptions(command.usage('describe|remove-controller [options]'))
      .option('--status', 'with describe: the leader, and how far the others are')
      .option('--replication', 'with describe: a line for each replica')
      .option('--human-readable', 'with --replication: times as what has passed since')
      .option('--json', 'with describe: write one JSON object')
      .option('-i, --controller-id <id>', 'with remove-controller', (text) =>
        wholeNumber(text, 'controller-id', 0),
      )
      .option('-d, --controller-directory-id <id>', 'with remove-controller'),
  run: async (options, context, rest) => {
    const action = onlySubcommand(rest, ['describe', 'remove-controller'])
    checkOptions(action, options)
    await withAdmin(options, context, async (admin) => {
      try {
        if (action === 'describe') await describe(admin, options, context)
        else await removeController(admin, options, context)
      } catch (error) {
        if (!(error instanceof KafkaError) || error.code !== 'PROTOCOL') throw error
        throw new UsageError(
          `The broker does not support ${action === 'describe' ? 'DESCRIBE_QUORUM' : 'REMOVE_RAFT_VOTER'}: its cluster keeps its metadata in the way of ZooKeeper, and has no quorum of controllers`,
        )
      }
    })
    return 0
  },
}

function checkOptions(action: string, options: MetadataQuorumOptions): void {
  const { status, replication, humanReadable, json } = options
  if (action === 'remove-controller') {
    required(options.controllerId, 'controller-id')
    required(options.controllerDirectoryId, 'controller-directory-id')
    return
  }
  if (status && replication)
    throw new UsageError(
      'Only one of --status or --replication should be specified with describe sub-command',
    )
  if (!status && !replication && !json)
    throw new UsageError('One of --status or --replication must be specified with describe sub-command')
  if (humanReadable && !replication)
    throw new UsageError('The option --human-readable is only supported along with --replication')
}

async function describe(
  admin: Admin,
  options: MetadataQuorumOptions,
  context: CommandContext,
): Promise<void> {
  const quorum = await admin.describeMetadataQuorum()
  if (options.json) return context.out(`${JSON.stringify(quorum)}\n`)
  if (options.replication) return context.out(replicationOf(quorum, options.humanReadable === true))
  const { clusterId } = await admin.describeCluster()
  await context.out(statusOf(quorum, clusterId))
}

function leaderOf({ voters, leaderId }: QuorumDescription): QuorumReplica {
  const leader = voters.find(({ replicaId }) => replicaId === leaderId)
  if (leader === undefined) throw new UsageError(`The leader ${leaderId} is not among the voters`)
  return leader
}

function statusOf(quorum: QuorumDescription, clusterId: string | null): string {
  const leader = leaderOf(quorum)
  const last = quorum.voters.reduce((a, b) => (b.logEndOffset < a.logEndOffset ? b : a))
  const times = [leader.lastCaughtUpTimestamp, last.lastCaughtUpTimestamp] as const
  const lagMs = last === leader ? 0 : times[0] === null || times[1] === null ? -1 : times[0] - times[1]
  const rows: [string, string | number][] = [
    ['ClusterId', String(clusterId)],
    ['LeaderId', quorum.leaderId],
    ['LeaderEpoch', quorum.leaderEpoch],
    ['HighWatermark', quorum.highWatermark],
    ['MaxFollowerLag', leader.logEndOffset - last.logEndOffset],
    ['MaxFollowerLagTimeMs', lagMs],
    ['CurrentVoters', `[${quorum.voters.map((voter) => replicaText(voter, quorum)).join(', ')}]`],
    ['CurrentObservers', `[${quorum.observers.map((observer) => replicaText(observer, quorum)).join(', ')}]`],
  ]
  return rows.map(([name, value]) => `${`${name}:`.padEnd(24)}${value}\n`).join('')
}

function replicaText({ replicaId, directoryId }: QuorumReplica, { nodes }: QuorumDescription): string {
  const endpoints = nodes.find(({ nodeId }) => nodeId === replicaId)?.endpoints ?? []
  const fields = [
    `"id": ${replicaId}`,
    ...(directoryId === null ? [] : [`"directoryId": "${directoryId}"`]),
    ...(endpoints.length === 0
      ? []
      : [
          `"endpoints": [${endpoints.map(({ listener, host, port }) => `"${listener}://${host.includes(':') ? `[${host}]` : host}:${port}"`).join(', ')}]`,
        ]),
  ]
  return `{${fields.join(', ')}}`
}

function replicationOf(quorum: QuorumDescription, isReadable: boolean): string {
  const leader = leaderOf(quorum)
  const nowMs = platform.clock.nowMs()
  const time = (timestamp: number | null): string =>
    timestamp === null ? '-1' : isReadable ? `${nowMs - timestamp} ms ago` : String(timestamp)
  const rowOf = (replica: QuorumReplica, status: string): string[] => [
    String(replica.replicaId),
    replica.directoryId ?? ZERO_UUID,
    String(replica.logEndOffset),
    String(leader.logEndOffset - replica.logEndOffset),
    time(replica.lastFetchTimestamp),
    time(replica.lastCaughtUpTimestamp),
    status,
  ]
  return tabbedColumns([
    ['NodeId', 'DirectoryId', 'LogEndOffset', 'Lag', 'LastFetchTimestamp', 'LastCaughtUpTimestamp', 'Status'],
    rowOf(leader, 'Leader'),
    ...quorum.voters.filter((voter) => voter !== leader).map((voter) => rowOf(voter, 'Follower')),
    ...quorum.observers.map((observer) => rowOf(observer, 'Observer')),
  ])
}

async function removeController(
  admin: Admin,
  { controllerId, controllerDirectoryId }: MetadataQuorumOptions,
  context: CommandContext,
): Promise<void> {
  await admin.removeRaftVoter({ voterId: controllerId!, directoryId: controllerDirectoryId! })
  await context.out(`Removed KRaft controller ${controllerId} with directory id ${controllerDirectoryId}\n`)
}
