/**
 * Random walks of transactions on one log: producers of both transaction versions begin, write, commit and abort in any
 * order, several batches to a tick, while segments roll, records are deleted, and the broker stops in order, is killed,
 * or loses its power in the middle of a write. After every step a read_committed consumer sees what was committed and
 * nothing else, and the last stable offset is where the oldest open transaction begins.
 *
 * SIM_SEED=n runs one seed, SIM_SEEDS=n so many.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../protocol/error-codes.ts'
import { SimClock } from '../simulator/sim-clock.ts'
import { type SimDisk, SimulatedCrash } from '../simulator/sim-disk.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import { fixture, openLog } from './log-fixture.test.ts'
import { type ModelEntry, TransactionModel } from './transaction-model.test.kit.ts'
import { TransactionVerification } from './transaction-verifications.ts'
import { readCommitted, stageData, stageMarker } from './transactions.test.kit.ts'
import type { UnifiedLog } from './unified-log.ts'

const CONFIG = {
  segmentBytes: 900,
  indexIntervalBytes: 150,
  segmentIndexBytes: 400,
  fileDeleteDelayMs: 0,
  retentionMs: -1,
}
const STEPS = 250
/** The one that writes outside transactions. */
const PLAIN_PRODUCER = 1
const PRODUCERS = [1, 2, 3, 4, 5] as const

/** With 'power' what was not synced may be lost; with 'truncation' the log is cut as a follower's is, and nothing is lost. */
type Kind = 'power' | 'truncation'

class Walk {
  readonly random: SimRandom
  readonly kind: Kind
  /** A new one for each life of the broker: what the last one had planned must not happen. */
  clock: SimClock
  readonly model = new TransactionModel()
  disk: SimDisk
  log: UnifiedLog
  hasDeleted = false
  #count = 0

  constructor(seed: number, kind: Kind) {
    this.random = new SimRandom(seed)
    this.kind = kind
    const { disk, clock } = fixture(seed)
    this.disk = disk
    this.clock = clock
    this.log = openLog({ disk, clock }, CONFIG)
  }

  async step(): Promise<void> {
    const before = {
      logStartOffset: this.log.logStartOffset,
      recoveryPoint: this.log.recoveryPoint,
    }
    let crashed: SimDisk | undefined
    if (this.random.oneIn(25)) {
      let boundaries = this.random.below(12)
      this.disk.onWriteBoundary(() => {
        if (boundaries-- > 0) return
        crashed = this.#crashedDisk()
        throw new SimulatedCrash('the power is gone')
      })
    }
    try {
      await this.#act()
      this.clock.tick()
    } catch (error) {
      if (!(error instanceof SimulatedCrash)) throw error
    }
    this.disk.onWriteBoundary(undefined)
    // Syncs in the background may have met it, and nobody here.
    if (crashed !== undefined) {
      this.disk = crashed
      this.#reopen(false, before)
    }
    this.#check()
  }

