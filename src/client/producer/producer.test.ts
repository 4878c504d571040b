import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { SystemClock } from '../../os/clock.ts'
import { SystemConnector } from '../../os/connector.ts'
import { SystemRandom } from '../../os/random.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { FetchRequest, FetchResponse } from '../../protocol/messages/01-fetch.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../protocol/messages/19-create-topics.ts'
import { type KafkaRecord, readRecords } from '../../records/record.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { SimRandom } from '../../simulator/sim-random.ts'
import { DISCONNECT, failWith, startBroker, type TestBroker } from '../../testing/index.ts'
import { KafkaError, Producer, type ProducerOptions, type RecordMetadata } from '../index.ts'
import { defineApi } from '../network/api.ts'
import type { Cluster } from '../network/cluster.ts'
import { openCluster } from '../network/open-cluster.ts'
import { COMMON_OPTIONS } from '../options/common-options.ts'
import { parseOptions } from '../options/option.ts'

const broker = await startBroker({ properties: { 'num.partitions': 1 } })
const platform = { clock: new SystemClock(), random: new SystemRandom(), connector: new SystemConnector() }
const FETCH = defineApi(FetchRequest, FetchResponse, [4, 12])
const CREATE_TOPICS = defineApi(CreateTopicsRequest, CreateTopicsResponse)
/** Of a run through errors. */
const TROUBLED_CALLS = 60
let topicCount = 0
after(() => broker.close())

function clusterOf({ bootstrapServers }: TestBroker): Cluster {
  const cluster = openCluster(parseOptions(COMMON_OPTIONS, {}, { bootstrapServers }), platform)
  after(() => cluster.close())
  return cluster
}

const cluster = clusterOf(broker)

async function newTopic(
  numPartitions = 1,
  configs: Record<string, string> = {},
  on = cluster,
): Promise<string> {
  const name = `topic-${topicCount++}`
  const topic = {
    name,
    numPartitions,
    replicationFactor: 1,
    assignments: [],
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  }
  const { topics } = await on.callAny(CREATE_TOPICS, { topics: [topic], timeoutMs: 10_000 })
  assert.equal(topics[0]!.errorCode, 0)
  return name
}

async function batchesOf(topic: string, partition = 0, on = cluster): Promise<Buffer[]> {
  const partitions = [{ partition, fetchOffset: 0, partitionMaxBytes: 1 << 28 }]
  const topics = [{ topic, partitions }]
  const { responses } = await on.callAny(FETCH, { maxWaitMs: 0, minBytes: 0, maxBytes: 1 << 28, topics })
  const bytes = responses[0]!.partitions[0]!.records as Buffer
  return [...RecordBatch.positions(bytes)].map((at) =>
    bytes.subarray(at, at + RecordBatch.sizeInBytes(bytes, at)),
  )
}

async function recordsOf(topic: string, partition = 0, on = cluster): Promise<KafkaRecord[]> {
  const batches = await batchesOf(topic, partition, on)
  return batches.filter((batch) => !RecordBatch.isControl(batch)).flatMap((batch) => readRecords(batch))
}

async function valuesOf(topic: string, partition = 0, on = cluster): Promise<string[]> {
  return (await recordsOf(topic, partition, on)).map(({ value }) => String(value))
}

function producerOf(options: Partial<ProducerOptions> = {}, on = broker): Producer {
  const producer = new Producer({
    bootstrapServers: on.bootstrapServers,
    'retry.backoff.ms': 1,
    ...options,
  } as ProducerOptions)
  after(() => producer.close({ timeoutMs: 0 }))
  return producer
}

test('a record is told where it lies, and is there as it was sent', async () => {
  const producer = producerOf()
  const topic = await newTopic(3)
  const timestamp = Date.UTC(2024, 1, 2)
  const headers = { trace: 'x', both: ['1', Buffer.from('2')], none: null }
  const sent = await producer.send({ topic, partition: 1, key: 'k', value: 'v', headers, timestamp })
  assert.deepEqual(sent, { topic, partition: 1, offset: 0, timestamp })
  const [record] = await recordsOf(topic, 1)
  assert.deepEqual([`${record!.key}`, `${record!.value}`, record!.timestampMs], ['k', 'v', timestamp])
  assert.deepEqual(
    record!.headers.map(({ key, value }) => [key, value === null ? null : `${value}`]),
    [
      ['trace', 'x'],
      ['both', '1'],
      ['both', '2'],
      ['none', null],
    ],
  )
})

test('what is sent in one turn travels in one batch, in order, and a list is told of each', async () => {
  const producer = producerOf()
  const topic = await newTopic()
  await producer.send({ topic, value: 'first' })
  const sent = await producer.send(['a', 'b', 'c'].map((value) => ({ topic, value })))
  assert.deepEqual(
    sent.map(({ offset }) => offset),
    [1, 2, 3],
  )
  assert.equal((await batchesOf(topic)).length, 2)
  assert.deepEqual(await valuesOf(topic), ['first', 'a', 'b', 'c'])
})

