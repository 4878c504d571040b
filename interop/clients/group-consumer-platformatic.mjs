/**
 * A member of a consumer group on @platformatic/kafka, for the group checks. Needs Node >= 22.22 or >= 24.6.
 *
 *   group-consumer-platformatic.mjs BROKER TOPIC GROUP NAME [KEY=VALUE...]      keys and output: see group-clients.mjs
 *
 * Its stream goes on with what it had fetched when partitions are taken away, and begins again at the committed
 * offsets after each join. So records are processed only between a join and the next one, which the library announces
 * by asking for the subscription's metadata; in between the stream waits. What it brings twice is dropped; where it
 * leaves records out, as after a sleep with a fetch under way, a new stream begins.
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
let joined = deferred()
let isJoined = false
let isLeaving = false
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

/** @returns {{promise: Promise<void>, resolve: () => void}} */
function deferred() {
  /** @type {() => void} */
  let resolve = () => {}
  const promise = new Promise((done) => {
    resolve = () => done(undefined)
  })
  return { promise, resolve }
}

async function giveUp() {
  if (isJoined) joined = deferred()
  isJoined = false
  if (positions.size === 0) return
  const given = numbers(positions.keys())
  positions.clear()
  await Promise.all(commits)
  say('revoked', given)
}

consumer.on('consumer:group:join', async ({ generationId = -1, memberId, assignments }) => {
  const partitions = assignments?.find((assignment) => assignment.topic === topic)?.partitions ?? []
  say('assigned', generationId, memberId, numbers(partitions))
  const offsets = await consumer.listCommittedOffsets({ topics: [{ topic, partitions }] })
  if (consumer.generationId !== generationId) return
  for (const partition of partitions) {
    const offset = offsets.get(topic)?.[partition] ?? -1n
    positions.set(partition, offset < 0n ? 0n : offset)
  }
  isJoined = true
  joined.resolve()
})
consumer.on('error', (error) => say('error', nameOf(error)))

onTerm(async () => {
  isLeaving = true
  await giveUp()
  joined.resolve()
  await consumer.close(true)
})
while (!isLeaving) {
  const stream = await consumer.consume({
    topics: [topic],
    autocommit: false,
    mode: 'committed',
    fallbackMode: 'earliest',
    maxWaitTime: 100,
  })
  for await (const { partition, offset, value } of stream) {
    await joined.promise
    const position = positions.get(partition)
    if (isLeaving || position === undefined || offset < position) continue
    if (offset > position) {
      say('error', `partition ${partition} goes on at ${offset}, not ${position}: a new stream`)
      break
    }
    take(partition, offset, String(value))
  }
}

/** @param {number} partition @param {bigint} offset @param {string} value */
function take(partition, offset, value) {
  const next = offset + 1n
  positions.set(partition, next)
  say('record', partition, String(offset), value)
  const commit = consumer.commit({ offsets: [{ topic, partition, offset: next, leaderEpoch: -1 }] }).then(
    () => say('committed', `${partition}:${next}`),
    (error) => say('refused commit', nameOf(error)),
  )
  commits.add(commit)
  commit.finally(() => commits.delete(commit))
}
