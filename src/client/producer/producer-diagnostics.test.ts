import assert from 'node:assert/strict'
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { after, test } from 'node:test'
import { DISCONNECT, startBroker } from '../../testing/index.ts'
import {
  Admin,
  Consumer,
  type KafkaError,
  Producer,
  type ProducerOptions,
  type RecordMetadata,
} from '../index.ts'

const broker = await startBroker()
after(() => broker.close())
const { bootstrapServers } = broker
let topicCount = 0

async function newTopic(): Promise<string> {
  await using admin = new Admin({ bootstrapServers })
  const name = `topic-${topicCount++}`
  await admin.createTopics([{ name, partitions: 1 }])
  return name
}

function producerOf(options: ProducerOptions): Producer {
  const producer = new Producer({ bootstrapServers, ...options })
  after(() => producer.close())
  return producer
}

test('a tracer adds headers to what is sent, not to what the user has, and sees what came of it', async () => {
  const topic = await newTopic()
  const producer = producerOf({})
  const done: unknown[] = []
  interface Seen {
    topic: string
    headers: Record<string, string> & { push?: (header: { key: string; value: string }) => void }
    result?: RecordMetadata
    error?: KafkaError
  }
  const tracing = tracingChannel<unknown, Seen>('sluice:client:produce')
  const subscribers = {
    start: ({ headers }: Seen) => {
      if (headers.push) headers.push({ key: 'traceparent', value: 't' })
      else headers.traceparent = 't'
    },
    end: () => {},
    asyncStart: () => {},
    asyncEnd: ({ result, error }: Seen) => void done.push(error?.code ?? result?.offset),
    error: () => {},
  }
  tracing.subscribe(subscribers)
  after(() => tracing.unsubscribe(subscribers))
  const records = [
    Object.freeze({ topic, value: 'none' }),
    Object.freeze({ topic, value: 'by name', headers: Object.freeze({ a: '1' }) }),
    Object.freeze({ topic, value: 'as a list', headers: Object.freeze([{ key: 'a', value: '1' }]) }),
  ]
  for (const record of records) await producer.send(record)
  await assert.rejects(producer.send({ topic, value: 'x'.repeat(2_000_000) }))
  tracing.unsubscribe(subscribers)
  assert.deepEqual(done, [0, 1, 2, 'MESSAGE_TOO_LARGE'])
  const consumer = new Consumer({ bootstrapServers })
  after(() => consumer.close())
  consumer.assign([{ topic, partition: 0, offset: 0 }])
  const headers: string[][] = []
  for await (const record of consumer) if (headers.push(Object.keys(record.headers)) === 3) break
  assert.deepEqual(headers, [['traceparent'], ['a', 'traceparent'], ['a', 'traceparent']])
})

test('a request that is not answered is told of, with what went wrong', async () => {
  const topic = await newTopic()
  const producer = producerOf({ clientId: 'unanswered', reconnectBackoffMs: 1 })
  let count = 0
  after(broker.intercept('Produce', (_, next) => (count++ === 0 ? DISCONNECT : next())))
  const told: (string | undefined)[] = []
  const note = (message: unknown): void => {
    const { clientId, api, error } = message as { clientId: string; api: string; error?: KafkaError }
    if (clientId === 'unanswered' && api === 'Produce') told.push(error?.code)
  }
  subscribe('sluice:client:request', note)
  await producer.send({ topic, value: 'x' })
  unsubscribe('sluice:client:request', note)
  assert.deepEqual(told, ['NETWORK', undefined])
})