test('sends that come while the partitions of a topic are looked up keep their order', async () => {
  const producer = producerOf()
  const topic = await newTopic()
  const sent = ['a', 'b'].map((value) => producer.send({ topic, value }))
  await producer.partitionsFor(topic)
  sent.push(producer.send({ topic, value: 'c' }))
  await Promise.all(sent)
  sent.push(producer.send({ topic, value: 'd' }))
  await Promise.all(sent)
  assert.deepEqual(await valuesOf(topic), ['a', 'b', 'c', 'd'])
})

for (const compressionType of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
  test(`a batch is compressed with ${compressionType}`, async () => {
    const producer = producerOf({ compressionType })
    const topic = await newTopic()
    const value = 'x'.repeat(5000)
    await producer.send([
      { topic, value },
      { topic, value },
    ])
    const [batch] = await batchesOf(topic)
    assert.ok(batch!.length < 2000)
    assert.deepEqual(await valuesOf(topic), [value, value])
  })
}

test('full batches go at once, others after linger.ms or with a flush', async () => {
  const producer = producerOf({ 'linger.ms': 60_000, 'batch.size': 1000, 'delivery.timeout.ms': 120_000 })
  const topic = await newTopic()
  const full = producer.send([1, 2, 3].map((i) => ({ topic, value: `${i}`.repeat(600) })))
  await Promise.race([full, producer.flush()])
  await full
  assert.equal((await batchesOf(topic)).length, 3)
})

test('acks=0 waits for nothing and knows no offset', async () => {
  const producer = producerOf({ acks: 0 })
  const topic = await newTopic()
  const { offset } = await producer.send({ topic, value: 'a' })
  assert.equal(offset, -1)
  while ((await valuesOf(topic)).length === 0);
})

test('records, one by one, that can not be sent are refused with a reason', async () => {
  const producer = producerOf({ 'max.request.size': 1000, 'max.block.ms': 300 })
  const topic = await newTopic()
  const failures: [unknown, string][] = [
    [{ topic, value: 'x'.repeat(2000) }, 'MESSAGE_TOO_LARGE'],
    [{ topic, partition: 7, value: 'x' }, 'UNKNOWN_TOPIC_OR_PARTITION'],
    [{ topic, value: 5 }, 'SERIALIZATION'],
    [{ topic, value: 'x', timestamp: -1 }, 'SERIALIZATION'],
    [{ topic: 'not/a/topic', value: 'x' }, 'INVALID_TOPIC_EXCEPTION'],
  ]
  for (const [record, code] of failures) {
    await assert.rejects(
      producer.send(record as never),
      (error: KafkaError) => error instanceof KafkaError && error.code === code,
    )
  }
  await assert.rejects(
    producer.send([
      { topic, value: 'good' },
      { topic, value: 5 as never },
    ]),
    (error: KafkaError) =>
      error.code === 'PARTIAL' &&
      error.details!.get('1')!.code === 'SERIALIZATION' &&
      (error.results as ReadonlyMap<string, RecordMetadata>).get('0')!.offset === 0,
  )
  assert.deepEqual(await valuesOf(topic), ['good'])
})

test('a callback is told as well, and the promise need not be looked at', async () => {
  const producer = producerOf()
  const topic = await newTopic()
  const told = await new Promise((resolve) => {
    producer.send({ topic, value: 5 as never }, (error, metadata) => resolve([error?.code, metadata]))
  })
  assert.deepEqual(told, ['SERIALIZATION', undefined])
})

test('memory is bounded: who finds none waits its turn, and not for ever', async () => {
  const other = await startBroker()
  after(() => other.close())
  const on = clusterOf(other)
  const topic = await newTopic(1, {}, on)
  const options = {
    'buffer.memory': 40_000,
    'batch.size': 10_000,
    'max.block.ms': 300,
    'max.in.flight.requests.per.connection': 1,
  }
  const producer = producerOf(options, other)
  let letGo!: () => void
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const stop = other.intercept('Produce', async (_, next) => {
    await held
    return next()
  })
  const values = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(9000))
  const sent = values.map((value) => producer.send({ topic, value }))
  const outcomes = Promise.allSettled(sent)
  await assert.rejects(sent.at(-1)!, { code: 'BUFFER_FULL' })
  stop()
  letGo()
  const kept = (await outcomes).filter(({ status }) => status === 'fulfilled').length
  assert.ok(kept >= 3 && kept < 8)
  assert.deepEqual(await valuesOf(topic, 0, on), values.slice(0, kept))
})

