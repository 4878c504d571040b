/** The log against a model that is nothing but an array of records, on random walks that a seed replays. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildBatch } from '../records/record-batch-builder.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import { draft, type Fixture, fixture, openLog, readAll } from './log-fixture.test.ts'
import type { UnifiedLog } from './unified-log.ts'

interface ModelRecord {
  readonly offset: number
  readonly value: string
  readonly timestampMs: number
}

const CONFIG = {
  segmentBytes: 4000,
  indexIntervalBytes: 200,
  segmentIndexBytes: 400,
  fileDeleteDelayMs: 1000,
}
const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

class Walk {
  readonly random: SimRandom
  readonly fixture: Fixture
  log: UnifiedLog
  model: ModelRecord[] = []
  endOffset = 0
  #count = 0

  constructor(seed: number) {
    this.random = new SimRandom(seed)
    this.fixture = fixture(seed)
    this.log = openLog(this.fixture, CONFIG)
  }

  step(): void {
    const dice = this.random.below(100)
    if (dice < 55) this.append()
    else if (dice < 65) this.readSome()
    else if (dice < 75) this.lookUp()
    else if (dice < 80) this.truncate()
    else if (dice < 84) this.log.roll()
    else if (dice < 89) this.deleteSome()
    else if (dice < 94) this.reopen(true)
    else if (dice < 98) this.reopen(false)
    else this.log.updateHighWatermark(this.log.logEndOffset)
    this.fixture.clock.tick()
    assert.equal(this.log.logEndOffset, this.endOffset)
  }

  append(): void {
    const staged: ModelRecord[] = []
    for (let batches = 1 + this.random.below(4); batches > 0; batches--) {
      const drafts = Array.from({ length: 1 + this.random.below(5) }, () => {
        const timestampMs = 1_000_000 + this.#count * 10 + this.random.below(200)
        return draft(`value-${this.#count++}-${'x'.repeat(this.random.below(300))}`, timestampMs)
      })
      const compression = COMPRESSIONS[this.random.below(this.random.oneIn(4) ? COMPRESSIONS.length : 1)]!
      const outcome = this.log.stageAsLeader(buildBatch(drafts, { compression }), {
        leaderEpoch: 0,
        origin: 'client',
      })
      assert.equal(outcome.errorCode, 0, outcome.errorMessage ?? '')
      assert.equal(outcome.firstOffset, this.endOffset)
      for (const { value, timestampMs } of drafts) {
        staged.push({ offset: this.endOffset++, value: String(value), timestampMs: timestampMs! })
      }
      assert.equal(outcome.lastOffset, this.endOffset - 1)
    }
    assert.equal(this.log.stagedEndOffset, this.endOffset)
    assert.equal(this.log.commitStaged().errorCode, 0)
    this.model.push(...staged)
  }

  readSome(): void {
    const from = this.log.logStartOffset + this.random.below(this.endOffset - this.log.logStartOffset + 1)
    const maxBytes = this.random.oneIn(3) ? 1 : 1 + this.random.below(5000)
    const found = readAll(this.log, { from, maxBytes })
    const expected = this.model.filter((record) => record.offset >= from)
    assert.deepEqual(
      found.map(({ offset, value, timestampMs }) => ({ offset, value: value?.toString(), timestampMs })),
      expected,
    )
  }

  lookUp(): void {
    const visible = this.model.filter((record) => record.offset >= this.log.logStartOffset)
    const timestampMs = 1_000_000 + this.random.below(this.#count * 10 + 400)
    const expected = visible.find((record) => record.timestampMs >= timestampMs)
    assert.equal(this.log.lookupTimestamp(timestampMs)?.offset, expected?.offset)
    const largest = Math.max(-1, ...visible.map((record) => record.timestampMs))
    const found = this.log.maxTimestampOffset()
    // Records below the start of the log may still lie in its first segment, and be the youngest of all.
    if (found !== undefined && found.timestampMs === largest) {
      assert.equal(found.offset, visible.find((record) => record.timestampMs === largest)?.offset)
    }
  }

  /** At a batch's start or within one: then the whole batch goes. */
  truncate(): void {
    if (this.endOffset === this.log.logStartOffset) return
    const target = this.endOffset - this.random.below(Math.min(60, this.endOffset - this.log.logStartOffset))
    this.log.truncateTo(target)
    assert.ok(
      this.log.logEndOffset <= target && this.log.logEndOffset > target - 5,
      'at most one batch goes beyond',
    )
    this.endOffset = this.log.logEndOffset
    this.model = this.model.filter((record) => record.offset < this.endOffset)
  }

  deleteSome(): void {
    this.log.updateHighWatermark(this.log.logEndOffset)
    const start = this.log.logStartOffset + this.random.below(this.endOffset - this.log.logStartOffset + 1)
    this.log.maybeIncrementLogStartOffset(this.random.oneIn(2) ? start : this.log.logStartOffset)
    this.log.deleteOldSegments(this.fixture.clock.nowMs())
    this.fixture.clock.advance(this.random.below(1500))
    this.model = this.model.filter((record) => record.offset >= this.log.logStartOffset)
  }

  reopen(cleanShutdown: boolean): void {
    const { logStartOffset } = this.log
    const recoveryPoint = this.random.below(this.endOffset + 1)
    if (cleanShutdown) this.log.close()
    const highWatermark = this.log.highWatermark
    this.log = openLog(this.fixture, CONFIG, { logStartOffset, recoveryPoint, cleanShutdown })
    assert.equal(this.log.logEndOffset, this.endOffset)
    assert.equal(this.log.logStartOffset, logStartOffset)
    this.log.updateHighWatermark(highWatermark)
  }
}

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  test(`a log of small segments behaves as an array of records does (seed ${seed})`, () => {
    const walk = new Walk(seed)
    for (let step = 0; step < 300; step++) walk.step()
    assert.deepEqual(
      readAll(walk.log).map(({ offset, value }) => ({ offset, value: value?.toString() })),
      walk.model.map(({ offset, value }) => ({ offset, value })),
    )
  })
}
