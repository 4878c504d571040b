/**
 * A producer that is acknowledged only after an fsync (flush.messages=1) writes to a log whose disk forgets what was
 * not synced. The power is cut at every boundary of every write in turn, also during recovery; after the restart the
 * producer tries again what was not acknowledged. In the end every batch is in the log, once, in order.
 *
 * A failure names its seed and the command that replays it alone.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { silentLogger } from '../base/logger.ts'
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../log/log-config.ts'
import { LogDirs } from '../log/log-dirs.ts'
import { LogManager } from '../log/log-manager.ts'
import type { UnifiedLog } from '../log/unified-log.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { buildBatch } from '../records/record-batch-builder.ts'
import { SimClock } from './sim-clock.ts'
import { type CrashOptions, SimDisk } from './sim-disk.ts'
import { SimRandom } from './sim-random.ts'

const CONFIG: LogConfig = {
  ...DEFAULT_LOG_CONFIG,
  segmentBytes: 700,
  indexIntervalBytes: 150,
  flushMessages: 1,
  fileDeleteDelayMs: 0,
  retentionMs: -1,
}
const LOSSES: readonly CrashOptions[] = [
  { lose: 'some' },
  { lose: 'all' },
  { lose: 'none' },
  { lose: 'some', reorder: true },
]
const PRODUCER_IDS = [11, 12] as const
const ROUNDS = 14
/** Rounds after which the broker is stopped in order and started again. */
const RESTART_AFTER_ROUND = 8
/** Of the clock and of the records: a producer whose last record is a day old would be forgotten. */
const START_MS = Date.UTC(2024, 0, 1)
const TOPIC_ID = 'AAAAAAAAQACAAAAAAAAAAQ'

interface Broker {
  readonly clock: SimClock
  readonly manager: LogManager
  readonly log: UnifiedLog
}

/** What one producer has sent: batches by their number; each is `count(number)` records. */
class SimProducer {
  readonly producerId: number
  acknowledged = 0
  #nextSequence: number[] = [0]

  constructor(producerId: number) {
    this.producerId = producerId
  }

  /** The batch after the last acknowledged one. */
  next(): Buffer {
    return this.batch(this.acknowledged)
  }

  /** The same bytes each time it is tried. */
  batch(number: number): Buffer {
    const count = 1 + ((number * 7 + this.producerId) % 3)
    this.#nextSequence[number + 1] = this.sequenceOf(number) + count
    const drafts = Array.from({ length: count }, (_, index) => ({
      value: `${this.producerId}/${number}/${index}/`.padEnd(20 + ((number * 13) % 60), '.'),
      timestampMs: START_MS + number,
    }))
    return buildBatch(drafts, {
      producerId: this.producerId,
      producerEpoch: 0,
      baseSequence: this.sequenceOf(number),
    })
  }

  sequenceOf(number: number): number {
    return this.#nextSequence[number]!
  }
}

function start(disk: SimDisk): Broker {
  const clock = new SimClock(START_MS)
  const logDirs = LogDirs.open({ paths: ['/data/kafka'], disk, clock, logger: silentLogger })
  logDirs.claim({ brokerId: 1, clusterId: 'simulated' })
  const manager = LogManager.start({
    logDirs,
    disk,
    clock,
    random: new SimRandom(1),
    loggers: () => silentLogger,
    defaultConfig: CONFIG,
    topicConfig: () => undefined,
    producerIdExpirationMs: () => 86_400_000,
    producerIdExpirationCheckIntervalMs: 600_000,
    flushSchedulerIntervalMs: Number.MAX_SAFE_INTEGER,
    flushRecoveryOffsetCheckpointMs: 60_000,
    flushStartOffsetCheckpointMs: 60_000,
    retentionCheckMs: 300_000,
    onLogDirFailure: (directory) => assert.fail(`${directory} failed`),
    onAllLogDirsFailed: (message) => assert.fail(message),
  })
  const made = manager.getOrCreateLog('t', 0, { topicId: TOPIC_ID })
  assert.ok(made.log, 'the log is there')
  clock.tick()
  return { clock, manager, log: made.log }
}

/** One tick's appends, one of each producer; acknowledged when they are synced. */
async function round(broker: Broker, producers: readonly SimProducer[], index: number): Promise<void> {
  for (const producer of producers) {
    const outcome = broker.log.stageAsLeader(producer.next(), { leaderEpoch: index >> 2, origin: 'client' })
    assert.equal(outcome.errorCode, 0, `producer ${producer.producerId}: ${outcome.errorMessage}`)
  }
  if (broker.log.hasStaged) assert.equal(broker.log.commitStaged().errorCode, 0)
  await broker.log.flush()
  broker.log.updateHighWatermark(broker.log.logEndOffset)
  for (const producer of producers) producer.acknowledged++
  broker.clock.tick()
  if (index % 5 === 4) broker.manager.checkpointRecoveryPoints()
}

/** All batches of the log as `producer:sequence`, checked to be sound and without gaps. */
function contents(log: UnifiedLog): string[] {
  const found: string[] = []
  let offset = 0
  while (offset < log.logEndOffset) {
    const { errorCode, slice } = log.read(offset, {
      maxBytes: 1 << 20,
      minOneMessage: true,
      isolation: 'log-end',
    })
    assert.equal(errorCode, 0)
    assert.ok(slice, `nothing to read at ${offset} of ${log.logEndOffset}`)
    const bytes = Buffer.alloc(slice.byteLength)
    assert.equal(slice.file.read(bytes, 0, bytes.length, slice.position), bytes.length)
    slice.release()
    for (const position of RecordBatch.positions(bytes)) {
      assert.ok(RecordBatch.isCrcValid(bytes, position), `broken batch at ${offset}`)
      assert.equal(RecordBatch.baseOffset(bytes, position), offset, 'offsets have a gap')
      found.push(`${RecordBatch.producerId(bytes, position)}:${RecordBatch.baseSequence(bytes, position)}`)
      offset = RecordBatch.nextOffset(bytes, position)
    }
  }
  return found
}

