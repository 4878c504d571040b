import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { DiskError, type DiskFile } from '../base/disk.ts'
import { silentLogger } from '../base/logger.ts'
import { BrokerConfig } from '../metadata/config/broker-config.ts'
import { SystemClock } from '../os/clock.ts'
import { SystemDisk } from '../os/disk.ts'
import { SystemNetwork } from '../os/network.ts'
import { SystemRandom } from '../os/random.ts'
import { ProduceRequest, ProduceResponse } from '../protocol/messages/00-produce.ts'
import { FetchRequest, FetchResponse } from '../protocol/messages/01-fetch.ts'
import { MetadataRequest, MetadataResponse } from '../protocol/messages/03-metadata.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../protocol/messages/19-create-topics.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../protocol/messages/22-init-producer-id.ts'
import type { Message } from '../protocol/schema.ts'
import { records } from '../records/record.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { buildBatch } from '../records/record-batch-builder.ts'
import { bodyOf, frameOf } from '../server/socket-server.test.kit.ts'
import { type Platform, type RunningBroker, startBroker } from './start-broker.ts'

/** Brokers in this process on temporary folders and free ports, and a client that speaks frames. */

const folders: string[] = []
const brokers = new Set<RunningBroker>()
const clients = new Set<Client>()
after(async () => {
  for (const client of clients) client.close()
  for (const broker of brokers) await broker.shutdown()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-broker-'))
  folders.push(folder)
  return folder
}

export type Properties = Readonly<Record<string, string>>

export function configOf(folder: string, properties: Properties = {}): BrokerConfig {
  const defaults = {
    'broker.id': '1',
    listeners: 'PLAINTEXT://127.0.0.1:0',
    'log.dirs': join(folder, 'data'),
  }
  return BrokerConfig.parse(new Map(Object.entries({ ...defaults, ...properties }))).config
}

export function platformOf(overrides: Partial<Platform> = {}): Platform {
  return {
    clock: new SystemClock(),
    random: new SystemRandom(),
    disk: new SystemDisk(),
    network: new SystemNetwork(),
    loggerFor: () => silentLogger,
    onFatal: (message) => assert.fail(message),
    ...overrides,
  }
}

export async function start(
  folder: string,
  properties: Properties = {},
  overrides: Partial<Platform> = {},
): Promise<RunningBroker> {
  const broker = await startBroker(configOf(folder, properties), platformOf(overrides))
  brokers.add(broker)
  return broker
}

export function portOf(broker: RunningBroker): number {
  return broker.listeners[0]!.port
}

export class Client {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #waiting: { answer: (frame: Buffer) => void; fail: (error: Error) => void }[] = []

  constructor(port: number, host = '127.0.0.1') {
    clients.add(this)
    this.#socket = connect(port, host)
    this.#socket.on('data', (bytes) => this.#onData(bytes))
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('the connection is closed')))
  }

  async opened(): Promise<void> {
    if (this.#socket.connecting) await once(this.#socket, 'connect')
  }

  ask<A, D>(
    request: Message<unknown, A>,
    response: Message<D, unknown>,
    version: number,
    body: A,
  ): Promise<D> {
    return new Promise((resolve, fail) => {
      this.#waiting.push({ answer: (frame) => resolve(bodyOf(response, version, frame)), fail })
      this.#socket.write(frameOf(request, version, this.#waiting.length, body))
    })
  }

  async create(name: string, options: { partitions?: number; configs?: Properties } = {}): Promise<string> {
    const configs = Object.entries(options.configs ?? {}).map(([key, value]) => ({ name: key, value }))
    const topic = {
      name,
      numPartitions: options.partitions ?? 1,
      replicationFactor: 1,
      assignments: [],
      configs,
    }
    const { topics } = await this.ask(CreateTopicsRequest, CreateTopicsResponse, 7, {
      topics: [topic],
      timeoutMs: 10_000,
    })
    assert.equal(topics[0]?.errorCode, 0, `${name}: ${topics[0]?.errorMessage}`)
    return topics[0].topicId
  }

  async produce(topic: string, batch: Buffer, options: { index?: number; acks?: number } = {}) {
    const partitionData = [{ index: options.index ?? 0, records: batch }]
    const topicData = [{ name: topic, partitionData }]
    const body = { transactionalId: null, acks: options.acks ?? -1, timeoutMs: 10_000, topicData }
    const { responses } = await this.ask(ProduceRequest, ProduceResponse, 9, body)
    const { errorCode, baseOffset } = responses[0]!.partitionResponses[0]!
    return { errorCode, baseOffset }
  }

  /** All values of a partition from an offset on, after up to `maxWaitMs`. */
  async values(
    topic: string,
    options: { index?: number; offset?: number; maxWaitMs?: number } = {},
  ): Promise<string[]> {
    const { index = 0, offset = 0, maxWaitMs = 0 } = options
    const partitions = [{ partition: index, fetchOffset: offset, partitionMaxBytes: 1 << 24 }]
    const body = { maxWaitMs, minBytes: 1, maxBytes: 1 << 24, topics: [{ topic, partitions }] }
    const { responses } = await this.ask(FetchRequest, FetchResponse, 12, body)
    const result = responses[0]!.partitions[0]!
    assert.equal(result.errorCode, 0)
    return valuesOf(result.records as Buffer | null)
  }

  /** By topic: its id, and the leader of each partition. */
  async topics(): Promise<Record<string, { topicId: string; leaders: number[] }>> {
    const { topics } = await this.ask(MetadataRequest, MetadataResponse, 12, { topics: null })
    const entries = topics.map(({ name, topicId, partitions }) => {
      const leaders = partitions.map(({ leaderId }) => leaderId)
      return [name!, { topicId, leaders }] as const
    })
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  async brokers(): Promise<{ nodeId: number; host: string; port: number }[]> {
    const { brokers: all } = await this.ask(MetadataRequest, MetadataResponse, 12, { topics: [] })
    return all.map(({ nodeId, host, port }) => ({ nodeId, host, port }))
  }

  async producerId(): Promise<number> {
    const body = { transactionalId: null, transactionTimeoutMs: 1000 }
    const answer = await this.ask(InitProducerIdRequest, InitProducerIdResponse, 4, body)
    assert.equal(answer.errorCode, 0)
    return answer.producerId
  }

  close(): void {
    clients.delete(this)
    this.#socket.destroy()
  }

  #onData(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes])
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0)
      if (this.#received.length < end) return
      const frame = this.#received.subarray(4, end)
      this.#received = this.#received.subarray(end)
      this.#waiting.shift()!.answer(frame)
    }
  }

  #fail(error: Error): void {
    for (const { fail } of this.#waiting.splice(0)) fail(error)
  }
}