test('a batch that is too large for the topic is split', async () => {
  const producer = producerOf()
  const topic = await newTopic(1, { 'max.message.bytes': '2000' })
  const values = Array.from({ length: 20 }, (_, i) => `${i % 10}`.repeat(500))
  const before = producer.send({ topic, value: 'before' })
  await before
  const sent = await producer.send(values.map((value) => ({ topic, value })))
  assert.deepEqual(
    sent.map(({ offset }) => offset),
    values.map((_, i) => i + 1),
  )
  await producer.send({ topic, value: 'after' })
  assert.deepEqual(await valuesOf(topic), ['before', ...values, 'after'])
  await assert.rejects(producer.send({ topic, value: 'x'.repeat(3000) }), { code: 'MESSAGE_TOO_LARGE' })
  await producer.send({ topic, value: 'goes on' })
})

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`through errors, lost answers and broken connections each record is written once and in order (seed ${seed})`, async () => {
    const other = await startBroker()
    after(() => other.close())
    const on = clusterOf(other)
    const topic = await newTopic(2, {}, on)
    const random = new SimRandom(seed)
    const retriable = ['NOT_LEADER_OR_FOLLOWER', 'NOT_ENOUGH_REPLICAS', 'KAFKA_STORAGE_ERROR'] as const
    let callCount = 0
    other.intercept('Produce', async ({ request }, next) => {
      // In the end it gets through.
      if (++callCount > TROUBLED_CALLS) return next()
      switch (random.below(5)) {
        case 0: {
          // Refused before anything was written.
          const errorCode = ErrorCode[retriable[random.below(retriable.length)]!]
          const responses = request.topicData.map(
            (each: { name: string; topicId: string; partitionData: { index: number }[] }) => ({
              name: each.name,
              topicId: each.topicId,
              partitionResponses: each.partitionData.map(({ index }) => ({
                index,
                errorCode,
                baseOffset: -1,
              })),
            }),
          )
          return { responses }
        }
        case 1:
          return DISCONNECT
        case 2:
          // Written, and the answer is lost.
          await next()
          return DISCONNECT
        case 3:
          return failWith(await next(), 'NOT_ENOUGH_REPLICAS_AFTER_APPEND')
        default:
          return next()
      }
    })
    const producer = producerOf(
      { 'batch.size': 200, 'reconnect.backoff.ms': 1, 'reconnect.backoff.max.ms': 5 },
      other,
    )
    const sent: Promise<unknown>[] = []
    for (let i = 0; i < 200; i++) {
      sent.push(producer.send({ topic, partition: i % 2, value: `${i}` }))
      if (random.oneIn(4)) await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all(sent)
    for (const partition of [0, 1]) {
      const numbers = (await valuesOf(topic, partition, on)).map(Number)
      assert.deepEqual(
        numbers,
        Array.from({ length: 100 }, (_, i) => 2 * i + partition),
      )
    }
  })
}

test('a transaction is committed as a whole, or not at all', async () => {
  const producer = producerOf({ transactionalId: 'whole' })
  const topic = await newTopic(2)
  const result = await producer.transaction(async (tx) => {
    tx.send([0, 1].map((partition) => ({ topic, partition, value: 'kept' })))
    await tx.sendOffsets([{ topic, partition: 0, offset: 42 }], { groupId: 'g' })
    return 'done'
  })
  assert.equal(result, 'done')
  await assert.rejects(
    producer.transaction(async (tx) => {
      await tx.send({ topic, partition: 0, value: 'dropped' })
      throw new Error('thought better of it')
    }),
    /thought better of it/,
  )
  await producer.transaction((tx) => tx.send({ topic, partition: 0, value: 'later' }))
  const isolationLevel = 1
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }]
  const body = {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1 << 20,
    isolationLevel,
    topics: [{ topic, partitions }],
  }
  const { responses } = await cluster.callAny(FETCH, body)
  const { abortedTransactions, lastStableOffset, highWatermark } = responses[0]!.partitions[0]!
  assert.equal(abortedTransactions!.length, 1)
  assert.equal(lastStableOffset, highWatermark)
  assert.deepEqual(await valuesOf(topic, 0), ['kept', 'dropped', 'later'])
})

test('outside a transaction a transactional producer sends nothing, and a plain one has none', async () => {
  const topic = await newTopic()
  const transactional = producerOf({ transactionalId: 'outside' })
  await assert.rejects(transactional.send({ topic, value: 'x' }), { code: 'INVALID_STATE' })
  await assert.rejects(producerOf().beginTransaction(), { code: 'INVALID_STATE' })
})

test('a transaction that its producer is closed in tells what went wrong first', async () => {
  const topic = await newTopic()
  const producer = producerOf({ transactionalId: 'closed within' })
  const work = producer.transaction(async (tx) => {
    await tx.send({ topic, value: 'x' })
    await producer.close()
    throw new RangeError('of the user')
  })
  await assert.rejects(work, { name: 'RangeError', message: 'of the user' })
})

