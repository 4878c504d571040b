/** Transactions on one log: how far committed readers see, what they are told to skip, and what survives. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../protocol/error-codes.ts'
import { DIRECTORY, fixture, openLog } from './log-fixture.test.ts'
import {
  append,
  commit,
  end,
  readCommitted,
  seenValues,
  stageData,
  stageMarker,
} from './transactions.test.kit.ts'
import type { UnifiedLog } from './unified-log.ts'

/** A few batches to a segment. */
const SMALL = { segmentBytes: 300, indexIntervalBytes: 100 }

function abortedAt(log: UnifiedLog, from: number): [producerId: number, firstOffset: number][] {
  const info = log.read(from, { maxBytes: 1, minOneMessage: true, isolation: 'last-stable' })
  info.slice?.release()
  return (info.abortedTransactions ?? []).map(({ producerId, firstOffset }) => [producerId, firstOffset])
}

test('the last stable offset is the first offset of the oldest open transaction, to the one', () => {
  const log = openLog(fixture())
  assert.equal(append(log, { producerId: 1, sequence: 0, values: ['plain'], transactional: false }), 0)
  assert.equal(log.lastStableOffset, 1)
  assert.equal(append(log, { producerId: 2, sequence: 0, values: ['a', 'b'] }), 0)
  assert.equal(append(log, { producerId: 3, sequence: 0, values: ['c'] }), 0)
  assert.deepEqual([log.lastStableOffset, log.highWatermark], [1, 4])
  assert.equal(end(log, { producerId: 3, commit: true }), 0)
  assert.equal(log.lastStableOffset, 1, 'an older one is open')
  assert.equal(end(log, { producerId: 2, commit: true }), 0)
  assert.deepEqual([log.lastStableOffset, log.highWatermark], [6, 6])
  assert.deepEqual(seenValues(readCommitted(log)), ['plain', 'a', 'b', 'c'])
})

test('a transaction that ended above the high watermark is not stable until its marker is below it', () => {
  const log = openLog(fixture())
  stageData(log, { producerId: 2, sequence: 0, values: ['a'] })
  stageMarker(log, { producerId: 2, commit: true })
  log.commitStaged()
  log.updateHighWatermark(1)
  assert.equal(log.lastStableOffset, 0)
  log.updateHighWatermark(2)
  assert.equal(log.lastStableOffset, 2)
})

test('a transaction that begins and ends in the batches of one tick is indexed as if they had come one by one', () => {
  const log = openLog(fixture())
  stageData(log, { producerId: 2, sequence: 0, values: ['a'] })
  stageData(log, { producerId: 3, sequence: 0, values: ['open'] })
  stageMarker(log, { producerId: 2, commit: false })
  stageData(log, { producerId: 2, sequence: 1, values: ['b'] })
  stageMarker(log, { producerId: 2, commit: true })
  commit(log)
  assert.equal(log.lastStableOffset, 1)
  assert.equal(end(log, { producerId: 3, commit: true }), 0)
  assert.deepEqual(abortedAt(log, 0), [[2, 0]])
  assert.deepEqual(seenValues(readCommitted(log)), ['open', 'b'])
})

test('an aborted transaction over several segments is told wherever one reads within it', () => {
  const log = openLog(fixture(), SMALL)
  append(log, { producerId: 9, sequence: 0, values: ['x'.repeat(40)] })
  for (let n = 0; n < 12; n++) {
    append(log, { producerId: 1, sequence: n, values: [`p${n}`.padEnd(60)], transactional: false })
    append(log, { producerId: 9, sequence: n + 1, values: ['y'.repeat(40)] })
  }
  end(log, { producerId: 9, commit: false })
  assert.ok(log.segmentCount > 4)
  for (let from = 0; from < log.logEndOffset; from++) {
    assert.deepEqual(abortedAt(log, from), [[9, 0]], `from ${from}`)
    const values = seenValues(readCommitted(log, { from, maxBytes: 1 }))
    assert.deepEqual(
      values.map((value) => value.trim()),
      Array.from({ length: 12 }, (_, n) => `p${n}`).slice(Math.floor(from / 2)),
    )
  }
})

test('only the segment with the marker has an index of aborted transactions', () => {
  const at = fixture()
  const log = openLog(at, SMALL)
  for (let n = 0; n < 6; n++) append(log, { producerId: 9, sequence: n, values: ['y'.repeat(60)] })
  end(log, { producerId: 9, commit: false })
  const names = at.disk.list(DIRECTORY).map(({ name }) => name)
  const last = log.segmentBaseOffsets.at(-1)!.toString().padStart(20, '0')
  assert.deepEqual(
    names.filter((name) => name.endsWith('.txnindex')),
    [`${last}.txnindex`],
  )
})

