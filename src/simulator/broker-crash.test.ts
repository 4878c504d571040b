/**
 * A whole broker under producers and a consumer, killed or with the power cut at random moments. The producers are
 * idempotent, ask for acks=-1 and have several batches under way; records are synced one by one (flush.messages=1).
 * Some of the runs have two log directories, and somebody who keeps moving the replicas between them.
 *
 * Checked after each restart and at the end: every acknowledged record is there, once, in order; and what a consumer
 * has read stays as it was read.
 *
 * A failure names its seed and the command that replays it. SIM_SEEDS=1000 runs that many seeds instead of a few.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryStore } from '../coordination/memory-store.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { ProduceRequest, ProduceResponse } from '../protocol/messages/00-produce.ts'
import { FetchRequest, FetchResponse } from '../protocol/messages/01-fetch.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../protocol/messages/19-create-topics.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../protocol/messages/22-init-producer-id.ts'
import {
  AlterReplicaLogDirsRequest,
  AlterReplicaLogDirsResponse,
} from '../protocol/messages/34-alter-replica-log-dirs.ts'
import { records } from '../records/record.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { buildBatch } from '../records/record-batch-builder.ts'
import { type Death, Life, type WireClient } from './sim-broker.test.kit.ts'
import { SimClock } from './sim-clock.ts'
import { SimDisk } from './sim-disk.ts'
import { SimRandom } from './sim-random.ts'

const SEEDS = 60
const TOPIC = 't'
const PARTITIONS = [0, 1] as const
const PRODUCERS = 2
/** Of each producer for each partition. */
const BATCHES = 50
const IN_FLIGHT_MAX = 3
/**
 * Where replicas move. A log that has moved is recovered from its latest snapshot, and snapshots tell of each producer's
 * last batch alone (as Apache Kafka's do): of several that are sent again only that one would be known.
 */
const IN_FLIGHT_MAX_MOVING = 1
const DEATHS = 6
/** A start passes about 30, all the batches about 250. */
const BOUNDARIES_MAX = 120
const START_MS = Date.UTC(2024, 0, 1)
const DEATH_KINDS: readonly Death[] = [
  'kill',
  { lose: 'some' },
  { lose: 'all' },
  { lose: 'none' },
  { lose: 'some', reorder: true },
]
const LOG_DIRS = ['/data/a', '/data/b']
/** Of how many steps one is an order to move a partition. */
const STEPS_PER_MOVE = 6
const PROPERTIES = {
  'log.flush.interval.messages': '1',
  'log.segment.bytes': '1500',
  'num.partitions': String(PARTITIONS.length),
}

/** One producer's batches for one partition: numbered from 0, one record each, the number being its sequence too. */
class Stream {
  readonly name: string
  readonly partition: number
  readonly #inFlightMax: number
  acknowledged = 0
  #sent = 0

  constructor(name: string, partition: number, inFlightMax: number) {
    this.name = name
    this.partition = partition
    this.#inFlightMax = inFlightMax
  }

  get isDone(): boolean {
    return this.acknowledged === BATCHES
  }

  /** A new connection: whatever was not answered is sent again. */
  restart(): void {
    this.#sent = this.acknowledged
  }

  sendMore(client: WireClient, producerId: number): void {
    while (this.#sent < BATCHES && this.#sent - this.acknowledged < this.#inFlightMax) {
      const number = this.#sent++
      const value = `${this.name}/${number}`
      const producer = { producerId, producerEpoch: 0, baseSequence: number }
      const batch = buildBatch([{ value, timestampMs: START_MS }], producer)
      const partitionData = [{ index: this.partition, records: batch }]
      const body = {
        transactionalId: null,
        acks: -1,
        timeoutMs: 30_000,
        topicData: [{ name: TOPIC, partitionData }],
      }
      client.send(ProduceRequest, ProduceResponse, 9, body, ({ responses }) => {
        const { errorCode } = responses[0]!.partitionResponses[0]!
        assert.equal(errorCode, ErrorCode.NONE, `${value}: ${errorCode}`)
        assert.equal(number, this.acknowledged, 'answers come in order')
        this.acknowledged = number + 1
      })
    }
  }
}

class Producer {
  readonly streams: readonly Stream[]
  producerId: number | undefined

