/**
 * A member of a consumer group on this project's client, for the group checks. Runs what `npm run build` left in dist/.
 *
 *   group-consumer-sluice.mjs BROKER TOPIC GROUP NAME [KEY=VALUE...]      keys and output: see group-clients.mjs
 */
import { Consumer } from '../../dist/client/index.js'
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

const { topic, options } = job
const isConsumerProtocol = options.protocol === 'consumer'

const consumer = new Consumer({
  bootstrapServers: job.brokers,
  clientId: job.name,
  groupId: job.group,
  autoOffsetReset: 'earliest',
  enableAutoCommit: false,
  fetchMaxWaitMs: 100,
  maxPollIntervalMs: rebalanceTimeoutMs,
  reconnectBackoffMs: 20,
  reconnectBackoffMaxMs: 200,
  retryBackoffMs: 50,
  valueDeserializer: 'string',
  ...(options.instance === undefined ? {} : { groupInstanceId: options.instance }),
  ...(isConsumerProtocol
    ? { groupProtocol: 'consumer', groupRemoteAssignor: options.assignor ?? 'range' }
    : {
        sessionTimeoutMs,
        heartbeatIntervalMs,
        partitionAssignmentStrategy: options.assignor ?? 'range',
      }),
})

/** @param {readonly {partition: number}[]} partitions */
const namesOf = (partitions) => numbers(partitions.map(({ partition }) => partition))

async function commit() {
  const positions = await Promise.all(
    consumer
      .assignment()
      .map(async ({ partition }) => [partition, await consumer.position({ topic, partition })]),
  )
  if (positions.length === 0) return
  try {
    await consumer.commit()
    say('committed', positions.map(([partition, offset]) => `${partition}:${offset}`).join(','))
  } catch (error) {
    say('refused commit', nameOf(/** @type {{code: string}} */ (error).code))
  }
}

let isLeaving = false
onTerm(async () => {
  isLeaving = true
  await consumer.close()
})
await consumer.subscribe({
  topics: topic,
  onAssigned: (partitions) => {
    const { generationId, memberId } = consumer.groupMetadata()
    say('assigned', generationId, memberId, namesOf(partitions))
  },
  onRevoked: async (partitions) => {
    await commit()
    say('revoked', namesOf(partitions))
  },
  onLost: (partitions) => say('lost', namesOf(partitions)),
})
while (!isLeaving) {
  try {
    const records = await consumer.poll({ timeoutMs: 200 })
    for (const { partition, offset, value } of records) say('record', partition, offset, String(value))
    if (records.length > 0) await commit()
  } catch (error) {
    const name = nameOf(/** @type {{code: string}} */ (error).code ?? error)
    const isOver = name === 'FENCED_INSTANCE_ID'
    if (!isLeaving) say(isOver ? 'fatal' : 'error', name)
    if (isOver) break
  }
}
