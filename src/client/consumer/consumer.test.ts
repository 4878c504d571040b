import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KafkaError } from '../kafka-error.ts'
import { Producer } from '../producer/producer.ts'
import {
  brokerForTests,
  createTopic,
  newConsumer,
  numbered,
  platform,
  produce,
  take,
  until,
  values,
  withAdmin,
} from './consumer.test.kit.ts'
import type { ConsumerRecord } from './consumer-record.ts'

const broker = await brokerForTests()
let groupCount = 0
const newGroup = (): string => `group-${groupCount++}`

test('records come as they were produced: keys, values, headers, timestamps, offsets', async (t) => {
  const topic = await createTopic(broker)
  await produce(broker, [
    {
      topic,
      key: 'k',
      value: 'v',
      headers: { trace: 'x', many: ['1', null, '2'] },
      timestamp: 1_700_000_000_000,
    },
    { topic, key: null, value: null, headers: [{ key: '__proto__', value: 'p' }] },
    { topic, key: '', value: '' },
  ])
  const consumer = newConsumer(t, broker)
  consumer.assign([{ topic, partition: 0 }])
  const [first, second, third] = await take(consumer, 3)
  assert.deepEqual(first, {
    topic,
    partition: 0,
    offset: 0,
    timestamp: 1_700_000_000_000,
    timestampType: 'CreateTime',
    key: Buffer.from('k'),
    value: Buffer.from('v'),
    headers: { trace: Buffer.from('x'), many: [Buffer.from('1'), null, Buffer.from('2')] },
    leaderEpoch: 0,
  })
  assert.equal(second!.key, null)
  assert.equal(second!.value, null)
  assert.deepEqual(Object.entries(second!.headers), [['__proto__', Buffer.from('p')]])
  assert.equal(third!.key?.length, 0)
  assert.equal(third!.offset, 2)
})

test('to leave a loop keeps the consumer, and the next loop goes on where it was left', async (t) => {
  const topic = await createTopic(broker)
  await produce(broker, numbered(topic, 100))
  const consumer = newConsumer(t, broker, { groupId: newGroup() })
  await consumer.subscribe(topic)
  const seen = [...(await take(consumer, 1)), ...(await take(consumer, 60)), ...(await take(consumer, 39))]
  assert.deepEqual(values(seen), values(numbered(topic, 100) as never))
})

test('loops, batches, poll, the stream and run share one place in each partition', async (t) => {
  const topic = await createTopic(broker)
  const consumer = newConsumer(t, broker, { maxPollRecords: 10 })
  consumer.assign([{ topic, partition: 0 }])
  const seen: string[] = []
  await produce(broker, numbered(topic, 100))
  seen.push(...values(await take(consumer, 5)))
  for await (const batch of consumer.batches()) {
    assert.ok(batch.records.length <= 10)
    assert.equal(batch.highWatermark, 100)
    seen.push(...values(batch.records))
    break
  }
  seen.push(...values(await consumer.poll({ maxRecords: 7 })))
  for await (const record of consumer.stream()) {
    seen.push(String(record.value))
    if (seen.length === 40) break
  }
  const stop = new AbortController()
  await consumer.run({
    eachRecord: ({ value }) => {
      seen.push(String(value))
      if (seen.length === 90) stop.abort()
    },
    signal: stop.signal,
  })
  seen.push(...values(await take(consumer, 100 - seen.length)))
  assert.deepEqual(seen, values(numbered(topic, 100) as never))
})

for (const compressionType of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
  test(`batches that were compressed with ${compressionType} are read`, async (t) => {
    const topic = await createTopic(broker)
    await produce(broker, numbered(topic, 1000), { compressionType })
    const consumer = newConsumer(t, broker)
    consumer.assign([{ topic, partition: 0, offset: 17 }])
    assert.deepEqual(values(await take(consumer, 983)), values(numbered(topic, 983, 0, 17) as never))
  })
}

