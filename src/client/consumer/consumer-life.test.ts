import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type TestContext, test } from 'node:test'
import { startBroker } from '../../testing/index.ts'
import { consumeTracing } from '../diagnostics.ts'
import {
  brokerForTests,
  createTopic,
  FAST_GROUP,
  newConsumer,
  numbered,
  produce,
  take,
  until,
  values,
} from './consumer.test.kit.ts'

const broker = await brokerForTests()

function listen<Message>(t: TestContext, channel: string): Message[] {
  const messages: Message[] = []
  const note = (message: unknown): void => void messages.push(message as Message)
  subscribe(channel, note)
  t.after(() => unsubscribe(channel, note))
  return messages
}

test('who listens is told of rebalances, and of what goes wrong in the background', async (t) => {
  const topic = await createTopic(broker, 2)
  const rebalances = listen<Record<string, unknown>>(t, 'sluice:client:rebalance')
  const errors = listen<{ clientId: string; error: Error }>(t, 'sluice:client:error')
  const consumer = newConsumer(t, broker, { groupId: 'told', clientId: 'teller', ...FAST_GROUP })
  await consumer.subscribe(topic)
  await consumer.poll({ timeoutMs: 0 })
  await until(async () => {
    await consumer.poll({ timeoutMs: 10 })
    return consumer.assignment().length === 2
  })
  const { memberId } = consumer.groupMetadata()
  const partitions = [
    { topic, partition: 0 },
    { topic, partition: 1 },
  ]
  const common = { clientId: 'teller', groupId: 'told', memberId, partitions }
  assert.deepEqual(rebalances, [{ ...common, event: 'assigned' }])
  const tooLarge = { topic, partition: 0, offset: 0, metadata: 'x'.repeat(10_000) }
  await assert.rejects(consumer.commit(tooLarge), { code: 'OFFSET_METADATA_TOO_LARGE' })
  assert.equal(errors.find(({ clientId }) => clientId === 'teller')?.error.message.includes(topic), true)
  await consumer.close()
  assert.deepEqual(rebalances[1], { ...common, event: 'revoked' })
})

test('a tracer sees each record from when it is handed out until the next is asked for, with its headers', async (t) => {
  const topic = await createTopic(broker)
  await produce(
    broker,
    [1, 2, 3].map((n) => ({ topic, value: `v${n}`, headers: { traceparent: `t${n}` } })),
  )
  const events: string[] = []
  const note = (name: string) => (message: unknown) => {
    const { headers, offset } = message as { headers: { traceparent: Buffer }; offset: number }
    events.push(`${name} ${offset} ${headers.traceparent}`)
  }
  const subscribers = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  }
  consumeTracing.subscribe(subscribers)
  t.after(() => consumeTracing.unsubscribe(subscribers))
  const consumer = newConsumer(t, broker)
  consumer.assign([{ topic, partition: 0 }])
  for await (const { offset } of consumer) {
    events.push(`work ${offset}`)
    if (offset === 1) break
  }
  const seen = (n: number) => [`start ${n} t${n + 1}`, `end ${n} t${n + 1}`, `work ${n}`]
  const done = (n: number) => [`asyncStart ${n} t${n + 1}`, `asyncEnd ${n} t${n + 1}`]
  assert.deepEqual(events.splice(0), [...seen(0), ...done(0), ...seen(1), ...done(1)])
  const stop = new AbortController()
  const eachRecord = async (): Promise<void> => {
    events.push('work')
    await new Promise((resolve) => void setImmediate(resolve))
    stop.abort()
  }
  await consumer.run({ eachRecord, signal: stop.signal })
  assert.deepEqual(events, ['start 2 t3', 'work', 'end 2 t3', 'asyncStart 2 t3', 'asyncEnd 2 t3'])
})

test('whoever works on a record for longer than the session stays in the group: heartbeats go on', async (t) => {
  const topic = await createTopic(broker, 2)
  await produce(broker, numbered(topic, 2))
  const consumer = newConsumer(t, broker, { groupId: 'slow', ...FAST_GROUP, sessionTimeoutMs: 200 })
  await consumer.subscribe(topic)
  await take(consumer, 1)
  let heartbeats = 0
  t.after(
    broker.intercept('Heartbeat', (_, next) => {
      heartbeats += 1
      return next()
    }),
  )
  await until(() => heartbeats >= 8)
  const { generationId } = consumer.groupMetadata()
  await consumer.commit()
  assert.deepEqual(values(await take(consumer, 1)), ['v1'])
  assert.equal(consumer.groupMetadata().generationId, generationId)
})

