/**
 * What Sluice's own client is asked to do against any broker: each case takes a bootstrap address, works on topics and
 * groups of its own, and throws where something is wrong.
 */
import assert from 'node:assert/strict'
import { Admin, Consumer, KafkaError, Producer } from '../../dist/client/index.js'

const caseTimeoutMs = 60_000

/** @typedef {{bootstrapServers: string, topic: string, group: string, closing: {close(): Promise<unknown>}[]}} Setting */

/** @param {Setting} setting @param {object} [options] */
const producerOf = (setting, options) => opened(setting, new Producer({ ...base(setting), ...options }))
/** @param {Setting} setting @param {object} [options] */
const consumerOf = (setting, options) =>
  opened(
    setting,
    new Consumer({ ...base(setting), groupId: setting.group, autoOffsetReset: 'earliest', ...options }),
  )
/** @param {Setting} setting */
const adminOf = (setting) => opened(setting, new Admin(base(setting)))
/** @param {Setting} setting */
const base = ({ bootstrapServers }) => ({ bootstrapServers })

/** @template {{close(): Promise<unknown>}} Client @param {Setting} setting @param {Client} client */
function opened(setting, client) {
  setting.closing.push(client)
  return client
}

/** @param {Setting} setting @param {number} partitions @param {Record<string, string>} [configs] */
async function createTopic(setting, partitions, configs = {}) {
  await adminOf(setting).createTopics([{ name: setting.topic, partitions, replicationFactor: 1, configs }])
}

/** Reads until `count` records have come. @param {AsyncIterable<any>} consumer @param {number} count */
async function take(consumer, count) {
  const records = []
  if (count === 0) return records
  for await (const record of consumer) {
    records.push(record)
    if (records.length === count) break
  }
  return records
}

/** @param {number} count */
const numbers = (count) => Array.from({ length: count }, (_, i) => i)

/** @param {Setting} setting @param {number} count */
async function fill(setting, count) {
  await producerOf(setting).send(
    numbers(count).map((i) => ({ topic: setting.topic, key: `k${i % 17}`, value: String(i) })),
  )
}

/** @param {any[]} records */
const valuesOf = (records) => records.map(({ value }) => Number(value))