test('commit() commits what was handed out, and another consumer of the group goes on there', async (t) => {
  const [topic, groupId] = [await createTopic(broker), newGroup()]
  await produce(broker, numbered(topic, 20))
  const first = newConsumer(t, broker, { groupId, enableAutoCommit: false })
  await first.subscribe(topic)
  await take(first, 7)
  await first.commit()
  assert.deepEqual(await first.committed(), [
    { topic, partition: 0, offset: 7, leaderEpoch: 0, metadata: '' },
  ])
  await take(first, 5)
  await first.close()
  const second = newConsumer(t, broker, { groupId })
  await second.subscribe(topic)
  assert.deepEqual(values(await take(second, 1)), ['v7'])
})

test('commit takes a record, several, or offsets with metadata', async (t) => {
  const topic = await createTopic(broker, 2)
  await produce(broker, [...numbered(topic, 5, 0), ...numbered(topic, 5, 1)])
  const consumer = newConsumer(t, broker, { groupId: newGroup(), enableAutoCommit: false })
  consumer.assign([
    { topic, partition: 0 },
    { topic, partition: 1 },
  ])
  const records = await take(consumer, 10)
  await consumer.commit(records[0]!)
  await consumer.commit([records[1]!, records[9]!])
  const offsets = async () => (await consumer.committed()).map(({ partition, offset }) => [partition, offset])
  const expected = new Map(
    [records[0]!, records[1]!, records[9]!].map(({ partition, offset }) => [partition, offset + 1]),
  )
  assert.deepEqual((await offsets()).sort(), [...expected].sort())
  await consumer.commit({ topic, partition: 1, offset: 3, metadata: 'here' })
  const committed = await consumer.committed([{ topic, partition: 1 }])
  assert.deepEqual(
    committed.map(({ offset, metadata }) => [offset, metadata]),
    [[3, 'here']],
  )
  await assert.rejects(consumer.commit({ topic, partition: 0, offset: -1 }), { code: 'INVALID_CONFIG' })
})

test('commits that nobody waits for are merged, the newest offset last, and one that fails harms nobody', async (t) => {
  const topic = await createTopic(broker)
  await produce(broker, numbered(topic, 50))
  const consumer = newConsumer(t, broker, { groupId: newGroup(), enableAutoCommit: false })
  consumer.assign([{ topic, partition: 0 }])
  let requestCount = 0
  const stop = broker.intercept('OffsetCommit', (_, next) => {
    requestCount += 1
    return next()
  })
  t.after(stop)
  const promises = []
  for (const record of await take(consumer, 50)) promises.push(consumer.commit(record))
  await Promise.all(promises)
  assert.equal((await consumer.committed())[0]!.offset, 50)
  assert.ok(requestCount <= 2, `${requestCount} requests`)
  void consumer.commit({ topic, partition: 0, offset: 1, metadata: 'x'.repeat(5000) })
  const failed = consumer.commit({ topic, partition: 0, offset: 1, metadata: 'x'.repeat(5000) })
  await assert.rejects(failed, { code: 'OFFSET_METADATA_TOO_LARGE' })
})

test('by itself it commits what was handed out before the last call for records, at intervals and at the end', async (t) => {
  const [topic, groupId] = [await createTopic(broker), newGroup()]
  await produce(broker, numbered(topic, 10))
  const consumer = newConsumer(t, broker, { groupId, autoCommitIntervalMs: 0 })
  const observer = newConsumer(t, broker, { groupId })
  const committed = async () => (await observer.committed([{ topic, partition: 0 }]))[0]?.offset
  await consumer.subscribe(topic)
  await take(consumer, 3)
  // The third record may still be worked on: the timer alone does not commit it.
  assert.notEqual(await committed(), 3)
  await consumer.poll({ timeoutMs: 0, maxRecords: 1 })
  await until(async () => (await committed()) === 3)
  await consumer.close()
  assert.equal(await committed(), 4)
})

