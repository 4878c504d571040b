import type { ConsumerGroupChange } from './consumer-group-change.ts'
import type { GroupBench } from './group-bench.test.kit.ts'
import { toWire } from './topic-partitions.ts'

/** Changes and partitions as a transcript prints them: topics by name, ranges of partitions. */
export function shownPartitions(
  topicPartitions:
    | readonly { topicId?: string | undefined; partitions?: readonly number[] | undefined }[]
    | undefined,
  bench: GroupBench,
): string {
  const texts = (topicPartitions ?? []).map(
    ({ topicId = '', partitions = [] }) => `${bench.topicName(topicId)}:${ranges(partitions)}`,
  )
  return texts.sort().join(',') || 'none'
}

function ranges(partitions: readonly number[]): string {
  const runs: [number, number][] = []
  for (const partition of [...partitions].sort((a, b) => a - b)) {
    const run = runs.at(-1)
    if (run !== undefined && run[1] === partition - 1) run[1] = partition
    else runs.push([partition, partition])
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join('+')
}

export function shownChange(change: ConsumerGroupChange, bench: GroupBench): string {
  switch (change.kind) {
    case 'groupEpoch':
      return `epoch ${change.epoch ?? 'tombstone'}`
    case 'targetEpoch':
      return `target-epoch ${change.epoch ?? 'tombstone'}`
    case 'subscriptionMetadata': {
      const { topics } = change
      if (topics === undefined) return 'topics tombstone'
      return `topics ${[...topics].map(([name, { partitionCount }]) => `${name}:${partitionCount}`).join(',') || 'none'}`
    }
    case 'regex':
      return `regex ${change.regex} ${change.resolved === undefined ? 'tombstone' : change.resolved.topics.join(',') || 'none'}`
    case 'member': {
      if (change.metadata === undefined) return `member ${change.memberId} tombstone`
      const { instanceId, subscribedTopicNames, subscribedTopicRegex, serverAssignor, classic } =
        change.metadata
      const words = [
        `member ${change.memberId}`,
        instanceId === null ? '' : `instance=${instanceId}`,
        `topics=${subscribedTopicNames.join(',') || 'none'}`,
        subscribedTopicRegex === '' ? '' : `regex=${subscribedTopicRegex}`,
        serverAssignor === null ? '' : `assignor=${serverAssignor}`,
        classic === null ? '' : `classic=${classic.supportedProtocols.map(({ name }) => name).join(',')}`,
      ]
      return words.filter((word) => word !== '').join(' ')
    }
    case 'target':
      if (change.partitions === undefined) return `target ${change.memberId} tombstone`
      return `target ${change.memberId} ${shownPartitions(toWire(change.partitions), bench)}`
    case 'assignment': {
      if (change.assignment === undefined) return `assignment ${change.memberId} tombstone`
      const { memberEpoch, previousMemberEpoch, state, assigned, pendingRevocation } = change.assignment
      const revoking =
        pendingRevocation.size === 0 ? '' : ` revoking=${shownPartitions(toWire(pendingRevocation), bench)}`
      return (
        `assignment ${change.memberId} epoch=${memberEpoch} previous=${previousMemberEpoch} ${state} ` +
        `${shownPartitions(toWire(assigned), bench)}${revoking}`
      )
    }
  }
}