test('a marker for a producer without an open transaction changes nothing that readers see', () => {
  const log = openLog(fixture())
  append(log, { producerId: 1, sequence: 0, values: ['a'], transactional: false })
  assert.equal(end(log, { producerId: 4, commit: false }), 0, 'of an unknown producer')
  assert.equal(end(log, { producerId: 1, commit: false }), 0, 'of one that writes outside transactions')
  assert.deepEqual([log.lastStableOffset, log.logEndOffset], [3, 3])
  assert.deepEqual(abortedAt(log, 0), [])
  assert.deepEqual(seenValues(readCommitted(log)), ['a'])
})

test('markers are fenced by the epoch of their producer and by that of their coordinator', () => {
  const log = openLog(fixture())
  append(log, { producerId: 2, epoch: 5, sequence: 0, values: ['a'] })
  assert.equal(end(log, { producerId: 2, epoch: 4, commit: true }), ErrorCode.INVALID_PRODUCER_EPOCH)
  assert.equal(end(log, { producerId: 2, epoch: 5, commit: true, coordinatorEpoch: 3 }), 0)
  assert.equal(append(log, { producerId: 2, epoch: 5, sequence: 1, values: ['b'] }), 0)
  assert.equal(
    end(log, { producerId: 2, epoch: 5, commit: true, coordinatorEpoch: 2 }),
    ErrorCode.TRANSACTION_COORDINATOR_FENCED,
  )
  assert.equal(log.lastStableOffset, 2, 'neither changed anything')
})

test('with transaction version 2 a marker raises the epoch, and the next transaction begins at sequence 0', () => {
  const log = openLog(fixture())
  assert.equal(append(log, { producerId: 2, epoch: 0, sequence: 0, values: ['a', 'b'] }), 0)
  assert.equal(end(log, { producerId: 2, epoch: 1, commit: true, transactionVersion: 2 }), 0)
  assert.equal(
    append(log, { producerId: 2, epoch: 0, sequence: 2, values: ['late'] }),
    ErrorCode.INVALID_PRODUCER_EPOCH,
  )
  assert.equal(
    append(log, { producerId: 2, epoch: 1, sequence: 2, values: ['gap'] }),
    ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  )
  assert.equal(append(log, { producerId: 2, epoch: 1, sequence: 0, values: ['c'] }), 0)
  assert.deepEqual(log.lastStableOffset, 3)
})

test('a marker of version 2 that comes again is harmless, and can not end the next transaction', () => {
  const log = openLog(fixture())
  const marker = { producerId: 2, epoch: 1, commit: false, transactionVersion: 2 }
  append(log, { producerId: 2, epoch: 0, sequence: 0, values: ['a'] })
  assert.equal(end(log, marker), 0)
  assert.equal(end(log, marker), 0, 'its coordinator did not hear of the first')
  assert.equal(append(log, { producerId: 2, epoch: 1, sequence: 0, values: ['b'] }), 0)
  assert.equal(end(log, marker), ErrorCode.INVALID_PRODUCER_EPOCH)
  assert.equal(log.lastStableOffset, 3)
  assert.equal(end(log, { ...marker, transactionVersion: 0 }), 0, 'an older coordinator means this epoch')
})

test('deleting records past the first of an open transaction leaves the last stable offset at the start of the log', () => {
  const at = fixture()
  const log = openLog(at, SMALL)
  append(log, { producerId: 2, sequence: 0, values: ['a'.repeat(100)] })
  append(log, { producerId: 1, sequence: 0, values: ['b'.repeat(100)], transactional: false })
  append(log, { producerId: 1, sequence: 1, values: ['c'.repeat(100)], transactional: false })
  log.maybeIncrementLogStartOffset(2)
  assert.deepEqual([log.lastStableOffset, log.firstUnstableOffset], [2, 2])
  assert.equal(end(log, { producerId: 2, commit: false }), 0)
  assert.equal(log.lastStableOffset, 4)
  assert.deepEqual(
    readCommitted(log).map(({ offset }) => offset),
    [2],
  )
})

test('a transaction that lost its first records to a deletion is open still after a restart, from the start of the log on', () => {
  for (const cleanShutdown of [true, false]) {
    const at = fixture()
    let log = openLog(at)
    append(log, { producerId: 2, sequence: 0, values: ['a'] })
    append(log, { producerId: 1, sequence: 0, values: ['b'], transactional: false })
    append(log, { producerId: 2, sequence: 1, values: ['c'] })
    log.maybeIncrementLogStartOffset(1)
    log.close()
    log = openLog(at, {}, { logStartOffset: 1, cleanShutdown })
    log.updateHighWatermark(3)
    assert.equal(log.lastStableOffset, 1)
    assert.equal(end(log, { producerId: 2, commit: false }), 0)
    assert.deepEqual([log.lastStableOffset, seenValues(readCommitted(log))], [4, ['b']])
  }
})