  async #act(): Promise<void> {
    const dice = this.random.below(100)
    if (dice < 62) this.#append()
    else if (dice < 70) this.log.updateHighWatermark(this.log.logEndOffset)
    else if (dice < 75) this.#sendLate()
    else if (dice < 80) this.log.roll()
    else if (dice < 84) this.#delete()
    else if (dice < 90) await this.log.flush()
    else if (dice < 93) await this.#restart()
    else if (dice < 96) {
      const before = this.log
      this.disk = this.#crashedDisk()
      this.#reopen(false, before)
    } else if (this.kind === 'truncation') this.#truncate()
  }

  /** What several producers and coordinators send in one tick. */
  #append(): void {
    for (let batches = 1 + this.random.below(4); batches > 0; batches--) {
      const producerId = PRODUCERS[this.random.below(PRODUCERS.length)]!
      const { isOpen } = this.model.producer(producerId)
      const isMarker =
        producerId !== PLAIN_PRODUCER && (isOpen ? this.random.oneIn(3) : this.random.oneIn(25))
      if (isMarker) this.#stageMarker(producerId)
      else this.#stageData(producerId)
    }
    // Before the write: if that is where the power goes, whatever is found of it afterwards counts.
    assert.equal(this.log.commitStaged().errorCode, 0)
    const { highWatermark, logEndOffset } = this.log
    // Followers fetch whole batches, so it lies between two.
    const ends = this.model.entries
      .map(({ lastOffset }) => lastOffset + 1)
      .filter((end) => end > highWatermark)
    this.log.updateHighWatermark(this.random.oneIn(4) ? ends[this.random.below(ends.length)]! : logEndOffset)
  }

  #stageData(producerId: number, isRetry = false): void {
    const isVersion2 = producerId % 2 === 1
    const view = this.model.producer(producerId)
    // A producer whose former batches were forgotten raises its epoch, as clients do.
    const epoch = isRetry ? view.epoch + 1 : view.epoch
    const sequence = isRetry ? 0 : view.nextSequence
    const values = Array.from(
      { length: 1 + this.random.below(3) },
      () => `${producerId}/${this.#count++}/${'x'.repeat(this.random.below(80))}`,
    )
    const transactional = producerId !== PLAIN_PRODUCER
    const verification = transactional
      ? this.log.producerState.startVerification({
          producerId,
          producerEpoch: epoch,
          baseSequence: sequence,
          raisesEpoch: isVersion2,
        })
      : undefined
    assert.ok(
      verification === undefined ||
        verification === 'ongoing' ||
        verification instanceof TransactionVerification,
    )
    const baseOffset = this.log.stagedEndOffset
    const timestampMs = this.clock.nowMs()
    const data = { producerId, epoch, sequence, values, transactional, verification, timestampMs }
    const outcome = stageData(this.log, data)
    if (outcome.errorCode === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER && this.hasDeleted && !isRetry) {
      this.#stageData(producerId, true)
      return
    }
    assert.equal(outcome.errorCode, 0, `${outcome.errorMessage}`)
    assert.equal(outcome.firstOffset, baseOffset)
    this.#add({ kind: transactional ? 'data' : 'plain', baseOffset, producerId, epoch, sequence, values })
  }

  #stageMarker(producerId: number): void {
    const isVersion2 = producerId % 2 === 1
    const view = this.model.producer(producerId)
    // An older coordinator raises the epoch as well where it aborts what took too long.
    const isTimeout = this.random.oneIn(4)
    const commit = !isTimeout && this.random.oneIn(2)
    const epoch = isVersion2 || isTimeout ? view.epoch + 1 : view.epoch
    const baseOffset = this.log.stagedEndOffset
    const outcome = stageMarker(this.log, {
      producerId,
      epoch,
      commit,
      timestampMs: this.clock.nowMs(),
      transactionVersion: isVersion2 ? 2 : 0,
    })
    assert.equal(outcome.errorCode, 0, `${outcome.errorMessage}`)
    this.#add({ kind: commit ? 'commit' : 'abort', baseOffset, producerId, epoch, sequence: -1, values: [] })
  }

  #add(entry: Omit<ModelEntry, 'lastOffset'>): void {
    const lastOffset = entry.baseOffset + Math.max(1, entry.values.length) - 1
    this.model.entries.push({ ...entry, lastOffset })
  }

  /** A record whose transaction ends between its verification and its append. */
  #sendLate(): void {
    const producerId = 2
    const view = this.model.producer(producerId)
    if (view.isOpen) return
    const { epoch, nextSequence: sequence } = view
    const verification = this.log.producerState.startVerification({
      producerId,
      producerEpoch: epoch,
      baseSequence: sequence,
      raisesEpoch: false,
    })
    assert.ok(verification instanceof TransactionVerification)
    this.#stageMarkerOf(producerId, epoch)
    const late = stageData(this.log, { producerId, epoch, sequence, values: ['late'], verification })
    assert.equal(late.errorCode, ErrorCode.INVALID_TXN_STATE)
    assert.equal(this.log.commitStaged().errorCode, 0)
  }

  #stageMarkerOf(producerId: number, epoch: number): void {
    const baseOffset = this.log.stagedEndOffset
    const timestampMs = this.clock.nowMs()
    assert.equal(stageMarker(this.log, { producerId, epoch, commit: false, timestampMs }).errorCode, 0)
    this.#add({ kind: 'abort', baseOffset, producerId, epoch, sequence: -1, values: [] })
  }

  #delete(): void {
    const { logStartOffset, highWatermark } = this.log
    const target = logStartOffset + this.random.below(highWatermark - logStartOffset + 1)
    this.hasDeleted ||= target > logStartOffset
    this.log.maybeIncrementLogStartOffset(target)
    this.log.deleteOldSegments(this.clock.nowMs())
  }

  #truncate(): void {
    const { logStartOffset, logEndOffset } = this.log
    const target = logEndOffset - this.random.below(Math.min(20, logEndOffset - logStartOffset + 1))
    this.log.truncateTo(target)
    this.model.endsAt(this.log.logEndOffset)
  }

  async #restart(): Promise<void> {
    const before = this.log
    await before.flush()
    before.close()
    // The power may go right after an orderly stop.
    if (this.random.oneIn(2)) this.disk = this.#crashedDisk()
    this.#reopen(true, before)
  }

  #crashedDisk(): SimDisk {
    if (this.kind === 'truncation') return this.disk.crash({ lose: 'none' })
    const lose = (['some', 'all', 'none'] as const)[this.random.below(3)]!
    return this.disk.crash({ lose, reorder: this.random.oneIn(2) })
  }

  #reopen(cleanShutdown: boolean, before: { logStartOffset: number; recoveryPoint: number }): void {
    const { logStartOffset, recoveryPoint } = before
    this.clock = new SimClock(this.clock.nowMs())
    this.log = openLog({ disk: this.disk, clock: this.clock }, CONFIG, {
      logStartOffset,
      recoveryPoint,
      cleanShutdown,
    })
    if (this.kind === 'power') assert.ok(this.log.logEndOffset >= recoveryPoint, 'what was synced is there')
    this.model.endsAt(this.log.logEndOffset)
    // As for a leader's new term. Of what a snapshot tells as ended it does not tell where.
    this.log.updateHighWatermark(this.log.logEndOffset)
  }

  #check(): void {
    const { log, model } = this
    const { logStartOffset, highWatermark, logEndOffset, lastStableOffset } = log
    const modelEnd = (model.entries.at(-1)?.lastOffset ?? -1) + 1
    assert.equal(logEndOffset, Math.max(modelEnd, logStartOffset))
    const { min, max } = model.lastStableOffset(logStartOffset, highWatermark)
    assert.ok(min <= lastStableOffset && lastStableOffset <= max, `${lastStableOffset} in [${min}, ${max}]`)
    if (!this.hasDeleted) assert.equal(min, max)
    const from = logStartOffset + this.random.below(lastStableOffset - logStartOffset + 1)
    for (const [at, maxBytes] of [
      [logStartOffset, 1 << 20],
      [from, 1 + this.random.below(600)],
    ] as const) {
      assert.deepEqual(readCommitted(log, { from: at, maxBytes }), model.committed(at, lastStableOffset))
    }
  }
}

const only = process.env.SIM_SEED
const seedCount = Number(process.env.SIM_SEEDS ?? 25)
const seeds = only === undefined ? Array.from({ length: seedCount }, (_, i) => i + 1) : [Number(only)]

for (const kind of ['power', 'truncation'] as const) {
  test(`committed readers see committed records and no others, through crashes and restarts (${kind})`, async () => {
    for (const seed of seeds) {
      const walk = new Walk(seed, kind)
      try {
        for (let step = 0; step < STEPS; step++) await walk.step()
      } catch (error) {
        throw new Error(`seed ${seed}: SIM_SEED=${seed} node --test src/log/transaction-walk.test.ts`, {
          cause: error,
        })
      }
      assert.ok(walk.model.entries.length > 20)
    }
  })
}
