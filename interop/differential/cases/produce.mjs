/** Produce in all versions: formats, acks, addresses, and records that must be refused. */

import * as RecordBatch from '../../../dist/records/record-batch.js'
import { buildBatch } from '../../../dist/records/record-batch-builder.js'
import { batch, changed, messageSet, T } from '../records.mjs'
import {
  createTopic,
  FETCH,
  fetchRequest,
  METADATA,
  PRODUCE,
  produceRequest,
  strangeUuid,
  zeroUuid,
} from './kit.mjs'

/** @type {import('./kit.mjs').Case[]} */
export const cases = [
  { name: 'produce, formats', run: formats },
  { name: 'produce, acks', run: acks },
  { name: 'produce, addresses', run: addresses },
  { name: 'produce, bad records', run: badRecords },
  { name: 'produce, bad message sets', run: badMessageSets },
  { name: 'produce, topic settings', run: topicSettings },
]

/** @param {import('./kit.mjs').Probe} probe */
async function formats(probe) {
  for (const version of probe.versions(PRODUCE)) {
    const topic = `formats-${version}`
    const topicId = await createTopic(probe, topic)
    const put = (/** @type {string} */ label, /** @type {Buffer} */ records) =>
      probe.ask(label, PRODUCE, version, produceRequest(topic, records, { topicId }))
    if (version < 3) {
      for (const magic of /** @type {(0 | 1)[]} */ ([0, 1])) {
        await put(`magic ${magic}`, messageSet(magic, 3))
        await put(`magic ${magic}, odd offsets`, messageSet(magic, 3, { offset: 17 }))
        for (const compression of /** @type {('gzip' | 'snappy' | 'lz4')[]} */ (['gzip', 'snappy', 'lz4'])) {
          await put(`magic ${magic} ${compression}`, messageSet(magic, 4, { compression }))
        }
      }
      await put('magic 1 then 0', Buffer.concat([messageSet(1, 1), messageSet(0, 1)]))
    }
    await put('magic 2', batch(3))
    await put('magic 2, an offset of the client', batch(2, { baseOffset: 100 }))
    for (const compression of /** @type {const} */ (['gzip', 'snappy', 'lz4', 'zstd'])) {
      if (version < 3 && compression === 'zstd') continue // Kafka forgets to look there.
      await put(`magic 2 ${compression}`, batch(4, { compression }))
    }
    await put(
      'nulls and empties',
      buildBatch([
        { timestampMs: T, key: null, value: null },
        { timestampMs: T, key: '', value: '' },
      ]),
    )
    await put('no timestamps', buildBatch([{ key: 'a', value: 'b' }]))
    await put('timestamp 0', buildBatch([{ timestampMs: 0, key: 'a', value: 'b' }]))
    await probe.ask(`read back of ${version}`, FETCH, 11, fetchRequest(topic, [{}]))
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function acks(probe) {
  for (const version of probe.versions(PRODUCE)) {
    const topic = `acks-${version}`
    const topicId = await createTopic(probe, topic)
    const records = version < 3 ? messageSet(1, 1) : batch(1)
    for (const value of [1, -1, 2, -2, 32767]) {
      await probe.ask(
        `acks ${value}`,
        PRODUCE,
        version,
        produceRequest(topic, records, { topicId, acks: value }),
      )
    }
    await probe.ask('no timeout', PRODUCE, version, produceRequest(topic, records, { topicId, timeoutMs: 0 }))
    await probe.ask(
      'negative timeout',
      PRODUCE,
      version,
      produceRequest(topic, records, { topicId, timeoutMs: -1 }),
    )
    await probe.ask('no topics', PRODUCE, version, { acks: 1, timeoutMs: 1000, topicData: [] })
    await probe.ask('no partitions', PRODUCE, version, {
      acks: 1,
      timeoutMs: 1000,
      topicData: [{ name: topic, topicId, partitionData: [] }],
    })
    const silent = async (/** @type {string} */ label, /** @type {unknown} */ request) => {
      probe.peer.close()
      await probe.peer.send(probe.peer.requestFrame(PRODUCE, version, request))
      await probe.ask(`${label}, then Metadata for ${version}`, METADATA, 1, { topics: [] })
    }
    await silent('acks 0', produceRequest(topic, records, { topicId, acks: 0 }))
    await silent('acks 0 to nowhere', produceRequest('nowhere', records, { topicId: strangeUuid, acks: 0 }))
    await silent(
      'acks 0 of garbage',
      produceRequest(
        topic,
        changed(batch(1), (b) => (b[70] ^= 1), { fixCrc: false }),
        { topicId, acks: 0 },
      ),
    )
    await silent('acks 0 for nothing', { acks: 0, timeoutMs: 1000, topicData: [] })
    await probe.ask(`read back of ${version}`, FETCH, 11, fetchRequest(topic, [{}]))
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function addresses(probe) {
  const topicId = await createTopic(probe, 'addresses', { partitions: 2 })
  for (const version of probe.versions(PRODUCE)) {
    const records = version < 3 ? messageSet(1, 1) : batch(1)
    const put = (/** @type {string} */ label, /** @type {string} */ name, /** @type {object} */ options) =>
      probe.ask(label, PRODUCE, version, produceRequest(name, records, { topicId, ...options }))
    await put('unknown partition', 'addresses', { partition: 2 })
    await put('negative partition', 'addresses', { partition: -1 })
    await put('unknown topic', 'nowhere', { topicId: strangeUuid })
    await put('no topic', '', { topicId: zeroUuid })
    await put('bad name', 'a/b', { topicId: strangeUuid })
    await put('internal topic', '__consumer_offsets', { topicId: strangeUuid })
    await put('internal topic of metadata', '__cluster_metadata', { topicId: strangeUuid })
    const garbage = changed(batch(1), (bytes) => (bytes[70] ^= 1), { fixCrc: false })
    await probe.ask(
      'some good, some bad',
      PRODUCE,
      version,
      {
        acks: -1,
        timeoutMs: 1000,
        topicData: [
          {
            name: 'addresses',
            topicId,
            partitionData: [
              { index: 0, records },
              { index: 7, records },
              { index: 1, records: garbage },
            ],
          },
          { name: 'nowhere', topicId: strangeUuid, partitionData: [{ index: 0, records }] },
        ],
      },
      { hidesOffsets: true },
    )
    const one = { index: 0, records }
    const twice = {
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: 'addresses', topicId, partitionData: [one, one] }],
    }
    await probe.ask('one partition twice', PRODUCE, version, twice, { hidesOffsets: true })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function badRecords(probe) {
  const topicId = await createTopic(probe, 'bad-records')
  const good = batch(2)
  const set = (/** @type {(bytes: Buffer) => void} */ change, fixCrc = true) =>
    changed(good, change, { fixCrc })
  /** @type {[string, Buffer | null][]} */
  const broken = [
    ['null', null],
    ['empty', Buffer.alloc(0)],
    ['one byte', Buffer.alloc(1)],
    ['11 bytes', good.subarray(0, 11)],
    ['half a header', good.subarray(0, 30)],
    ['a header', good.subarray(0, 61)],
    ['cut at its end', good.subarray(0, -1)],
    ['one byte more', Buffer.concat([good, Buffer.alloc(1)])],
    ['a batch and a half', Buffer.concat([good, good.subarray(0, 40)])],
    ['two batches', Buffer.concat([good, good])],
    ['wrong checksum', set((b) => (b[17] ^= 1), false)],
    ['flipped payload', set((b) => (b[b.length - 1] ^= 1), false)],
    ['magic 3', set((b) => (b[16] = 3))],
    ['magic -1', set((b) => (b[16] = 255))],
    ['magic 1 in the header', set((b) => (b[16] = 1))],
    ['message set of magic 0', messageSet(0, 1)],
    ['message set of magic 1', messageSet(1, 1)],
    ['length 0', set((b) => b.writeInt32BE(0, 8), false)],
    ['length -1', set((b) => b.writeInt32BE(-1, 8), false)],
    ['length 2^31-1', set((b) => b.writeInt32BE(0x7fffffff, 8), false)],
    ['length below a header', set((b) => b.writeInt32BE(20, 8), false)],
    ['count too low', set((b) => b.writeInt32BE(1, RecordBatch.RECORD_COUNT_AT))],
    ['count too high', set((b) => b.writeInt32BE(3, RecordBatch.RECORD_COUNT_AT))],
    ['count 0', set((b) => b.writeInt32BE(0, RecordBatch.RECORD_COUNT_AT))],
    ['count -1', set((b) => b.writeInt32BE(-1, RecordBatch.RECORD_COUNT_AT))],
    ['count 2^31-1', set((b) => b.writeInt32BE(0x7fffffff, RecordBatch.RECORD_COUNT_AT))],
    ['last offset too low', set((b) => b.writeInt32BE(0, RecordBatch.LAST_OFFSET_DELTA_AT))],
    ['last offset too high', set((b) => b.writeInt32BE(2, RecordBatch.LAST_OFFSET_DELTA_AT))],
    ['last offset -1', set((b) => b.writeInt32BE(-1, RecordBatch.LAST_OFFSET_DELTA_AT))],
    ['no records', buildBatch([])],
    ['negative base offset', set((b) => b.writeBigInt64BE(-5n, 0))],
    ['codec 5', set((b) => (b[22] = 5))],
    ['codec 7', set((b) => (b[22] = 7))],
    ['says gzip', set((b) => (b[22] = 1))],
    ['says snappy', set((b) => (b[22] = 2))],
    ['says lz4', set((b) => (b[22] = 3))],
    ['control batch', batch(1, { isControl: true })],
    [
      'transactional without a transaction',
      batch(1, { isTransactional: true, producerId: 77, producerEpoch: 0, baseSequence: 0 }),
    ],
    ['LogAppendTime from the client', batch(1, { logAppendTimeMs: T })],
    ['delete horizon from the client', set((b) => (b[22] |= 0x40))],
    ['unknown attribute', set((b) => (b[21] |= 0x80))],
    ['leader epoch of the client', set((b) => b.writeInt32BE(9, 12))],
    ['wrong max timestamp', set((b) => b.writeBigInt64BE(BigInt(T + 9), RecordBatch.MAX_TIMESTAMP_AT))],
    ['max timestamp -1', set((b) => b.writeBigInt64BE(-1n, RecordBatch.MAX_TIMESTAMP_AT))],
    ['producer without epoch', batch(1, { producerId: 5, producerEpoch: -1, baseSequence: 0 })],
    ['producer without sequence', batch(1, { producerId: 5, producerEpoch: 0, baseSequence: -1 })],
    ['garbage inside', set((b) => b.fill(0xff, 61))],
    ['record length 0', set((b) => (b[61] = 0))],
    ['record length too long', set((b) => (b[61] = 0x7e))],
    [
      'gap in offset deltas',
      buildBatch([
        { offset: 0, timestampMs: T, value: 'a' },
        { offset: 2, timestampMs: T, value: 'b' },
      ]),
    ],
    [
      'gzip, gap in offset deltas',
      buildBatch(
        [
          { offset: 0, timestampMs: T, value: 'a' },
          { offset: 2, timestampMs: T, value: 'b' },
        ],
        { compression: 'gzip' },
      ),
    ],
    [
      'gzip, count too high',
      changed(batch(2, { compression: 'gzip' }), (b) => {
        b.writeInt32BE(3, RecordBatch.RECORD_COUNT_AT)
        b.writeInt32BE(2, RecordBatch.LAST_OFFSET_DELTA_AT)
      }),
    ],
    [
      'gzip, count too low',
      changed(batch(2, { compression: 'gzip' }), (b) => {
        b.writeInt32BE(1, RecordBatch.RECORD_COUNT_AT)
        b.writeInt32BE(0, RecordBatch.LAST_OFFSET_DELTA_AT)
      }),
    ],
    [
      'gzip, wrong max timestamp',
      changed(batch(2, { compression: 'gzip' }), (b) =>
        b.writeBigInt64BE(BigInt(T + 9), RecordBatch.MAX_TIMESTAMP_AT),
      ),
    ],
    [
      'plain, consistent counts that lie',
      set((b) => {
        b.writeInt32BE(3, RecordBatch.RECORD_COUNT_AT)
        b.writeInt32BE(2, RecordBatch.LAST_OFFSET_DELTA_AT)
      }),
    ],
    ['too large', buildBatch([{ timestampMs: T, value: Buffer.alloc(1_048_600) }])],
    ['just not too large', buildBatch([{ timestampMs: T, value: Buffer.alloc(1_048_500) }])],
  ]
  for (const version of probe.versions(PRODUCE)) {
    for (const [label, records] of broken) {
      const request = produceRequest('bad-records', records, { topicId })
      await probe.ask(label, PRODUCE, version, request, { hidesOffsets: true })
    }
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function badMessageSets(probe) {
  await createTopic(probe, 'bad-sets')
  for (const magic of /** @type {(0 | 1)[]} */ ([0, 1])) {
    const good = messageSet(magic, 2)
    const one = messageSet(magic, 1)
    const change = (/** @type {Buffer} */ bytes, /** @type {(b: Buffer) => void} */ edit) => {
      const copy = Buffer.from(bytes)
      edit(copy)
      return copy
    }
    /** @type {[string, Buffer][]} */
    const broken = [
      ['wrong checksum', change(one, (b) => (b[12] ^= 1))],
      ['second one wrong', change(good, (b) => (b[b.length - 1] ^= 1))],
      ['cut', good.subarray(0, -3)],
      ['only a half', one.subarray(0, -3)],
      ['size 0', change(one, (b) => b.writeInt32BE(0, 8))],
      ['size -1', change(one, (b) => b.writeInt32BE(-1, 8))],
      ['size too small', change(one, (b) => b.writeInt32BE(10, 8))],
      ['key length too long', change(one, (b) => b.writeInt32BE(5000, magic === 0 ? 18 : 26))],
      ['wrapper in wrapper', messageSet(magic, 3, { compression: 'gzip' }).subarray(0, -2)],
      ['message and batch', Buffer.concat([one, batch(1)])],
    ]
    for (const version of [0, 1, 2]) {
      for (const [label, records] of broken) {
        await probe.ask(`magic ${magic} ${label}`, PRODUCE, version, produceRequest('bad-sets', records), {
          hidesOffsets: true,
        })
      }
    }
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function topicSettings(probe) {
  const topics = /** @type {Record<string, Record<string, string>>} */ ({
    compacted: { 'cleanup.policy': 'compact' },
    'append-time': { 'message.timestamp.type': 'LogAppendTime' },
    'small-messages': { 'max.message.bytes': '200' },
    'small-segments': { 'segment.bytes': '100' },
    'tight-times': {
      'message.timestamp.before.max.ms': '3600000',
      'message.timestamp.after.max.ms': '3600000',
    },
    'to-gzip': { 'compression.type': 'gzip' },
    'to-plain': { 'compression.type': 'uncompressed' },
    'no-isr': { 'min.insync.replicas': '2' },
  })
  const ids = new Map()
  for (const [name, configs] of Object.entries(topics))
    ids.set(name, await createTopic(probe, name, { configs }))
  const now = Date.now()
  const keyless = buildBatch([
    { timestampMs: T, key: 'a', value: 'b' },
    { timestampMs: T, key: null, value: 'b' },
  ])
  const present = (/** @type {number} */ shiftMs) =>
    buildBatch([
      { timestampMs: now, key: 'a', value: 'b' },
      { timestampMs: now + shiftMs, key: 'b', value: 'c' },
    ])
  for (const version of probe.versions(PRODUCE)) {
    const put = (
      /** @type {string} */ topic,
      /** @type {string} */ label,
      /** @type {Buffer} */ records,
      options = {},
    ) =>
      probe.ask(
        `${topic}, ${label}`,
        PRODUCE,
        version,
        produceRequest(topic, records, { topicId: ids.get(topic), ...options }),
      )
    for (const name of Object.keys(topics)) {
      await put(name, 'plain', version < 3 ? messageSet(1, 2) : batch(2))
      await put(
        name,
        'gzip',
        version < 3 ? messageSet(1, 2, { compression: 'gzip' }) : batch(2, { compression: 'gzip' }),
      )
    }
    if (version < 3) await put('append-time', 'magic 0', messageSet(0, 2))
    if (version < 3) await put('tight-times', 'magic 0', messageSet(0, 2))
    await put('compacted', 'a null key', keyless)
    await put('compacted', 'tombstone', buildBatch([{ timestampMs: T, key: 'a', value: null }]))
    await put('small-messages', '10 records', batch(10))
    await put('small-messages', '10 records, gzip', batch(10, { compression: 'gzip' }))
    await put('small-segments', '10 records', batch(10))
    await put('tight-times', 'now', present(0))
    await put('tight-times', 'early', present(-2 * 3600_000))
    await put('tight-times', 'late', present(2 * 3600_000))
    await put('tight-times', 'no time', buildBatch([{ key: 'a', value: 'b' }]))
    await put('no-isr', 'acks 1', batch(1), { acks: 1 })
  }
  for (const name of Object.keys(topics))
    await probe.ask(`read back of ${name}`, FETCH, 11, fetchRequest(name, [{}]))
}