  constructor(name: string, inFlightMax: number) {
    this.streams = PARTITIONS.map((partition) => new Stream(name, partition, inFlightMax))
  }

  get isDone(): boolean {
    return this.streams.every((stream) => stream.isDone)
  }

  sendMore(client: WireClient): void {
    for (const stream of this.streams) stream.sendMore(client, this.producerId!)
  }
}

/** Reads partitions from where it stands, by long polls. */
class Consumer {
  readonly values: readonly string[][] = PARTITIONS.map(() => [])
  #isAsking = false

  restart(): void {
    this.#isAsking = false
  }

  ask(client: WireClient, maxWaitMs = 50): void {
    if (this.#isAsking) return
    this.#isAsking = true
    const partitions = PARTITIONS.map((partition) => ({
      partition,
      fetchOffset: this.values[partition]!.length,
      partitionMaxBytes: 1000,
    }))
    const body = { maxWaitMs, minBytes: 1, maxBytes: 1 << 20, topics: [{ topic: TOPIC, partitions }] }
    client.send(FetchRequest, FetchResponse, 12, body, ({ responses }) => {
      this.#isAsking = false
      for (const { partitionIndex, errorCode, records: bytes } of responses[0]!.partitions) {
        assert.equal(errorCode, ErrorCode.NONE)
        this.#take(this.values[partitionIndex]!, bytes as Buffer | null)
      }
    })
  }

  #take(values: string[], bytes: Buffer | null): void {
    for (const at of RecordBatch.positions(bytes ?? Buffer.alloc(0))) {
      assert.ok(RecordBatch.isCrcValid(bytes!, at), 'a batch that was read is sound')
      for (const { offset, value } of records(bytes!, at)) {
        if (offset < values.length) continue
        assert.equal(offset, values.length, 'offsets have no gap')
        values.push(value!.toString())
      }
    }
  }
}

/** All there is, read anew. */
async function readAll(life: Life): Promise<readonly string[][]> {
  const consumer = new Consumer()
  const client = life.connect()
  for (let count = -1; count < consumer.values.flat().length && !life.hasCrashed; ) {
    count = consumer.values.flat().length
    let isAnswered = false
    consumer.ask(client, 0)
    client.send(
      FetchRequest,
      FetchResponse,
      12,
      { maxWaitMs: 0, minBytes: 0, maxBytes: 0, topics: [] },
      () => {
        isAnswered = true
      },
    )
    await life.until(() => {
      client.poll()
      return isAnswered
    })
  }
  return consumer.values
}

function check(log: readonly string[][], producers: readonly Producer[], consumer: Consumer): void {
  for (const partition of PARTITIONS) {
    const found = log[partition]!
    const read = consumer.values[partition]!
    assert.deepEqual(found.slice(0, read.length), read, 'what was read once is read again')
    for (const stream of producers.flatMap((each) => each.streams)) {
      if (stream.partition !== partition) continue
      const own = found.filter((value) => value.startsWith(`${stream.name}/`))
      assert.deepEqual(
        own,
        own.map((_, i) => `${stream.name}/${i}`),
        'records are there once and in order',
      )
      assert.ok(
        own.length >= stream.acknowledged,
        `${own.length} of ${stream.acknowledged} acknowledged records`,
      )
      assert.ok(own.length <= stream.acknowledged + IN_FLIGHT_MAX, 'nothing comes that was not sent')
    }
  }
}

/** Has partitions moved to log directories at random; they may be there already, or on their way elsewhere. */
class Mover {
  readonly #random: SimRandom
  started = 0

  constructor(random: SimRandom) {
    this.#random = random
  }

