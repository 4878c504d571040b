import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { NetworkError } from '../base/network.ts'
import { SystemNetwork } from '../os/network.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from '../protocol/messages/18-api-versions.ts'
import { batch, Client, FaultyDisk, portOf, start, temporaryFolder } from './broker.test.kit.ts'

const KAFKA_STORAGE_ERROR = 56

test('a port in use is an error that leaves the data folder free', async () => {
  const [folder, other] = [temporaryFolder(), temporaryFolder()]
  const first = await start(folder)
  const listeners = `PLAINTEXT://127.0.0.1:0,SECOND://127.0.0.1:${portOf(first)}`
  const properties = { listeners, 'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SECOND:PLAINTEXT' }
  const isInUse = (error: unknown): boolean => error instanceof NetworkError && error.code === 'EADDRINUSE'
  await assert.rejects(start(other, properties), isInUse)
  await first.shutdown()
  await (await start(other, properties)).shutdown()
})

test('a data folder in use is refused, and its broker goes on', async () => {
  const folder = temporaryFolder()
  const first = await start(folder)
  await assert.rejects(start(folder), {
    message: `Failed to acquire lock on file .lock in ${join(folder, 'data')}. A Kafka instance in another process or thread is using this directory.`,
  })
  const client = new Client(portOf(first))
  await client.create('t')
  await first.shutdown()
})

test("another broker's data folder is refused in Kafka's words", async () => {
  const folder = temporaryFolder()
  await (await start(folder)).shutdown()
  await assert.rejects(start(folder, { 'broker.id': '2' }), {
    name: 'InconsistentBrokerIdException',
    message:
      "Configured broker.id 2 doesn't match stored broker.id 1 in meta.properties. If you moved your data, make sure your configured broker.id matches. If you intend to create a new broker, you should remove all data in your data directories (log.dirs).",
  })
  await (await start(folder)).shutdown()
})

test('a start that fails late gives everything back', async () => {
  const folder = temporaryFolder()
  let port = 0
  class Noting extends SystemNetwork {
    override async listen(...args: Parameters<SystemNetwork['listen']>) {
      const listener = await super.listen(...args)
      port = listener.port
      return listener
    }
  }
  const openStore = async (): Promise<never> => {
    throw new Error('no store today')
  }
  await assert.rejects(start(folder, {}, { openStore, network: new Noting() }), /no store today/)
  const broker = await start(folder, { listeners: `PLAINTEXT://127.0.0.1:${port}` })
  await broker.shutdown()
})

test('a wildcard listener advertises the address that the client dialled', async (t) => {
  const broker = await start(temporaryFolder(), { listeners: 'PLAINTEXT://:0' })
  const port = portOf(broker)
  assert.deepEqual(await new Client(port).brokers(), [{ nodeId: 1, host: '127.0.0.1', port }])
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  if (addresses.some(({ address }) => address === '::1')) {
    assert.deepEqual(await new Client(port, '::1').brokers(), [{ nodeId: 1, host: '::1', port }])
  } else t.diagnostic('no ::1 here')
  await broker.shutdown()
})

test('0.0.0.0 advertises the address that the client dialled', async () => {
  const broker = await start(temporaryFolder(), { listeners: 'PLAINTEXT://0.0.0.0:0' })
  const port = portOf(broker)
  assert.deepEqual(await new Client(port, '127.0.0.2').brokers(), [{ nodeId: 1, host: '127.0.0.2', port }])
  await broker.shutdown()
})

test('an advertised listener is advertised as it is', async () => {
  const broker = await start(temporaryFolder(), { 'advertised.listeners': 'PLAINTEXT://kafka.example:19092' })
  const brokers = await new Client(portOf(broker)).brokers()
  assert.deepEqual(brokers, [{ nodeId: 1, host: 'kafka.example', port: 19_092 }])
  await broker.shutdown()
})

test('a client that connects and asks during the start is served when the broker is ready', async () => {
  const asked: Promise<unknown>[] = []
  class Impatient extends SystemNetwork {
    override async listen(...args: Parameters<SystemNetwork['listen']>) {
      const listener = await super.listen(...args)
      const client = new Client(listener.port)
      asked.push(client.ask(ApiVersionsRequest, ApiVersionsResponse, 0, {}).then(() => client.brokers()))
      await client.opened()
      return listener
    }
  }
  const broker = await start(temporaryFolder(), {}, { network: new Impatient() })
  assert.deepEqual(await asked[0], [{ nodeId: 1, host: '127.0.0.1', port: portOf(broker) }])
  await broker.shutdown()
})

