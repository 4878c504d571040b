import assert from 'node:assert/strict'
import { test } from 'node:test'
import { append, fixture, openLog, readAll } from '../log-fixture.test.ts'
import {
  batchesOf,
  compact,
  compactedLog,
  contentOf,
  endTransaction,
  inTransaction,
  put,
} from './cleaner.test.kit.ts'

const DAY_MS = 86_400_000

test('the last record of each key stays, at its offset, and the active segment as it is', () => {
  const at = fixture()
  const log = compactedLog(at)
  put(log, at, 'a=1 b=1')
  put(log, at, 'a=2 c=1')
  log.roll()
  put(log, at, 'b=2')
  put(log, at, 'a=3')
  log.roll()
  put(log, at, 'a=4 a=5')
  const { nextDirtyOffset, stats } = compact(log, at)
  assert.equal(nextDirtyOffset, 6)
  assert.deepEqual(contentOf(log), ['3 c=1', '4 b=2', '5 a=3', '6 a=4', '7 a=5'])
  assert.deepEqual([log.logStartOffset, log.logEndOffset], [0, 8])
  assert.deepEqual(log.segmentBaseOffsets, [0, 6], 'the two small segments are one now')
  assert.deepEqual([stats.messagesRead, stats.messagesWritten, stats.mapMessagesRead], [6, 3, 6])
})

test('what comes later is cleaned against what was cleaned before', () => {
  const at = fixture()
  const log = compactedLog(at)
  put(log, at, 'a=1 b=1 c=1')
  log.roll()
  const first = compact(log, at)
  assert.deepEqual(contentOf(log), ['0 a=1', '1 b=1', '2 c=1'])
  put(log, at, 'b=2')
  log.roll()
  compact(log, at, { from: first.nextDirtyOffset })
  assert.deepEqual(contentOf(log), ['0 a=1', '2 c=1', '3 b=2'])
})

test('a tombstone stays until delete.retention.ms after the clean that first saw it, then goes', () => {
  const at = fixture()
  const log = compactedLog(at, { deleteRetentionMs: DAY_MS })
  put(log, at, 'a=1 b=1')
  put(log, at, 'a=- c=1')
  const writtenMs = at.clock.nowMs()
  log.roll()
  at.clock.advance(5 * DAY_MS)
  let from = compact(log, at).nextDirtyOffset
  assert.deepEqual(contentOf(log), ['1 b=1', '2 a=-', '3 c=1'])
  const horizonMs = at.clock.nowMs() + DAY_MS
  assert.deepEqual(
    batchesOf(log).map(({ deleteHorizonMs }) => deleteHorizonMs),
    [undefined, horizonMs],
  )
  assert.deepEqual(
    readAll(log).map(({ timestampMs }) => timestampMs),
    [writtenMs, writtenMs, writtenMs],
    'the horizon stands where the base timestamp was, and changes no timestamp',
  )
  at.clock.advance(DAY_MS - 1)
  put(log, at, 'd=1')
  log.roll()
  from = compact(log, at, { from }).nextDirtyOffset
  assert.deepEqual(contentOf(log), ['1 b=1', '2 a=-', '3 c=1', '4 d=1'])
  at.clock.advance(1)
  put(log, at, 'e=1')
  log.roll()
  compact(log, at, { from })
  assert.deepEqual(contentOf(log), ['1 b=1', '3 c=1', '4 d=1', '5 e=1'])
})

test('an endless delete.retention.ms keeps tombstones', () => {
  const at = fixture()
  const log = compactedLog(at, { deleteRetentionMs: 2 ** 63 })
  put(log, at, 'a=-')
  log.roll()
  const from = compact(log, at).nextDirtyOffset
  at.clock.advance(4000 * DAY_MS)
  put(log, at, 'b=1')
  log.roll()
  compact(log, at, { from })
  assert.deepEqual(contentOf(log), ['0 a=-', '1 b=1'])
  assert.equal(readAll(log)[0]?.timestampMs, at.clock.nowMs() - 4000 * DAY_MS)
})

test('records without a key, from a time before the topic was compacted, go and are counted', () => {
  const at = fixture()
  const log = openLog(at, { cleanupPolicy: ['delete'] })
  append(log, [
    { key: null, value: 'x', timestampMs: 1 },
    { key: 'a', value: '1', timestampMs: 1 },
  ])
  log.updateHighWatermark(2)
  log.updateConfig({ ...log.config, cleanupPolicy: ['compact'] })
  log.roll()
  const { stats } = compact(log, at)
  assert.deepEqual(contentOf(log), ['1 a=1'])
  assert.equal(stats.invalidMessagesRead, 1)
})

