/**
 * Which brokers hold the replicas of new partitions: Kafka's own algorithm, so that tools which compute an
 * assignment themselves agree with the broker.
 *
 * First replicas go round-robin over the brokers from a random start, so that leaders spread; the other replicas
 * follow at a shift that grows with each round, so that the followers of one broker spread over all others. With
 * racks, the brokers are first put in an order that alternates racks, and a replica goes to a rack that has one
 * only when every rack has one.
 */

import { assert } from '../base/assert.ts'
import type { Random } from '../base/random.ts'

export interface AssignableBroker {
  readonly id: number
  readonly rack: string | null
}

export interface AssignmentRequest {
  readonly brokers: readonly AssignableBroker[]
  /** >= 1. */
  readonly partitionCount: number
  /** From 1 to the number of brokers. */
  readonly replicationFactor: number
  /** The number of the first new partition; 0 for a new topic. */
  readonly firstPartition?: number
  /** Where in the broker list partition 0 starts; random if not given. For new partitions of an old topic. */
  readonly startIndex?: number
}

/** The replicas of each new partition, by partition number. Racks count only if every broker has one. */
export function assignReplicas(request: AssignmentRequest, random: Random): Map<number, number[]> {
  const { partitionCount, replicationFactor, startIndex, firstPartition = 0 } = request
  const brokers = request.brokers.every((each) => each.rack !== null)
    ? rackAlternated(request.brokers)
    : request.brokers
  assert(partitionCount >= 1, 'a topic has at least one partition')
  assert(replicationFactor >= 1 && replicationFactor <= brokers.length, 'replicas fit the brokers')
  const rackCount = new Set(brokers.map((each) => each.rack)).size
  const racked = brokers.every((each) => each.rack !== null)
  const start = startIndex ?? random.below(brokers.length)
  let shift = startIndex ?? random.below(brokers.length)

  const assignment = new Map<number, number[]>()
  for (let partition = firstPartition; partition < firstPartition + partitionCount; partition++) {
    if (partition > 0 && partition % brokers.length === 0) shift++
    const first = (partition + start) % brokers.length
    const followers = racked
      ? spreadOverRacks(brokers, first, shift * rackCount, replicationFactor, rackCount)
      : spread(brokers, first, shift, replicationFactor)
    assignment.set(partition, followers)
  }
  return assignment
}

function spread(brokers: readonly AssignableBroker[], first: number, shift: number, count: number): number[] {
  const replicas = [brokers[first]!.id]
  for (let j = 0; j < count - 1; j++)
    replicas.push(brokers[followerIndex(first, shift, j, brokers.length)]!.id)
  return replicas
}

function spreadOverRacks(
  brokers: readonly AssignableBroker[],
  first: number,
  shift: number,
  count: number,
  rackCount: number,
): number[] {
  const replicas = [brokers[first]!.id]
  const racks = new Set([brokers[first]!.rack])
  for (let k = 0; replicas.length < count; k++) {
    const broker = brokers[followerIndex(first, shift, k, brokers.length)]!
    // At most brokers.length steps without a hit: every broker is passed, and one without a replica qualifies.
    if (replicas.includes(broker.id)) continue
    if (racks.has(broker.rack) && racks.size < rackCount) continue
    replicas.push(broker.id)
    racks.add(broker.rack)
  }
  return replicas
}

function followerIndex(first: number, shift: number, follower: number, brokerCount: number): number {
  return (first + 1 + ((shift + follower) % (brokerCount - 1))) % brokerCount
}

/** One broker of each rack in turn; racks in order of their names, brokers of a rack in order of their ids. */
export function rackAlternated(brokers: readonly AssignableBroker[]): AssignableBroker[] {
  const byRack = new Map<string, AssignableBroker[]>()
  for (const broker of [...brokers].sort((a, b) => a.id - b.id)) {
    const rack = broker.rack ?? ''
    byRack.set(rack, [...(byRack.get(rack) ?? []), broker])
  }
  const racks = [...byRack.keys()].sort().map((rack) => byRack.get(rack)!)
  const result: AssignableBroker[] = []
  for (let round = 0; result.length < brokers.length; round++) {
    for (const rack of racks) {
      const broker = rack[round]
      if (broker !== undefined) result.push(broker)
    }
  }
  return result
}
