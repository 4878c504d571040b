/**
 * Random appends, transactions, rolls, cleans, crashes and restarts, against a model that keeps everything. A failure
 * prints its seed: `SIM_SEED=N node --test src/log/cleaner/cleaner-model.test.ts`; SIM_SEEDS=N runs more of them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codecs } from '../../records/compression/codec.ts'
import {
  buildBatch,
  buildEndTransactionMarker,
  type RecordDraft,
} from '../../records/record-batch-builder.ts'
import { SimClock } from '../../simulator/sim-clock.ts'
import type { SimDisk } from '../../simulator/sim-disk.ts'
import { SimRandom } from '../../simulator/sim-random.ts'
import { fixture, openLog } from '../log-fixture.test.ts'
import type { UnifiedLog } from '../unified-log.ts'
import { compact } from './cleaner.test.kit.ts'
import { LogModel, type ModelTxn } from './cleaner-model.test.kit.ts'

const SEEDS = process.env.SIM_SEED
  ? [Number(process.env.SIM_SEED)]
  : Array.from({ length: Number(process.env.SIM_SEEDS ?? 60) }, (_, index) => index + 1)
const STEPS = 150

interface ModelProducer {
  readonly id: number
  epoch: number
  nextSequence: number
  /** undefined: it is only idempotent, or has none open. */
  txn: ModelTxn | undefined
  readonly isTransactional: boolean
}

class Walk {
  readonly #random: SimRandom
  #clock: SimClock
  #disk: SimDisk
  #log: UnifiedLog
  readonly #model = new LogModel()
  readonly #producers: ModelProducer[]
  readonly #config
  #leaderEpoch = 0