test('a producer whose transactional id was taken over is fenced for good', async () => {
  const topic = await newTopic()
  const [old, young] = [producerOf({ transactionalId: 'one' }), producerOf({ transactionalId: 'one' })]
  await old.beginTransaction()
  await old.send({ topic, value: 'old' })
  await young.transaction((tx) => tx.send({ topic, value: 'young' }))
  await assert.rejects(old.commitTransaction(), (error: KafkaError) => error.fatal)
  await assert.rejects(old.send({ topic, value: 'x' }), (error: KafkaError) => error.fatal)
})

test('a transaction that timed out can only be aborted, and the next one is a new one', async () => {
  const other = await startBroker()
  after(() => other.close())
  const topic = await newTopic(1, {}, clusterOf(other))
  const { bootstrapServers } = other
  const producer = new Producer({ bootstrapServers, transactionalId: 'slow', transactionTimeoutMs: 1000 })
  after(() => producer.close())
  await producer.beginTransaction()
  await producer.send({ topic, value: 'too late' })
  await other.advance('1m')
  await assert.rejects(
    producer.commitTransaction(),
    (error: KafkaError) => error.abortable && !error.fatal && error.code === 'INVALID_TXN_STATE',
  )
  await assert.rejects(producer.send({ topic, value: 'x' }), (error: KafkaError) => error.abortable)
  await producer.abortTransaction()
  await producer.transaction((tx) => tx.send({ topic, value: 'in time' }))
})

test('a producer whose transaction can be neither committed nor aborted can go on no more', async () => {
  const topic = await newTopic()
  const producer = producerOf({ transactionalId: 'lost' })
  const remove = broker.intercept('EndTxn', async (_, next) => failWith(await next(), 'INVALID_TXN_STATE'))
  after(remove)
  await producer.beginTransaction()
  await producer.send({ topic, value: 'x' })
  await assert.rejects(producer.commitTransaction(), (error: KafkaError) => error.abortable)
  await assert.rejects(producer.abortTransaction(), (error: KafkaError) => error.fatal)
  remove()
  await assert.rejects(producer.beginTransaction(), (error: KafkaError) => error.fatal)
})

test('closing sends what there is, and then nothing more', async () => {
  const producer = producerOf({ 'linger.ms': 50_000, 'delivery.timeout.ms': 120_000 })
  const topic = await newTopic()
  const sent = producer.send({ topic, value: 'last' })
  await producer.close()
  assert.equal((await sent).offset, 0)
  await assert.rejects(producer.send({ topic, value: 'x' }), { code: 'CLOSED' })
})

test('closing does not wait for a broker that does not answer', async () => {
  const other = await startBroker()
  const on = clusterOf(other)
  const topic = await newTopic(1, {}, on)
  const producer = producerOf({}, other)
  other.intercept('Produce', () => DISCONNECT)
  const sent = producer.send({ topic, value: 'x' })
  const refused = assert.rejects(sent, { code: 'CLOSED' })
  await producer.close({ timeoutMs: 50 })
  await refused
  await other.close()
})

test("options are Kafka's, in both spellings, and wrong ones are named", () => {
  const bootstrapServers = broker.bootstrapServers
  const refused = (options: object, message: RegExp): void =>
    assert.throws(
      () => new Producer(options as ProducerOptions),
      (error: KafkaError) => error.code === 'INVALID_CONFIG' && message.test(error.message),
    )
  refused({}, /bootstrap\.servers is missing/)
  refused({ bootstrapServers, lingerms: 5 }, /unknown option lingerms; did you mean linger\.ms/)
  refused({ bootstrapServers, 'linger.ms': 5, lingerMs: 6 }, /same option/)
  refused({ bootstrapServers, batchSize: 'many' }, /batchSize must be a whole number/)
  refused({ bootstrapServers, compressionType: 'rar' }, /one of none, gzip, snappy, lz4, zstd/)
  refused({ bootstrapServers: 'localhost' }, /host:port/)
  refused({ bootstrapServers, enableIdempotence: true, acks: 1 }, /acks to all/)
  refused({ bootstrapServers, transactionalId: 't', acks: 1 }, /acks to all/)
  for (const options of [
    {
      'metadata.broker.list': bootstrapServers,
      'request.required.acks': '1',
      'serializer.class': 'kafka.serializer.StringEncoder',
    },
    {
      'bootstrap.servers': [bootstrapServers],
      acks: 'all',
      'key.serializer': 'org.apache.kafka.common.serialization.StringSerializer',
    },
  ]) {
    void new Producer(options as ProducerOptions).close()
  }
})
