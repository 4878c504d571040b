/** ListOffsets, OffsetForLeaderEpoch and DeleteRecords. */

import { buildBatch } from '../../../dist/records/record-batch-builder.js'
import { T } from '../records.mjs'
import {
  createTopic,
  DELETE_RECORDS,
  FETCH,
  fetchRequest,
  fill,
  LIST_OFFSETS,
  OFFSET_FOR_LEADER_EPOCH,
  produce,
} from './kit.mjs'

/** @type {import('./kit.mjs').Case[]} */
export const cases = [
  { name: 'list offsets', run: listOffsets },
  { name: 'list offsets, segments', run: listSegments },
  { name: 'offsets of epochs', run: offsetsOfEpochs },
  { name: 'delete records', run: deleteRecords },
]

/** @param {import('./kit.mjs').Probe} probe */
async function listOffsets(probe) {
  const [name, late, empty] = ['listed', 'listed-late-first', 'listed-empty']
  await createTopic(probe, name, { partitions: 1 })
  await createTopic(probe, late)
  await createTopic(probe, empty)
  await fill(probe, name)
  await produce(
    probe,
    late,
    buildBatch([
      { timestampMs: T + 9000, value: 'a' },
      { timestampMs: T, value: 'b' },
    ]),
  )
  await produce(
    probe,
    late,
    buildBatch(
      [
        { timestampMs: T + 5000, value: 'c' },
        { timestampMs: T + 9000, value: 'd' },
      ],
      { compression: 'gzip' },
    ),
  )
  await produce(probe, late, buildBatch([{ value: 'no time' }]))
  for (const version of probe.versions(LIST_OFFSETS)) {
    const list = (
      /** @type {string} */ label,
      /** @type {string} */ topic,
      /** @type {object} */ partition,
      options = {},
    ) =>
      probe.ask(label, LIST_OFFSETS, version, {
        replicaId: -1,
        ...options,
        topics: [
          {
            name: topic,
            partitions: [
              {
                partitionIndex: 0,
                timestamp: -1,
                ...(version === 0 ? { maxNumOffsets: 10 } : {}),
                ...partition,
              },
            ],
          },
        ],
      })
    const times = [
      -1,
      -2,
      -3,
      -4,
      -5,
      -6,
      -7,
      0,
      T - 1,
      T,
      T + 1,
      T + 1000,
      T + 4000,
      T + 4001,
      T + 9000,
      T + 9001,
      Number.MAX_SAFE_INTEGER,
    ]
    for (const timestamp of times) {
      for (const topic of [name, late, empty]) await list(`${topic} at ${timestamp}`, topic, { timestamp })
    }
    await list('unknown partition', name, { partitionIndex: 5 })
    await list('negative partition', name, { partitionIndex: -1 })
    await list('unknown topic', 'nowhere', {})
    await list('bad name', 'a b', {})
    await list('a replica asks', name, {}, { replicaId: 1 })
    await list('an unknown replica asks', name, {}, { replicaId: 99 })
    await list('a debugging replica asks', name, {}, { replicaId: -2 })
    await probe.ask('no topics', LIST_OFFSETS, version, { replicaId: -1, topics: [] })
    await probe.ask('twice', LIST_OFFSETS, version, {
      replicaId: -1,
      topics: [
        {
          name,
          partitions: [
            { partitionIndex: 0, timestamp: -1 },
            { partitionIndex: 0, timestamp: -2 },
          ],
        },
      ],
    })
    if (version === 0) {
      await list('one offset', name, { maxNumOffsets: 1 })
      await list('no offsets', name, { maxNumOffsets: 0 })
      await list('-1 offsets', name, { maxNumOffsets: -1 })
    }
    if (version >= 2) await list('read committed', name, {}, { isolationLevel: 1 })
    if (version < 4) continue
    await list('known epoch', name, { currentLeaderEpoch: 0 })
    await list('later epoch', name, { currentLeaderEpoch: 4 })
    await list('epoch -2', name, { currentLeaderEpoch: -2 })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function listSegments(probe) {
  await createTopic(probe, 'segments', { configs: { 'segment.bytes': '300' } })
  for (let i = 0; i < 6; i++)
    await produce(probe, 'segments', buildBatch([{ timestampMs: T + i * 1000, value: Buffer.alloc(120) }]))
  for (const version of probe.versions(LIST_OFFSETS)) {
    for (const timestamp of [-1, -2, -3, T, T + 1000, T + 3500, T + 5000, T + 6000]) {
      await probe.ask(`at ${timestamp}`, LIST_OFFSETS, version, {
        replicaId: -1,
        topics: [
          {
            name: 'segments',
            partitions: [{ partitionIndex: 0, timestamp, ...(version === 0 ? { maxNumOffsets: 10 } : {}) }],
          },
        ],
      })
    }
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function offsetsOfEpochs(probe) {
  await createTopic(probe, 'epochs')
  await createTopic(probe, 'epochs-empty')
  await fill(probe, 'epochs')
  for (const version of probe.versions(OFFSET_FOR_LEADER_EPOCH)) {
    const ask = (
      /** @type {string} */ label,
      /** @type {string} */ topic,
      /** @type {object} */ partition,
      replicaId = -1,
    ) =>
      probe.ask(label, OFFSET_FOR_LEADER_EPOCH, version, {
        ...(version >= 3 ? { replicaId } : {}),
        topics: [{ topic, partitions: [{ partition: 0, leaderEpoch: 0, ...partition }] }],
      })
    for (const leaderEpoch of [0, 1, 5, -1, -2]) {
      await ask(`epoch ${leaderEpoch}`, 'epochs', { leaderEpoch })
      await ask(`epoch ${leaderEpoch} of an empty log`, 'epochs-empty', { leaderEpoch })
    }
    await ask('unknown partition', 'epochs', { partition: 4 })
    await ask('unknown topic', 'nowhere', {})
    await ask('a replica', 'epochs', {}, 1)
    if (version < 2) continue
    await ask('current epoch', 'epochs', { currentLeaderEpoch: 0 })
    await ask('later current epoch', 'epochs', { currentLeaderEpoch: 2 })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function deleteRecords(probe) {
  for (const version of probe.versions(DELETE_RECORDS)) {
    const topic = `deleted-${version}`
    await createTopic(probe, topic)
    await fill(probe, topic)
    const cut = (
      /** @type {string} */ label,
      /** @type {number} */ offset,
      { name = topic, partition = 0 } = {},
    ) =>
      probe.ask(label, DELETE_RECORDS, version, {
        topics: [{ name, partitions: [{ partitionIndex: partition, offset }] }],
        timeoutMs: 1000,
      })
    await cut('offset 0', 0)
    await cut('inside a batch', 2)
    await cut('lower than before', 1)
    await probe.ask(`fetch below ${version}`, FETCH, 11, fetchRequest(topic, [{ fetchOffset: 1 }]))
    await probe.ask(`fetch at ${version}`, FETCH, 11, fetchRequest(topic, [{ fetchOffset: 2 }]))
    await probe.ask(`earliest after ${version}`, LIST_OFFSETS, 5, {
      replicaId: -1,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -2 }] }],
    })
    await probe.ask(`by time after ${version}`, LIST_OFFSETS, 5, {
      replicaId: -1,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: T }] }],
    })
    await cut('beyond the end', 10)
    await cut('offset -2', -2)
    await cut('to the end', -1)
    await cut('to the end again', 9)
    await cut('unknown partition', 0, { partition: 3 })
    await cut('unknown topic', 0, { name: 'nowhere' })
    await cut('internal topic', 0, { name: '__consumer_offsets' })
    await probe.ask('no topics', DELETE_RECORDS, version, { topics: [], timeoutMs: 1000 })
  }
  await createTopic(probe, 'deleted-compacted', { configs: { 'cleanup.policy': 'compact' } })
  await probe.ask('compacted topic', DELETE_RECORDS, 2, {
    topics: [{ name: 'deleted-compacted', partitions: [{ partitionIndex: 0, offset: 0 }] }],
    timeoutMs: 1000,
  })
}
