import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { silentLogger } from '../../base/logger.ts'
import { startBroker } from '../../broker/start-broker.ts'
import { BrokerConfig } from '../../metadata/config/broker-config.ts'
import { SystemClock } from '../../os/clock.ts'
import { SystemDisk } from '../../os/disk.ts'
import { SystemNetwork } from '../../os/network.ts'
import { SystemRandom } from '../../os/random.ts'
import { decode, encodeToBuffer } from '../../protocol/codec.ts'
import {
  RequestHeader,
  ResponseHeader,
  requestHeaderVersion,
  responseHeaderVersion,
} from '../../protocol/headers.ts'
import { ProduceRequest, ProduceResponse } from '../../protocol/messages/00-produce.ts'
import { FetchRequest, FetchResponse } from '../../protocol/messages/01-fetch.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../protocol/messages/19-create-topics.ts'
import type { Draft, Message } from '../../protocol/schema.ts'
import { type BatchOptions, buildBatch } from '../../records/record-batch-builder.ts'
import { Reader } from '../../wire/reader.ts'
import { ZERO_UUID } from '../../wire/text.ts'

/** A whole broker on a loopback port with its data in a temp folder, and a client of one socket that speaks to it raw. */

/** Years back, so that it is never taken for the broker's clock. */
export const T = 1_600_000_000_000
export const STRANGE_UUID = 'EREiIjMzRERVVVVVVVVVVQ'

const defaults = {
  'broker.id': '1',
  listeners: 'PLAINTEXT://127.0.0.1:0',
  'num.partitions': '2',
  'offsets.topic.num.partitions': '3',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.num.partitions': '3',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'log.retention.ms': '-1',
}

/** Starts a broker that stops after the tests of the file. */
export async function startTestBroker(overrides: Readonly<Record<string, string>> = {}): Promise<TestClient> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-handlers-'))
  const properties = new Map(Object.entries({ ...defaults, 'log.dirs': join(folder, 'data'), ...overrides }))
  const { config } = BrokerConfig.parse(properties)
  const broker = await startBroker(config, {
    clock: new SystemClock(),
    random: new SystemRandom(),
    disk: new SystemDisk(),
    network: new SystemNetwork(),
    loggerFor: () => silentLogger,
    onFatal: (message) => assert.fail(message),
  })
  const client = new TestClient(broker.listeners[0]!.port)
  after(async () => {
    client.close()
    await broker.shutdown()
    rmSync(folder, { recursive: true, force: true })
  })
  return client
}

/** Closed: the broker hung up instead of answering. */
export class ConnectionClosed extends Error {}

export class TestClient {
  readonly port: number
  #socket: Socket | undefined
  #held = Buffer.alloc(0)
  #waiting: { resolve: (frame: Buffer) => void; reject: (error: Error) => void } | undefined
  #correlationId = 0

  constructor(port: number) {
    this.port = port
  }

  /** One more connection to the same broker; it is closed with the broker. */
  another(): TestClient {
    return new TestClient(this.port)
  }

  async call<A, D>(
    request: Message<unknown, A>,
    response: Message<D, unknown>,
    version: number,
    body: NoInfer<A>,
    clientId = 'test',
  ): Promise<D> {
    await this.send(this.frameOf(request, version, body, clientId))
    const frame = await this.next()
    const reader = new Reader(frame)
    const header = decode(ResponseHeader, responseHeaderVersion(request.apiKey!, version), reader)
    assert.equal(header.correlationId, this.#correlationId)
    const decoded = decode(response, version, reader)
    assert.equal(reader.remaining, 0)
    return decoded
  }

  /** A request without the size in front. */
  frameOf<A>(request: Message<unknown, A>, version: number, body: NoInfer<A>, clientId = 'test'): Buffer {
    const header = encodeToBuffer(RequestHeader, requestHeaderVersion(request.apiKey!, version), {
      requestApiKey: request.apiKey!,
      requestApiVersion: version,
      correlationId: ++this.#correlationId,
      clientId,
    })
    return Buffer.concat([header, encodeToBuffer(request, version, body)])
  }

  async send(frame: Buffer): Promise<void> {
    const size = Buffer.alloc(4)
    size.writeInt32BE(frame.length)
    await this.sendBytes(Buffer.concat([size, frame]))
  }

  async sendBytes(bytes: Buffer): Promise<void> {
    const socket = await this.#connected()
    socket.write(bytes)
  }

  /** The next frame; rejects with ConnectionClosed. */
  next(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      assert.equal(this.#waiting, undefined)
      this.#waiting = { resolve, reject }
      this.#deliver()
    })
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = undefined
    this.#held = Buffer.alloc(0)
  }

