/**
 * A member of a consumer group on kafkajs, for the group checks.
 *
 *   group-consumer-kafkajs.mjs BROKER TOPIC GROUP NAME [KEY=VALUE...]      keys and output: see group-clients.mjs
 *
 * kafkajs tells nobody that partitions are taken away; but it joins again only between batches, each of which is
 * committed before it ends, and asks the assignor for its subscription on the way. That it got, and in which
 * generation, it says to its log.
 */
import kafkajs from 'kafkajs'
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

const { AssignerProtocol, Kafka, logLevel } = kafkajs
const { MemberAssignment, MemberMetadata } = AssignerProtocol
const { topic } = job

let owned = /** @type {number[]} */ ([])

/** @type {import('kafkajs').PartitionAssigner} */
const rangeAssignor = ({ cluster }) => ({
  name: 'range',
  version: 0,
  assign: async ({ members }) => {
    const memberIds = members.map(({ memberId }) => memberId)
    const byMember = rangeAssignment(memberIds, cluster.findTopicPartitionMetadata(topic).length)
    return [...byMember].map(([memberId, partitions]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({
        version: 0,
        assignment: { [topic]: partitions },
        userData: Buffer.alloc(0),
      }),
    }))
  },
  protocol: ({ topics }) => {
    if (owned.length > 0) say('revoked', numbers(owned))
    owned = []
    return {
      name: 'range',
      metadata: MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
    }
  },
})

const kafka = new Kafka({
  clientId: job.name,
  brokers: [job.brokers],
  logLevel: logLevel.DEBUG,
  retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 60 },
  logCreator:
    () =>
    ({ level, log }) => {
      if (log.message === 'Received assignment') {
        owned = log.memberAssignment[topic] ?? []
        say('assigned', log.generationId, log.memberId, numbers(owned))
      } else if (level === logLevel.ERROR) say('error', log.message, log.error ?? '')
    },
})
const consumer = kafka.consumer({
  groupId: job.group,
  sessionTimeout: sessionTimeoutMs,
  heartbeatInterval: heartbeatIntervalMs,
  rebalanceTimeout: rebalanceTimeoutMs,
  maxWaitTimeInMs: 100,
  partitionAssigners: [rangeAssignor],
})
onTerm(() => consumer.disconnect())
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
/** After an error that it doesn't repeat, as a member's that slept through its session, kafkajs stops by itself. */
consumer.on(consumer.events.CRASH, async ({ payload }) => {
  say('error', `crashed: ${payload.error.message}`)
  if (payload.restart) return
  await consumer.stop()
  await run()
})
const run = () =>
  consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
      const { partition } = batch
      for (const { offset, value } of batch.messages) say('record', partition, offset, String(value))
      const next = String(BigInt(batch.lastOffset()) + 1n)
      try {
        await consumer.commitOffsets([{ topic, partition, offset: next }])
      } catch (error) {
        say('refused commit', nameOf(error))
        throw error
      }
      say('committed', `${partition}:${next}`)
      resolveOffset(batch.lastOffset())
      await heartbeat()
    },
  })
await run()