test('latest, earliest, durations and none: where to begin without an offset', async (t) => {
  const topic = await createTopic(broker)
  const nowMs = Date.now()
  await produce(broker, [
    { topic, value: 'old', timestamp: nowMs - 7_200_000 },
    { topic, value: 'recent', timestamp: nowMs - 60_000 },
  ])
  const startOf = async (autoOffsetReset: 'latest' | 'smallest' | 'largest' | `by_duration:${string}`) => {
    const consumer = newConsumer(t, broker, { groupId: newGroup(), autoOffsetReset })
    consumer.assign([{ topic, partition: 0 }])
    return consumer.position({ topic, partition: 0 })
  }
  assert.equal(await startOf('latest'), 2)
  assert.equal(await startOf('largest'), 2)
  assert.equal(await startOf('smallest'), 0)
  assert.equal(await startOf('by_duration:PT1H'), 1)
  assert.equal(await startOf('by_duration:PT10S'), 2)
  const without = newConsumer(t, broker, { groupId: newGroup(), autoOffsetReset: 'none' })
  without.assign([{ topic, partition: 0 }])
  await assert.rejects(without.poll(), { code: 'NO_OFFSET' })
  without.seek({ topic, partition: 0, offset: 1 })
  assert.deepEqual(values(await take(without, 1)), ['recent'])
})

test('an offset that is gone leads to where auto.offset.reset says, or to the user', async (t) => {
  const topic = await createTopic(broker)
  await produce(broker, numbered(topic, 10))
  await withAdmin(broker, (admin) => admin.deleteRecords([{ topic, partition: 0, offset: 6 }]))
  const consumer = newConsumer(t, broker)
  consumer.assign([{ topic, partition: 0, offset: 2 }])
  assert.deepEqual(values(await take(consumer, 1)), ['v6'])
  const strict = newConsumer(t, broker, { autoOffsetReset: 'none' })
  strict.assign([{ topic, partition: 0, offset: 1000 }])
  await assert.rejects(strict.poll({ timeoutMs: 5000 }), { code: 'OFFSET_OUT_OF_RANGE' })
  strict.seekToBeginning()
  assert.deepEqual(values(await take(strict, 1)), ['v6'])
})

test('seek, seekToBeginning and seekToEnd move a partition, whatever is buffered', async (t) => {
  const topic = await createTopic(broker)
  await produce(broker, numbered(topic, 100))
  const consumer = newConsumer(t, broker)
  consumer.assign([{ topic, partition: 0 }])
  await take(consumer, 10)
  consumer.seek({ topic, partition: 0, offset: 90 })
  assert.equal(await consumer.position({ topic, partition: 0 }), 90)
  assert.deepEqual(values(await take(consumer, 2)), ['v90', 'v91'])
  consumer.seekToBeginning()
  assert.deepEqual(values(await take(consumer, 2)), ['v0', 'v1'])
  consumer.seekToEnd()
  assert.equal(await consumer.position({ topic, partition: 0 }), 100)
  assert.equal(consumer.currentLag({ topic, partition: 0 }), 0)
  await produce(broker, numbered(topic, 1, 0, 100))
  assert.deepEqual(values(await take(consumer, 1)), ['v100'])
  assert.throws(() => consumer.seek({ topic, partition: 7, offset: 0 }), { code: 'INVALID_STATE' })
})

