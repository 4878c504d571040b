/**
 * The healthy client beside the fuzzing: it goes round and round ApiVersions, Metadata, Produce and Fetch on a topic of
 * its own, and everything must come back as if it were alone. Its failures are what the run looks for.
 */
import assert from 'node:assert/strict'
import { apiByKey } from '../../src/protocol/apis.ts'
import { decode } from '../../src/protocol/codec.ts'
import { ResponseHeader, responseHeaderVersion } from '../../src/protocol/headers.ts'
import type { ProduceResponse } from '../../src/protocol/messages/00-produce.ts'
import type { FetchResponse } from '../../src/protocol/messages/01-fetch.ts'
import type { MetadataResponse } from '../../src/protocol/messages/03-metadata.ts'
import type { ApiVersionsResponse } from '../../src/protocol/messages/18-api-versions.ts'
import type { CreateTopicsResponse } from '../../src/protocol/messages/19-create-topics.ts'
import type { Message } from '../../src/protocol/schema.ts'
import { readRecords } from '../../src/records/record.ts'
import { buildBatch } from '../../src/records/record-batch-builder.ts'
import { Reader } from '../../src/wire/reader.ts'
import { Connection } from './connection.ts'
import { type AdvertisedApi, requestFrame } from './frames.ts'

const ANSWER_WITHIN_MS = 15_000
const PRODUCE_VERSION = 9
const FETCH_VERSION = 12
const METADATA_VERSION = 9
const API_VERSIONS_VERSION = 3
const CREATE_TOPICS_VERSION = 5
const DELETE_TOPICS_VERSION = 5
const PARTITIONS = 3

export class ControlClient {
  readonly topic: string
  readonly #address: { readonly host: string; readonly port: number }
  #connection: Connection
  #correlationId = 0
  #waiting: { id: number; resolve: (frame: Buffer) => void; reject: (error: Error) => void } | undefined
  /** A response that nobody asked for, found between two questions. */
  #fault: Error | undefined
  #nextOffset = 0
  #rounds = 0

  constructor(address: { readonly host: string; readonly port: number }, topic: string) {
    this.topic = topic
    this.#address = address
    this.#connection = this.#connect()
  }

  get rounds(): number {
    return this.#rounds
  }

