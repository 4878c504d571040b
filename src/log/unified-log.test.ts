import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DiskError } from '../base/disk.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { buildBatch, buildEndTransactionMarker } from '../records/record-batch-builder.ts'
import type { LogConfig } from './log-config.ts'
import {
  append,
  bytesOf,
  DIRECTORY,
  draft,
  fixture,
  openLog,
  readAll,
  recordsIn,
  valuesOf,
} from './log-fixture.test.ts'
import type { UnifiedLog } from './unified-log.ts'

const LEADER = { leaderEpoch: 0, origin: 'client' } as const

/** Batches of one record of this many bytes in all. */
function batchOf(byteLength: number, timestampMs = 1): Buffer {
  const overhead = buildBatch([draft('', timestampMs)]).length
  let batch = buildBatch([draft('v'.repeat(byteLength - overhead), timestampMs)])
  while (batch.length > byteLength) {
    batch = buildBatch([draft('v'.repeat(byteLength - overhead - (batch.length - byteLength)), timestampMs)])
  }
  assert.equal(batch.length, byteLength)
  return batch
}

function fill(log: UnifiedLog, count: number, byteLength = 200, firstTimestampMs = 1000): void {
  for (let index = 0; index < count; index++) {
    assert.equal(log.stageAsLeader(batchOf(byteLength, firstTimestampMs + index), LEADER).errorCode, 0)
    log.commitStaged()
  }
}

function readOnce(log: UnifiedLog, offset: number, maxBytes = 1 << 20): Buffer {
  const info = log.read(offset, { maxBytes, minOneMessage: true, isolation: 'log-end' })
  assert.ok(info.slice !== null)
  return bytesOf(info.slice)
}

test('what is staged gets offsets at once and is in the log only after the commit, in one write', () => {
  const at = fixture()
  const log = openLog(at)
  let writes = 0
  at.disk.onWriteBoundary(({ operation }) => {
    if (operation === 'write') writes++
  })
  const first = log.stageAsLeader(buildBatch([draft('a', 1), draft('b', 2)]), { ...LEADER, leaderEpoch: 5 })
  const second = log.stageAsLeader(buildBatch([draft('c', 3)]), { ...LEADER, leaderEpoch: 5 })
  assert.deepEqual([first.firstOffset, first.lastOffset, second.firstOffset], [0, 1, 2])
  assert.deepEqual([log.logEndOffset, log.stagedEndOffset, log.hasStaged, writes], [0, 3, true, 0])
  assert.equal(log.commitStaged().errorCode, 0)
  assert.deepEqual([log.logEndOffset, log.stagedEndOffset, log.hasStaged], [3, 3, false])
  assert.ok(writes <= 2, 'a write for each buffer at most, of one call')
  assert.deepEqual(valuesOf(readAll(log)), ['a', 'b', 'c'])
  assert.equal(RecordBatch.partitionLeaderEpoch(readOnce(log, 0)), 5)
  assert.equal(log.latestEpoch, 5)
})

test('the time of the append replaces the timestamps where the topic wants it', () => {
  const at = fixture()
  const log = openLog(at, { messageTimestampType: 'LogAppendTime' })
  const outcome = append(log, [draft('a', 1)])
  assert.equal(outcome.logAppendTimeMs, at.clock.nowMs())
  assert.equal(readAll(log)[0]?.timestampMs, at.clock.nowMs())
  assert.equal(append(openLog(fixture()), [draft('a', 1)]).logAppendTimeMs, -1)
})

