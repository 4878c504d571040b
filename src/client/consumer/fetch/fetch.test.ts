import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type TestContext, test } from 'node:test'
import type { FetchRequest, FetchResponse } from '../../../protocol/messages/01-fetch.ts'
import { DISCONNECT, failWith, type Interceptor } from '../../../testing/index.ts'
import {
  brokerForTests,
  createTopic,
  newConsumer,
  numbered,
  produce,
  take,
  until,
  values,
} from '../consumer.test.kit.ts'

const broker = await brokerForTests()

interface Exchange {
  readonly request: FetchRequest
  readonly response: FetchResponse
}

/** Notes all fetches, and lets some be answered otherwise. */
function watch(
  t: TestContext,
  change: (exchange: Exchange, count: number) => unknown = ({ response }) => response,
): Exchange[] {
  const exchanges: Exchange[] = []
  const interceptor: Interceptor = async ({ request }, next) => {
    const exchange = { request, response: await next() }
    exchanges.push(exchange)
    return change(exchange, exchanges.length)
  }
  t.after(broker.intercept('Fetch', interceptor))
  return exchanges
}

const partitionsIn = (topics: readonly { readonly partitions: readonly unknown[] }[]): number =>
  topics.reduce((sum, { partitions }) => sum + partitions.length, 0)

test('a session names only what has changed: nothing while there is nothing new, and what is paused is forgotten', async (t) => {
  const topic = await createTopic(broker, 3)
  const exchanges = watch(t)
  const consumer = newConsumer(t, broker, { fetchMaxWaitMs: 5 })
  consumer.assign([0, 1, 2].map((partition) => ({ topic, partition })))
  void consumer.poll({ timeoutMs: 60_000 })
  await until(() => exchanges.length >= 3)
  const [first, second] = exchanges
  assert.equal(first!.request.sessionEpoch, 0)
  assert.equal(partitionsIn(first!.request.topics), 3)
  assert.equal(second!.request.sessionId, first!.response.sessionId)
  assert.equal(second!.request.sessionEpoch, 1)
  assert.equal(partitionsIn(second!.request.topics), 0)
  consumer.pause([{ topic, partition: 1 }])
  await until(() => exchanges.at(-1)!.request.forgottenTopicsData.length > 0)
  assert.deepEqual(
    exchanges.at(-1)!.request.forgottenTopicsData.map(({ partitions }) => partitions),
    [[1]],
  )
  consumer.resume()
  await until(() => partitionsIn(exchanges.at(-1)!.request.topics) === 1)
  await produce(broker, numbered(topic, 1, 1))
  await until(
    () =>
      partitionsIn(exchanges.at(-1)!.request.topics) === 1 &&
      exchanges.at(-1)!.request.topics[0]!.partitions[0]!.fetchOffset === 1,
  )
})

test('what is sought, resumed or new does not wait for a fetch that waits for news, and is asked for once', async (t) => {
  const topic = await createTopic(broker, 3)
  const [zero, one, two] = [0, 1, 2].map((partition) => ({ topic, partition }))
  for (const partition of [0, 1, 2]) await produce(broker, numbered(topic, 2, partition))
  const requests: FetchRequest[] = []
  t.after(
    broker.intercept('Fetch', ({ request }, next) => {
      requests.push(request)
      return next()
    }),
  )
  const consumer = newConsumer(t, broker, { fetchMaxWaitMs: 60_000 })
  consumer.assign([zero!, one!])
  consumer.pause([one!])
  await take(consumer, 2)
  const isWaiting = (): boolean => requests.at(-1)!.maxWaitMs > 0 && requests.at(-1)!.sessionEpoch > 0
  await until(isWaiting)
  consumer.seek({ ...zero!, offset: 1 })
  assert.deepEqual(values(await take(consumer, 1)), ['v1'])
  consumer.resume([one!])
  assert.deepEqual(values(await take(consumer, 2)), ['v0', 'v1'])
  consumer.assign([zero!, one!, two!])
  assert.deepEqual(values(await take(consumer, 2)), ['v0', 'v1'])
  consumer.seekToEnd([zero!])
  const end = consumer.poll({ timeoutMs: 100 })
  assert.equal(await consumer.position(zero!), 2)
  assert.deepEqual(await end, [])
  const aside = requests.filter(({ sessionEpoch }) => sessionEpoch === -1)
  assert.ok(aside.every(({ sessionId, maxWaitMs }) => sessionId === 0 && maxWaitMs === 0))
  assert.ok(aside.length >= 3 && aside.length < 10, `${aside.length} were asked aside`)
})