  constructor(seed: number) {
    this.#random = new SimRandom(seed)
    const { disk, clock } = fixture(seed)
    this.#disk = disk
    this.#clock = clock
    this.#config = {
      cleanupPolicy: ['compact'],
      segmentBytes: 600 + this.#random.below(3000),
      indexIntervalBytes: 1 + this.#random.below(400),
      deleteRetentionMs: 1000 * this.#random.below(60),
      fileDeleteDelayMs: 5000,
    } as const
    this.#log = this.#open(false)
    this.#producers = Array.from({ length: 5 }, (_, index) => ({
      id: 100 + index,
      epoch: 0,
      nextSequence: 0,
      txn: undefined,
      isTransactional: index < 3,
    }))
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS; step++) await this.#step()
    for (const producer of this.#producers) if (producer.txn !== undefined) this.#end(producer)
    this.#clean()
    await this.#restart('crash')
    this.#check()
  }

  async #step(): Promise<void> {
    const dice = this.#random.below(100)
    if (dice < 45) this.#append()
    else if (dice < 65) this.#transact()
    else if (dice < 75) this.#log.roll()
    else if (dice < 80) this.#clock.advance(this.#random.below(30_000))
    else if (dice < 82) this.#leaderEpoch++
    else if (dice < 96) this.#clean()
    else await this.#restart(this.#random.oneIn(2) ? 'crash' : 'close')
  }

  #append(): void {
    const producer = this.#random.oneIn(3) ? undefined : this.#producers[3 + this.#random.below(2)]
    this.#write(producer, undefined)
  }

  #transact(): void {
    const producer = this.#producers[this.#random.below(3)]!
    if (producer.txn !== undefined && this.#random.oneIn(3)) this.#end(producer)
    else {
      producer.txn ??= { outcome: 'open' }
      this.#write(producer, producer.txn)
    }
  }

  #write(producer: ModelProducer | undefined, txn: ModelTxn | undefined): void {
    const count = 1 + this.#random.below(4)
    const drafts: (RecordDraft & { key: string; value: string | null; timestampMs: number })[] = []
    for (let index = 0; index < count; index++) {
      drafts.push({
        key: `key-${this.#random.below(12)}`,
        value: this.#random.oneIn(4) ? null : 'v'.repeat(this.#random.below(60)) + this.#log.logEndOffset,
        timestampMs: this.#clock.nowMs() - this.#random.below(1000),
        ...(this.#random.oneIn(5) && { headers: [{ key: 'h', value: 'x' }] }),
      })
    }
    const batch = buildBatch(drafts, {
      compression: this.#random.oneIn(3) ? codecs[this.#random.below(codecs.length)]!.name : 'none',
      ...(producer && {
        producerId: producer.id,
        producerEpoch: producer.epoch,
        baseSequence: producer.nextSequence,
        isTransactional: txn !== undefined,
      }),
    })
    const outcome = this.#log.stageAsLeader(batch, { leaderEpoch: this.#leaderEpoch, origin: 'client' })
    assert.equal(outcome.errorCode, 0, outcome.errorMessage ?? '')
    this.#commit()
    if (producer !== undefined) producer.nextSequence += count
    for (const [index, { key, value, timestampMs }] of drafts.entries()) {
      this.#model.records.push({ offset: outcome.firstOffset + index, key, value, timestampMs, txn })
    }
  }

  #end(producer: ModelProducer): void {
    const committed = this.#random.oneIn(2)
    const marker = buildEndTransactionMarker({
      committed,
      producerId: producer.id,
      producerEpoch: producer.epoch,
      coordinatorEpoch: 0,
      timestampMs: this.#clock.nowMs(),
    })
    const outcome = this.#log.stageAsLeader(marker, { leaderEpoch: this.#leaderEpoch, origin: 'coordinator' })
    assert.equal(outcome.errorCode, 0)
    this.#commit()
    producer.txn!.outcome = committed ? 'committed' : 'aborted'
    producer.txn = undefined
  }

  #commit(): void {
    assert.equal(this.#log.commitStaged().errorCode, 0)
    this.#log.updateHighWatermark(this.#log.logEndOffset)
  }

  #clean(): void {
    const { logStartOffset, logEndOffset, lastStableOffset } = this.#log
    const epochs = () => Array.from({ length: logEndOffset }, (_, offset) => this.#log.epochAt(offset))
    const before = epochs()
    const { nextDirtyOffset } = compact(
      this.#log,
      { disk: this.#disk, clock: this.#clock },
      {
        from: this.#model.nextDirtyOffset,
        // Now and then too few for all keys.
        config: {
          dedupeBufferBytes: 24 * (this.#random.oneIn(4) ? 5 + this.#random.below(8) : 1000),
          ioBufferBytes: 2048,
        },
      },
    )
    this.#model.cleaned(nextDirtyOffset, this.#clock.nowMs())
    assert.deepEqual(
      [this.#log.logStartOffset, this.#log.logEndOffset, this.#log.lastStableOffset],
      [logStartOffset, logEndOffset, lastStableOffset],
    )
    assert.deepEqual(epochs(), before)
    this.#check()
  }

  async #restart(how: 'crash' | 'close'): Promise<void> {
    if (how === 'close') {
      await this.#log.flush()
      this.#log.close()
    } else {
      await this.#log.flush()
      // Sometimes without the snapshots: then the cleaned batches alone have to tell of the producers.
      if (this.#random.oneIn(2)) {
        for (const { name } of this.#disk.list(this.#log.directory))
          if (name.endsWith('.snapshot')) this.#disk.remove(`${this.#log.directory}/${name}`)
      }
      this.#disk = this.#disk.crash({ lose: 'some' })
    }
    // The timers of the life before are gone.
    this.#clock = new SimClock(this.#clock.nowMs())
    this.#log = this.#open(how === 'close')
    this.#log.updateHighWatermark(this.#log.logEndOffset)
    for (const { id, epoch, nextSequence, txn } of this.#producers) {
      const entry = this.#log.producerState.producers.get(id)
      if (nextSequence === 0) continue
      assert.ok(entry, `producer ${id} was forgotten`)
      assert.deepEqual([entry.producerEpoch, entry.lastSequence], [epoch, nextSequence - 1], `producer ${id}`)
      assert.equal(entry.currentTxnFirstOffset >= 0, txn !== undefined, `the transaction of producer ${id}`)
    }
    this.#check()
  }

  #open(cleanShutdown: boolean): UnifiedLog {
    const at = { disk: this.#disk, clock: this.#clock }
    return openLog(at, { ...this.#config, maxMessageBytes: 500 }, { cleanShutdown })
  }

  #check(): void {
    const { deleteRetentionMs } = this.#config
    this.#model.check(this.#log, { nowMs: this.#clock.nowMs(), deleteRetentionMs })
  }
}

test('whatever is written, cleaned and restarted: last values, committed records, sequences and offsets hold', async () => {
  for (const seed of SEEDS) {
    try {
      await new Walk(seed).run()
    } catch (error) {
      throw new Error(`SIM_SEED=${seed} node --test src/log/cleaner/cleaner-model.test.ts`, { cause: error })
    }
  }
})
