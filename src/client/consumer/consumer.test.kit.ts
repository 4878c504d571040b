/** Consumers against a broker in this process, and what goes with them. */
import { after, type TestContext } from 'node:test'
import { SystemClock } from '../../os/clock.ts'
import { SystemConnector } from '../../os/connector.ts'
import { SystemRandom } from '../../os/random.ts'
import { startBroker, type TestBroker, type TestBrokerOptions } from '../../testing/index.ts'
import { Admin } from '../admin/admin.ts'
import type { ClientPlatform } from '../network/open-cluster.ts'
import type { ConsumerOptions } from '../options/consumer-options.ts'
import type { ProducerOptions } from '../options/producer-options.ts'
import { Producer, type ProducerRecord } from '../producer/producer.ts'
import { Consumer } from './consumer.ts'
import type { ConsumerRecord } from './consumer-record.ts'

export const platform: ClientPlatform = {
  clock: new SystemClock(),
  random: new SystemRandom(),
  connector: new SystemConnector(),
}

/** Sessions and heartbeats as short as tests need them. */
const PROPERTIES = {
  'auto.create.topics.enable': 'false',
  'group.min.session.timeout.ms': '10',
  'group.consumer.min.session.timeout.ms': '100',
  'group.consumer.session.timeout.ms': '600',
  'group.consumer.min.heartbeat.interval.ms': '10',
  'group.consumer.heartbeat.interval.ms': '50',
}

export const FAST_GROUP = { sessionTimeoutMs: 600, heartbeatIntervalMs: 50 } as const

/** Ends with the test file. */
export async function brokerForTests(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const broker = await startBroker({ ...options, properties: { ...PROPERTIES, ...options.properties } })
  after(() => broker.close())
  return broker
}

let topicCount = 0

export async function createTopic(
  { bootstrapServers }: TestBroker,
  partitions = 1,
  configs: Readonly<Record<string, string>> = {},
  name = `topic-${topicCount++}`,
): Promise<string> {
  await using admin = new Admin({ bootstrapServers }, platform)
  await admin.createTopics([{ name, partitions, replicationFactor: 1, configs }])
  return name
}

export async function withAdmin<Result>(
  { bootstrapServers }: TestBroker,
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  await using admin = new Admin({ bootstrapServers }, platform)
  return await work(admin)
}

/** In order, and done when it resolves. */
export async function produce(
  { bootstrapServers }: TestBroker,
  records: readonly ProducerRecord[],
  options: ProducerOptions = {},
): Promise<void> {
  await using producer = new Producer({ bootstrapServers, ...options }, platform)
  await producer.send(records)
}

/** `v0`, `v1`, ... into one partition. */
export function numbered(topic: string, count: number, partition = 0, from = 0): ProducerRecord[] {
  return Array.from({ length: count }, (_, i) => ({ topic, partition, value: `v${from + i}` }))
}

export function newConsumer(
  t: TestContext,
  { bootstrapServers }: TestBroker,
  options: ConsumerOptions = {},
): Consumer {
  const defaults: ConsumerOptions = { bootstrapServers, autoOffsetReset: 'earliest', fetchMaxWaitMs: 20 }
  const consumer = new Consumer({ ...defaults, ...options }, platform)
  t.after(() => consumer.close({ timeoutMs: 2000 }))
  return consumer
}

/** The next so many; fails rather than wait for ever. */
export async function take(consumer: Consumer, count: number, timeoutMs = 10_000): Promise<ConsumerRecord[]> {
  const records: ConsumerRecord[] = []
  if (count === 0) return records
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    for await (const record of consumer.records({ signal })) {
      records.push(record)
      if (records.length === count) break
    }
  } catch (error) {
    if (!signal.aborted) throw error
    throw new Error(`${records.length} of ${count} records came in time`, { cause: error })
  }
  return records
}

export function values(records: Iterable<ConsumerRecord>): string[] {
  return [...records].map(({ value }) => String(value))
}

/** Resolves when it is so; looks again in every turn of the loop that there is something to do. */
export async function until(isSo: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs
  while (!(await isSo())) {
    if (performance.now() > deadlineMs)
      throw new Error(`it did not come true within ${timeoutMs} ms: ${isSo}`)
    await new Promise((resolve) => void setTimeout(resolve, 2))
  }
}
