/**
 * Who leads a partition: pure decisions over what the controller knows. Leaders come from the ISR, in the order of
 * the assignment, so that the preferred replica leads when it can; from outside the ISR only where losing
 * acknowledged records was allowed (unclean.leader.election.enable).
 *
 * Each decision raises the leader epoch by one and keeps the partition epoch, at which it must be written.
 */
import { unreachable } from '../base/assert.ts'
import type { LeaderAndIsr } from '../metadata/znodes.ts'
import type { ControllerContext, ControllerPartition } from './controller-context.ts'

export type ElectionStrategy =
  /** The leader is gone. `allowUnclean` overrides the topic's own setting (ElectLeaders with type UNCLEAN). */
  | { readonly type: 'offline'; readonly allowUnclean: boolean }
  /** Back to the first replica of the assignment. */
  | { readonly type: 'preferred' }
  /** Away from brokers that are shutting down. */
  | { readonly type: 'controlledShutdown' }
  /** To a replica that stays: the assignment is that at the end of the move. */
  | { readonly type: 'reassignment' }

export interface Election {
  readonly leaderAndIsr: LeaderAndIsr
  /** Live replicas: they get the LeaderAndIsr request. */
  readonly recipients: readonly number[]
  readonly unclean: boolean
}

const RECOVERED = 0
const RECOVERING = 1

/** The leader and ISR of a new partition, or undefined while no replica of it is alive. */
export function initialLeaderAndIsr(
  context: ControllerContext,
  partition: ControllerPartition,
): LeaderAndIsr | undefined {
  const live = partition.assignment.replicas.filter((each) => context.isReplicaOnline(each, partition))
  const leader = live[0]
  if (leader === undefined) return undefined
  return { leader, leaderEpoch: 0, isr: live, leaderRecoveryState: RECOVERED, partitionEpoch: 0 }
}

/** Undefined if nobody can lead under this strategy. `uncleanAllowed` is the topic's own setting. */
export function electLeader(
  context: ControllerContext,
  partition: ControllerPartition,
  current: LeaderAndIsr,
  strategy: ElectionStrategy,
  uncleanAllowed: boolean,
): Election | undefined {
  const includeShuttingDown = strategy.type === 'controlledShutdown'
  const recipients = partition.assignment.replicas.filter((each) =>
    context.isReplicaOnline(each, partition, includeShuttingDown),
  )
  const inSync = recipients.filter((each) => current.isr.includes(each))
  switch (strategy.type) {
    case 'offline': {
      const live = current.isr.filter((each) => context.isReplicaOnline(each, partition))
      if (inSync[0] !== undefined) return elected(current, inSync[0], live, recipients, false)
      const unclean = strategy.allowUnclean || uncleanAllowed ? recipients[0] : undefined
      return unclean === undefined ? undefined : elected(current, unclean, [unclean], recipients, true)
    }
    case 'preferred': {
      const preferred = partition.assignment.replicas[0]
      if (preferred === undefined || !inSync.includes(preferred)) return undefined
      return elected(current, preferred, current.isr, recipients, false)
    }
    case 'controlledShutdown': {
      const staying = inSync.find((each) => !context.shuttingDownBrokers.has(each))
      if (staying === undefined) return undefined
      const isr = current.isr.filter((each) => !context.shuttingDownBrokers.has(each))
      return elected(current, staying, isr, recipients, false)
    }
    case 'reassignment': {
      const staying = inSync[0]
      return staying === undefined ? undefined : elected(current, staying, current.isr, recipients, false)
    }
    default:
      return unreachable(strategy)
  }
}

function elected(
  current: LeaderAndIsr,
  leader: number,
  isr: readonly number[],
  recipients: readonly number[],
  unclean: boolean,
): Election {
  const leaderAndIsr = {
    leader,
    leaderEpoch: current.leaderEpoch + 1,
    isr,
    leaderRecoveryState: unclean ? RECOVERING : current.leaderRecoveryState,
    partitionEpoch: current.partitionEpoch,
  }
  return { leaderAndIsr, recipients, unclean }
}
