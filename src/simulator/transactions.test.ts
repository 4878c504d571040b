/**
 * A whole broker under transactional producers and readers, killed or with the power cut at random moments.
 *
 * Checked while it runs: a reader of committed records never sees one whose transaction was not asked to commit, and
 * the last stable offset never passes a transaction that is open. At the end: a transaction that was acknowledged is
 * there once, in order, on all partitions; an aborted one nowhere; one whose end is unknown as a whole or not at all;
 * and the offset of each producer's group is that of its last transaction that is there.
 *
 * A failure names its seed and the command that replays it. SIM_SEEDS=1000 runs that many seeds instead of a few.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryStore } from '../coordination/memory-store.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { FetchRequest, FetchResponse } from '../protocol/messages/01-fetch.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../protocol/messages/09-offset-fetch.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../protocol/messages/19-create-topics.ts'
import { ControlRecordType, controlRecordType } from '../records/control-record.ts'
import { readRecords } from '../records/record.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { runActors, type SimActor } from './sim-actor.test.kit.ts'
import { type Death, Life } from './sim-broker.test.kit.ts'
import { SimClock } from './sim-clock.ts'
import { SimDisk } from './sim-disk.ts'
import { SimRandom } from './sim-random.ts'
import {
  PARTITIONS,
  TOPIC,
  TRANSACTION_TIMEOUT_MS,
  type Transaction,
  TransactionalProducer,
} from './sim-transactions.test.kit.ts'

const SEEDS = 25
const PRODUCERS = 3
/** Of each producer. */
const TRANSACTIONS = 14
const DEATHS = 4
const BOUNDARIES_MAX = 160
const START_MS = Date.UTC(2024, 0, 1)
const READ_COMMITTED = 1
const DEATH_KINDS: readonly Death[] = [
  'kill',
  { lose: 'some' },
  { lose: 'all' },
  { lose: 'some', reorder: true },
]
const PROPERTIES = {
  'log.flush.interval.messages': '1',
  'log.segment.bytes': '1500',
  'num.partitions': String(PARTITIONS.length),
  'offsets.topic.num.partitions': '1',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.num.partitions': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '50',
}

/** Follows all partitions as a client does that reads only what was committed: by the lists of aborted transactions. */
class CommittedReader {
  readonly values: readonly string[][] = PARTITIONS.map(() => [])
  readonly #positions = PARTITIONS.map(() => 0)
  readonly #aborted = PARTITIONS.map(() => new Set<number>())
  readonly #transactions: () => ReadonlyMap<string, Transaction>

  constructor(transactions: () => ReadonlyMap<string, Transaction>) {
    this.#transactions = transactions
  }

  async poll(actor: SimActor, maxWaitMs: number): Promise<number> {
    const openBefore = this.#openOffsets(actor.life.clock.nowMs())
    const partitions = PARTITIONS.map((partition) => ({
      partition,
      fetchOffset: this.#positions[partition]!,
      partitionMaxBytes: 600,
    }))
    const { responses } = await actor.call(FetchRequest, FetchResponse, 12, {
      maxWaitMs,
      minBytes: 1,
      maxBytes: 1 << 20,
      isolationLevel: READ_COMMITTED,
      topics: [{ topic: TOPIC, partitions }],
    })
    const stillOpen = this.#openOffsets(actor.life.clock.nowMs())
    let bytesRead = 0
    for (const answer of responses[0]!.partitions) {
      assert.equal(answer.errorCode, ErrorCode.NONE)
      for (const [name, offset] of openBefore[answer.partitionIndex]!) {
        if (stillOpen[answer.partitionIndex]!.get(name) !== offset) continue
        assert.ok(
          answer.lastStableOffset <= offset,
          `LSO ${answer.lastStableOffset} passes ${name} at ${offset}`,
        )
      }
      const bytes = (answer.records ?? Buffer.alloc(0)) as Buffer
      bytesRead += bytes.length
      this.#take(answer.partitionIndex, bytes, answer.abortedTransactions ?? [])
    }
    return bytesRead
  }

  /** First offsets of transactions that nobody has asked to end, by partition and name. */
  #openOffsets(nowMs: number): Map<string, number>[] {
    return PARTITIONS.map((partition) => {
      const open = new Map<string, number>()
      for (const { name, state, startedMs, firstOffsets } of this.#transactions().values()) {
        const offset = firstOffsets.get(partition)
        const mayHaveTimedOut = nowMs - startedMs > TRANSACTION_TIMEOUT_MS / 2
        if (state === 'open' && offset !== undefined && !mayHaveTimedOut) open.set(name, offset)
      }
      return open
    })
  }

  #take(
    partition: number,
    bytes: Buffer,
    abortedList: readonly { producerId: number; firstOffset: number }[],
  ): void {
    const aborted = this.#aborted[partition]!
    const coming = [...abortedList].sort((a, b) => a.firstOffset - b.firstOffset)
    for (const at of RecordBatch.positions(bytes)) {
      const lastOffset = RecordBatch.lastOffset(bytes, at)
      if (lastOffset < this.#positions[partition]!) continue
      this.#positions[partition] = lastOffset + 1
      while (coming.length > 0 && coming[0]!.firstOffset <= lastOffset)
        aborted.add(coming.shift()!.producerId)
      const producerId = RecordBatch.producerId(bytes, at)
      const found = readRecords(bytes, at)
      if (RecordBatch.isControl(bytes, at)) {
        if (controlRecordType(found[0]!.key) === ControlRecordType.ABORT) aborted.delete(producerId)
        continue
      }
      if (aborted.has(producerId)) continue
      for (const { value } of found) this.#takeValue(partition, value!.toString())
    }
  }

  #takeValue(partition: number, value: string): void {
    const transaction = this.#transactions().get(value.split('/').slice(0, 2).join('/'))!
    const { state } = transaction
    assert.ok(state === 'committed' || state === 'unknown', `${value} was read while it was ${state}`)
    this.values[partition]!.push(value)
  }
}