/** @type {Record<string, (setting: Setting) => Promise<void>>} */
export const cases = {
  'records come back as they were sent': async (setting) => {
    await createTopic(setting, 1)
    const timestamp = Date.now() - 1000
    const sent = await producerOf(setting).send({
      topic: setting.topic,
      key: 'key',
      value: Buffer.from([0, 1, 255]),
      headers: { a: '1', b: Buffer.from('2') },
      timestamp,
    })
    assert.deepEqual(sent, { topic: setting.topic, partition: 0, offset: 0, timestamp })
    const consumer = consumerOf(setting)
    await consumer.subscribe([setting.topic])
    const [record] = await take(consumer, 1)
    assert.deepEqual(
      [String(record.key), [...record.value], record.timestamp],
      ['key', [0, 1, 255], timestamp],
    )
    assert.deepEqual([String(record.headers.a), String(record.headers.b)], ['1', '2'])
  },

  'every compression and acks': async (setting) => {
    await createTopic(setting, 1)
    const value = 'x'.repeat(2000)
    let offset = 0
    for (const compressionType of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
      const sent = await producerOf(setting, { compressionType }).send(
        [1, 2].map(() => ({ topic: setting.topic, value })),
      )
      assert.deepEqual(
        sent.map((each) => each.offset),
        [offset, offset + 1],
      )
      offset += 2
    }
    await producerOf(setting, { acks: 1 }).send({ topic: setting.topic, value })
    await producerOf(setting, { acks: 0 }).send({ topic: setting.topic, value })
    const consumer = consumerOf(setting)
    await consumer.subscribe([setting.topic])
    for (const record of await take(consumer, 12)) assert.equal(String(record.value), value)
  },

  'records of a key stay in order over many batches': async (setting) => {
    await createTopic(setting, 3)
    const producer = producerOf(setting, { 'batch.size': 2000 })
    await Promise.all(
      numbers(20_000).map((i) => producer.send({ topic: setting.topic, key: `k${i % 50}`, value: `${i}` })),
    )
    const consumer = consumerOf(setting)
    await consumer.subscribe([setting.topic])
    const last = new Map()
    for (const { key, value } of await take(consumer, 20_000)) {
      assert.ok(Number(value) > (last.get(String(key)) ?? -1))
      last.set(String(key), Number(value))
    }
  },

  'a transaction is seen as a whole, an aborted one never': async (setting) => {
    await createTopic(setting, 2)
    const producer = producerOf(setting, { transactionalId: setting.topic })
    for (let i = 0; i < 6; i++) {
      const run = producer.transaction(async (transaction) => {
        for (const partition of [0, 1]) transaction.send({ topic: setting.topic, partition, value: `${i}` })
        if (i % 3 === 1) throw new Error('not this one')
      })
      if (i % 3 === 1) await assert.rejects(run, /not this one/)
      else await run
    }
    const consumer = consumerOf(setting, { isolationLevel: 'read_committed' })
    await consumer.subscribe([setting.topic])
    assert.deepEqual(valuesOf(await take(consumer, 8)).sort(), [0, 0, 2, 2, 3, 3, 5, 5])
  },

  'a copy with offsets in its transactions is exact': async (setting) => {
    await createTopic(setting, 1)
    await fill(setting, 300)
    const target = `${setting.topic}-copy`
    await adminOf(setting).createTopics([{ name: target, partitions: 1, replicationFactor: 1 }])
    for (let round = 0, copied = 0; copied < 300; round++) {
      // Each round is another process: the transactional id fences the one before, the group goes on where that got to.
      const consumer = consumerOf(setting, { enableAutoCommit: false, isolationLevel: 'read_committed' })
      const producer = producerOf(setting, { transactionalId: setting.topic })
      await consumer.subscribe([setting.topic])
      const records = await take(consumer, Math.min(100, 300 - copied))
      const last = records.at(-1)
      const run = producer.transaction(async (transaction) => {
        for (const { value } of records) transaction.send({ topic: target, value })
        await transaction.sendOffsets(
          [{ topic: setting.topic, partition: 0, offset: last.offset + 1 }],
          consumer,
        )
        if (round === 1) throw new Error('crashed')
      })
      if (round === 1) await assert.rejects(run, /crashed/)
      else {
        await run
        copied += records.length
      }
      await Promise.all([consumer.close(), producer.close()])
    }
    const reader = consumerOf(
      { ...setting, group: `${setting.group}-reader` },
      { isolationLevel: 'read_committed' },
    )
    await reader.subscribe([target])
    assert.deepEqual(valuesOf(await take(reader, 300)), numbers(300))
  },

  'an older producer of a transactional id is fenced': async (setting) => {
    await createTopic(setting, 1)
    const [old, young] = [0, 1].map(() => producerOf(setting, { transactionalId: setting.topic }))
    await old.beginTransaction()
    await old.send({ topic: setting.topic, value: 'old' })
    await young.transaction((transaction) => transaction.send({ topic: setting.topic, value: 'young' }))
    await assert.rejects(old.commitTransaction(), (error) => error instanceof KafkaError && error.fatal)
  },

  'a group shares a topic, and takes over from who leaves (range)': (setting) => share(setting, 'range'),
  'a group shares a topic, and takes over from who leaves (cooperative-sticky)': (setting) =>
    share(setting, 'cooperative-sticky'),
  'a group of KIP-848 shares a topic, and takes over from who leaves': (setting) => share(setting, undefined),

  'commits are found again': async (setting) => {
    await createTopic(setting, 1)
    await fill(setting, 10)
    const first = consumerOf(setting, { enableAutoCommit: false })
    await first.subscribe([setting.topic])
    const records = await take(first, 6)
    await first.commit(records[3])
    await first.close()
    const second = consumerOf(setting)
    await second.subscribe([setting.topic])
    assert.deepEqual(valuesOf(await take(second, 2)), [4, 5])
    await second.close()
    const [group] = await adminOf(setting).describeGroups([setting.group])
    assert.equal(group.groupId, setting.group)
  },

  'partitions can be chosen, sought in, and paused': async (setting) => {
    await createTopic(setting, 2)
    await fill(setting, 0)
    const producer = producerOf(setting)
    const startMs = Date.now() - 1_000_000
    for (const partition of [0, 1]) {
      const records = numbers(20).map((i) => ({
        topic: setting.topic,
        partition,
        value: `${i}`,
        timestamp: startMs + i * 1000,
      }))
      await producer.send(records)
    }
    const consumer = consumerOf(setting, { groupId: undefined, enableAutoCommit: false })
    const [zero, one] = [0, 1].map((partition) => ({ topic: setting.topic, partition }))
    consumer.assign([{ ...zero, offset: 15 }])
    assert.deepEqual(valuesOf(await take(consumer, 5)), [15, 16, 17, 18, 19])
    consumer.seek({ ...zero, offset: 3 })
    assert.deepEqual(valuesOf(await take(consumer, 2)), [3, 4])
    const [found] = await consumer.offsetsForTimes([{ ...one, timestamp: startMs + 7500 }])
    assert.equal(found?.offset, 8)
    assert.deepEqual(
      (await consumer.endOffsets([zero, one])).map(({ offset }) => offset),
      [20, 20],
    )
    consumer.assign([zero, one].map((each) => ({ ...each, offset: 0 })))
    consumer.pause([zero])
    const records = await take(consumer, 20)
    assert.ok(records.every(({ partition }) => partition === 1))
    consumer.resume([zero])
    assert.equal((await take(consumer, 20)).length, 20)
  },

  'batches, a stream, and a topic that comes later by its pattern': async (setting) => {
    await createTopic(setting, 1)
    await fill(setting, 100)
    const byBatch = consumerOf(setting)
    await byBatch.subscribe([setting.topic])
    let count = 0
    for await (const { records } of byBatch.batches()) {
      count += records.length
      if (count === 100) break
    }
    const streaming = consumerOf(
      { ...setting, group: `${setting.group}-stream` },
      { 'metadata.max.age.ms': 500 },
    )
    await streaming.subscribe(new RegExp(`^${setting.topic}`))
    const stream = streaming.stream()
    const values = []
    for await (const record of stream) {
      values.push(Number(record.value))
      if (values.length === 100) {
        const later = { ...setting, topic: `${setting.topic}-later` }
        await createTopic(later, 1)
        await producerOf(setting).send({ topic: later.topic, value: '100' })
      }
      if (values.length === 101) break
    }
    assert.deepEqual(values, numbers(101))
  },

  'a static member comes back without a rebalance': async (setting) => {
    await createTopic(setting, 4)
    await fill(setting, 100)
    const options = { groupInstanceId: 'one', sessionTimeoutMs: 20_000 }
    const first = consumerOf(setting, options)
    await first.subscribe([setting.topic])
    await take(first, 100)
    const before = first.groupMetadata().generationId
    await first.close()
    const second = consumerOf(setting, options)
    await second.subscribe([setting.topic])
    await fill(setting, 1)
    await take(second, 1)
    assert.equal(second.groupMetadata().generationId, before)
  },

  'what can not be is said': async (setting) => {
    await createTopic(setting, 1)
    const consumer = consumerOf(setting, { autoOffsetReset: 'none' })
    await consumer.subscribe([setting.topic])
    await assert.rejects(take(consumer, 1), { name: 'KafkaError' })
    await assert.rejects(adminOf(setting).createTopics([{ name: setting.topic }]), {
      code: 'TOPIC_ALREADY_EXISTS',
    })
    await assert.rejects(
      producerOf(setting, { maxBlockMs: 2000 }).send({ topic: 'not/a/topic', value: '' }),
      {
        code: 'INVALID_TOPIC_EXCEPTION',
      },
    )
  },
}