test('without a broker to be reached a call for records comes back empty, and closing is quick', async (t) => {
  const gone = await startBroker()
  const topic = await createTopic(gone)
  await produce(gone, numbered(topic, 1))
  const connected = newConsumer(t, gone, { groupId: 'g', reconnectBackoffMs: 1 })
  await connected.subscribe(topic)
  await take(connected, 1)
  await gone.close()
  assert.deepEqual(await connected.poll({ timeoutMs: 50 }), [])
  const never = newConsumer(t, gone, { groupId: 'g', reconnectBackoffMs: 1 })
  await never.subscribe(topic)
  assert.deepEqual(await never.poll({ timeoutMs: 50 }), [])
  const startMs = performance.now()
  await Promise.all([connected.close({ timeoutMs: 200 }), never.close({ timeoutMs: 200 })])
  assert.ok(performance.now() - startMs < 1000)
})

test('a broker that comes back is read from again, from where the consumer stands', async (t) => {
  const restarting = await startBroker()
  t.after(() => restarting.close())
  const topic = await createTopic(restarting)
  await produce(restarting, numbered(topic, 3))
  const consumer = newConsumer(t, restarting, {
    groupId: 'g',
    reconnectBackoffMs: 1,
    reconnectBackoffMaxMs: 20,
  })
  await consumer.subscribe(topic)
  assert.equal((await take(consumer, 3)).length, 3)
  const waiting = take(consumer, 2)
  await restarting.reset()
  await createTopic(restarting, 1, {}, topic)
  await produce(restarting, numbered(topic, 2))
  assert.deepEqual(values(await waiting), ['v0', 'v1'])
})

test('what is read twice at the same time is handed out once, in order', async (t) => {
  const topic = await createTopic(broker)
  const consumer = newConsumer(t, broker)
  consumer.assign([{ topic, partition: 0 }])
  const iterator = consumer.records()
  const pending = Array.from({ length: 5 }, () => iterator.next())
  await produce(broker, numbered(topic, 10))
  const first = (await Promise.all(pending)).map(({ value }) => String(value!.value))
  assert.deepEqual(first, ['v0', 'v1', 'v2', 'v3', 'v4'])
  const rest = await Promise.all(Array.from({ length: 5 }, () => iterator.next()))
  assert.deepEqual(
    rest.map(({ value }) => String(value!.value)),
    ['v5', 'v6', 'v7', 'v8', 'v9'],
  )
})

test('a stream can be destroyed and taken up by another, whatever it had read ahead of its reader', async (t) => {
  const topic = await createTopic(broker)
  await produce(broker, numbered(topic, 20))
  const consumer = newConsumer(t, broker)
  consumer.assign([{ topic, partition: 0 }])
  const first = consumer.stream({ highWaterMark: 4 })
  const seen: string[] = []
  for await (const { value } of first) if (seen.push(String(value)) === 5) break
  assert.equal(first.destroyed, true)
  const stop = new AbortController()
  const second = consumer.stream({ signal: stop.signal })
  second.on('data', ({ value }) => {
    if (seen.push(String(value)) >= 20) stop.abort()
  })
  const [error] = await new Promise<unknown[]>((resolve) => second.on('error', (...given) => resolve(given)))
  assert.equal((error as Error).name, 'AbortError')
  assert.deepEqual(seen, values(numbered(topic, 20) as never))
})

test('what a listener asks the consumer for and would wait for for ever is refused, and nothing else', async (t) => {
  const topic = await createTopic(broker)
  await produce(broker, numbered(topic, 3))
  const consumer = newConsumer(t, broker, { groupId: 'listening', ...FAST_GROUP })
  const refused: unknown[] = []
  const told: string[] = []
  const onAssigned = async (): Promise<void> => {
    told.push(`at ${await consumer.position({ topic, partition: 0 })}`)
    await consumer.commit({ topic, partition: 0, offset: 1 })
    consumer.seek({ topic, partition: 0, offset: 1 })
    const calls = [
      () => consumer.poll(),
      () => consumer.records().next(),
      () => consumer.run({ eachRecord: () => {} }),
      () => consumer.unsubscribe(),
      () => consumer.subscribe([]),
      () => consumer.close(),
    ]
    for (const call of calls) await call().catch((error: unknown) => refused.push(error))
  }
  await consumer.subscribe({ topics: topic, onAssigned })
  assert.deepEqual(values(await take(consumer, 2)), ['v1', 'v2'])
  assert.deepEqual(told, ['at 0'])
  assert.deepEqual(
    refused.map((error) => (error as { code: string }).code),
    Array.from({ length: 6 }, () => 'INVALID_STATE'),
  )
  assert.match(String(refused[0]), /by a rebalance listener: the consumer waits for it to be done/)
  await consumer.close()
})