test('closing ends the session, also while a fetch waits for news', async (t) => {
  const topic = await createTopic(broker)
  const requests: FetchRequest[] = []
  t.after(
    broker.intercept('Fetch', ({ request }, next) => {
      requests.push(request)
      return next()
    }),
  )
  const consumer = newConsumer(t, broker, { fetchMaxWaitMs: 60_000 })
  consumer.assign([{ topic, partition: 0 }])
  await produce(broker, numbered(topic, 1))
  await take(consumer, 1)
  await until(() => requests.length >= 2)
  await consumer.close()
  const { sessionId, sessionEpoch, topics } = requests.at(-1)!
  assert.deepEqual([sessionId, sessionEpoch, topics], [requests.at(-2)!.sessionId, -1, []])
  assert.notEqual(sessionId, 0)
})

for (const error of [
  'FETCH_SESSION_ID_NOT_FOUND',
  'INVALID_FETCH_SESSION_EPOCH',
  'FETCH_SESSION_TOPIC_ID_ERROR',
] as const) {
  test(`a session that ended with ${error} is begun anew, and no record is lost`, async (t) => {
    const topic = await createTopic(broker)
    await produce(broker, numbered(topic, 3))
    const exchanges = watch(t, ({ response }, count) =>
      count === 2 ? { ...failWith({ errorCode: 0 }, error), sessionId: 0, responses: [] } : response,
    )
    const consumer = newConsumer(t, broker, { fetchMaxWaitMs: 5, retryBackoffMs: 1 })
    consumer.assign([{ topic, partition: 0 }])
    assert.deepEqual(values(await take(consumer, 3)), ['v0', 'v1', 'v2'])
    await until(() => exchanges.length >= 3)
    assert.equal(exchanges[2]!.request.sessionEpoch, 0)
    assert.equal(
      exchanges[2]!.request.sessionId,
      error === 'FETCH_SESSION_ID_NOT_FOUND' ? 0 : exchanges[0]!.response.sessionId,
    )
    await produce(broker, numbered(topic, 1, 0, 3))
    assert.deepEqual(values(await take(consumer, 1)), ['v3'])
  })
}

for (const error of [
  'NOT_LEADER_OR_FOLLOWER',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'KAFKA_STORAGE_ERROR',
  'OFFSET_NOT_AVAILABLE',
  'UNKNOWN_SERVER_ERROR',
] as const) {
  test(`a partition that answers ${error} is asked again`, async (t) => {
    const topic = await createTopic(broker, 2)
    for (const partition of [0, 1]) await produce(broker, numbered(topic, 2, partition))
    watch(t, ({ response }, count) =>
      count > 2
        ? response
        : {
            ...response,
            responses: failWith({ all: response.responses }, error).all.map((topicAnswer) => ({
              ...topicAnswer,
              partitions: topicAnswer.partitions.map((each) => ({ ...each, records: null })),
            })),
          },
    )
    const consumer = newConsumer(t, broker, { retryBackoffMs: 1 })
    consumer.assign([0, 1].map((partition) => ({ topic, partition })))
    assert.equal((await take(consumer, 4)).length, 4)
  })
}

test('connections that break in the middle of a fetch are made again', async (t) => {
  const topic = await createTopic(broker)
  await produce(broker, numbered(topic, 5))
  watch(t, ({ response }, count) => (count % 2 === 1 && count < 8 ? DISCONNECT : response))
  const consumer = newConsumer(t, broker, { retryBackoffMs: 1, reconnectBackoffMs: 1, fetchMaxWaitMs: 5 })
  consumer.assign([{ topic, partition: 0 }])
  assert.equal((await take(consumer, 5)).length, 5)
  await produce(broker, numbered(topic, 1, 0, 5))
  assert.deepEqual(values(await take(consumer, 1)), ['v5'])
})

