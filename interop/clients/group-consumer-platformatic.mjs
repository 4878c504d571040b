/**
 * A member of a consumer group on @platformatic/kafka, for the group checks. Needs Node >= 22.22 or >= 24.6.
 *
 *   group-consumer-platformatic.mjs BROKER TOPIC GROUP NAME [KEY=VALUE...]      keys and output: see group-clients.mjs
 *
 * Its stream goes on with what it had fetched when partitions are taken away. So records are processed only between
 * a join and the next one, which the library announces by asking for the subscription's metadata; a record that the
 * stream had read ahead is dropped, since the stream begins again at the committed offsets.
 */
import { Consumer } from '@platformatic/kafka'
import {
  heartbeatIntervalMs,
  job,
  nameOf,
  numbers,
  onTerm,
  rebalanceTimeoutMs,
  say,
  sessionTimeoutMs,
} from './group-program.mjs'
import { rangeAssignment } from './range-assignor.mjs'

const { topic } = job

/** The offset that each owned partition goes on at; empty while joining. @type {Map<number, bigint>} */
const positions = new Map()
/** @type {Set<Promise<void>>} */
const commits = new Set()

const classic = {
  protocols: [{ name: 'range', version: 0 }],
  protocolsMetadata: async () => {
    await giveUp()
    return Buffer.alloc(0)
  },
  /** @type {import('@platformatic/kafka').GroupPartitionsAssigner} */
  partitionAssigner: (_current, members, _topics, metadata) => {
    const count = metadata.topics.get(topic)?.partitionsCount ?? 0
    return [...rangeAssignment([...members.keys()], count)].map(([memberId, partitions]) => ({
      memberId,
      assignments: new Map([[topic, { topic, partitions }]]),
    }))
  },
}
const consumer = new Consumer({
  clientId: job.name,
  groupId: job.group,
  bootstrapBrokers: [job.brokers],
  sessionTimeout: sessionTimeoutMs,
  heartbeatInterval: heartbeatIntervalMs,
  rebalanceTimeout: rebalanceTimeoutMs,
  retries: 60,
  retryDelay: 100,
  ...classic,
})

async function giveUp() {
  if (positions.size === 0) return
  const given = numbers(positions.keys())
  positions.clear()
  await Promise.all(commits)
  say('revoked', given)
}

consumer.on('consumer:group:join', async ({ generationId, memberId, assignments }) => {
  const partitions = assignments?.find((assignment) => assignment.topic === topic)?.partitions ?? []
  say('assigned', generationId, memberId, numbers(partitions))
  if (partitions.length === 0) return
  const offsets = await consumer.listCommittedOffsets({ topics: [{ topic, partitions }] })
  if (consumer.generationId !== generationId) return
  for (const partition of partitions) {
    const offset = offsets.get(topic)?.[partition] ?? -1n
    positions.set(partition, offset < 0n ? 0n : offset)
  }
})
consumer.on('error', (error) => say('error', nameOf(error)))

const stream = await consumer.consume({
  topics: [topic],
  autocommit: false,
  mode: 'committed',
  fallbackMode: 'earliest',
  maxWaitTime: 100,
})
onTerm(async () => {
  await giveUp()
  await consumer.close(true)
})
for await (const { partition, offset, value } of stream) {
  if (positions.get(partition) !== offset) continue
  const next = offset + 1n
  positions.set(partition, next)
  say('record', partition, String(offset), String(value))
  const commit = consumer.commit({ offsets: [{ topic, partition, offset: next, leaderEpoch: -1 }] }).then(
    () => say('committed', `${partition}:${next}`),
    (error) => say('refused commit', nameOf(error)),
  )
  commits.add(commit)
  commit.finally(() => commits.delete(commit))
}
