/** What the cases share: keys of APIs, and requests that prepare a broker without being compared. */
import { batch } from '../records.mjs'

export const PRODUCE = 0
export const FETCH = 1
export const LIST_OFFSETS = 2
export const METADATA = 3
export const OFFSET_COMMIT = 8
export const OFFSET_FETCH = 9
export const FIND_COORDINATOR = 10
export const JOIN_GROUP = 11
export const HEARTBEAT = 12
export const LEAVE_GROUP = 13
export const SYNC_GROUP = 14
export const DESCRIBE_GROUPS = 15
export const LIST_GROUPS = 16
export const API_VERSIONS = 18
export const CREATE_TOPICS = 19
export const DELETE_TOPICS = 20
export const DELETE_RECORDS = 21
export const INIT_PRODUCER_ID = 22
export const OFFSET_FOR_LEADER_EPOCH = 23
export const ADD_PARTITIONS_TO_TXN = 24
export const ADD_OFFSETS_TO_TXN = 25
export const END_TXN = 26
export const WRITE_TXN_MARKERS = 27
export const TXN_OFFSET_COMMIT = 28
export const DESCRIBE_CONFIGS = 32
export const ALTER_CONFIGS = 33
export const ALTER_REPLICA_LOG_DIRS = 34
export const DESCRIBE_LOG_DIRS = 35
export const CREATE_PARTITIONS = 37
export const DELETE_GROUPS = 42
export const ELECT_LEADERS = 43
export const INCREMENTAL_ALTER_CONFIGS = 44
export const ALTER_PARTITION_REASSIGNMENTS = 45
export const LIST_PARTITION_REASSIGNMENTS = 46
export const OFFSET_DELETE = 47
export const UPDATE_FEATURES = 57
export const DESCRIBE_CLIENT_QUOTAS = 48
export const ALTER_CLIENT_QUOTAS = 49
export const DESCRIBE_USER_SCRAM_CREDENTIALS = 50
export const ALTER_USER_SCRAM_CREDENTIALS = 51
export const DESCRIBE_CLUSTER = 60
export const DESCRIBE_PRODUCERS = 61
export const DESCRIBE_TRANSACTIONS = 65
export const LIST_TRANSACTIONS = 66
export const CONSUMER_GROUP_HEARTBEAT = 68
export const CONSUMER_GROUP_DESCRIBE = 69
export const LIST_CONFIG_RESOURCES = 74
export const DESCRIBE_TOPIC_PARTITIONS = 75

export const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA'
export const strangeUuid = 'EREiIjMzRERVVVVVVVVVVQ'

/** @typedef {import('../transcript.mjs').Probe} Probe */
/** Apache Kafka 3.9 with ZooKeeper (what a case gets unless it says otherwise) and with KRaft, and 4.1. */
/** @typedef {'zookeeper' | 'kraft' | 'kraft-4.1'} Reference */
/** @typedef {{name: string, references?: Reference[], run: (probe: Probe) => Promise<void>}} Case */

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
  // With KRaft the broker may hear of it a little later than the controller, and lead later than that.
  for (;;) {
    const { topics } = await probe.quietly(METADATA, 8, { topics: [{ name }], allowAutoTopicCreation: false })
    if (topics[0].errorCode === 0 && topics[0].partitions.length === partitions) break
  }
  for (;;) {
    const { topics } = await probe.quietly(LIST_OFFSETS, 5, {
      replicaId: -1,
      topics: [
        {
          name,
          partitions: Array.from({ length: partitions }, (_, i) => ({ partitionIndex: i, timestamp: -1 })),
        },
      ],
    })
    if (topics[0].partitions.every((/** @type {any} */ { errorCode }) => errorCode === 0)) break
  }
  return /** @type {string} */ (created.topicId)
}

/** Errors of a coordinator that is not ready: it is asked again. */
const notReady = [14, 15, 16]

/**
 * Waits until the coordinators of all groups and transactional ids have loaded their partitions.
 * @param {Probe} probe
 */
export async function awaitCoordinators(probe) {
  const ids = Array.from({ length: 12 }, (_, i) => `ready-${i}`)
  const isReady = async (/** @type {string} */ id) => {
    for (const keyType of [0, 1]) {
      const found = await probe.quietly(FIND_COORDINATOR, 4, { coordinatorKeys: [id], keyType })
      if (found.coordinators[0].errorCode !== 0) return false
    }
    const groups = await probe.quietly(DESCRIBE_GROUPS, 4, { groups: [id] })
    if (notReady.includes(groups.groups[0].errorCode)) return false
    const transactions = await probe.quietly(DESCRIBE_TRANSACTIONS, 0, { transactionalIds: [id] })
    return !notReady.includes(transactions.transactionStates[0].errorCode)
  }
  const deadline = performance.now() + 30_000
  // A broker that has just started has no producer ids to give out yet.
  const anonymous = { transactionalId: null, transactionTimeoutMs: 60_000 }
  while (notReady.includes((await probe.quietly(INIT_PRODUCER_ID, 0, anonymous)).errorCode)) await delay(50)
  for (const id of ids) {
    while (!(await isReady(id))) {
      if (performance.now() > deadline) throw new Error('coordinators do not get ready')
      await delay(50)
    }
  }
}

/** @param {number} ms */
export const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Versions of several APIs that go together: the first of each, the second of each, and so on to the last of all.
 * @param {Probe} probe
 * @param {readonly number[]} apiKeys
 * @returns {{name: string, of: (apiKey: number) => number}[]}
 */
export function levels(probe, apiKeys) {
  const ranges = apiKeys.map((key) => probe.versions(key))
  const count = Math.max(...ranges.map(({ length }) => length))
  return Array.from({ length: count }, (_, level) => ({
    name: `level ${level}`,
    of: (apiKey) => {
      const versions = probe.versions(apiKey)
      return versions[Math.min(level, versions.length - 1)] ?? 0
    },
  }))
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
