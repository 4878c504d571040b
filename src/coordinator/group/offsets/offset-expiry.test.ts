import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../../base/logger.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { ShardTimers, type TimerOutcome } from '../../runtime/shard-timers.ts'
import { OffsetBench, offsetsOf, RETENTION_MS } from './offset-bench.test.kit.ts'
import { OffsetExpiry } from './offset-expiry.ts'

const CHECK_MS = 600_000

/** Runs the expiry over the bench; its tombstones of groups take them out of the groups. */
class ExpiryBench extends OffsetBench {
  /** Records of each slice. */
  readonly slices: number[] = []
  /** The log's word about the next slices. */
  logError: number = ErrorCode.NONE

  constructor() {
    super()
    const timers = new ShardTimers(this.clock, (run) => this.#run(run))
    const expiry = new OffsetExpiry({
      offsets: this.manager,
      groups: this.groups,
      timers,
      checkIntervalMs: CHECK_MS,
      logger: silentLogger,
    })
    expiry.start()
  }

  #run(run: () => TimerOutcome): void {
    const outcome = run()
    if (outcome === undefined) return
    assert.equal(outcome.isAtomic, false)
    this.slices.push(outcome.records.length)
    if (this.logError === ErrorCode.NONE) {
      for (const record of outcome.records) {
        if (record.key[1] === 2) {
          const groupId = record.key.subarray(2).toString()
          this.groups.groups.delete(groupId)
        } else {
          this.apply({ records: [record], response: undefined })
        }
      }
    }
    const errorCode = this.logError
    this.clock.endOfTick(() => outcome.onSettled?.(errorCode))
  }

  /** A group whose tombstone names it. */
  group(groupId: string) {
    const group = this.groups.getOrCreate(groupId)
    group.tombstones = () => [
      { key: Buffer.concat([Buffer.from([0, 2]), Buffer.from(groupId)]), value: null },
    ]
    return group
  }
}

test('offsets without a reader go a retention after their commit, and their group with the last of them', () => {
  const bench = new ExpiryBench()
  bench.group('g')
  bench.commit('g', [{ offset: 1 }])
  bench.clock.advance(RETENTION_MS / 2)
  bench.commit('g', [{ partition: 1, offset: 2 }])
  bench.clock.advance(RETENTION_MS / 2 - 1)
  assert.equal(offsetsOf(bench.manager, 'g'), 't-0=1 t-1=2')
  bench.clock.advance(CHECK_MS)
  assert.equal(offsetsOf(bench.manager, 'g'), 't-1=2')
  assert.ok(bench.groups.get('g'))
  bench.clock.advance(RETENTION_MS / 2)
  assert.equal(offsetsOf(bench.manager, 'g'), '')
  assert.equal(bench.groups.get('g'), undefined)
})

test('an empty group keeps its offsets for a retention since it became empty, however old they are', () => {
  const bench = new ExpiryBench()
  bench.commit('g', [{ offset: 1, commitTimestampMs: 5 }])
  const emptySinceMs = bench.clock.nowMs()
  bench.group('g').offsetExpiryBase = { kind: 'since', timestampMs: emptySinceMs }
  bench.clock.advance(RETENTION_MS - 1)
  assert.equal(offsetsOf(bench.manager, 'g'), 't-0=1')
  bench.clock.advance(CHECK_MS)
  assert.equal(offsetsOf(bench.manager, 'g'), '')
})

test('topics that are read, and groups that may not, keep theirs', () => {
  const bench = new ExpiryBench()
  bench.commit('g', [{ offset: 1 }, { topic: 'u', offset: 2 }])
  bench.commit('h', [{ offset: 3 }])
  const group = bench.group('g')
  group.subscription = new Set(['t'])
  group.deleteError = ErrorCode.NON_EMPTY_GROUP
  bench.group('h').offsetExpiryBase = { kind: 'never' }
  bench.clock.advance(2 * RETENTION_MS)
  assert.equal(offsetsOf(bench.manager, 'g'), 't-0=1')
  assert.equal(offsetsOf(bench.manager, 'h'), 't-0=3')
  assert.ok(bench.groups.get('h'))
})

test('an expiry that the client set counts alone', () => {
  const bench = new ExpiryBench()
  bench.commit('g', [{ offset: 1 }], { apiVersion: 2, retentionTimeMs: CHECK_MS })
  bench.commit('h', [{ offset: 2 }], { apiVersion: 2, retentionTimeMs: 3 * RETENTION_MS })
  bench.group('h').offsetExpiryBase = { kind: 'since', timestampMs: 0 }
  bench.clock.advance(CHECK_MS)
  assert.equal(offsetsOf(bench.manager, 'g'), '')
  bench.clock.advance(2 * RETENTION_MS)
  assert.equal(offsetsOf(bench.manager, 'h'), 't-0=2')
})

test('while a transaction writes it an offset stays, and its group', () => {
  const bench = new ExpiryBench()
  bench.group('g')
  bench.commit('g', [{ offset: 1 }, { partition: 1, offset: 2 }])
  bench.commitTransactional('g', 5, [{ offset: 3 }])
  bench.clock.advance(2 * RETENTION_MS)
  assert.equal(offsetsOf(bench.manager, 'g'), 't-0=1')
  bench.end(5, false)
  bench.clock.advance(CHECK_MS)
  assert.equal(offsetsOf(bench.manager, 'g'), '')
  assert.equal(bench.groups.get('g'), undefined)
})

test('an empty group without offsets goes at the next check, one with members stays', () => {
  const bench = new ExpiryBench()
  bench.group('empty')
  bench.group('alive').deleteError = ErrorCode.NON_EMPTY_GROUP
  bench.group('pending')
  bench.commitTransactional('pending', 5, [{ offset: 3 }])
  bench.clock.advance(CHECK_MS)
  assert.deepEqual([...bench.groups.groups.keys()], ['alive', 'pending'])
})

test('however many expire, a slice writes a bounded number, and the next waits until it is safe', () => {
  const bench = new ExpiryBench()
  bench.group('g')
  bench.group('h')
  bench.commit(
    'g',
    Array.from({ length: 2500 }, (_, partition) => ({ partition, offset: 1 })),
  )
  bench.commit('h', [{ offset: 1 }])
  bench.clock.advance(RETENTION_MS - CHECK_MS)
  bench.clock.advance(CHECK_MS)
  for (let i = 0; i < 10; i++) bench.clock.advance(0)
  assert.deepEqual(bench.slices, [1000, 1000, 503])
  assert.deepEqual(bench.log.slice(2501).length, 2501)
  assert.equal(bench.groups.groups.size, 0)
})

test('a log that refuses the tombstones ends the round; the next one tries again', () => {
  const bench = new ExpiryBench()
  bench.group('g')
  bench.commit('g', [{ offset: 1 }])
  bench.logError = ErrorCode.COORDINATOR_NOT_AVAILABLE
  bench.clock.advance(RETENTION_MS)
  bench.clock.advance(CHECK_MS - 1)
  assert.deepEqual(bench.slices, [2])
  assert.equal(offsetsOf(bench.manager, 'g'), 't-0=1')
  bench.logError = ErrorCode.NONE
  bench.clock.advance(CHECK_MS)
  assert.deepEqual(bench.slices, [2, 2])
  assert.equal(offsetsOf(bench.manager, 'g'), '')
})
