import assert from 'node:assert/strict'
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { MemoryStore } from '../coordination/memory-store.ts'
import type { MetadataStore } from '../coordination/metadata-store.ts'
import { SystemClock } from '../os/clock.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../protocol/messages/20-delete-topics.ts'
import { DescribeConfigsRequest, DescribeConfigsResponse } from '../protocol/messages/32-describe-configs.ts'
import {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from '../protocol/messages/37-create-partitions.ts'
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../protocol/messages/44-incremental-alter-configs.ts'
import { batch, Client, type Properties, portOf, start, temporaryFolder } from './broker.test.kit.ts'
import type { RunningBroker } from './start-broker.ts'

const RESTARTS = ['a shutdown', 'a kill'] as const

/** Ends the broker and starts it again: in order, or on what a killed process would have left on the disk. */
async function restart(
  how: (typeof RESTARTS)[number],
  broker: RunningBroker,
  folder: string,
  properties: Properties = {},
): Promise<RunningBroker> {
  if (how === 'a shutdown') {
    await broker.shutdown()
    return await start(folder, properties)
  }
  const copy = temporaryFolder()
  cpSync(join(folder, 'data'), join(copy, 'data'), { recursive: true })
  await broker.shutdown()
  assert.ok(!existsSync(join(copy, 'data', '.kafka_cleanshutdown')))
  return await start(copy, properties)
}

async function configValue(
  client: Client,
  resourceName: string,
  key: string,
  resourceType = 2,
): Promise<string | null | undefined> {
  const resources = [{ resourceType, resourceName, configurationKeys: [key] }]
  const { results } = await client.ask(DescribeConfigsRequest, DescribeConfigsResponse, 4, { resources })
  return results[0]!.configs[0]?.value
}

for (const how of RESTARTS) {
  test(`configs that were set while the broker ran survive ${how}`, async () => {
    const folder = temporaryFolder()
    const first = await start(folder)
    let client = new Client(portOf(first))
    await client.create('inherits')
    const ofResource = (resourceType: number, resourceName: string, name: string, value: string) => ({
      resourceType,
      resourceName,
      configs: [{ name, configOperation: 0, value }],
    })
    const resources = [
      ofResource(4, '1', 'message.max.bytes', '50'),
      ofResource(4, '', 'log.retention.ms', '-1'),
      ofResource(2, 'inherits', 'segment.ms', '7000'),
      ofResource(32, 'a/b', 'consumer.session.timeout.ms', '50000'),
    ]
    const { responses } = await client.ask(
      IncrementalAlterConfigsRequest,
      IncrementalAlterConfigsResponse,
      1,
      { resources },
    )
    assert.deepEqual(
      responses.map(({ errorCode }) => errorCode),
      [0, 0, 0, 0],
    )
    client.close()

    const second = await restart(how, first, folder)
    client = new Client(portOf(second))
    assert.equal(await configValue(client, 'inherits', 'segment.ms'), '7000')
    assert.equal(await configValue(client, 'inherits', 'max.message.bytes'), '50')
    assert.equal(await configValue(client, 'inherits', 'retention.ms'), '-1')
    assert.equal(await configValue(client, 'a/b', 'consumer.session.timeout.ms', 32), '50000')
    assert.equal((await client.produce('inherits', batch('a'))).errorCode, ErrorCode.MESSAGE_TOO_LARGE)
    client.close()
    await second.shutdown()
  })

  test(`topics, ids, partition counts, configs and records survive ${how}`, async () => {
    const folder = temporaryFolder()
    const first = await start(folder)
    let client = new Client(portOf(first))
    await client.create('plain', { partitions: 3 })
    await client.create('set', { configs: { 'retention.ms': '12345' } })
    const topics = [{ name: 'plain', count: 5, assignments: null }]
    await client.ask(CreatePartitionsRequest, CreatePartitionsResponse, 3, { topics, timeoutMs: 10_000 })
    await client.create('gone')
    const deletion = { topics: [{ name: 'gone' }], timeoutMs: 10_000 }
    await client.ask(DeleteTopicsRequest, DeleteTopicsResponse, 6, deletion)
    for (const value of ['a', 'b']) await client.produce('plain', batch(value), { index: 4 })
    const before = await client.topics()
    assert.deepEqual(Object.keys(before), ['plain', 'set'])
    client.close()

    const second = await restart(how, first, folder)
    assert.deepEqual([second.clusterId, second.brokerId], [first.clusterId, first.brokerId])
    client = new Client(portOf(second))
    assert.deepEqual(await client.topics(), before)
    assert.deepEqual(before.plain?.leaders, [1, 1, 1, 1, 1])
    assert.equal(await configValue(client, 'set', 'retention.ms'), '12345')
    assert.deepEqual(await client.values('plain', { index: 4 }), ['a', 'b'])
    assert.deepEqual(await client.produce('plain', batch('c'), { index: 4 }), { errorCode: 0, baseOffset: 2 })
    await second.shutdown()
  })

  test(`producer ids are not given twice, and a producer's last batch is known, after ${how}`, async () => {
    const folder = temporaryFolder()
    const first = await start(folder)
    let client = new Client(portOf(first))
    await client.create('t')
    const producerId = await client.producerId()
    for (let i = 0; i < 3; i++) await client.produce('t', batch(`${i}`, { producerId, baseSequence: i }))
    client.close()
    const second = await restart(how, first, folder)
    client = new Client(portOf(second))
    const retry = await client.produce('t', batch('2', { producerId, baseSequence: 2 }))
    const next = await client.produce('t', batch('3', { producerId, baseSequence: 3 }))
    const gap = await client.produce('t', batch('9', { producerId, baseSequence: 9 }))
    assert.deepEqual(
      [retry, next, gap.errorCode],
      [{ errorCode: 0, baseOffset: 2 }, { errorCode: 0, baseOffset: 3 }, 45],
    )
    assert.deepEqual(await client.values('t'), ['0', '1', '2', '3'])
    assert.ok((await client.producerId()) >= producerId + 1000, 'another block')
    await second.shutdown()
  })
}

test('a generated broker id stays with its data folder', async () => {
  const folder = temporaryFolder()
  const properties = { 'broker.id': '-1' }
  const first = await start(folder, properties)
  assert.equal(first.brokerId, 1001)
  await first.shutdown()
  const second = await start(folder, properties)
  assert.equal(second.brokerId, 1001)
  await second.shutdown()
})

test('partitions are spread over several log directories and found there again', async () => {
  const folder = temporaryFolder()
  const dirs = ['a', 'b', 'c'].map((name) => join(folder, name))
  const properties = { 'log.dirs': dirs.join(',') }
  const first = await start(folder, properties)
  let client = new Client(portOf(first))
  await client.create('t', { partitions: 6 })
  for (let index = 0; index < 6; index++) await client.produce('t', batch(`${index}`), { index })
  await first.shutdown()
  for (const dir of dirs)
    assert.match(readFileSync(join(dir, 'recovery-point-offset-checkpoint'), 'utf8'), /^0\n2\n/)
  const second = await start(folder, properties)
  client = new Client(portOf(second))
  for (let index = 0; index < 6; index++) assert.deepEqual(await client.values('t', { index }), [`${index}`])
  await second.shutdown()
})

test('a data folder without a metadata store is taken over with its topic ids', async () => {
  const folder = temporaryFolder()
  const first = await start(folder)
  let client = new Client(portOf(first))
  await client.create('t', { partitions: 2 })
  await client.create('u')
  await client.produce('t', batch('kept'), { index: 1 })
  const before = await client.topics()
  await first.shutdown()
  rmSync(join(folder, 'data', '__cluster_metadata-0'), { recursive: true })
  const second = await start(folder)
  client = new Client(portOf(second))
  assert.equal(second.clusterId, first.clusterId)
  assert.deepEqual(await client.topics(), before)
  assert.deepEqual(await client.values('t', { index: 1 }), ['kept'])
  await second.shutdown()
})

test('a takeover of a data folder that was cut short is completed by the next start', async () => {
  const folder = temporaryFolder()
  const first = await start(folder)
  let client = new Client(portOf(first))
  for (const name of ['t', 'u']) await client.create(name)
  const before = await client.topics()
  await first.shutdown()

  const memory = new MemoryStore(new SystemClock())
  const engine = { connect: () => memory.connect(), close: async () => {} }
  const failing = { ...engine, connect: () => failingAfterAdoption(memory.connect()) }
  await assert.rejects(start(folder, {}, { openStore: async () => failing }), /out of order/)
  const second = await start(folder, {}, { openStore: async () => engine })
  client = new Client(portOf(second))
  assert.equal(second.clusterId, first.clusterId)
  assert.deepEqual(await client.topics(), before)
  await second.shutdown()
})

/** A store that is gone when the topics are in it, and the cluster's id is to follow. */
function failingAfterAdoption(store: MetadataStore): MetadataStore {
  let hasTopics = false
  return new Proxy(store, {
    get(target, name: keyof MetadataStore) {
      const member = target[name]
      if (typeof member !== 'function') return member
      return async (...args: never[]) => {
        if (hasTopics && name !== 'close') throw new Error('out of order')
        if (name === 'multi') hasTopics = true
        return await (member as (...args: never[]) => unknown).apply(target, args)
      }
    },
  })
}
