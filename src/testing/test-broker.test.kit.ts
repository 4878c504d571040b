/** What tests of brokers for tests share: clients that are closed in the end, topics, and what lies in them. */
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { Admin, Producer, type ProducerOptions } from '../client/index.ts'
import { defineApi } from '../client/network/api.ts'
import type { Cluster } from '../client/network/cluster.ts'
import { openCluster } from '../client/network/open-cluster.ts'
import { COMMON_OPTIONS } from '../client/options/common-options.ts'
import { parseOptions } from '../client/options/option.ts'
import { SystemClock } from '../os/clock.ts'
import { SystemConnector } from '../os/connector.ts'
import { SystemRandom } from '../os/random.ts'
import { FetchRequest, FetchResponse } from '../protocol/messages/01-fetch.ts'
import { records } from '../records/record.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { startBroker, type TestBroker, type TestBrokerOptions } from './test-broker.ts'

export const FETCH = defineApi(FetchRequest, FetchResponse, [4, 12])
const platform = { clock: new SystemClock(), random: new SystemRandom(), connector: new SystemConnector() }
const QUICK = { 'retry.backoff.ms': 1, 'retry.backoff.max.ms': 10, 'reconnect.backoff.ms': 1 }

export async function brokerOf(options?: TestBrokerOptions): Promise<TestBroker> {
  const broker = await startBroker(options)
  after(() => broker.close())
  return broker
}

export function clusterOf({ bootstrapServers }: TestBroker): Cluster {
  const cluster = openCluster(parseOptions(COMMON_OPTIONS, {}, { bootstrapServers, ...QUICK }), platform)
  after(() => cluster.close())
  return cluster
}

export function adminOf({ bootstrapServers }: TestBroker): Admin {
  const admin = new Admin({ bootstrapServers, ...QUICK })
  after(() => admin.close())
  return admin
}

export function producerOf(
  { bootstrapServers }: TestBroker,
  options: Partial<ProducerOptions> = {},
): Producer {
  const producer = new Producer({ bootstrapServers, ...QUICK, ...options } as ProducerOptions)
  after(() => producer.close({ timeoutMs: 0 }))
  return producer
}

export function createTopic(
  admin: Admin,
  name: string,
  configs: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  return admin.createTopics([{ name, partitions: 1, replicationFactor: 1, configs }])
}

/** Of partition 0, to its end, as the client is told: records of transactions that were aborted are in it. */
export async function valuesOf(broker: TestBroker, topic: string, fromOffset = 0): Promise<string[]> {
  const cluster = clusterOf(broker)
  const values: string[] = []
  let fetchOffset = fromOffset
  let endOffset = Number.POSITIVE_INFINITY
  while (fetchOffset < endOffset) {
    const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 24 }]
    const body = { maxWaitMs: 0, minBytes: 0, maxBytes: 1 << 24, topics: [{ topic, partitions }] }
    const { responses } = await cluster.callAny(FETCH, body)
    const { errorCode, highWatermark, records: bytes } = responses[0]!.partitions[0]!
    assert.equal(errorCode, 0)
    endOffset = highWatermark
    for (const at of RecordBatch.positions(bytes as Buffer)) {
      fetchOffset = RecordBatch.lastOffset(bytes as Buffer, at) + 1
      if (RecordBatch.isControl(bytes as Buffer, at)) continue
      for (const { value } of records(bytes as Buffer, at)) values.push(String(value))
    }
  }
  cluster.close()
  return values
}

/** Where reading begins, where it ends, and where it ends for those who read only what is committed. */
export async function offsetsOf(
  admin: Admin,
  topic: string,
): Promise<{ start: number; end: number; stable: number }> {
  const find = async (
    at: 'earliest' | 'latest',
    isolationLevel: 'read_committed' | 'read_uncommitted',
  ): Promise<number> =>
    (await admin.listOffsets([{ topic, partition: 0, at }], { isolationLevel }))[0]!.offset
  return {
    start: await find('earliest', 'read_uncommitted'),
    end: await find('latest', 'read_uncommitted'),
    stable: await find('latest', 'read_committed'),
  }
}