function checkAcknowledged(log: UnifiedLog, producers: readonly SimProducer[]): void {
  const found = contents(log)
  for (const producer of producers) {
    const own = found.filter((name) => name.startsWith(`${producer.producerId}:`))
    const want: string[] = []
    for (let number = 0; number < producer.acknowledged; number++) {
      want.push(`${producer.producerId}:${producer.sequenceOf(number)}`)
    }
    assert.deepEqual(own.slice(0, want.length), want, 'acknowledged batches are there, once, in order')
    assert.ok(own.length <= want.length + 1, 'at most the batch under way came besides')
  }
}

/** The last batch of each producer is known as such, and none may be left out. */
function checkProducerState(log: UnifiedLog, producers: readonly SimProducer[]): void {
  const append = { leaderEpoch: 99, origin: 'client' } as const
  for (const producer of producers) {
    const again = log.stageAsLeader(producer.batch(producer.acknowledged - 1), append)
    assert.deepEqual([again.errorCode, again.duplicate], [0, true])
    producer.next()
    const tooFar = log.stageAsLeader(producer.batch(producer.acknowledged + 1), append)
    assert.equal(tooFar.errorCode, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
  }
}

interface Run {
  readonly seed: number
  /** Boundary to crash at; none for a run that only counts. */
  readonly crashAt: number | undefined
  readonly loss: CrashOptions
  /** Boundary of the first restart to crash at again. */
  readonly crashAgainAt: number | undefined
}

/** The number of boundaries passed. */
async function run(options: Run): Promise<number> {
  let disk = new SimDisk({ seed: options.seed })
  const producers = PRODUCER_IDS.map((producerId) => new SimProducer(producerId))
  const crashes = [options.crashAt, options.crashAgainAt]
  const done = (): number => producers[0]!.acknowledged
  let hasRestarted = false
  let total = 0
  for (;;) {
    let next: SimDisk | undefined
    const crashAt = crashes.shift()
    const current = disk
    current.onWriteBoundary(({ index }) => {
      if (index === crashAt && next === undefined) next = current.crash(options.loss)
    })
    try {
      let broker = start(current)
      checkAcknowledged(broker.log, producers)
      while (done() < ROUNDS) {
        await round(broker, producers, done())
        if (done() < RESTART_AFTER_ROUND || hasRestarted) continue
        hasRestarted = true
        await broker.manager.shutdown()
        broker = start(current)
        checkAcknowledged(broker.log, producers)
      }
      await broker.manager.shutdown()
      total += current.boundaryCount
      const last = start(current.crash({ lose: 'all' }))
      checkAcknowledged(last.log, producers)
      const count = PRODUCER_IDS.length * ROUNDS
      assert.equal(contents(last.log).length, count, 'every batch is there once')
      checkProducerState(last.log, producers)
      return total
    } catch (error) {
      if (next === undefined) throw error
      total += current.boundaryCount
      disk = next
    }
  }
}

async function runNamed(options: Run): Promise<number> {
  try {
    return await run(options)
  } catch (error) {
    const again = options.crashAgainAt === undefined ? '' : ` SIM_CRASH_AGAIN_AT=${options.crashAgainAt}`
    const command = `SIM_SEED=${options.seed} SIM_CRASH_AT=${options.crashAt}${again} node --test src/simulator/crash.test.ts`
    const text = error instanceof Error ? error.message : String(error)
    throw new Error(`${text}\nwith ${JSON.stringify(options)}; replay: ${command}`, { cause: error })
  }
}

function numberFrom(name: string): number | undefined {
  const text = process.env[name]
  return text === undefined || text === '' || text === 'undefined' ? undefined : Number(text)
}

describe('a log on a disk that forgets what was not synced', () => {
  const seed = numberFrom('SIM_SEED')
  if (seed !== undefined) {
    it(`holds with seed ${seed}`, async () => {
      const crashAt = numberFrom('SIM_CRASH_AT')
      const crashAgainAt = numberFrom('SIM_CRASH_AGAIN_AT')
      for (const loss of LOSSES) await runNamed({ seed, crashAt, crashAgainAt, loss })
    })
    return
  }

  it('keeps every acknowledged batch once and in order, wherever the power is cut', async () => {
    const total = await runNamed({ seed: 1, crashAt: undefined, crashAgainAt: undefined, loss: LOSSES[0]! })
    assert.ok(total > 100, `${total} boundaries`)
    for (let crashAt = 0; crashAt < total; crashAt++) {
      for (const [index, loss] of LOSSES.entries()) {
        await runNamed({ seed: crashAt * 10 + index, crashAt, crashAgainAt: undefined, loss })
      }
    }
  })

  it('also if the power is cut again during the restart', async () => {
    const total = await runNamed({ seed: 2, crashAt: undefined, crashAgainAt: undefined, loss: LOSSES[0]! })
    const random = new SimRandom(2)
    for (let count = 0; count < 250; count++) {
      const crashAt = random.below(total)
      const crashAgainAt = random.below(30)
      await runNamed({ seed: 5000 + count, crashAt, crashAgainAt, loss: LOSSES[count % LOSSES.length]! })
    }
  })
})