for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
  test(`a batch compressed with ${compression} is one again, with headers and timestamps`, () => {
    const at = fixture()
    const log = compactedLog(at)
    const headers = [{ key: 'h', value: 'v' }]
    const drafts = [
      { key: 'a', value: 'x'.repeat(500), timestampMs: 17, headers },
      { key: 'b', value: 'y'.repeat(500), timestampMs: 99, headers },
      { key: 'c', value: null, timestampMs: 23, headers },
    ]
    append(log, drafts, { compression, producerId: 5, producerEpoch: 0, baseSequence: 0 })
    put(log, at, 'b=2')
    log.roll()
    compact(log, at)
    const [first] = batchesOf(log)
    assert.deepEqual(
      first?.records.map(({ offset, timestampMs, sequence, headers: found }) => [
        offset,
        timestampMs,
        sequence,
        found.length,
      ]),
      [
        [0, 17, 0, 1],
        [2, 23, 2, 1],
      ],
    )
    assert.equal(first?.lastOffset, 2)
    assert.equal(log.lookupTimestamp(20)?.offset, 2)
  })
}

test('a batch whose timestamps the broker gave keeps its time, also when its tombstones get a horizon', () => {
  const at = fixture()
  const log = compactedLog(at, { messageTimestampType: 'LogAppendTime' })
  put(log, at, 'a=1 b=- c=1')
  const appendedMs = at.clock.nowMs()
  at.clock.advance(1000)
  put(log, at, 'a=2')
  log.roll()
  compact(log, at)
  assert.deepEqual(
    readAll(log).map(({ offset, timestampMs }) => [offset, timestampMs - appendedMs]),
    [
      [1, 0],
      [2, 0],
      [3, 1000],
    ],
  )
})

test('the last batch of a producer stays without records, and a recovery finds its sequence number', () => {
  const at = fixture()
  const log = compactedLog(at)
  put(log, at, 'a=1', { producerId: 7, producerEpoch: 3, baseSequence: 0 })
  put(log, at, 'a=2 a=3', { producerId: 7, producerEpoch: 3, baseSequence: 1 })
  put(log, at, 'a=4')
  log.roll()
  compact(log, at)
  assert.deepEqual(contentOf(log), ['3 a=4'])
  assert.deepEqual(
    batchesOf(log).map(({ baseOffset, lastOffset, producerId }) => [baseOffset, lastOffset, producerId]),
    [
      [1, 2, 7],
      [3, 3, -1],
    ],
  )
  for (const { name } of at.disk.list(log.directory))
    if (name.endsWith('.snapshot')) at.disk.remove(`${log.directory}/${name}`)
  const recovered = compactedLog({ ...at, disk: at.disk.crash({ lose: 'none' }) })
  const entry = recovered.producerState.producers.get(7)
  assert.deepEqual([entry?.producerEpoch, entry?.lastSequence, entry?.lastDataOffset], [3, 2, 2])
})

test('aborted records go at once, their marker and index entry after them, and never the other way round', () => {
  const at = fixture()
  const log = compactedLog(at, { deleteRetentionMs: DAY_MS })
  put(log, at, 'a=1')
  put(log, at, 'a=2 b=2', inTransaction(9, 0))
  endTransaction(log, at, 9, false)
  put(log, at, 'c=1', inTransaction(9, 2))
  endTransaction(log, at, 9, true)
  log.roll()
  const committed = () => readAll(log, { isolation: 'last-stable' }).map(({ offset }) => offset)
  const aborted = (fetchOffset: number) =>
    log.read(fetchOffset, { maxBytes: 1e6, minOneMessage: true, isolation: 'last-stable' })
      .abortedTransactions
  let from = compact(log, at).nextDirtyOffset
  assert.deepEqual(contentOf(log), ['0 a=1', '4 c=1'])
  assert.deepEqual(
    batchesOf(log).map(({ baseOffset }) => baseOffset),
    [0, 3, 4, 5],
  )
  assert.deepEqual(aborted(0), [{ producerId: 9, firstOffset: 1 }], 'with its marker')
  put(log, at, 'd=1')
  log.roll()
  from = compact(log, at, { from }).nextDirtyOffset
  assert.deepEqual(
    batchesOf(log).map(({ baseOffset }) => baseOffset),
    [0, 3, 4, 5, 6],
  )
  assert.deepEqual(aborted(0), [], 'the marker waits for its horizon, and means nothing any more')
  assert.equal(batchesOf(log)[1]?.deleteHorizonMs, at.clock.nowMs() + DAY_MS)
  at.clock.advance(DAY_MS)
  put(log, at, 'd=2')
  log.roll()
  compact(log, at, { from })
  assert.deepEqual(
    batchesOf(log).map(({ baseOffset }) => baseOffset),
    [0, 4, 5, 7],
  )
  assert.deepEqual(committed(), [0, 4, 7])
})