test('what is corrupt is told with its place, and can be passed over', async (t) => {
  const topic = await createTopic(broker)
  await produce(broker, numbered(topic, 2))
  await produce(broker, numbered(topic, 2, 0, 2))
  watch(t, ({ response }) => ({
    ...response,
    responses: response.responses.map((each) => ({
      ...each,
      partitions: each.partitions.map((partition) => ({ ...partition, records: damaged(partition.records) })),
    })),
  }))
  const consumer = newConsumer(t, broker)
  consumer.assign([{ topic, partition: 0 }])
  assert.deepEqual(values(await take(consumer, 2)), ['v0', 'v1'])
  const corrupt = { code: 'CORRUPT_MESSAGE', record: { topic, partition: 0, offset: 3 } }
  await assert.rejects(take(consumer, 1), corrupt)
  await assert.rejects(take(consumer, 1), corrupt)
  await produce(broker, numbered(topic, 1, 0, 4))
  consumer.seek({ topic, partition: 0, offset: 4 })
  assert.deepEqual(values(await take(consumer, 1)), ['v4'])
  const trusting = newConsumer(t, broker, { checkCrcs: false })
  trusting.assign([{ topic, partition: 0 }])
  assert.equal((await take(trusting, 5)).length, 5)
})

/** The last byte of a value of the second batch is another one. */
function damaged(records: unknown): Buffer {
  const bytes = bytesOf(records)
  const first = bytes.length === 0 ? 0 : 12 + bytes.readInt32BE(8)
  if (bytes.length <= first || bytes.readBigInt64BE(first) !== 2n) return bytes
  const end = first + 12 + bytes.readInt32BE(first + 8)
  bytes[end - 2]! ^= 1
  return bytes
}

function bytesOf(records: unknown): Buffer {
  const { file, position, byteLength } = records as {
    file?: { read(target: Buffer, start: number, length: number, position: number): number }
    position: number
    byteLength: number
  }
  if (file === undefined) return Buffer.isBuffer(records) ? Buffer.from(records) : Buffer.alloc(0)
  const bytes = Buffer.alloc(byteLength)
  file.read(bytes, 0, byteLength, position)
  return bytes
}

test('what is buffered stays within bounds, whatever lies in the log, and so do paused partitions', async (t) => {
  const topic = await createTopic(broker, 4)
  const value = Buffer.alloc(10_000)
  for (const partition of [0, 1, 2, 3]) {
    await produce(
      broker,
      Array.from({ length: 100 }, () => ({ topic, partition, value })),
      { batchSize: 20_000 },
    )
  }
  const exchanges = watch(t)
  const [partitionBytes, brokerBytes] = [50_000, 500_000]
  const consumer = newConsumer(t, broker, {
    maxPartitionFetchBytes: partitionBytes,
    fetchMaxBytes: brokerBytes,
  })
  consumer.assign([0, 1, 2, 3].map((partition) => ({ topic, partition })))
  const fetchedBytes = (): number =>
    exchanges
      .flatMap(({ response }) => response.responses.flatMap(({ partitions }) => partitions))
      .reduce((sum, { records }) => sum + ((records as { byteLength?: number } | null)?.byteLength ?? 0), 0)
  let handedOut = (await take(consumer, 1)).length
  const isBounded = (): void => {
    const bufferedBytes = fetchedBytes() - handedOut * 10_000
    assert.ok(bufferedBytes <= brokerBytes + partitionBytes, `${bufferedBytes} bytes are buffered`)
  }
  await until(() => fetchedBytes() > 5 * partitionBytes)
  isBounded()
  consumer.pause([
    { topic, partition: 0 },
    { topic, partition: 1 },
  ])
  for (; handedOut < 150; handedOut += 1) {
    assert.ok((await take(consumer, 1))[0]!.partition >= 2 || handedOut < 2)
    isBounded()
  }
  consumer.resume()
  for await (const _ of consumer) if (++handedOut === 400) break
  isBounded()
})

test('a closer replica is read from when the leader names one, until it errs', async (t) => {
  const topic = await createTopic(broker)
  await produce(broker, numbered(topic, 2))
  t.after(
    broker.intercept('Metadata', async (_, next) => {
      const response = await next()
      return {
        ...response,
        brokers: [...response.brokers, { ...response.brokers[0], nodeId: 77, rack: 'here' }],
      }
    }),
  )
  const nodes: number[] = []
  const note = (message: unknown): void => {
    const { api, nodeId } = message as { api: string; nodeId: number }
    if (api === 'Fetch') nodes.push(nodeId)
  }
  subscribe('sluice:client:request', note)
  t.after(() => unsubscribe('sluice:client:request', note))
  let erring = 0
  const exchanges = watch(t, ({ response }, count) => {
    if (count === 1) return withPartitions(response, { preferredReadReplica: 77, records: null })
    // An answer of a session in which nothing has changed names no partition that could err.
    if (count < 3 || erring > 0 || response.responses.length === 0) return response
    erring = count
    return withPartitions(response, { errorCode: 1, records: null })
  })
  const consumer = newConsumer(t, broker, { clientRack: 'here', fetchMaxWaitMs: 5, retryBackoffMs: 1 })
  consumer.assign([{ topic, partition: 0 }])
  assert.equal((await take(consumer, 2)).length, 2)
  assert.equal(exchanges[0]!.request.rackId, 'here')
  await produce(broker, numbered(topic, 1, 0, 2))
  assert.deepEqual(values(await take(consumer, 1)), ['v2'])
  await until(() => nodes.length > erring)
  const fromReplica = Array.from({ length: erring - 1 }, () => 77)
  assert.deepEqual(nodes.slice(0, erring + 1), [broker.brokerId, ...fromReplica, broker.brokerId])
})