test('a shutdown answers long polls and produces that are under way', async () => {
  const folder = temporaryFolder()
  const broker = await start(folder, { 'log.flush.interval.messages': '1' })
  const client = new Client(portOf(broker))
  await client.create('t')
  const poll = new Client(portOf(broker)).values('t', { offset: 0, maxWaitMs: 60_000 })
  const quiet = new Client(portOf(broker))
  await quiet.create('quiet')
  const quietPoll = quiet.values('quiet', { maxWaitMs: 60_000 })
  const produced = Array.from({ length: 20 }, (_, i) => client.produce('t', batch(`${i}`)))
  await produced[0]
  const stopping = broker.shutdown()
  assert.equal(broker.shutdown(), stopping)
  const answers = await Promise.allSettled(produced)
  const acknowledged = answers.filter((each) => each.status === 'fulfilled' && each.value.errorCode === 0)
  assert.ok((await poll).length >= 1)
  assert.deepEqual(await quietPoll, [])
  await stopping
  const again = await start(folder)
  const values = await new Client(portOf(again)).values('t')
  assert.ok(values.length >= acknowledged.length)
  assert.deepEqual(
    values,
    values.map((_, i) => `${i}`),
  )
  await again.shutdown()
})

test('a full disk refuses what it can not hold, keeps what it has, and goes on when there is space', async () => {
  const folder = temporaryFolder()
  const disk = new FaultyDisk()
  const broker = await start(folder, {}, { disk })
  const client = new Client(portOf(broker))
  await client.create('t')
  assert.deepEqual(await client.produce('t', batch('a')), { errorCode: 0, baseOffset: 0 })
  disk.fault = (operation, path) => (operation === 'write' && path.endsWith('.log') ? 'ENOSPC' : undefined)
  const refused = [client.produce('t', batch('b')), client.produce('t', batch('c'), { acks: 1 })]
  for (const { errorCode } of await Promise.all(refused)) assert.equal(errorCode, KAFKA_STORAGE_ERROR)
  disk.fault = () => undefined
  assert.deepEqual(await client.produce('t', batch('d')), { errorCode: 0, baseOffset: 1 })
  assert.deepEqual(await client.values('t'), ['a', 'd'])
  await broker.shutdown()
  const again = await start(folder)
  assert.deepEqual(await new Client(portOf(again)).values('t'), ['a', 'd'])
  await again.shutdown()
})

test('a broken log directory takes the leaders of its partitions away, and the last one is fatal', async () => {
  const folder = temporaryFolder()
  const disk = new FaultyDisk()
  const fatal: string[] = []
  const onFatal = (message: string): void => void fatal.push(message)
  const dirs = ['a', 'b'].map((name) => join(folder, name))
  const properties = { 'log.dirs': dirs.join(','), 'log.flush.interval.messages': '1' }
  const broker = await start(folder, properties, { disk, onFatal })
  const client = new Client(portOf(broker))
  await client.create('t', { partitions: 2 })
  for (const index of [0, 1]) await client.produce('t', batch(`${index}`), { index })
  const breakDir = (dir: string): void => {
    disk.fault = (operation, path) => (operation === 'sync' && path.startsWith(dir) ? 'EIO' : undefined)
  }
  breakDir(dirs[0]!)
  assert.equal((await client.produce('t', batch('x'), { index: 0 })).errorCode, KAFKA_STORAGE_ERROR)
  // The controller hears of it a few turns later.
  let topics = await client.topics()
  for (let i = 0; i < 1000 && topics.t!.leaders[0] !== -1; i++) topics = await client.topics()
  assert.deepEqual(topics.t!.leaders, [-1, 1])
  assert.deepEqual(await client.values('t', { index: 1 }), ['1'])
  assert.deepEqual(fatal, [])
  breakDir(folder)
  assert.equal((await client.produce('t', batch('y'), { index: 1 })).errorCode, KAFKA_STORAGE_ERROR)
  await client.topics()
  assert.match(fatal.join(), /Shutdown broker because all log dirs .* have failed/)
  await broker.shutdown()
})