  #deliver(): void {
    const waiting = this.#waiting
    if (waiting === undefined) return
    const end = this.#held.length < 4 ? Number.POSITIVE_INFINITY : 4 + this.#held.readInt32BE(0)
    if (this.#held.length >= end) {
      const frame = this.#held.subarray(4, end)
      this.#held = this.#held.subarray(end)
      this.#waiting = undefined
      waiting.resolve(frame)
    } else if (this.#socket === undefined) {
      this.#waiting = undefined
      waiting.reject(new ConnectionClosed())
    }
  }

  async #connected(): Promise<Socket> {
    if (this.#socket !== undefined) return this.#socket
    const socket = connect(this.port, '127.0.0.1')
    socket.setNoDelay(true)
    socket.unref()
    await new Promise<void>((resolve) => socket.once('connect', resolve))
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      this.#held = Buffer.concat([this.#held, chunk])
      this.#deliver()
    })
    socket.on('close', () => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      this.#deliver()
    })
    this.#socket = socket
    return socket
  }
}

/** Creates a topic and returns its id. */
export async function createTopic(
  client: TestClient,
  name: string,
  options: { partitions?: number; configs?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const { topics } = await client.call(CreateTopicsRequest, CreateTopicsResponse, 7, {
    topics: [
      {
        name,
        numPartitions: options.partitions ?? 1,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(options.configs ?? {}).map(([key, value]) => ({ name: key, value })),
      },
    ],
    timeoutMs: 10_000,
    validateOnly: false,
  })
  assert.equal(topics[0]!.errorCode, 0, topics[0]!.errorMessage ?? '')
  return topics[0]!.topicId
}

/** A batch of records of fixed times, a second apart. */
export function batch(count = 1, options: BatchOptions = {}): Buffer {
  const drafts = Array.from({ length: count }, (_, i) => ({
    timestampMs: T + i * 1000,
    key: `k${i}`,
    value: `v${i}`,
  }))
  return buildBatch(drafts, options)
}

export interface ProduceOptions {
  readonly version?: number
  readonly acks?: number
  readonly partition?: number
  readonly topicId?: string
  readonly clientId?: string
}

export function produceRequest(
  topic: string,
  records: Buffer | null,
  options: ProduceOptions = {},
): Draft<typeof ProduceRequest> {
  const { acks = -1, partition = 0, topicId = ZERO_UUID } = options
  return {
    acks,
    timeoutMs: 5000,
    topicData: [{ name: topic, topicId, partitionData: [{ index: partition, records }] }],
  }
}

/** Produces to one partition and returns what is said of it. */
export async function produce(
  client: TestClient,
  topic: string,
  records: Buffer | null,
  options: ProduceOptions = {},
) {
  const request = produceRequest(topic, records, options)
  const { responses } = await client.call(
    ProduceRequest,
    ProduceResponse,
    options.version ?? 9,
    request,
    options.clientId,
  )
  return responses[0]!.partitionResponses[0]!
}

export interface FetchOptions {
  readonly version?: number
  readonly partition?: number
  readonly topicId?: string
  readonly offset?: number
  readonly partitionMaxBytes?: number
  readonly currentLeaderEpoch?: number
  readonly request?: Partial<Draft<typeof FetchRequest>>
}

export function fetchRequest(topic: string, options: FetchOptions = {}): Draft<typeof FetchRequest> {
  return {
    maxWaitMs: 0,
    minBytes: 0,
    ...options.request,
    topics: [
      {
        topic,
        topicId: options.topicId ?? ZERO_UUID,
        partitions: [
          {
            partition: options.partition ?? 0,
            fetchOffset: options.offset ?? 0,
            partitionMaxBytes: options.partitionMaxBytes ?? 1_000_000,
            currentLeaderEpoch: options.currentLeaderEpoch ?? -1,
          },
        ],
      },
    ],
  }
}

/** Fetches from one partition and returns what is said of it. */
export async function fetch(client: TestClient, topic: string, options: FetchOptions = {}) {
  const response = await client.call(
    FetchRequest,
    FetchResponse,
    options.version ?? 11,
    fetchRequest(topic, options),
  )
  assert.equal(response.errorCode, 0)
  const { records, ...rest } = response.responses[0]!.partitions[0]!
  return { ...rest, records: asBuffer(records) }
}

/** Records come back as bytes, whatever they were sent as; null, with an error, as none. */
export function asBuffer(records: unknown): Buffer {
  if (records === null) return Buffer.alloc(0)
  assert.ok(records instanceof Uint8Array)
  return Buffer.from(records)
}