test('paused partitions hand out nothing, others go on, and after resume nothing is missing', async (t) => {
  const topic = await createTopic(broker, 2)
  await produce(broker, [...numbered(topic, 50, 0), ...numbered(topic, 50, 1)])
  const consumer = newConsumer(t, broker, { maxPartitionFetchBytes: 200 })
  consumer.assign([
    { topic, partition: 0 },
    { topic, partition: 1 },
  ])
  const seen = await take(consumer, 10)
  const { partition } = seen.at(-1)!
  consumer.pause([{ topic, partition }])
  assert.deepEqual(consumer.paused(), [{ topic, partition }])
  const paused = 50 - seen.filter((record) => record.partition === partition).length
  const others = await take(consumer, 100 - 10 - paused)
  assert.ok(others.every((record) => record.partition !== partition))
  assert.deepEqual(await consumer.poll({ timeoutMs: 50 }), [])
  consumer.resume()
  const all = [...seen, ...others, ...(await take(consumer, paused))]
  for (const number of [0, 1]) {
    const mine = all.filter((record) => record.partition === number)
    assert.deepEqual(values(mine), values(numbered(topic, 50) as never))
  }
})

test('partitions that are assigned anew go on where they are, and dropped ones are read no longer', async (t) => {
  const topic = await createTopic(broker, 3)
  for (const partition of [0, 1, 2]) await produce(broker, numbered(topic, 3, partition))
  const consumer = newConsumer(t, broker)
  consumer.assign([{ topic, partition: 0 }])
  assert.deepEqual(values(await take(consumer, 2)), ['v0', 'v1'])
  consumer.assign([
    { topic, partition: 0 },
    { topic, partition: 2, offset: 1 },
  ])
  const records = await take(consumer, 3)
  assert.deepEqual(records.map(({ partition, offset }) => `${partition}/${offset}`).sort(), [
    '0/2',
    '2/1',
    '2/2',
  ])
  assert.deepEqual(consumer.assignment(), [
    { topic, partition: 0 },
    { topic, partition: 2 },
  ])
  await assert.rejects(consumer.subscribe(topic), { code: 'INVALID_GROUP_ID' })
})

test('offsets are found by time, and at both ends', async (t) => {
  const topic = await createTopic(broker, 2)
  await produce(broker, [
    { topic, partition: 0, value: 'a', timestamp: 1000 },
    { topic, partition: 0, value: 'b', timestamp: 2000 },
  ])
  const consumer = newConsumer(t, broker)
  const [zero, one] = [
    { topic, partition: 0 },
    { topic, partition: 1 },
  ]
  const offsets = (found: readonly { offset: number }[]) => found.map(({ offset }) => offset)
  assert.deepEqual(offsets(await consumer.beginningOffsets([zero, one])), [0, 0])
  assert.deepEqual(offsets(await consumer.endOffsets([one, zero])), [0, 2])
  const [found, none] = await consumer.offsetsForTimes([
    { ...zero, timestamp: 1500 },
    { ...one, timestamp: 0 },
  ])
  assert.deepEqual([found?.offset, found?.timestamp, none], [1, 2000, null])
  assert.equal((await consumer.partitionsFor(topic)).length, 2)
  assert.equal((await consumer.listTopics()).get(topic)?.length, 2)
})

test('read_committed sees committed transactions alone, and is not held up by markers', async (t) => {
  const topic = await createTopic(broker)
  const { bootstrapServers } = broker
  await using producer = new Producer({ bootstrapServers, transactionalId: 'tx-read' }, platform)
  await producer.transaction((tx) => tx.send({ topic, value: 'one' }))
  await producer.beginTransaction()
  await producer.send({ topic, value: 'aborted' })
  await producer.abortTransaction()
  await producer.transaction((tx) => tx.send({ topic, value: 'two' }))
  await producer.beginTransaction()
  await producer.send({ topic, value: 'open' })
  const consumer = newConsumer(t, broker, { isolationLevel: 'read_committed' })
  consumer.assign([{ topic, partition: 0 }])
  assert.deepEqual(values(await take(consumer, 2)), ['one', 'two'])
  assert.deepEqual(await consumer.poll({ timeoutMs: 50 }), [])
  assert.equal(await consumer.position({ topic, partition: 0 }), 6)
  assert.equal((await consumer.endOffsets([{ topic, partition: 0 }]))[0]!.offset, 6)
  await producer.commitTransaction()
  assert.deepEqual(values(await take(consumer, 1)), ['open'])
  const hasty = newConsumer(t, broker)
  hasty.assign([{ topic, partition: 0 }])
  assert.deepEqual(values(await take(hasty, 4)), ['one', 'aborted', 'two', 'open'])
})

