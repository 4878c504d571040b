/** What the cases share: keys of APIs, and requests that prepare a broker without being compared. */
import { batch } from '../records.mjs'

export const PRODUCE = 0
export const FETCH = 1
export const LIST_OFFSETS = 2
export const METADATA = 3
export const FIND_COORDINATOR = 10
export const API_VERSIONS = 18
export const CREATE_TOPICS = 19
export const DELETE_TOPICS = 20
export const DELETE_RECORDS = 21
export const INIT_PRODUCER_ID = 22
export const OFFSET_FOR_LEADER_EPOCH = 23
export const DESCRIBE_CONFIGS = 32
export const DESCRIBE_LOG_DIRS = 35
export const CREATE_PARTITIONS = 37
export const DESCRIBE_CLUSTER = 60
export const DESCRIBE_TOPIC_PARTITIONS = 75

export const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA'
export const strangeUuid = 'EREiIjMzRERVVVVVVVVVVQ'

/** @typedef {import('../transcript.mjs').Probe} Probe */
/** @typedef {{name: string, reference?: 'zookeeper' | 'kraft', run: (probe: Probe) => Promise<void>}} Case */

/**
 * Creates a topic and returns its id.
 * @param {Probe} probe
 * @param {string} name
 * @param {{partitions?: number, configs?: Record<string, string>}} [options]
 */
export async function createTopic(probe, name, { partitions = 1, configs = {} } = {}) {
  const response = await probe.quietly(CREATE_TOPICS, 7, {
    topics: [
      {
        name,
        numPartitions: partitions,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      },
    ],
    timeoutMs: 30_000,
    validateOnly: false,
  })
  const [created] = response.topics
  if (created.errorCode !== 0)
    throw new Error(`creating ${name}: ${created.errorCode} ${created.errorMessage}`)
  // With KRaft the broker may hear of it a little later than the controller.
  for (;;) {
    const { topics } = await probe.quietly(METADATA, 8, { topics: [{ name }], allowAutoTopicCreation: false })
    if (topics[0].errorCode === 0 && topics[0].partitions.length === partitions) break
  }
  return /** @type {string} */ (created.topicId)
}

/**
 * The request to produce to one partition, by name and by id: the version says which is sent.
 * @param {string} name
 * @param {Buffer | null} records
 * @param {{topicId?: string, acks?: number, partition?: number, transactionalId?: string | null, timeoutMs?: number}} [options]
 */
export function produceRequest(name, records, options = {}) {
  const { topicId = zeroUuid, acks = -1, partition = 0, transactionalId = null, timeoutMs = 10_000 } = options
  return {
    transactionalId,
    acks,
    timeoutMs,
    topicData: [{ name, topicId, partitionData: [{ index: partition, records }] }],
  }
}

/** @param {Probe} probe @param {string} topic @param {Buffer} records @param {number} [partition] */
export async function produce(probe, topic, records, partition = 0) {
  const response = await probe.quietly(PRODUCE, 9, produceRequest(topic, records, { partition }))
  const [{ errorCode, baseOffset }] = response.responses[0].partitionResponses
  if (errorCode !== 0) throw new Error(`producing to ${topic}: ${errorCode}`)
  return Number(baseOffset)
}

/** Fills partition 0 with a few plain batches: offsets 0, 1-3, 4-8. @param {Probe} probe @param {string} topic */
export async function fill(probe, topic) {
  for (const count of [1, 3, 5]) await produce(probe, topic, batch(count))
}

/**
 * The request to fetch partitions of one topic.
 * @param {string} topic
 * @param {readonly {partition?: number, fetchOffset?: number, partitionMaxBytes?: number, currentLeaderEpoch?: number,
 *   lastFetchedEpoch?: number}[]} partitions
 * @param {object} [options] fields of the request, and topicId
 */
export function fetchRequest(topic, partitions, options = {}) {
  const { topicId = zeroUuid, ...fields } = /** @type {any} */ (options)
  return {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 10_000_000,
    isolationLevel: 0,
    ...fields,
    topics: [
      {
        topic,
        topicId,
        partitions: partitions.map((each) => ({
          partition: 0,
          fetchOffset: 0,
          partitionMaxBytes: 1_000_000,
          ...each,
        })),
      },
    ],
  }
}
