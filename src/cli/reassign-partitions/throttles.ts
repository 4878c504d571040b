/** Limits for what moves: configs of brokers and topics, set when moves begin and taken away when all are done. */
import type { Admin } from '../../client/admin/admin.ts'
import type { OngoingReassignment } from '../../client/admin/reassignments.ts'
import { nameOf, type TopicPartition } from '../../client/consumer/topic-partition.ts'
import type { CommandContext } from '../command/command.ts'
import type { AssignedPartition } from './reassignment-file.ts'

const BROKER_RATES = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate'] as const
const LOG_DIR_RATE = 'replica.alter.log.dirs.io.max.bytes.per.second'
const LEADER_REPLICAS = 'leader.replication.throttled.replicas'
const FOLLOWER_REPLICAS = 'follower.replication.throttled.replicas'

/** Brokers that a partition comes from, and those that it goes to. */
interface Move extends TopicPartition {
  readonly sources: readonly number[]
  readonly destinations: readonly number[]
}

/** What moves already counts, too. */
export async function throttleBrokers(
  admin: Admin,
  bytesPerSecond: number,
  plans: {
    readonly ongoing: readonly OngoingReassignment[]
    readonly proposed: readonly AssignedPartition[]
    readonly current: readonly AssignedPartition[]
  },
  context: CommandContext,
): Promise<void> {
  const moves = movesOf(plans)
  const topics = [...new Set(moves.map(({ topic }) => topic))]
  await admin.alterConfigs(
    topics.map((topic) => {
      const own = moves.filter((move) => move.topic === topic)
      const replicas = (side: 'sources' | 'destinations'): string =>
        own
          .flatMap((move) => move[side].map((id) => `${move.partition}:${id}`))
          .sort()
          .join(',')
      const set = { [LEADER_REPLICAS]: replicas('sources'), [FOLLOWER_REPLICAS]: replicas('destinations') }
      return { type: 'topic', name: topic, set }
    }),
  )
  const brokers = new Set(moves.flatMap(({ sources, destinations }) => [...sources, ...destinations]))
  const set = Object.fromEntries(BROKER_RATES.map((name) => [name, String(bytesPerSecond)]))
  await admin.alterConfigs([...brokers].map((name) => ({ type: 'broker', name, set })))
  await context.out(`The inter-broker throttle limit was set to ${bytesPerSecond} B/s\n`)
}

export async function throttleLogDirs(
  admin: Admin,
  bytesPerSecond: number,
  brokerIds: readonly number[],
  context: CommandContext,
): Promise<void> {
  const set = { [LOG_DIR_RATE]: String(bytesPerSecond) }
  const brokers = [...new Set(brokerIds)]
  if (brokers.length > 0) await admin.alterConfigs(brokers.map((name) => ({ type: 'broker', name, set })))
  await context.out(`The replica-alter-dir throttle limit was set to ${bytesPerSecond} B/s\n`)
}

/** All of them: nobody knows any more which brokers took part. Brokers that are not there can't be asked. */
export async function clearThrottles(
  admin: Admin,
  partitions: readonly AssignedPartition[],
  context: CommandContext,
): Promise<void> {
  const alive = (await admin.describeCluster()).brokers.map(({ nodeId }) => nodeId)
  const named = [...new Set([...alive, ...partitions.flatMap(({ replicas }) => replicas)])].sort(
    (a, b) => a - b,
  )
  await context.out(`Clearing broker-level throttles on broker${plural(named)} ${named.join(',')}\n`)
  await admin.alterConfigs(
    alive.map((name) => ({ type: 'broker', name, delete: [...BROKER_RATES, LOG_DIR_RATE] })),
  )
  const topics = [...new Set(partitions.map(({ topic }) => topic))].sort()
  await context.out(`Clearing topic-level throttles on topic${plural(topics)} ${topics.join(',')}\n`)
  if (topics.length === 0) return
  await admin.alterConfigs(
    topics.map((name) => ({ type: 'topic', name, delete: [LEADER_REPLICAS, FOLLOWER_REPLICAS] })),
  )
}

export function plural(things: readonly unknown[]): string {
  return things.length === 1 ? '' : 's'
}

function movesOf({
  ongoing,
  proposed,
  current,
}: {
  readonly ongoing: readonly OngoingReassignment[]
  readonly proposed: readonly AssignedPartition[]
  readonly current: readonly AssignedPartition[]
}): Move[] {
  const moves = new Map<string, Move>()
  for (const { topic, partition, replicas, addingReplicas } of ongoing) {
    const sources = replicas.filter((id) => !addingReplicas.includes(id))
    moves.set(nameOf({ topic, partition }), { topic, partition, sources, destinations: addingReplicas })
  }
  const now = new Map(current.map((each) => [nameOf(each), each.replicas]))
  for (const { topic, partition, replicas } of proposed) {
    const name = nameOf({ topic, partition })
    const sources = moves.get(name)?.sources ?? now.get(name) ?? []
    const destinations = replicas.filter((id) => !sources.includes(id))
    moves.set(name, { topic, partition, sources, destinations })
  }
  return [...moves.values()]
}