/** Only where the broker answers ConsumerGroupHeartbeat 1. */
export const casesOfNewBrokers = new Set([
  'a group of KIP-848 shares a topic, and takes over from who leaves',
])

/** @param {Setting} setting @param {string | undefined} strategy undefined: the protocol of KIP-848 */
async function share(setting, strategy) {
  await createTopic(setting, 4)
  const options =
    strategy === undefined ? { groupProtocol: 'consumer' } : { partitionAssignmentStrategy: strategy }
  const seen = new Map()
  const members = [0, 1].map(() => consumerOf(setting, { ...options, enableAutoCommit: false }))
  const reading = members.map(async (member) => {
    await member.subscribe([setting.topic])
    for await (const record of member) {
      seen.set(Number(record.value), (seen.get(Number(record.value)) ?? 0) + 1)
      await member.commit(record)
    }
  })
  const until = async (/** @type {() => boolean} */ condition) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await until(() => members.every((member) => member.assignment().length === 2))
  const producer = producerOf(setting)
  await producer.send(numbers(40).map((i) => ({ topic: setting.topic, partition: i % 4, value: `${i}` })))
  await until(() => seen.size === 40)
  await members[0].close()
  await until(() => members[1].assignment().length === 4)
  await producer.send(
    numbers(40).map((i) => ({ topic: setting.topic, partition: i % 4, value: `${40 + i}` })),
  )
  await until(() => seen.size === 80)
  assert.ok(
    [...seen.values()].every((count) => count === 1),
    'no record was handled twice',
  )
  await members[1].close()
  await Promise.all(reading)
}

let settingCount = 0

/** @param {string} name @param {string} bootstrapServers */
export async function runCase(name, bootstrapServers) {
  const id = `${process.pid}-${settingCount++}`
  /** @type {Setting} */
  const setting = { bootstrapServers, topic: `case-${id}`, group: `group-${id}`, closing: [] }
  /** @type {NodeJS.Timeout | undefined} */
  let timer
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${caseTimeoutMs / 1000} s`)), caseTimeoutMs)
    })
    await Promise.race([cases[name](setting), late])
  } finally {
    clearTimeout(timer)
    await Promise.all(setting.closing.map((client) => client.close()))
  }
}