test('deserializers turn bytes into values; what they fail at can be passed over', async (t) => {
  const topic = await createTopic(broker)
  await produce(broker, [
    { topic, key: 'a', value: '{"n":1}' },
    { topic, key: 'b', value: 'no json' },
    { topic, key: 'c', value: null },
  ])
  const consumer = newConsumer(t, broker, { keyDeserializer: 'string', valueDeserializer: 'json' })
  consumer.assign([{ topic, partition: 0 }])
  const [first] = (await take(consumer, 1)) as unknown as ConsumerRecord<string, { n: number }>[]
  assert.deepEqual([first!.key, first!.value], ['a', { n: 1 }])
  for (let attempt = 0; attempt < 2; attempt++) {
    await assert.rejects(take(consumer, 1), (error) => {
      assert.ok(error instanceof KafkaError)
      assert.equal(error.code, 'SERIALIZATION')
      assert.deepEqual(error.record, { topic, partition: 0, offset: 1 })
      return true
    })
  }
  consumer.seek({ topic, partition: 0, offset: 2 })
  const [last] = await take(consumer, 1)
  assert.deepEqual([last!.key, last!.value], ['c', null])
})

test('offsets that compaction has taken out are no obstacle', async (t) => {
  const topic = await createTopic(broker, 1, {
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': '0.01',
    'segment.bytes': '1024',
  })
  const records = Array.from({ length: 200 }, (_, i) => ({ topic, key: `k${i % 10}`, value: `v${i}` }))
  for (let i = 0; i < records.length; i += 10) await produce(broker, records.slice(i, i + 10))
  await broker.advance('1m')
  const consumer = newConsumer(t, broker)
  consumer.assign([{ topic, partition: 0 }])
  const seen: ConsumerRecord[] = []
  while (seen.at(-1)?.offset !== 199) seen.push(...(await consumer.poll()))
  assert.ok(seen.length < 150, `${seen.length} of 200 records are left`)
  const latest = new Map(seen.map(({ key, value }) => [String(key), String(value)]))
  assert.deepEqual([...latest.values()].sort(), values(numbered(topic, 10, 0, 190) as never).sort())
})

test('closing ends the loops, and what is asked of a closed consumer is refused', async (t) => {
  const topic = await createTopic(broker)
  const consumer = newConsumer(t, broker, { groupId: newGroup() })
  await consumer.subscribe(topic)
  const loop = (async () => {
    for await (const _ of consumer) assert.fail('there is nothing to read')
    return 'ended'
  })()
  const stream = consumer.stream()
  stream.resume()
  const ended = new Promise((resolve) => stream.on('end', resolve))
  await until(() => consumer.assignment().length === 1)
  await consumer.close()
  assert.equal(await loop, 'ended')
  await ended
  await assert.rejects(consumer.poll(), { code: 'CLOSED' })
  await assert.rejects(consumer.subscribe(topic), { code: 'CLOSED' })
})

test('a signal ends the wait for records, and nothing else', async (t) => {
  const topic = await createTopic(broker)
  const consumer = newConsumer(t, broker)
  consumer.assign([{ topic, partition: 0 }])
  const reason = new Error('enough')
  const stop = new AbortController()
  const polled = consumer.poll({ timeoutMs: 60_000, signal: stop.signal })
  const looped = consumer.records({ signal: stop.signal }).next()
  stop.abort(reason)
  await assert.rejects(polled, reason)
  await assert.rejects(looped, reason)
  await produce(broker, numbered(topic, 1))
  assert.deepEqual(values(await take(consumer, 1)), ['v0'])
})