export function valuesOf(bytes: Buffer | null): string[] {
  const values: string[] = []
  if (bytes === null) return values
  for (const at of RecordBatch.positions(bytes)) {
    for (const { value } of records(bytes, at)) values.push(value?.toString() ?? 'null')
  }
  return values
}

export function batch(value: string, producer?: { producerId: number; baseSequence: number }): Buffer {
  return buildBatch([{ value, timestampMs: Date.now() }], producer && { ...producer, producerEpoch: 0 })
}

/** A disk whose files fail where the test says so. */
export class FaultyDisk extends SystemDisk {
  /** The code that a write or a sync of a file fails with. */
  fault: (operation: 'write' | 'sync', path: string) => string | undefined = () => undefined

  override open(path: string, mode: 'read' | 'write' | 'create'): DiskFile {
    const file = super.open(path, mode)
    const check = (operation: 'write' | 'sync'): void => {
      const code = this.fault(operation, path)
      if (code !== undefined) throw new DiskError(code, path, `${code}: ${operation} of ${path}`)
    }
    return {
      path,
      get descriptor() {
        return file.descriptor
      },
      sizeBytes: () => file.sizeBytes(),
      read: (...args) => file.read(...args),
      readAsync: (...args) => file.readAsync(...args),
      isCached: (...args) => file.isCached(...args),
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      close: () => file.close(),
      writev(buffers, position) {
        check('write')
        file.writev(buffers, position)
      },
      sync() {
        check('sync')
        file.sync()
      },
      async syncAsync() {
        check('sync')
        await file.syncAsync()
      },
    }
  }
}