test('truncation takes back markers and what they ended', () => {
  const at = fixture()
  const log = openLog(at, SMALL)
  append(log, { producerId: 2, sequence: 0, values: ['a'.repeat(50)] })
  append(log, { producerId: 3, sequence: 0, values: ['b'.repeat(50)] })
  end(log, { producerId: 2, commit: false })
  end(log, { producerId: 3, commit: true })
  append(log, { producerId: 2, sequence: 1, values: ['c'.repeat(50)] })
  end(log, { producerId: 2, commit: false })
  assert.deepEqual(abortedAt(log, 0), [[2, 0]])
  log.truncateTo(5)
  log.updateHighWatermark(5)
  assert.deepEqual([log.lastStableOffset, log.logEndOffset], [4, 5], 'its last transaction is open again')
  log.truncateTo(3)
  assert.equal(log.lastStableOffset, 1)
  log.truncateTo(2)
  assert.equal(log.lastStableOffset, 0)
  assert.deepEqual(abortedAt(log, 0), [])
  end(log, { producerId: 2, commit: true })
  end(log, { producerId: 3, commit: true })
  assert.deepEqual(
    readCommitted(log).map(({ offset }) => offset),
    [0, 1],
  )
})

test('what ended below the high watermark is stable right after a truncation', () => {
  const log = openLog(fixture())
  append(log, { producerId: 2, sequence: 0, values: ['a'] })
  end(log, { producerId: 2, commit: true })
  append(log, { producerId: 1, sequence: 0, values: ['b'], transactional: false })
  log.truncateTo(2)
  assert.deepEqual([log.lastStableOffset, log.highWatermark], [2, 2])
})

test('open transactions come back from the snapshot of a clean stop, and from the records without one', () => {
  for (const cleanShutdown of [true, false]) {
    const at = fixture()
    let log = openLog(at)
    append(log, { producerId: 1, sequence: 0, values: ['a'], transactional: false })
    append(log, { producerId: 2, sequence: 0, values: ['b'] })
    append(log, { producerId: 3, sequence: 0, values: ['c'] })
    end(log, { producerId: 3, commit: false, coordinatorEpoch: 4 })
    log.close()
    log = openLog(at, {}, { cleanShutdown })
    log.updateHighWatermark(4)
    assert.equal(log.lastStableOffset, 1)
    assert.equal(log.producerState.producers.get(3)!.coordinatorEpoch, 4)
    assert.equal(end(log, { producerId: 2, commit: true }), 0)
    assert.deepEqual([log.lastStableOffset, seenValues(readCommitted(log))], [5, ['a', 'b']])
  }
})

test('a producer with an open transaction outlives producer.id.expiration.ms, also over a restart', () => {
  const at = fixture()
  let log = openLog(at)
  append(log, { producerId: 1, sequence: 0, values: ['a'], transactional: false })
  append(log, { producerId: 2, sequence: 0, values: ['b'] })
  log.close()
  at.clock.advance(3 * 86_400_000)
  log = openLog(at, {}, { cleanShutdown: true })
  log.removeExpiredProducers(at.clock.nowMs())
  assert.deepEqual([...log.producerState.producers.keys()], [2])
  log.updateHighWatermark(2)
  assert.equal(log.lastStableOffset, 1)
})

test('a write that fails leaves the transactions as they were', () => {
  const at = fixture()
  const log = openLog(at)
  append(log, { producerId: 2, sequence: 0, values: ['a'] })
  at.disk.injectFault({ operation: 'write', code: 'ENOSPC', nth: 0 })
  stageMarker(log, { producerId: 2, commit: true })
  stageData(log, { producerId: 3, sequence: 0, values: ['b'] })
  assert.equal(log.commitStaged().errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
  assert.equal(log.lastStableOffset, 0)
  assert.equal(end(log, { producerId: 2, commit: true }), 0)
  assert.equal(log.lastStableOffset, 2)
})

test('an index of aborted transactions that can not be true is made anew, after a clean stop too', () => {
  for (const [damage, change] of [
    ['cut within an entry', (bytes: Buffer) => bytes.subarray(0, 20)],
    [
      'an entry of an earlier segment',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 18), Buffer.alloc(16)]),
    ],
    ['an unknown version', (bytes: Buffer) => Buffer.concat([Buffer.from([9, 9]), bytes.subarray(2)])],
  ] as const) {
    const at = fixture()
    let log = openLog(at, SMALL)
    for (let n = 0; n < 4; n++) {
      append(log, { producerId: 2, sequence: n, values: [`aborted ${n}`.padEnd(100)] })
      end(log, { producerId: 2, commit: false })
      append(log, { producerId: 1, sequence: n, values: [`plain ${n}`], transactional: false })
    }
    log.close()
    const names = at.disk.list(DIRECTORY).map(({ name }) => name)
    const path = `${DIRECTORY}/${names.filter((name) => name.endsWith('.txnindex')).sort()[1]}`
    at.disk.writeFileAtomic(path, change(at.disk.readFile(path)))
    log = openLog(at, SMALL, { cleanShutdown: true })
    log.updateHighWatermark(log.logEndOffset)
    assert.deepEqual(seenValues(readCommitted(log)), ['plain 0', 'plain 1', 'plain 2', 'plain 3'], damage)
  }
})