test('batches that are too large or damaged get their error codes and stage nothing', () => {
  const log = openLog(fixture(), { maxMessageBytes: 1000, segmentBytes: 500 })
  assert.equal(log.stageAsLeader(batchOf(1001), LEADER).errorCode, ErrorCode.MESSAGE_TOO_LARGE)
  assert.equal(log.stageAsLeader(batchOf(501), LEADER).errorCode, ErrorCode.RECORD_LIST_TOO_LARGE)
  const damaged = batchOf(300)
  damaged[200]! ^= 1
  assert.equal(log.stageAsLeader(damaged, LEADER).errorCode, ErrorCode.CORRUPT_MESSAGE)
  const compacted = openLog(fixture(), { cleanupPolicy: ['compact'] })
  const refused = compacted.stageAsLeader(buildBatch([draft('no key', 1)]), LEADER)
  assert.equal(refused.errorCode, ErrorCode.INVALID_RECORD)
  assert.equal(refused.recordErrors[0]?.batchIndex, 0)
  assert.equal(log.hasStaged || compacted.hasStaged, false)
})

test('a topic with a compression of its own stores batches in it', () => {
  const log = openLog(fixture(), { compressionType: 'gzip' })
  append(log, [draft('a', 1), draft('b', 1)], { compression: 'none' })
  assert.equal(RecordBatch.compressionId(readOnce(log, 0)), 1)
  assert.deepEqual(valuesOf(readAll(log)), ['a', 'b'])
})

test('where the broker compresses, its topic says how hard', () => {
  const words = Array.from({ length: 500 }, (_, i) =>
    draft(`{"user":${(i * 31) % 97},"page":"/page/${(i * 7) % 41}","agent":"browser ${i % 13}"}`, 1),
  )
  const sizeWith = (config: Partial<LogConfig>): number => {
    const log = openLog(fixture(), config)
    append(log, words, { compression: 'none' })
    return readOnce(log, 0).length
  }
  const gzip = (level: number) => sizeWith({ compressionType: 'gzip', compressionGzipLevel: level })
  const zstd = (level: number) => sizeWith({ compressionType: 'zstd', compressionZstdLevel: level })
  assert.ok(gzip(9) < gzip(1))
  assert.ok(zstd(19) < zstd(-100))
})

