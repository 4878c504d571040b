import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildEndTransactionMarker } from '../../records/record-batch-builder.ts'
import { SimClock } from '../../simulator/sim-clock.ts'
import { type CrashOptions, type SimDisk, SimulatedCrash } from '../../simulator/sim-disk.ts'
import { append, DIRECTORY, fixture, openLog } from '../log-fixture.test.ts'
import type { UnifiedLog } from '../unified-log.ts'
import { compact, contentOf } from './cleaner.test.kit.ts'
import { LogModel, type ModelTxn } from './cleaner-model.test.kit.ts'

const CONFIG = {
  cleanupPolicy: ['compact'],
  segmentBytes: 1200,
  deleteRetentionMs: 0,
  indexIntervalBytes: 200,
} as const

interface Written {
  readonly disk: SimDisk
  readonly clock: SimClock
  readonly log: UnifiedLog
  readonly model: LogModel
}

/** A few groups of segments, with tombstones, both ends of transactions, and batches that hold a producer's last number. */
async function written(seed: number): Promise<Written> {
  const { disk, clock } = fixture(seed)
  const log = openLog({ disk, clock }, CONFIG)
  const model = new LogModel()
  const sequences = new Map<number, number>()
  const put = (text: string, producerId?: number, txn?: ModelTxn): void => {
    const drafts = text.split(' ').map((pair) => {
      const [key = '', value = ''] = pair.split('=')
      return { key, value: value === '-' ? null : value, timestampMs: clock.nowMs() }
    })
    const baseSequence = sequences.get(producerId ?? -1) ?? 0
    const producer = producerId === undefined ? {} : { producerId, producerEpoch: 0, baseSequence }
    const { firstOffset } = append(log, drafts, { ...producer, isTransactional: txn !== undefined })
    if (producerId !== undefined) sequences.set(producerId, baseSequence + drafts.length)
    for (const [index, draft] of drafts.entries())
      model.records.push({ ...draft, offset: firstOffset + index, txn })
  }
  for (let round = 0; round < 6; round++) {
    const txn: ModelTxn = { outcome: 'open' }
    put(`a=${round} b${round}=x`)
    put(`c=${round} d=-`, 7, txn)
    put(`long-${round}=${'x'.repeat(150)}`)
    if (round === 0) put('once=1 a=y', 8)
    txn.outcome = round % 2 === 0 ? 'aborted' : 'committed'
    const end = { producerId: 7, producerEpoch: 0, coordinatorEpoch: 0, timestampMs: clock.nowMs() }
    const marker = buildEndTransactionMarker({ ...end, committed: txn.outcome === 'committed' })
    assert.equal(log.stageAsLeader(marker, { leaderEpoch: 0, origin: 'coordinator' }).errorCode, 0)
    log.commitStaged()
    clock.advance(1000)
    log.roll()
  }
  put('a=last')
  log.updateHighWatermark(log.logEndOffset)
  await log.flush()
  return { disk, clock, log, model }
}

for (const [how, options] of [
  ['and forgets some of what was not synced', { lose: 'some' }],
  ['and forgets some of it out of order', { lose: 'some', reorder: true }],
  ['and forgets all of it', { lose: 'all' }],
  ['and loses nothing but the process', { lose: 'none' }],
] as const satisfies readonly (readonly [string, CrashOptions])[]) {
  test(`a machine that stops at any write of a clean ${how} comes back with all that counts`, async () => {
    const reference = await written(1)
    const first = reference.disk.boundaryCount
    const { nextDirtyOffset: underWayTo } = compact(reference.log, reference)
    const boundaries = reference.disk.boundaryCount - first
    const expected = contentOf(reference.log)
    assert.ok(boundaries > 40 && expected.length < reference.model.records.length)
    assert.ok(
      reference.log.segmentCount > 2 && reference.log.segmentCount < 6,
      'some groups, of some segments',
    )
    for (let boundary = 0; boundary < boundaries; boundary++) {
      const at = await written(boundary)
      const from = at.disk.boundaryCount
      let survivor: SimDisk | undefined
      at.disk.onWriteBoundary(({ index }) => {
        if (index - from === boundary) survivor = at.disk.crash(options)
      })
      assert.throws(() => compact(at.log, at), SimulatedCrash)
      const clock = new SimClock(at.clock.nowMs())
      for (const recoveryPoint of [0, at.log.logEndOffset]) {
        const disk = survivor!.crash({ lose: 'none' })
        survivor = disk
        const log = openLog({ disk, clock }, CONFIG, { recoveryPoint })
        log.updateHighWatermark(log.logEndOffset)
        const where = `at boundary ${boundary} of ${boundaries}, recovered from ${recoveryPoint}`
        try {
          assert.equal(log.logEndOffset, at.log.logEndOffset)
          const { deleteRetentionMs } = CONFIG
          at.model.check(log, { nowMs: clock.nowMs(), deleteRetentionMs, underWayTo })
        } catch (error) {
          throw new Error(where, { cause: error })
        }
        const names = disk.list(DIRECTORY).map(({ name }) => name)
        assert.deepEqual(
          names.filter((name) => /\.(?:cleaned|swap)$/.test(name)),
          [],
          where,
        )
        assert.equal(log.producerState.producers.get(7)?.lastSequence, 11, where)
        assert.equal(log.producerState.producers.get(8)?.lastSequence, 1, where)
      }
      const again = openLog({ disk: survivor!, clock }, CONFIG)
      again.updateHighWatermark(again.logEndOffset)
      const { nextDirtyOffset } = compact(again, { disk: survivor!, clock })
      const model = new LogModel()
      model.records.push(...at.model.records)
      model.cleaned(nextDirtyOffset, clock.nowMs())
      model.check(again, { nowMs: clock.nowMs(), deleteRetentionMs: CONFIG.deleteRetentionMs })
    }
  })
}
