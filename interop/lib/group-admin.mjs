/**
 * What the group checks ask of a broker in their own process, with kafkajs: a producer that goes on all the time, and
 * what the broker has to say about a group.
 */

import { delay } from './wait.mjs'

const tickMs = 50
const loadTimeoutMs = 15_000

/**
 * @typedef {object} GroupAdmin
 * @property {(topic: string) => Promise<Map<number, number>>} ends the log's end by partition
 * @property {(group: string, topic: string) => Promise<Map<number, number>>} committed -1 where nothing is committed
 * @property {(group: string) => Promise<{state: string, protocol: string, members: string[]}>} describe
 * @property {() => Promise<void>} close
 */

/** @param {string} bootstrap */
async function connectKafkajs(bootstrap) {
  const { default: kafkajs } = await import('kafkajs')
  return new kafkajs.Kafka({
    clientId: 'group-checks',
    brokers: [bootstrap],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 20, maxRetryTime: 300, retries: 100 },
  })
}

/**
 * @param {{partition: number, offset: string}[]} offsets
 * @returns {Map<number, number>} in the order of partitions
 */
const asMap = (offsets) =>
  new Map(
    offsets
      .toSorted((a, b) => a.partition - b.partition)
      .map(({ partition, offset }) => [partition, Number(offset)]),
  )

/**
 * Asks again while a broker that has just started loads its groups.
 * @template T
 * @param {() => Promise<T>} ask
 * @returns {Promise<T>}
 */
async function patiently(ask) {
  for (const deadline = performance.now() + loadTimeoutMs; ; await delay(tickMs)) {
    try {
      return await ask()
    } catch (error) {
      const isRetriable = /** @type {{retriable?: boolean}} */ (error).retriable === true
      if (!isRetriable || performance.now() > deadline) throw error
    }
  }
}

/**
 * @param {string} bootstrap
 * @returns {Promise<GroupAdmin>}
 */
export async function groupAdmin(bootstrap) {
  const admin = (await connectKafkajs(bootstrap)).admin()
  await admin.connect()
  return {
    ends: async (topic) => asMap(await admin.fetchTopicOffsets(topic)),
    committed: async (groupId, topic) => {
      const [found] = await patiently(() => admin.fetchOffsets({ groupId, topics: [topic] }))
      return asMap(found?.partitions ?? [])
    },
    describe: async (group) => {
      const found = (await patiently(() => admin.describeGroups([group]))).groups[0]
      return {
        state: found?.state ?? '',
        protocol: found?.protocol ?? '',
        members: (found?.members ?? []).map(({ memberId }) => memberId).sort(),
      }
    },
    close: () => admin.disconnect(),
  }
}

/**
 * Writes small records to all partitions in turn until it is stopped; the numbers are their values.
 * @param {string} bootstrap
 * @param {string} topic
 * @param {{partitions: number, perSecond: number}} options
 * @returns {Promise<{stop: () => Promise<number>}>} stop returns how many were written
 */
export async function startLoad(bootstrap, topic, { partitions, perSecond }) {
  const { default: kafkajs } = await import('kafkajs')
  const producer = (await connectKafkajs(bootstrap)).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  const perTick = Math.ceil((perSecond * tickMs) / 1000)
  let sent = 0
  let stopping = false
  const running = (async () => {
    while (!stopping) {
      const messages = Array.from({ length: perTick }, () => {
        const number = sent++
        return { partition: number % partitions, value: String(number) }
      })
      await producer.send({ topic, acks: -1, messages })
      await delay(tickMs)
    }
  })()
  // A failure comes out when the load is stopped.
  running.catch(() => {})
  return {
    stop: async () => {
      stopping = true
      await running
      await producer.disconnect()
      return sent
    },
  }
}

/**
 * Writes so many records to each partition.
 * @param {string} bootstrap
 * @param {string} topic
 * @param {{partitions: number, recordsEach: number}} options
 */
export async function produceEverywhere(bootstrap, topic, { partitions, recordsEach }) {
  const { default: kafkajs } = await import('kafkajs')
  const producer = (await connectKafkajs(bootstrap)).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  const messages = Array.from({ length: partitions * recordsEach }, (_, number) => ({
    partition: number % partitions,
    value: String(number),
  }))
  await producer.send({ topic, acks: -1, messages })
  await producer.disconnect()
}

/**
 * Commits as nobody's member.
 * @param {string} bootstrap
 * @param {string} groupId
 * @param {string} topic
 * @param {number[]} offsets by partition
 */
export async function commitFromOutside(bootstrap, groupId, topic, offsets) {
  const admin = (await connectKafkajs(bootstrap)).admin()
  await admin.connect()
  const partitions = offsets.map((offset, partition) => ({ partition, offset: String(offset) }))
  await admin.setOffsets({ groupId, topic, partitions })
  await admin.disconnect()
}