function withPartitions(response: FetchResponse, changes: object): FetchResponse {
  return {
    ...response,
    responses: response.responses.map((each) => ({
      ...each,
      partitions: each.partitions.map((partition) => ({ ...partition, ...changes })),
    })),
  }
}

for (const [what, endOffset, next] of [
  ['the former leader had records that the new one has not: those are read anew', 3, 'v3'],
  ['the new leader has all that was read: it goes on', 100, 'v5'],
] as const) {
  test(`a new leader, and ${what}`, async (t) => {
    const topic = await createTopic(broker)
    await produce(broker, numbered(topic, 8))
    const consumer = newConsumer(t, broker, { maxPollRecords: 5, metadataMaxAgeMs: 20 })
    consumer.assign([{ topic, partition: 0 }])
    await take(consumer, 5)
    t.after(
      broker.intercept('Metadata', async (_, next) => {
        const response = await next()
        for (const each of response.topics)
          for (const partition of each.partitions ?? []) partition.leaderEpoch = 1
        return response
      }),
    )
    t.after(
      broker.intercept('Fetch', ({ request }, next) => {
        for (const each of request.topics)
          for (const partition of each.partitions) partition.currentLeaderEpoch = -1
        return next()
      }),
    )
    let askedEpoch = -1
    t.after(
      broker.intercept('OffsetForLeaderEpoch', ({ request }) => {
        askedEpoch = request.topics[0].partitions[0].leaderEpoch
        return {
          topics: [{ topic, partitions: [{ partition: 0, errorCode: 0, leaderEpoch: 0, endOffset }] }],
        }
      }),
    )
    await until(() => askedEpoch === 0)
    assert.deepEqual(values(await take(consumer, 1)), [next])
  })
}

test('without auto.offset.reset the user is told that what he read is gone', async (t) => {
  const topic = await createTopic(broker)
  await produce(broker, numbered(topic, 8))
  const consumer = newConsumer(t, broker, { autoOffsetReset: 'none', metadataMaxAgeMs: 20 })
  consumer.assign([{ topic, partition: 0, offset: 0 }])
  await take(consumer, 5)
  t.after(
    broker.intercept('Metadata', async (_, next) => {
      const response = await next()
      for (const each of response.topics)
        for (const partition of each.partitions ?? []) partition.leaderEpoch = 1
      return response
    }),
  )
  t.after(
    broker.intercept('OffsetForLeaderEpoch', () => ({
      topics: [{ topic, partitions: [{ partition: 0, errorCode: 0, leaderEpoch: 0, endOffset: 2 }] }],
    })),
  )
  await assert.rejects(
    async () => {
      for (;;) await consumer.poll({ timeoutMs: 5000 })
    },
    { code: 'LOG_TRUNCATED' },
  )
})

test('old versions of the protocol will do', async (t) => {
  const topic = await createTopic(broker, 2)
  for (const partition of [0, 1]) await produce(broker, numbered(topic, 20, partition))
  const limits: Record<number, number> = { 1: 4, 2: 1, 3: 1, 8: 2, 9: 1, 10: 0, 11: 0, 12: 0, 13: 0, 14: 0 }
  t.after(
    broker.intercept('ApiVersions', async (_, next) => {
      const response = await next()
      return {
        ...response,
        apiKeys: response.apiKeys.map((each: { apiKey: number; maxVersion: number }) => ({
          ...each,
          maxVersion: Math.min(each.maxVersion, limits[each.apiKey] ?? each.maxVersion),
        })),
      }
    }),
  )
  const consumer = newConsumer(t, broker, { groupId: 'old' })
  await consumer.subscribe(topic)
  assert.equal((await take(consumer, 40)).length, 40)
  await consumer.commit()
  assert.deepEqual(
    (await consumer.committed()).map(({ offset }) => offset),
    [20, 20],
  )
  await consumer.close()
})