  /** One full round; throws on anything that a client alone would not see. */
  async round(): Promise<void> {
    const apis = await this.advertised()
    assert.ok(apis.length > 5, `only ${apis.length} APIs advertised`)
    const metadata = await this.#metadata([this.topic])
    assert.equal(metadata.topics.length, 1)
    assert.equal(metadata.topics[0]!.errorCode, 0, 'error in the metadata of the control topic')
    assert.equal(metadata.topics[0]!.partitions[0]?.errorCode, 0, 'control partition has no leader')

    const value = `round ${this.#rounds} ${'.'.repeat(this.#rounds % 300)}`
    const produced = (await this.#ask(0, PRODUCE_VERSION, {
      acks: -1,
      timeoutMs: ANSWER_WITHIN_MS,
      topicData: [
        {
          name: this.topic,
          partitionData: [{ index: 0, records: buildBatch([{ timestampMs: Date.now(), value }]) }],
        },
      ],
    })) as ProduceResponse
    const appended = produced.responses[0]?.partitionResponses[0]
    assert.equal(appended?.errorCode, 0, `produce failed: ${appended?.errorMessage}`)
    assert.equal(appended?.baseOffset, this.#nextOffset, 'the control record got a wrong offset')

    const fetched = (await this.#ask(1, FETCH_VERSION, {
      maxWaitMs: 1000,
      minBytes: 1,
      maxBytes: 1_000_000,
      topics: [
        {
          topic: this.topic,
          partitions: [{ partition: 0, fetchOffset: this.#nextOffset, partitionMaxBytes: 1_000_000 }],
        },
      ],
    })) as FetchResponse
    const partition = fetched.responses[0]?.partitions[0]
    assert.equal(partition?.errorCode, 0, 'fetch failed')
    const records = readRecords(partition!.records as Buffer)
    assert.equal(records.length, 1)
    assert.equal(records[0]!.offset, this.#nextOffset)
    assert.equal(records[0]!.value?.toString(), value, 'another record came back than was sent')
    this.#nextOffset++
    this.#rounds++
  }

  async advertised(): Promise<AdvertisedApi[]> {
    const answer = (await this.#ask(18, API_VERSIONS_VERSION, {
      clientSoftwareName: 'sluice-fuzz',
      clientSoftwareVersion: '1',
    })) as ApiVersionsResponse
    assert.equal(answer.errorCode, 0, 'ApiVersions failed')
    return answer.apiKeys
  }

  /** With one partition for the control topic and three for the others; those that exist already are fine. */
  async createTopics(names: readonly string[]): Promise<void> {
    const answer = (await this.#ask(19, CREATE_TOPICS_VERSION, {
      timeoutMs: ANSWER_WITHIN_MS,
      topics: names.map((name) => ({
        name,
        numPartitions: name === this.topic ? 1 : PARTITIONS,
        replicationFactor: 1,
      })),
    })) as CreateTopicsResponse
    for (const topic of answer.topics) {
      assert.ok(topic.errorCode === 0 || topic.errorCode === 36, `create ${topic.name}: ${topic.errorCode}`)
    }
  }

  /**
   * Takes back what mutated requests have made, once it is more than `partitionsMax`: topics that are not in `keep` go,
   * those in it that have grown are made anew. What is measured is the broker and not its contents.
   */
  async removeStrays(keep: ReadonlySet<string>, partitionsMax: number): Promise<void> {
    const { topics } = await this.#metadata(null)
    const strays = topics.filter(
      ({ name, partitions }) =>
        name !== null && name !== this.topic && !(keep.has(name) && partitions.length <= PARTITIONS),
    )
    const partitionCount = strays.reduce((sum, { partitions }) => sum + partitions.length, 0)
    if (partitionCount <= partitionsMax) return
    const topicNames = strays.map(({ name }) => name)
    await this.#ask(20, DELETE_TOPICS_VERSION, { topicNames, timeoutMs: ANSWER_WITHIN_MS })
    await this.createTopics([...keep])
  }

  close(): void {
    this.#connection.destroy()
  }

  async #metadata(topics: readonly string[] | null): Promise<MetadataResponse> {
    return (await this.#ask(3, METADATA_VERSION, {
      topics: topics === null ? null : topics.map((name) => ({ name })),
      allowAutoTopicCreation: false,
    })) as MetadataResponse
  }

  #connect(): Connection {
    return new Connection(this.#address, (correlationId, frame) => {
      const waiting = this.#waiting
      this.#waiting = undefined
      if (correlationId === waiting?.id) return waiting.resolve(frame)
      const expected = waiting === undefined ? 'although nothing was asked' : `instead of ${waiting.id}`
      this.#fault = new Error(`response ${correlationId} came ${expected}`)
      waiting?.reject(this.#fault)
    })
  }

  async #ask(apiKey: number, apiVersion: number, body: unknown): Promise<unknown> {
    if (this.#fault !== undefined) throw this.#fault
    const id = this.#correlationId++
    const connection = this.#connection
    if (!(await connection.connected)) throw new Error('the broker does not accept the control connection')
    const frame = requestFrame({ apiKey, apiVersion }, id, body)
    const size = Buffer.alloc(4)
    size.writeInt32BE(frame.length)
    let timer: NodeJS.Timeout | undefined
    const answer = await new Promise<Buffer>((resolve, reject) => {
      this.#waiting = { id, resolve, reject }
      const what = apiByKey(apiKey)!.name
      timer = setTimeout(
        () => reject(new Error(`${what} was not answered for ${ANSWER_WITHIN_MS} ms`)),
        ANSWER_WITHIN_MS,
      )
      void connection.closed.then(() =>
        reject(new Error(`the broker closed the control connection at ${what}`)),
      )
      connection.send(Buffer.concat([size, frame]))
    }).finally(() => clearTimeout(timer))
    const reader = new Reader(answer)
    decode(ResponseHeader, responseHeaderVersion(apiKey, apiVersion), reader)
    return decode(apiByKey(apiKey)!.response as Message<unknown, unknown>, apiVersion, reader)
  }
}