  orderNow(client: WireClient): void {
    client.poll()
    if (this.#random.below(STEPS_PER_MOVE) > 0) return
    const partition = PARTITIONS[this.#random.below(PARTITIONS.length)]!
    const path = LOG_DIRS[this.#random.below(LOG_DIRS.length)]!
    const dirs = [{ path, topics: [{ name: TOPIC, partitions: [partition] }] }]
    client.send(AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse, 2, { dirs }, ({ results }) => {
      assert.equal(results[0]!.partitions[0]!.errorCode, ErrorCode.NONE)
      this.started++
    })
  }
}

async function work(
  life: Life,
  producers: readonly Producer[],
  consumer: Consumer,
  mover: Mover | undefined,
): Promise<void> {
  const admin = life.connect()
  let isCreated = false
  const topic = { name: TOPIC, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] }
  const body = { topics: [topic], timeoutMs: 10_000 }
  admin.send(CreateTopicsRequest, CreateTopicsResponse, 7, body, ({ topics }) => {
    assert.ok([ErrorCode.NONE, ErrorCode.TOPIC_ALREADY_EXISTS].includes(topics[0]!.errorCode as 0 | 36))
    isCreated = true
  })
  await life.until(() => {
    admin.poll()
    return isCreated
  })
  if (life.hasCrashed) return
  const log = await readAll(life)
  if (life.hasCrashed) return
  check(log, producers, consumer)
  consumer.restart()
  for (const partition of PARTITIONS) consumer.values[partition]!.splice(0, Infinity, ...log[partition]!)
  const reader = life.connect()
  const clients = producers.map((producer) => {
    const client = life.connect()
    for (const stream of producer.streams) stream.restart()
    if (producer.producerId !== undefined) return client
    const transactionalId = null
    client.send(
      InitProducerIdRequest,
      InitProducerIdResponse,
      4,
      { transactionalId },
      ({ errorCode, producerId }) => {
        assert.equal(errorCode, ErrorCode.NONE)
        producer.producerId = producerId
      },
    )
    return client
  })
  await life.until(() => {
    consumer.ask(reader)
    reader.poll()
    mover?.orderNow(admin)
    for (const [i, client] of clients.entries()) {
      client.poll()
      if (producers[i]!.producerId !== undefined) producers[i]!.sendMore(client)
    }
    return producers.every((producer) => producer.isDone)
  })
}

/** How often a partition was told to move. */
async function run(seed: number, { isMoving }: { isMoving: boolean }): Promise<number> {
  const random = new SimRandom(seed)
  const inFlightMax = isMoving ? IN_FLIGHT_MAX_MOVING : IN_FLIGHT_MAX
  const mover = isMoving ? new Mover(random) : undefined
  const store = new MemoryStore(new SimClock(START_MS))
  const producers = Array.from({ length: PRODUCERS }, (_, i) => new Producer(`p${i}`, inFlightMax))
  const consumer = new Consumer()
  let disk = new SimDisk({ seed })
  for (let lives = 1; ; lives++) {
    const life = new Life({
      disk,
      store,
      seed: random.below(2 ** 30),
      startMs: START_MS + lives * 60_000,
      deathAt: lives <= DEATHS ? random.below(BOUNDARIES_MAX) : undefined,
      death: DEATH_KINDS[random.below(DEATH_KINDS.length)]!,
      properties: isMoving ? { ...PROPERTIES, 'log.dirs': LOG_DIRS.join() } : PROPERTIES,
    })
    await life.start()
    if (!life.hasCrashed) await work(life, producers, consumer, mover)
    if (!life.hasCrashed) check(await readAll(life), producers, consumer)
    if (!life.hasCrashed) await life.shutdown()
    disk = await life.end()
    if (lives > DEATHS) break
  }
  for (const producer of producers) assert.ok(producer.isDone)
  return mover?.started ?? 0
}

async function runNamed(seed: number, options: { isMoving: boolean }): Promise<number> {
  try {
    return await run(seed, options)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    const command = `SIM_SEED=${seed} node --test src/simulator/broker-crash.test.ts`
    throw new Error(`${text}\nseed ${seed}; replay: ${command}`, { cause: error })
  }
}

describe('a broker that is killed or whose power is cut', () => {
  const { SIM_SEED, SIM_SEEDS } = process.env
  const first = SIM_SEED === undefined ? 1 : Number(SIM_SEED)
  const count = SIM_SEED === undefined ? Number(SIM_SEEDS ?? SEEDS) : 1
  it(`keeps every acknowledged record once and in order, with ${count} seeds from ${first} on`, async () => {
    for (let seed = first; seed < first + count; seed++) await runNamed(seed, { isMoving: false })
  })
  it(`also while its replicas move between log directories, with ${count} seeds from ${first} on`, async () => {
    let moves = 0
    for (let seed = first; seed < first + count; seed++) moves += await runNamed(seed, { isMoving: true })
    assert.ok(moves > 0)
  })
})