test('a retried batch of an idempotent producer answers with its first offsets, a gap is refused', () => {
  const at = fixture()
  const log = openLog(at)
  const producer = { producerId: 3, producerEpoch: 0 }
  append(log, [draft('x', 1)])
  append(log, [draft('a', 1), draft('b', 1)], { ...producer, baseSequence: 0 })
  const again = append(log, [draft('a', 1), draft('b', 1)], { ...producer, baseSequence: 0 })
  assert.deepEqual([again.errorCode, again.duplicate, again.firstOffset, again.lastOffset], [0, true, 1, 2])
  const gap = append(log, [draft('d', 1)], { ...producer, baseSequence: 5 })
  assert.equal(gap.errorCode, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
  assert.equal(append(log, [draft('c', 1)], { ...producer, baseSequence: 2 }).firstOffset, 3)
  log.close()
  const reopened = openLog(at, {}, { cleanShutdown: true })
  assert.equal(append(reopened, [draft('c', 1)], { ...producer, baseSequence: 2 }).duplicate, true)
})

test('a duplicate of a batch that is staged in the same tick shares its fate', () => {
  const at = fixture()
  const log = openLog(at)
  const options = { producerId: 3, producerEpoch: 0, baseSequence: 0 }
  log.stageAsLeader(buildBatch([draft('a', 1)], options), LEADER)
  const again = log.stageAsLeader(buildBatch([draft('a', 1)], options), LEADER)
  assert.equal(again.duplicate, true)
  at.disk.injectFault({ operation: 'write', code: 'ENOSPC', nth: 0 })
  log.commitStaged()
  assert.equal(again.errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
  assert.equal(append(log, [draft('a', 1)], options).duplicate, false)
})

test('segments roll by size, by the age of their records, and when an index is full', () => {
  const bySize = openLog(fixture(), { segmentBytes: 1000 })
  fill(bySize, 11)
  assert.deepEqual(bySize.segmentBaseOffsets, [0, 5, 10])
  const byTime = openLog(fixture(), { segmentMs: 100 })
  append(byTime, [draft('a', 1000)])
  append(byTime, [draft('b', 1100)])
  append(byTime, [draft('c', 1101)])
  assert.deepEqual(byTime.segmentBaseOffsets, [0, 2])
  const byIndex = openLog(fixture(), { segmentIndexBytes: 48, indexIntervalBytes: 0 })
  fill(byIndex, 10)
  assert.ok(byIndex.segmentCount > 1)
})

test('what is staged across a roll goes into two segments', () => {
  const log = openLog(fixture(), { segmentBytes: 500 })
  for (let index = 0; index < 4; index++) log.stageAsLeader(batchOf(200), LEADER)
  assert.equal(log.stagedEndOffset, 4)
  log.commitStaged()
  assert.deepEqual(log.segmentBaseOffsets, [0, 2])
  assert.equal(readAll(log).length, 4)
})

test('a follower keeps the offsets and epochs it is given, and refuses what does not follow', () => {
  const at = fixture()
  const log = openLog(at, { segmentBytes: 300 })
  const batches = [0, 4, 9].map((baseOffset, index) =>
    buildBatch([draft(`v${baseOffset}`.padEnd(80), 1), draft('w', 1)], {
      baseOffset,
      partitionLeaderEpoch: index,
    }),
  )
  const outcome = log.stageAsFollower(Buffer.concat(batches))
  assert.deepEqual([outcome.errorCode, outcome.firstOffset, outcome.lastOffset], [0, 0, 10])
  log.commitStaged()
  assert.deepEqual(
    readAll(log).map(({ offset }) => offset),
    [0, 1, 4, 5, 9, 10],
  )
  assert.deepEqual(log.endOffsetForEpoch(1), { leaderEpoch: 1, endOffset: 9 })
  assert.equal(log.stageAsFollower(batches[2]!).errorCode, ErrorCode.CORRUPT_MESSAGE)
  assert.equal(log.stageAsFollower(batches[2]!.subarray(0, 80)).errorCode, ErrorCode.CORRUPT_MESSAGE)
  const next = buildBatch([draft('next', 1)], { baseOffset: 30, partitionLeaderEpoch: 2 })
  assert.equal(log.stageAsFollower(next).errorCode, 0)
  log.commitStaged()
  assert.equal(log.logEndOffset, 31)
  assert.equal(openLog(at, { segmentBytes: 300 }).logEndOffset, 31)
})

test('a read starts at the batch that holds the offset, ends with a whole batch, and never passes its bound', () => {
  const log = openLog(fixture(), { indexIntervalBytes: 300 })
  for (let index = 0; index < 20; index++) append(log, [draft('a', 1), draft('b', 1)])
  const batchBytes = readOnce(log, 0, 1).length
  const read = (offset: number, maxBytes: number, isolation: 'log-end' | 'high-watermark') => {
    const info = log.read(offset, { maxBytes, minOneMessage: false, isolation })
    return info.slice === null ? info : recordsIn(bytesOf(info.slice)).map((record) => record.offset)
  }
  assert.deepEqual(read(3, batchBytes, 'log-end'), [2, 3])
  assert.deepEqual(read(3, 3 * batchBytes - 1, 'log-end'), [2, 3, 4, 5])
  const tooSmall = log.read(3, { maxBytes: batchBytes - 1, minOneMessage: false, isolation: 'log-end' })
  assert.deepEqual([tooSmall.slice, tooSmall.firstEntryIncomplete], [null, true])
  log.updateHighWatermark(6)
  assert.deepEqual(read(3, 1 << 20, 'high-watermark'), [2, 3, 4, 5])
  assert.equal(log.read(6, { maxBytes: 100, minOneMessage: true, isolation: 'high-watermark' }).slice, null)
  assert.equal(log.read(41, { maxBytes: 1, minOneMessage: true, isolation: 'log-end' }).errorCode, 1)
  assert.equal(log.read(40, { maxBytes: 1, minOneMessage: true, isolation: 'log-end' }).errorCode, 0)
  log.maybeIncrementLogStartOffset(5)
  assert.equal(log.read(4, { maxBytes: 1, minOneMessage: true, isolation: 'log-end' }).errorCode, 1)
})

test('a reader who goes on where it ended, and one at the tail, need not read the file to find their place', () => {
  const at = fixture()
  const log = openLog(at, { indexIntervalBytes: 300 })
  fill(log, 50)
  let offset = 0
  // The first cut finds its end through the index; the next start is remembered, so damage before it goes unseen.
  const first = readOnce(log, offset, 1000)
  for (const position of RecordBatch.positions(first)) offset = RecordBatch.nextOffset(first, position)
  at.disk.injectFault({ operation: 'read', code: 'EIO', nth: 0, sticky: true })
  const rest = log.read(offset, { maxBytes: 1 << 20, minOneMessage: true, isolation: 'log-end' })
  assert.equal(rest.errorCode, 0)
  const tail = log.logEndOffset
  fill(log, 1)
  const fresh = log.read(tail, { maxBytes: 1 << 20, minOneMessage: true, isolation: 'log-end' })
  assert.equal(fresh.errorCode, 0)
  const unknown = log.read(7, { maxBytes: 1 << 20, minOneMessage: true, isolation: 'log-end' })
  assert.equal(unknown.errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
  at.disk.clearFaults()
  assert.equal(recordsIn(bytesOf(rest.slice!))[0]?.offset, offset)
  assert.equal(recordsIn(bytesOf(fresh.slice!))[0]?.offset, tail)
})

test('a slice outlives the deletion of its segment and the end of the log', async () => {
  const at = fixture()
  const log = openLog(at, { segmentBytes: 400, retentionBytes: 0, fileDeleteDelayMs: 10 })
  fill(log, 6)
  log.updateHighWatermark(6)
  const info = log.read(0, { maxBytes: 1 << 20, minOneMessage: true, isolation: 'log-end' })
  assert.ok(log.deleteOldSegments(at.clock.nowMs()) > 0)
  at.clock.advance(11)
  await new Promise((resolve) => void setImmediate(resolve))
  assert.deepEqual(
    at.disk.list(DIRECTORY).filter(({ name }) => name.startsWith('0'.repeat(20))),
    [],
  )
  log.close()
  assert.equal(recordsIn(bytesOf(info.slice!))[0]?.offset, 0)
})

test('the last stable offset stops at the first open transaction, and aborted ones are told to the reader', () => {
  const at = fixture()
  const log = openLog(at, { segmentBytes: 400 })
  const txn = { producerId: 8, producerEpoch: 0, isTransactional: true }
  const marker = (committed: boolean) =>
    buildEndTransactionMarker({
      committed,
      producerId: 8,
      producerEpoch: 0,
      coordinatorEpoch: 1,
      timestampMs: 5,
    })
  append(log, [draft('plain', 1)])
  append(log, [draft('aborted', 2)], { ...txn, baseSequence: 0 })
  log.updateHighWatermark(2)
  assert.deepEqual([log.highWatermark, log.lastStableOffset, log.firstUnstableOffset], [2, 1, 1])
  log.stageAsLeader(marker(false), { leaderEpoch: 0, origin: 'coordinator' })
  log.commitStaged()
  assert.equal(log.lastStableOffset, 1, 'the marker is not replicated yet')
  log.updateHighWatermark(3)
  assert.equal(log.lastStableOffset, 3)
  append(log, [draft('x'.repeat(200), 3)])
  log.updateHighWatermark(4)
  for (const opened of [log, openLog(at, { segmentBytes: 400 })]) {
    opened.updateHighWatermark(4)
    const info = opened.read(0, { maxBytes: 1 << 20, minOneMessage: true, isolation: 'last-stable' })
    info.slice?.release()
    assert.deepEqual(info.abortedTransactions, [{ producerId: 8, firstOffset: 1 }])
    const after = opened.read(3, { maxBytes: 1 << 20, minOneMessage: true, isolation: 'last-stable' })
    after.slice?.release()
    assert.deepEqual(after.abortedTransactions, [])
  }
})

test('a flush moves the recovery point when the device has the data, and is shared by all who wait', async () => {
  const at = fixture()
  const log = openLog(at, { flushMessages: 2 })
  const syncs: string[] = []
  at.disk.onWriteBoundary(({ operation, path }) => {
    if (operation === 'sync') syncs.push(path)
  })
  fill(log, 1)
  assert.equal(log.flushDue(at.clock.nowMs()), false)
  fill(log, 1)
  assert.equal(log.flushDue(at.clock.nowMs()), true)
  const waiting = [log.flush(), log.flush(1), log.flush(2)]
  assert.equal(log.recoveryPoint, 0)
  await Promise.all(waiting)
  assert.equal(log.recoveryPoint, 2)
  assert.equal(syncs.filter((path) => path.endsWith('.log')).length, 1)
  assert.equal(log.flushDue(at.clock.nowMs()), false)
  const survivor = at.disk.crash({ lose: 'all' })
  assert.equal(openLog({ disk: survivor, clock: at.clock }).logEndOffset, 2)
})

test('segments that rolled are synced in the background, indexes and folder included', async () => {
  const at = fixture()
  const log = openLog(at, { segmentBytes: 1000, indexIntervalBytes: 100 })
  fill(log, 11)
  at.clock.tick()
  await log.flush()
  const survivor = at.disk.crash({ lose: 'all' })
  const recovered = openLog(
    { disk: survivor, clock: at.clock },
    { segmentBytes: 1000 },
    { recoveryPoint: 11 },
  )
  assert.equal(recovered.logEndOffset, 11)
  assert.equal(survivor.stat(`${DIRECTORY}/${'0'.repeat(20)}.index`)!.sizeBytes > 0, true)
  assert.equal(recovered.lookupTimestamp(1004)?.offset, 4)
})

test('a sync that fails takes the log offline, and is not tried again', async () => {
  const at = fixture()
  const log = openLog(at)
  fill(log, 1)
  at.disk.injectFault({ operation: 'sync', code: 'EIO', nth: 0 })
  await assert.rejects(log.flush(), DiskError)
  assert.equal(log.isOffline, true)
  assert.equal(log.recoveryPoint, 0)
  await assert.rejects(log.flush(), DiskError)
  assert.equal(log.commitStaged().errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
})

test('a flush that lacks a descriptor, or room for an index, is only put off', async () => {
  for (const [operation, code] of [
    ['open', 'EMFILE'],
    ['write', 'ENOSPC'],
  ] as const) {
    const at = fixture()
    const log = openLog(at, { segmentBytes: 400, indexIntervalBytes: 1 })
    fill(log, 1)
    at.disk.injectFault({ operation, code, nth: 0, sticky: true, pathPart: '.index' })
    fill(log, 1)
    await assert.rejects(log.flush(), { code })
    assert.deepEqual([log.isOffline, log.recoveryPoint], [false, 0])
    at.disk.clearFaults()
    fill(log, 1)
    await log.flush()
    assert.equal(log.recoveryPoint, 3)
  }
})

test('who waits behind a flush that is put off gets a flush of its own', async () => {
  const at = fixture()
  const log = openLog(at)
  fill(log, 1)
  at.disk.injectFault({ operation: 'write', code: 'ENOSPC', nth: 0, pathPart: 'leader-epoch-checkpoint' })
  log.assignEpochStartOffset(5, log.logEndOffset)
  const first = log.flush(1)
  fill(log, 1)
  const second = log.flush(2)
  await assert.rejects(first, { code: 'ENOSPC' })
  await second
  fill(log, 1)
  await log.flush()
  assert.equal(log.recoveryPoint, 3)
})

test('retention that lacks a descriptor is only put off', () => {
  const at = fixture()
  const config = { segmentBytes: 400, retentionMs: 1 }
  fill(openLog(at, config), 5, 200, at.clock.nowMs())
  const log = openLog(at, config)
  log.updateHighWatermark(5)
  at.disk.injectFault({ operation: 'open', code: 'EMFILE', nth: 0, sticky: true })
  assert.equal(log.deleteOldSegments(at.clock.nowMs() + 1000), 0)
  assert.equal(log.isOffline, false)
  at.disk.clearFaults()
  assert.ok(log.deleteOldSegments(at.clock.nowMs() + 1000) > 0)
})

test('a truncation while a sync is under way keeps the recovery point below what was cut', async () => {
  const log = openLog(fixture())
  fill(log, 4)
  const flushed = log.flush()
  log.truncateTo(1)
  fill(log, 1)
  await flushed
  assert.equal(log.recoveryPoint, 2, 'what was appended since was synced as well')
})

test('retention goes by time, by size and by the start of the log, but never above the high watermark', () => {
  const at = fixture()
  const open = (config: object): UnifiedLog => {
    const log = openLog({ ...at, disk: fixture().disk }, { segmentBytes: 400, ...config })
    fill(log, 7, 200, at.clock.nowMs())
    return log
  }
  const later = at.clock.nowMs() + 1000
  const byTime = open({ retentionMs: 995 })
  assert.equal(byTime.deleteOldSegments(later), 0, 'nothing is replicated yet')
  byTime.updateHighWatermark(7)
  assert.equal(byTime.deleteOldSegments(later), 2)
  assert.deepEqual([byTime.logStartOffset, byTime.segmentBaseOffsets], [4, [4, 6]])
  assert.equal(
    byTime.deleteOldSegments(later + 10_000),
    2,
    'the active segment goes too, once a new one is there',
  )
  assert.deepEqual([byTime.logStartOffset, byTime.logEndOffset, byTime.segmentBaseOffsets], [7, 7, [7]])
  const bySize = open({ retentionBytes: 700, retentionMs: -1 })
  bySize.updateHighWatermark(7)
  assert.equal(bySize.deleteOldSegments(later), 1)
  const byStart = open({ retentionMs: 0 })
  byStart.updateConfig({ ...byStart.config, cleanupPolicy: ['compact'] })
  byStart.updateHighWatermark(7)
  byStart.maybeIncrementLogStartOffset(5)
  assert.equal(byStart.deleteOldSegments(later), 2)
  assert.equal(byStart.logStartOffset, 5)
})

test('a renamed folder is written on, and a deleted one is gone', () => {
  const at = fixture()
  const log = openLog(at, { segmentBytes: 400 })
  fill(log, 3)
  log.renameDirectory('/data/topic-0.0123-delete')
  fill(log, 3)
  assert.equal(readAll(log).length, 6)
  log.delete()
  assert.deepEqual(at.disk.list('/data'), [])
  assert.equal(log.stageAsLeader(batchOf(100), LEADER).errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
})

test('the newest record is found by its timestamp, and records within batches by theirs', () => {
  const log = openLog(fixture(), { indexIntervalBytes: 0, segmentBytes: 1000 })
  append(log, [draft('a', 100), draft('b', 300), draft('c', 200)], { compression: 'lz4' })
  append(log, [draft('d', 250), draft('e', 300)])
  assert.deepEqual(log.lookupTimestamp(150), { timestampMs: 300, offset: 1, leaderEpoch: 0 })
  assert.deepEqual(log.maxTimestampOffset(), { timestampMs: 300, offset: 1, leaderEpoch: 0 })
  assert.equal(log.lookupTimestamp(301), undefined)
  assert.equal(openLog(fixture()).maxTimestampOffset(), undefined)
})
