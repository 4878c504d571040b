/** Fetch in all versions: limits, addresses, sessions, epochs, down-conversion. */

import { buildBatch } from '../../../dist/records/record-batch-builder.js'
import { batch, messageSet, T } from '../records.mjs'
import {
  createTopic,
  FETCH,
  fetchRequest,
  fill,
  PRODUCE,
  produce,
  produceRequest,
  strangeUuid,
  zeroUuid,
} from './kit.mjs'

/** @type {import('./kit.mjs').Case[]} */
export const cases = [
  { name: 'fetch, offsets and limits', run: limits },
  { name: 'fetch, addresses', run: addresses },
  { name: 'fetch, epochs', run: epochs },
  { name: 'fetch, down-conversion', run: downConversion },
  { name: 'fetch, sessions', run: sessions },
  { name: 'fetch, waiting', run: waiting },
]

/** @param {import('./kit.mjs').Probe} probe */
async function limits(probe) {
  const topicId = await createTopic(probe, 'limits', { partitions: 3 })
  await fill(probe, 'limits')
  await produce(probe, 'limits', batch(2), 1)
  for (const version of probe.versions(FETCH)) {
    const get = (/** @type {string} */ label, /** @type {object[]} */ partitions, options = {}) =>
      probe.ask(label, FETCH, version, fetchRequest('limits', partitions, { topicId, ...options }))
    await get('from the start', [{}])
    await get('inside a batch', [{ fetchOffset: 2 }])
    await get('at the end', [{ fetchOffset: 9 }])
    await get('beyond the end', [{ fetchOffset: 10 }])
    await get('negative offset', [{ fetchOffset: -1 }])
    await get('huge offset', [{ fetchOffset: Number.MAX_SAFE_INTEGER }])
    await get('empty partition', [{ partition: 2 }])
    await get('one byte of a partition', [{ partitionMaxBytes: 1 }])
    await get('no bytes of a partition', [{ partitionMaxBytes: 0 }])
    await get('negative bytes of a partition', [{ partitionMaxBytes: -1 }])
    await get('bytes for one and a half', [{ partitionMaxBytes: 150 }])
    await get('bytes for the second', [{ fetchOffset: 1, partitionMaxBytes: 150 }])
    await get('two partitions', [{}, { partition: 1 }])
    await get('two partitions, one byte each', [
      { partitionMaxBytes: 1 },
      { partition: 1, partitionMaxBytes: 1 },
    ])
    await get('read committed', [{}], version >= 4 ? { isolationLevel: 1 } : {})
    if (version >= 4) await get('odd isolation', [{}], { isolationLevel: 2 })
    if (version >= 3) {
      await get('one byte in all', [{}, { partition: 1 }], { maxBytes: 1 })
      await get('no bytes in all', [{}, { partition: 1 }], { maxBytes: 0 })
      await get('little in all', [{}, { partition: 1 }], { maxBytes: 120 })
      await get('bad one first, one byte', [{ partition: 9 }, { partition: 1 }], { maxBytes: 1 })
    }
    await get('one partition twice', [{}, { fetchOffset: 4 }])
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function addresses(probe) {
  const topicId = await createTopic(probe, 'fetched', { partitions: 1 })
  await fill(probe, 'fetched')
  for (const version of probe.versions(FETCH)) {
    await probe.ask(
      'unknown partition',
      FETCH,
      version,
      fetchRequest('fetched', [{ partition: 1 }], { topicId }),
    )
    await probe.ask(
      'negative partition',
      FETCH,
      version,
      fetchRequest('fetched', [{ partition: -1 }], { topicId }),
    )
    await probe.ask('unknown topic', FETCH, version, fetchRequest('nowhere', [{}], { topicId: strangeUuid }))
    await probe.ask('no topic', FETCH, version, fetchRequest('', [{}], { topicId: zeroUuid }))
    await probe.ask('bad name', FETCH, version, fetchRequest('a b', [{}], { topicId: strangeUuid }))
    await probe.ask('no topics', FETCH, version, { maxWaitMs: 0, minBytes: 0, maxBytes: 1000, topics: [] })
    await probe.ask('no partitions', FETCH, version, fetchRequest('fetched', [], { topicId }))
    await probe.ask('good and bad', FETCH, version, {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1_000_000,
      topics: [
        {
          topic: 'fetched',
          topicId,
          partitions: [{ partition: 0, fetchOffset: 1, partitionMaxBytes: 1000 }],
        },
        {
          topic: 'nowhere',
          topicId: strangeUuid,
          partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }],
        },
      ],
    })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function epochs(probe) {
  const topicId = await createTopic(probe, 'fetch-epochs')
  await fill(probe, 'fetch-epochs')
  for (const version of probe.versions(FETCH).filter((each) => each >= 9)) {
    const get = (/** @type {string} */ label, /** @type {object} */ partition) =>
      probe.ask(label, FETCH, version, fetchRequest('fetch-epochs', [partition], { topicId }))
    await get('known epoch', { currentLeaderEpoch: 0 })
    await get('later epoch', { currentLeaderEpoch: 1 })
    await get('epoch -2', { currentLeaderEpoch: -2 })
    if (version < 12) continue
    await get('last epoch fits', { fetchOffset: 4, lastFetchedEpoch: 0 })
    await get('last epoch beyond', { fetchOffset: 4, lastFetchedEpoch: 3 })
    await get('last epoch fits, offset beyond', { fetchOffset: 100, lastFetchedEpoch: 0 })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function downConversion(probe) {
  await createTopic(probe, 'converted')
  await produce(probe, 'converted', batch(3))
  await produce(probe, 'converted', batch(3, { compression: 'gzip' }))
  await produce(probe, 'converted', batch(3, { compression: 'snappy' }))
  await produce(probe, 'converted', batch(3, { compression: 'lz4' }))
  await produce(
    probe,
    'converted',
    buildBatch([
      { timestampMs: T, key: null, value: null },
      { key: '', value: '' },
    ]),
  )
  await probe.quietly(PRODUCE, 2, produceRequest('converted', messageSet(0, 2)))
  await probe.quietly(PRODUCE, 2, produceRequest('converted', messageSet(1, 2, { compression: 'gzip' })))
  await createTopic(probe, 'with-zstd')
  await produce(probe, 'with-zstd', batch(2))
  await produce(probe, 'with-zstd', batch(2, { compression: 'zstd' }))
  await produce(probe, 'with-zstd', batch(2))
  await createTopic(probe, 'to-zstd', { configs: { 'compression.type': 'zstd' } })
  await produce(probe, 'to-zstd', batch(2))
  await createTopic(probe, 'append-times', { configs: { 'message.timestamp.type': 'LogAppendTime' } })
  await produce(probe, 'append-times', batch(2))
  await produce(probe, 'append-times', batch(2, { compression: 'gzip' }))
  for (const version of probe.versions(FETCH).filter((each) => each < 13)) {
    for (const offset of [0, 1, 4, 6, 11, 12, 13, 15, 17]) {
      await probe.ask(`from ${offset}`, FETCH, version, fetchRequest('converted', [{ fetchOffset: offset }]))
    }
    await probe.ask('zstd batch', FETCH, version, fetchRequest('with-zstd', [{}]))
    await probe.ask('zstd batch first', FETCH, version, fetchRequest('with-zstd', [{ fetchOffset: 2 }]))
    await probe.ask('zstd batch behind', FETCH, version, fetchRequest('with-zstd', [{ fetchOffset: 4 }]))
    await probe.ask('zstd topic', FETCH, version, fetchRequest('to-zstd', [{}]))
    await probe.ask('append times', FETCH, version, fetchRequest('append-times', [{}]))
    await probe.ask('few bytes', FETCH, version, fetchRequest('converted', [{ partitionMaxBytes: 200 }]))
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function sessions(probe) {
  for (const version of probe.versions(FETCH).filter((each) => each >= 7)) {
    const topic = `sessions-${version}`
    const topicId = await createTopic(probe, topic, { partitions: 3 })
    await produce(probe, topic, batch(1))
    const get = (
      /** @type {string} */ label,
      /** @type {number[]} */ partitions,
      /** @type {object} */ options,
    ) => {
      const request = fetchRequest(
        topic,
        partitions.map((partition) => ({ partition })),
        { topicId, ...options },
      )
      if (partitions.length === 0) request.topics = []
      return probe.ask(label, FETCH, version, request)
    }
    const forget = (/** @type {number[]} */ partitions) => ({
      forgottenTopicsData: [{ topic, topicId, partitions }],
    })
    await get('sessionless', [0, 1], { sessionId: 0, sessionEpoch: -1 })
    const opened = await get('open', [0, 1, 2], { sessionId: 0, sessionEpoch: 0 })
    const sessionId = opened.sessionId
    await get('nothing new but the records', [], { sessionId, sessionEpoch: 1 })
    const move = fetchRequest(topic, [{ partition: 0, fetchOffset: 1 }], {
      topicId,
      sessionId,
      sessionEpoch: 2,
    })
    await probe.ask('moved on', FETCH, version, move)
    await get('nothing at all', [], { sessionId, sessionEpoch: 3 })
    await produce(probe, topic, batch(2), 1)
    await get('news of another', [], { sessionId, sessionEpoch: 4 })
    await get('forgotten', [], { sessionId, sessionEpoch: 5, ...forget([1]) })
    await get('forgotten one is not told', [], { sessionId, sessionEpoch: 6 })
    await get('forgets what it has not', [], { sessionId, sessionEpoch: 7, ...forget([1, 8]) })
    await get('adds an unknown partition', [7], { sessionId, sessionEpoch: 8 })
    await get('unknown again', [], { sessionId, sessionEpoch: 9 })
    await get('wrong epoch', [], { sessionId, sessionEpoch: 3 })
    await get('still there', [], { sessionId, sessionEpoch: 10 })
    await get('unknown session', [], { sessionId: 12345, sessionEpoch: 1 })
    await get('no session but an epoch', [0], { sessionId: 0, sessionEpoch: 5 })
    await get('closed by a full fetch', [0], { sessionId, sessionEpoch: -1 })
    await get('gone', [], { sessionId, sessionEpoch: 11 })
    await get('opens nothing for nothing', [], { sessionId: 0, sessionEpoch: 0 })
    await get('closes what is not there', [0], { sessionId: 777, sessionEpoch: -1 })
    const again = await get('open again', [0], { sessionId: 0, sessionEpoch: 0 })
    const replaced = await get('replaced by a new one', [1], { sessionId: again.sessionId, sessionEpoch: 0 })
    await get('old one is gone', [], { sessionId: again.sessionId, sessionEpoch: 1 })
    await get('all forgotten', [], { sessionId: replaced.sessionId, sessionEpoch: 1, ...forget([1]) })
    await get('after all were forgotten', [], { sessionId: replaced.sessionId, sessionEpoch: 2 })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function waiting(probe) {
  const topicId = await createTopic(probe, 'waited', { partitions: 2 })
  for (const version of probe.versions(FETCH)) {
    const get = (
      /** @type {string} */ label,
      /** @type {object[]} */ partitions,
      /** @type {object} */ options,
    ) =>
      probe.ask(
        label,
        FETCH,
        version,
        fetchRequest('waited', partitions, { topicId, minBytes: 1, ...options }),
      )
    await get('nothing comes', [{ partition: 1 }], { maxWaitMs: 10 })
    await get('negative wait', [{ partition: 1 }], { maxWaitMs: -1 })
    await get('an error does not wait', [{ partition: 1 }, { partition: 5 }], { maxWaitMs: 9000 })
    await get('out of range does not wait', [{ partition: 1, fetchOffset: 4 }], { maxWaitMs: 9000 })
    await get('negative minimum', [{ partition: 1 }], { maxWaitMs: 9000, minBytes: -1 })
    if (version >= 3)
      await get('minimum above maximum', [{ partition: 0 }], {
        maxWaitMs: 100,
        minBytes: 5000,
        maxBytes: 100,
      })
  }
  // Woken by an append that another connection makes; the answer would be silence otherwise.
  await probe.peer.send(
    probe.peer.requestFrame(FETCH, 11, fetchRequest('waited', [{}], { maxWaitMs: 9000, minBytes: 1 })),
  )
  const { Peer } = await import('../peer.mjs')
  const other = new Peer(probe.peer.port)
  const produced = await other.call(PRODUCE, 9, produceRequest('waited', batch(1)))
  other.close()
  const woken = await probe.peer.next()
  probe.note('woken by an append', [Object.keys(produced), Buffer.isBuffer(woken)])
}