test('run handles partitions side by side, each in order, and stands at what its function failed at', async (t) => {
  const [topic, groupId] = [await createTopic(broker, 4), newGroup()]
  for (let partition = 0; partition < 4; partition++) await produce(broker, numbered(topic, 25, partition))
  const consumer = newConsumer(t, broker, { groupId })
  await consumer.subscribe(topic)
  const seen = new Map<number, string[]>([
    [0, []],
    [1, []],
    [2, []],
    [3, []],
  ])
  let running = 0
  let runningMax = 0
  let hasFailed = false
  const stop = new AbortController()
  const eachRecord = async ({ partition, value, offset }: ConsumerRecord): Promise<void> => {
    running += 1
    runningMax = Math.max(runningMax, running)
    await new Promise((resolve) => void setImmediate(resolve))
    running -= 1
    if (partition === 2 && offset === 11 && !hasFailed) {
      hasFailed = true
      throw new Error('no')
    }
    seen.get(partition)!.push(String(value))
    if ([...seen.values()].flat().length === 100) stop.abort()
  }
  await assert.rejects(consumer.run({ eachRecord, concurrency: 4 }), /^Error: no$/)
  await consumer.run({ eachRecord, concurrency: 4, signal: stop.signal })
  for (const all of seen.values()) assert.deepEqual(all, values(numbered(topic, 25) as never))
  assert.ok(runningMax > 1)
  await consumer.close()
  const observer = newConsumer(t, broker, { groupId })
  const partitions = [0, 1, 2, 3].map((partition) => ({ topic, partition }))
  assert.deepEqual(
    (await observer.committed(partitions)).map(({ offset }) => offset),
    [25, 25, 25, 25],
  )
})

test('nothing to read from is an error, not a wait', async (t) => {
  const consumer = newConsumer(t, broker, { groupId: newGroup() })
  await assert.rejects(consumer.poll(), { code: 'INVALID_STATE' })
  await consumer.subscribe('some-topic')
  await consumer.subscribe([])
  await assert.rejects(consumer.poll(), { code: 'INVALID_STATE' })
  await assert.rejects(consumer.subscribe(['']), { code: 'INVALID_CONFIG' })
  await consumer.subscribe('in valid')
  await assert.rejects(consumer.poll({ timeoutMs: 5000 }), { code: 'INVALID_TOPIC_EXCEPTION' })
  await assert.rejects(newConsumer(t, broker).commit(), { code: 'INVALID_GROUP_ID' })
})

test('offsets go by the ids of their topics: those of a topic that was deleted are not taken for its namesake', async (t) => {
  const topic = await createTopic(broker)
  await produce(broker, numbered(topic, 3))
  const consumer = newConsumer(t, broker, { groupId: 'ids', enableAutoCommit: false })
  const versions = new Map<string, number>()
  for (const api of ['OffsetCommit', 'OffsetFetch'] as const) {
    t.after(
      broker.intercept(api, (call, next) => {
        versions.set(api, call.version)
        return next()
      }),
    )
  }
  const offset = { topic, partition: 0, offset: 2 }
  await consumer.partitionsFor(topic)
  await consumer.commit(offset)
  const [committed] = await consumer.committed([offset])
  assert.deepEqual([committed?.topic, committed?.offset], [topic, 2])
  assert.deepEqual(Object.fromEntries(versions), { OffsetCommit: 10, OffsetFetch: 10 })
  await withAdmin(broker, (admin) => admin.deleteTopics([topic]))
  await createTopic(broker, 1, {}, topic)
  await assert.rejects(consumer.commit(offset), { code: 'UNKNOWN_TOPIC_OR_PARTITION', retriable: false })
  assert.deepEqual(await consumer.committed([offset]), [])
  // Nobody has told us of this one's id.
  const other = await createTopic(broker)
  await consumer.commit({ topic: other, partition: 0, offset: 7 })
  assert.equal(versions.get('OffsetCommit'), 9)
})