test('the marker of a committed transaction stays as long as any of its batches, then for delete.retention.ms', () => {
  const at = fixture()
  const log = compactedLog(at, { deleteRetentionMs: DAY_MS })
  put(log, at, 'a=1', inTransaction(9, 0))
  endTransaction(log, at, 9, true)
  put(log, at, 'z=1', inTransaction(9, 1))
  endTransaction(log, at, 9, true)
  log.roll()
  let from = compact(log, at).nextDirtyOffset
  assert.deepEqual(
    batchesOf(log).map(({ deleteHorizonMs }) => deleteHorizonMs),
    [undefined, undefined, undefined, undefined],
  )
  put(log, at, 'a=2')
  log.roll()
  from = compact(log, at, { from }).nextDirtyOffset
  assert.deepEqual(
    batchesOf(log).map(({ baseOffset }) => baseOffset),
    [1, 2, 3, 4],
  )
  // The batch was there in this clean; the next one finds the marker alone.
  put(log, at, 'b=1')
  log.roll()
  from = compact(log, at, { from }).nextDirtyOffset
  assert.equal(batchesOf(log)[0]?.deleteHorizonMs, at.clock.nowMs() + DAY_MS)
  at.clock.advance(DAY_MS)
  put(log, at, 'b=2')
  log.roll()
  compact(log, at, { from })
  assert.deepEqual(
    batchesOf(log).map(({ baseOffset }) => baseOffset),
    [2, 3, 4, 6],
  )
})

test('an open transaction, and what follows it, is not cleaned', () => {
  const at = fixture()
  const log = compactedLog(at)
  put(log, at, 'a=1')
  log.roll()
  put(log, at, 'a=2')
  log.roll()
  put(log, at, 'a=3', inTransaction(9, 0))
  log.roll()
  put(log, at, 'a=4')
  log.roll()
  assert.equal(compact(log, at).nextDirtyOffset, 2)
  assert.deepEqual(contentOf(log), ['1 a=2', '2 a=3', '3 a=4'])
  endTransaction(log, at, 9, false)
  log.roll()
  compact(log, at, { from: 2 })
  assert.deepEqual(contentOf(log), ['3 a=4'])
})

test('an aborted transaction whose marker lies behind what is cleaned is known from the segments behind', () => {
  const at = fixture()
  const log = compactedLog(at)
  put(log, at, 'a=1')
  put(log, at, 'a=2', inTransaction(9, 0))
  log.roll()
  endTransaction(log, at, 9, false)
  assert.equal(compact(log, at).nextDirtyOffset, 2)
  assert.deepEqual(contentOf(log), ['0 a=1'])
  assert.deepEqual(
    readAll(log, { isolation: 'last-stable' }).map(({ offset }) => offset),
    [0],
  )
})

test('an offset map that is too small for all keys cleans as far as it goes, and the next clean goes on from there', () => {
  const at = fixture()
  const log = compactedLog(at)
  for (let round = 0; round < 3; round++) {
    for (let key = 0; key < 50; key++) put(log, at, `k${key}=${round} x=${round}`)
    log.roll()
  }
  let from = 0
  let cleans = 0
  const config = { dedupeBufferBytes: 24 * 40 }
  while (from < log.logEndOffset) {
    const { nextDirtyOffset } = compact(log, at, { from, config })
    assert.ok(nextDirtyOffset > from, 'every clean gets on')
    from = nextDirtyOffset
    cleans++
  }
  assert.ok(cleans > 3)
  assert.deepEqual(
    contentOf(log).sort(),
    [...Array.from({ length: 50 }, (_, key) => `${200 + key * 2} k${key}=2`), '299 x=2'].sort(),
  )
})

test('a batch larger than the I/O buffer is cleaned like any other', () => {
  const at = fixture()
  const log = compactedLog(at)
  append(log, [
    { key: 'a', value: 'v'.repeat(100_000), timestampMs: 1 },
    { key: 'b', value: '1', timestampMs: 1 },
  ])
  put(log, at, 'b=2')
  log.roll()
  compact(log, at)
  assert.deepEqual(
    readAll(log).map(({ key, value }) => [key?.toString(), value?.length]),
    [
      ['a', 100_000],
      ['b', 1],
    ],
  )
})

test('the time of a tombstone that the offset map had no room for does not begin', () => {
  const at = fixture()
  const log = compactedLog(at, { deleteRetentionMs: DAY_MS })
  put(log, at, 'a=1 b=1 c=1 d=1')
  put(log, at, 'a=-')
  log.roll()
  const config = { dedupeBufferBytes: 24 * 4 }
  const { nextDirtyOffset } = compact(log, at, { config })
  assert.ok(nextDirtyOffset <= 4)
  assert.deepEqual(contentOf(log), ['0 a=1', '1 b=1', '2 c=1', '3 d=1', '4 a=-'])
  at.clock.advance(DAY_MS + 1)
  compact(log, at, { from: nextDirtyOffset })
  assert.deepEqual(
    contentOf(log),
    ['1 b=1', '2 c=1', '3 d=1', '4 a=-'],
    'whoever has read a=1 still learns of its end',
  )
})