test('whoever closes meanwhile waits for a listener that is at work', async (t) => {
  const topic = await createTopic(broker)
  const consumer = newConsumer(t, broker, { groupId: 'waited-for', ...FAST_GROUP })
  let finish!: () => void
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const steps: string[] = []
  const onAssigned = async (): Promise<void> => {
    steps.push('told')
    await finished
    steps.push('done')
  }
  await consumer.subscribe({ topics: topic, onAssigned })
  const reading = take(consumer, 1)
  await until(() => steps.length === 1)
  const closing = consumer.close().then(() => steps.push('closed'))
  finish()
  await Promise.all([reading, closing])
  assert.deepEqual(steps, ['told', 'done', 'closed'])
})

/** Until it is let go, the function that handles records holds each one. */
function holding(): { began: () => number; letGo: () => void; hold: () => Promise<void> } {
  const held: (() => void)[] = []
  let begun = 0
  return {
    began: () => begun,
    letGo: () => {
      for (const release of held.splice(0)) release()
    },
    hold: () => {
      begun += 1
      return new Promise((resolve) => void held.push(resolve))
    },
  }
}

for (const { name, eachBatch, committed } of [
  { name: 'the record at hand is handled and committed, and none behind it', eachBatch: false, committed: 1 },
  { name: 'the batch at hand is handled and committed', eachBatch: true, committed: 5 },
]) {
  test(`closing while records are handled: ${name}`, async (t) => {
    const topic = await createTopic(broker)
    await produce(broker, numbered(topic, 5))
    const groupId = `closing-${eachBatch}`
    const consumer = newConsumer(t, broker, { groupId, ...FAST_GROUP })
    await consumer.subscribe(topic)
    const handler = holding()
    const running = consumer.run(eachBatch ? { eachBatch: handler.hold } : { eachRecord: handler.hold })
    await until(() => handler.began() === 1)
    let isClosed = false
    const closing = consumer.close().then(() => {
      isClosed = true
    })
    await new Promise((resolve) => void setImmediate(resolve))
    assert.equal(isClosed, false)
    handler.letGo()
    await Promise.all([running, closing])
    assert.equal(handler.began(), 1)
    const [offset] = await newConsumer(t, broker, { groupId }).committed([{ topic, partition: 0 }])
    assert.equal(offset?.offset, committed)
  })
}

test('a function that handles records may close the consumer: what came before is committed', async (t) => {
  const topic = await createTopic(broker)
  await produce(broker, numbered(topic, 5))
  const consumer = newConsumer(t, broker, { groupId: 'closes-itself', ...FAST_GROUP })
  await consumer.subscribe(topic)
  const seen: number[] = []
  await consumer.run({
    eachRecord: async ({ offset }) => {
      seen.push(offset)
      if (offset === 2) await consumer.close()
    },
  })
  assert.deepEqual(seen, [0, 1, 2])
  const [offset] = await newConsumer(t, broker, { groupId: 'closes-itself' }).committed([
    { topic, partition: 0 },
  ])
  assert.equal(offset?.offset, 2)
})

test('a function that does not come to an end holds closing up no longer than is allowed', async (t) => {
  const topic = await createTopic(broker)
  await produce(broker, numbered(topic, 5))
  const consumer = newConsumer(t, broker, { groupId: 'stuck', ...FAST_GROUP })
  await consumer.subscribe(topic)
  const handler = holding()
  const running = consumer.run({ eachRecord: handler.hold })
  await until(() => handler.began() === 1)
  handler.letGo()
  await until(() => handler.began() === 2)
  await consumer.close({ timeoutMs: 200 })
  const [offset] = await newConsumer(t, broker, { groupId: 'stuck' }).committed([{ topic, partition: 0 }])
  assert.equal(offset?.offset, 1)
  handler.letGo()
  await running
})
