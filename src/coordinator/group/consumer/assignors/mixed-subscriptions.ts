/**
 * The uniform assignor where members are subscribed to different topics. Everyone keeps what they have; what nobody has
 * goes to the subscriber with the least; then partitions move from those with much to those with little, topic by topic,
 * until no single move makes it more even.
 *
 * Afterwards, for each topic: a subscriber that holds partitions of it has at most one partition more, over all, than
 * the subscriber with the least. (Chains of moves over several topics could even it out further; they are not tried.)
 */
import { compareText, type MemberToAssign } from './assignor.ts'
import type { Distribution } from './distribution.ts'

/** Moves in one topic can unsettle another; each round about halves what is uneven. */
const ROUNDS_MAX = 16

export function assignMixedSubscriptions(
  members: readonly MemberToAssign[],
  distribution: Distribution,
): void {
  members.forEach(({ assigned }, index) => {
    for (const [topicId, partitions] of assigned) {
      for (const partition of partitions) distribution.takeIfFree(topicId, partition, index)
    }
  })
  const subscribers = subscribersOf(members)
  const topicIds = inOrderOfNeed(distribution, subscribers)
  for (const topicId of topicIds) {
    for (const partition of distribution.unassigned(topicId)) {
      distribution.takeIfFree(topicId, partition, leastLoaded(subscribers.get(topicId)!, distribution))
    }
  }
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const moveCount = topicIds.reduce(
      (sum, topicId) => sum + evenOut(topicId, subscribers.get(topicId)!, distribution),
      0,
    )
    if (moveCount === 0) return
  }
}

function subscribersOf(members: readonly MemberToAssign[]): Map<string, number[]> {
  const subscribers = new Map<string, number[]>()
  members.forEach(({ topicIds }, index) => {
    for (const topicId of topicIds) {
      const known = subscribers.get(topicId)
      if (known === undefined) subscribers.set(topicId, [index])
      else known.push(index)
    }
  })
  return subscribers
}

/** Topics with the most partitions for each subscriber first: they leave the least choice. */
function inOrderOfNeed(distribution: Distribution, subscribers: ReadonlyMap<string, number[]>): string[] {
  const need = (topicId: string): number =>
    distribution.partitionCountOf(topicId) / subscribers.get(topicId)!.length
  return distribution
    .topicIds()
    .sort(
      (a, b) =>
        need(b) - need(a) || subscribers.get(a)!.length - subscribers.get(b)!.length || compareText(a, b),
    )
}

/** @returns how many partitions changed hands. */
function evenOut(topicId: string, subscribers: readonly number[], distribution: Distribution): number {
  const holdings = distribution.holdingsOf(topicId)
  let moveCount = 0
  for (;;) {
    const from = mostLoaded([...holdings.keys()], distribution)
    const to = leastLoaded(subscribers, distribution)
    if (from === undefined || distribution.sizeOf(from) - distribution.sizeOf(to) <= 1) return moveCount
    const held = holdings.get(from)!
    const partition = held.pop()!
    if (held.length === 0) holdings.delete(from)
    distribution.move(topicId, partition, to)
    holdings.set(to, [...(holdings.get(to) ?? []), partition])
    moveCount++
  }
}

function leastLoaded(members: readonly number[], distribution: Distribution): number {
  return members.reduce((least, member) =>
    distribution.sizeOf(member) < distribution.sizeOf(least) ? member : least,
  )
}

function mostLoaded(members: readonly number[], distribution: Distribution): number | undefined {
  if (members.length === 0) return undefined
  return members.reduce((most, member) =>
    distribution.sizeOf(member) > distribution.sizeOf(most) ? member : most,
  )
}