function transactionsOf(producers: readonly TransactionalProducer[]): Map<string, Transaction> {
  return new Map(producers.flatMap(({ transactions }) => transactions.map((each) => [each.name, each])))
}

async function createTopic(actor: SimActor): Promise<void> {
  const topic = { name: TOPIC, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] }
  await actor.call(CreateTopicsRequest, CreateTopicsResponse, 7, { topics: [topic], timeoutMs: 10_000 })
}

/** Checks the whole, after all transactions have ended. */
async function checkEnd(actor: SimActor, producers: readonly TransactionalProducer[]): Promise<void> {
  const reader = new CommittedReader(() => transactionsOf(producers))
  // The last producers to crash left transactions behind that only time ends.
  await actor.sleep(2000)
  while ((await reader.poll(actor, 0)) > 0);
  for (const producer of producers) {
    let lastOffset = -1
    for (const { name, state, values, committedOffset } of producer.transactions) {
      const found = PARTITIONS.map((partition) =>
        reader.values[partition]!.filter((value) => value.startsWith(`${name}/`)),
      )
      const sent = PARTITIONS.map((partition) => values.get(partition)!)
      const isThere = found.some((each) => each.length > 0)
      if (state === 'committed' || isThere) assert.deepEqual(found, sent, `${name} is ${state}`)
      if (state === 'aborted') assert.ok(!isThere, `${name} is aborted`)
      const isCommitted = state === 'committed' || isThere
      if (isCommitted && committedOffset !== undefined) lastOffset = committedOffset
    }
    const offset = await committedOffsetOf(actor, producer.groupId)
    const isOfEmpty = producer.transactions.some(
      ({ state, values, committedOffset }) =>
        state === 'unknown' && committedOffset === offset && [...values.values()].flat().length === 0,
    )
    if (!isOfEmpty) assert.equal(offset, lastOffset, producer.groupId)
  }
}

async function committedOffsetOf(actor: SimActor, groupId: string): Promise<number> {
  for (;;) {
    const topics = [{ name: TOPIC, partitionIndexes: [0] }]
    const body = { groupId, topics, requireStable: true }
    const answer = await actor.call(OffsetFetchRequest, OffsetFetchResponse, 7, body)
    const { errorCode, committedOffset } = answer.topics[0]?.partitions[0] ?? {
      errorCode: 0,
      committedOffset: -1,
    }
    assert.notEqual(errorCode, ErrorCode.UNSTABLE_OFFSET_COMMIT)
    if (errorCode === ErrorCode.NONE && answer.errorCode === ErrorCode.NONE) return committedOffset
    await actor.sleep(20)
  }
}

async function run(seed: number): Promise<void> {
  const random = new SimRandom(seed)
  const store = new MemoryStore(new SimClock(START_MS))
  const producers = Array.from(
    { length: PRODUCERS },
    (_, i) =>
      new TransactionalProducer({
        name: `p${i}`,
        isVersion2: random.oneIn(2),
        random: new SimRandom(random.below(2 ** 30)),
        count: TRANSACTIONS,
      }),
  )
  let disk = new SimDisk({ seed })
  for (let lives = 1; ; lives++) {
    const isLast = lives > DEATHS
    const life = new Life({
      disk,
      store,
      seed: random.below(2 ** 30),
      startMs: START_MS + lives * 60_000,
      deathAt: isLast ? undefined : random.below(BOUNDARIES_MAX),
      death: DEATH_KINDS[random.below(DEATH_KINDS.length)]!,
      properties: PROPERTIES,
    })
    await life.start()
    if (!life.hasCrashed) await runActors(life, [createTopic])
    let runningCount = producers.length
    const read = async (actor: SimActor): Promise<void> => {
      const reader = new CommittedReader(() => transactionsOf(producers))
      while (runningCount > 0) await reader.poll(actor, 20)
    }
    const programs = producers.map((producer) => async (actor: SimActor) => {
      await producer.run(actor)
      runningCount -= 1
    })
    if (!life.hasCrashed) await runActors(life, [...programs, read])
    if (!life.hasCrashed) await runActors(life, [(actor) => checkEnd(actor, producers)])
    if (!life.hasCrashed) await life.shutdown()
    disk = await life.end()
    if (isLast) break
  }
}

async function runNamed(seed: number): Promise<void> {
  try {
    await run(seed)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    const command = `SIM_SEED=${seed} node --test src/simulator/transactions.test.ts`
    throw new Error(`${text}\nseed ${seed}; replay: ${command}`, { cause: error })
  }
}

describe('transactions on a broker that is killed or whose power is cut', () => {
  const { SIM_SEED, SIM_SEEDS } = process.env
  const first = SIM_SEED === undefined ? 1 : Number(SIM_SEED)
  const count = SIM_SEED === undefined ? Number(SIM_SEEDS ?? SEEDS) : 1
  it(`are atomic, lasting and isolated, with ${count} seeds from ${first} on`, async () => {
    for (let seed = first; seed < first + count; seed++) await runNamed(seed)
  })
})
